"""The harness's `hf` model, with the trace tokens left in what it generates. Needs `lm_eval` and `torch`.

simple_evaluate(model=TraceHFLM(pretrained="facebook/cwm"), tasks=["cwm_trace"], task_manager=TaskManager(include_path=str(FOLDER)))
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lm_eval.models.huggingface import HFLM

import cwm_trace.models.literal_cwm  # noqa: F401  (makes nano known to transformers)
from cwm_trace.format import parse
from cwm_trace.models.causal import CausalModel
from cwm_trace.simulate import MAX_FRAMES, MAX_TOKENS, predict


class TraceHFLM(HFLM):  # type: ignore[misc]  # lm_eval has no types
    """Decodes with special tokens: they are what tells frames apart."""

    def tok_decode(self, tokens: Any, skip_special_tokens: bool = False) -> str:
        """The text of tokens; `skip_special_tokens` is the harness's wish, and is not heeded."""
        text: str = super().tok_decode(tokens, skip_special_tokens=False)
        return text

    def generate_until(self, requests: Sequence[Any], disable_tqdm: bool = False) -> list[str]:
        """What follows each prompt; of a network that reads notes, or is constrained by its config (`nano`), as `cwm-trace eval` has it."""
        model = CausalModel(self.model, self.tokenizer, "harness")
        if model.reads_notes or model.constrained:
            return [_continued(model, *request.args) for request in requests]
        answers: list[str] = super().generate_until(requests, disable_tqdm)
        return answers


def _continued(model: CausalModel, prompt: str, options: dict[str, Any]) -> str:
    given = parse(prompt)
    most = int(options.get("max_gen_toks", MAX_TOKENS))
    return predict(model, prompt=given, max_frames=MAX_FRAMES, max_tokens=most).render().removeprefix(given.render())
