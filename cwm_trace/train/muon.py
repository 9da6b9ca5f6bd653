"""Muon (Keller Jordan, 2024): momentum whose update is orthogonalised by a Newton-Schulz iteration, for matrices.

torch.optim.Muon does the same one matrix at a time in bfloat16, which on a CPU without bfloat16 units took a fifth of a training step;
here matrices of one shape are stacked, and stay in float32 on a CPU unless it is said to have such units.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, overload

import torch

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)


def orthogonalise(stack: torch.Tensor, half: bool = False, steps: int = 5) -> torch.Tensor:
    """Nearly orthogonal matrices with the same singular directions, by products of bfloat16 if `half`; (n, rows, columns) to the same shape."""
    a, b, c = _COEFFICIENTS
    x: torch.Tensor = stack.bfloat16() if half else stack
    tall = x.size(-2) > x.size(-1)
    x = x.mT if tall else x
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(steps):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    result: torch.Tensor = x.mT if tall else x
    return result.to(stack.dtype)


class Muon(torch.optim.Optimizer):
    """Muon with Nesterov momentum, decoupled weight decay, and updates rescaled to AdamW's usual size (0.2 x sqrt(longer side))."""

    def __init__(
        self,
        params: Iterable[torch.Tensor],
        lr: float,
        momentum: float = 0.95,
        weight_decay: float = 0.01,
        *,
        compiled: bool = False,
        half: bool = False,
    ):
        """`compiled`: whether to put the iteration through torch.compile; `half`: whether its products are of bfloat16."""
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})
        self._half = half
        self._orthogonalise = torch.compile(orthogonalise, dynamic=False) if compiled else orthogonalise

    @overload
    def step(self, closure: None = None) -> None: ...
    @overload
    def step(self, closure: Callable[[], float]) -> float: ...
    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """One update of all matrices that have a gradient."""
        for group in self.param_groups:
            shapes: dict[torch.Size, list[torch.Tensor]] = {}
            for matrix in group["params"]:
                if matrix.grad is not None:
                    shapes.setdefault(matrix.shape, []).append(matrix)
            for shape, matrices in shapes.items():
                self._update(group, shape, matrices)
        return None

    def _update(self, group: dict[str, Any], shape: torch.Size, matrices: list[torch.Tensor]) -> None:
        directions = torch.stack(self._directions(matrices, group["momentum"]))
        scale = 0.2 * max(shape) ** 0.5 * group["lr"]
        updates = list(self._orthogonalise(directions, self._half).unbind())
        torch._foreach_mul_(matrices, 1 - group["lr"] * group["weight_decay"])
        torch._foreach_add_(matrices, updates, alpha=-scale)

    def _directions(self, matrices: list[torch.Tensor], momentum: float) -> list[torch.Tensor]:
        gradients, buffers = [], []
        for matrix in matrices:
            state = self.state[matrix]
            if "momentum" not in state:
                state["momentum"] = torch.zeros_like(matrix)
            assert matrix.grad is not None
            gradients.append(matrix.grad)
            buffers.append(state["momentum"])
        torch._foreach_lerp_(buffers, gradients, 1 - momentum)
        return list(torch._foreach_lerp(gradients, buffers, momentum))
