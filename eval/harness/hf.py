"""The harness's `hf` model, with the trace tokens left in what it generates. Needs `lm_eval` and `torch`.

simple_evaluate(model=TraceHFLM(pretrained="facebook/cwm"), tasks=["cwm_trace"], task_manager=TaskManager(include_path=str(FOLDER)))
"""

from __future__ import annotations

from typing import Any

from lm_eval.models.huggingface import HFLM

import cwm_trace.models.literal_cwm  # noqa: F401  (makes nano known to transformers)


class TraceHFLM(HFLM):  # type: ignore[misc]  # lm_eval has no types
    """Decodes with special tokens: they are what tells frames apart."""

    def tok_decode(self, tokens: Any, skip_special_tokens: bool = False) -> str:
        """The text of tokens; `skip_special_tokens` is the harness's wish, and is not heeded."""
        text: str = super().tok_decode(tokens, skip_special_tokens=False)
        return text
