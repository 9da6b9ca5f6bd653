"""The harness's `hf` model, with the trace tokens left in what it generates. Needs `lm_eval` and `torch`.

simple_evaluate(model=TraceHFLM(pretrained="facebook/cwm"), tasks=["cwm_trace"], task_manager=TaskManager(include_path=str(FOLDER)))
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lm_eval.models.huggingface import HFLM
from lm_eval.models.utils import normalize_gen_kwargs

import cwm_trace.models.literal_cwm  # noqa: F401  (makes nano known to transformers)
from cwm_trace.eval.harness import NO_TRUTH
from cwm_trace.format import parse
from cwm_trace.models import Decoding
from cwm_trace.models.causal import CausalModel
from cwm_trace.simulate import predict


class TraceHFLM(HFLM):  # type: ignore[misc]  # lm_eval has no types
    """Decodes with special tokens: they are what tells frames apart."""

    def tok_decode(self, tokens: Any, skip_special_tokens: bool = False) -> str:
        """The text of tokens; `skip_special_tokens` is the harness's wish, and is not heeded."""
        text: str = super().tok_decode(tokens, skip_special_tokens=False)
        return text

    def generate_until(self, requests: Sequence[Any], disable_tqdm: bool = False) -> list[str]:
        """What follows each prompt; of a network that reads notes, or is constrained by its config (`nano`), as `cwm-trace eval` has it.

        Nothing follows `NO_TRUTH`: no answer to that counts.
        """
        asked = [request for request in requests if request.args[0] != NO_TRUTH]
        made = iter(self._answers(asked, disable_tqdm) if asked else ())
        return ["" if request.args[0] == NO_TRUTH else next(made) for request in requests]

    def _answers(self, requests: Sequence[Any], disable_tqdm: bool) -> list[str]:
        if getattr(self.config, "reads_notes", False) or getattr(self.config, "constrained", False):
            model = CausalModel(self.model, self.tokenizer, "harness")
            return [self._continued(model, *request.args) for request in requests]
        answers: list[str] = super().generate_until(requests, disable_tqdm)
        return answers

    def _continued(self, model: CausalModel, text: str, options: dict[str, Any]) -> str:
        asked, prompt = normalize_gen_kwargs(options, self.max_gen_toks), parse(text)
        made = predict(model, prompt=prompt, max_tokens=asked["max_gen_toks"], decoding=Decoding(asked["temperature"]))
        return made.render().removeprefix(prompt.render())
