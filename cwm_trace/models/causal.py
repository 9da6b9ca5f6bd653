"""Any causal language model of transformers: `hf:PATH_OR_ID`, and `nano`, which comes in the package.

`facebook/cwm` is the one that matters. Prompts are token-exact: trace tokens are single ids, and the text between them is encoded with
special-token parsing off, so a program that spells `<|frame_sep|>` cannot end a frame.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cwm_trace.errors import ModelError
from cwm_trace.format import (
    ACTION_SEP,
    ARG_SEP,
    BEGIN_OF_TEXT,
    CONTEXT_START,
    CWM_TOKEN_IDS,
    END_OF_TEXT,
    EVENT_TOKENS,
    FRAME_SEP,
    SPECIAL_TOKENS,
    render_frame,
    render_prompt,
)
from cwm_trace.frames import MalformedFrame, Step, Trace
from cwm_trace.models.base import Decoding, FrameScore, Generated, Stop

_NEEDED = (CONTEXT_START, FRAME_SEP, ACTION_SEP, ARG_SEP, *EVENT_TOKENS.values(), BEGIN_OF_TEXT, END_OF_TEXT)
_PIECES = re.compile("(" + "|".join(map(re.escape, SPECIAL_TOKENS)) + ")")
_CWM_VOCABULARY = 128_256
_INSTALL = "pip install 'cwm-trace[model]' (with torch==2.13.0 first, for its CPU build)"


class Codec:
    """CWM text to token ids and back, exact on both ways."""

    def __init__(self, tokenizer: Any, name: str = "") -> None:
        """Raises ModelError where the tokenizer lacks a trace token."""
        self.tokenizer = tokenizer
        self.ids = {token: self._single(token, name) for token in _NEEDED}

    def _single(self, token: str, name: str) -> int:
        number = self.tokenizer.convert_tokens_to_ids(token)
        if number is None or number == getattr(self.tokenizer, "unk_token_id", None):
            raise ModelError(
                f"the tokenizer of {name or 'this model'} has no token {token}",
                hint="Use a model trained on CWM traces",
            )
        return int(number)

    def check(self, expected: Mapping[str, int], name: str) -> None:
        """Raises ModelError unless the trace tokens have these ids: weights trained with others would write nonsense."""
        for token, number in expected.items():
            if self.ids[token] != number:
                raise ModelError(f"the tokenizer of {name} has {token} at {self.ids[token]}, CWM at {number}")

    def encode(self, text: str) -> list[int]:
        """Token ids of CWM text; only the format's own tokens are special."""
        ids: list[int] = []
        for piece in _PIECES.split(text):
            if piece in self.ids:
                ids.append(self.ids[piece])
            elif piece:
                ids += self.tokenizer.encode(_encodable(piece), add_special_tokens=False, split_special_tokens=True)
        return ids

    def decode(self, ids: list[int]) -> str:
        """Text of token ids, special tokens spelled out."""
        text: str = self.tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        return text


def _encodable(text: str) -> str:
    """Text without lone surrogates, which no tokenizer takes (no source file has them, only a string given as source)."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _end_ids(config: Any) -> Iterable[int]:
    ends = getattr(config, "eos_token_id", None)
    return (ends,) if isinstance(ends, int) else ends or ()


@contextmanager
def _quiet(logging: Any) -> Iterator[None]:
    """Keeps transformers' warnings and progress bars off the terminal while a model is loaded."""
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


class CausalModel:
    """A causal LM with a tokenizer that knows CWM's trace tokens."""

    def __init__(self, model: Any, tokenizer: Any, name: str) -> None:
        self._model, self.name = model, name
        self.codec = Codec(tokenizer, name)
        self._window: int | None = getattr(model.config, "max_position_embeddings", None)
        self._ends = frozenset(
            {self.codec.ids[END_OF_TEXT], *_end_ids(model.config), *_end_ids(model.generation_config)}
        )
        if getattr(model.config, "model_type", "") == "cwm" and model.config.vocab_size == _CWM_VOCABULARY:
            self.codec.check(CWM_TOKEN_IDS, name)

    @classmethod
    def load(
        cls, path: str, *, name: str, device: str | None = None, dtype: str | None = None, revision: str | None = None
    ) -> CausalModel:
        """Load weights and tokenizer; `dtype` is by default the weights' own. Raises ModelError where packages or files are missing."""
        if name == "nano" and not (Path(path) / "model.safetensors").is_file():
            raise ModelError("this installation has no weights of nano", hint=f"Train it, or copy its files to {path}")
        try:
            import accelerate  # noqa: F401  (transformers needs it for device_map)
            import torch
            import transformers
        except ImportError as error:
            raise ModelError(f"{name} needs {error.name}, which is not installed", hint=_INSTALL) from None
        gpu = torch.cuda.is_available()
        options: dict[str, Any] = {"device_map": device or ("auto" if gpu else "cpu"), "revision": revision}
        options["dtype"] = dtype or ("float32" if name == "nano" else "auto")
        try:
            with _quiet(transformers.utils.logging):
                tokenizer = transformers.AutoTokenizer.from_pretrained(path, revision=revision)
                model = transformers.AutoModelForCausalLM.from_pretrained(path, **options)
        except Exception as error:  # torch, safetensors, tokenizers, the hub: each has its own, without a common root
            lines = str(error).strip().splitlines() or [type(error).__name__]
            hint = "Give a folder in Hugging Face layout, or the id of a model that is downloaded"
            raise ModelError(f"cannot load {name} ({lines[0].rstrip('.')})", hint=hint) from error
        return cls(model.eval(), tokenizer, name)

    def rollout(self, prompt: Trace, decoding: Decoding) -> CausalRollout:
        """Begin a rollout; the prompt is read once, with the first frame."""
        from cwm_trace.models.engine import Engine

        engine = Engine(self._model, temperature=decoding.temperature, seed=decoding.seed, window=self._window)
        engine.push(self.codec.encode(render_prompt(prompt.context, prompt.frames)))
        return CausalRollout(engine, self.codec, self._ends)

    def score(self, trace: Trace, given: int = 1) -> tuple[FrameScore, ...]:
        """Teacher-forced scores of the frames after the first `given`, in one forward pass."""
        from cwm_trace.models.engine import token_scores

        ids = self.codec.encode(render_prompt(trace.context, trace.frames[:given]))
        bounds = []
        for step in trace.frames[given:]:
            piece = self.codec.encode(render_frame(step) + FRAME_SEP)
            bounds.append((len(ids), len(ids) + len(piece)))
            ids += piece
        if not bounds:
            return ()
        first = bounds[0][0]
        logprobs, greedy = token_scores(self._model, ids, first)
        spans = [(start - first, end - first) for start, end in bounds]
        return tuple(FrameScore(sum(logprobs[a:b]), b - a, all(greedy[a:b])) for a, b in spans)


class CausalRollout:
    """One trace growing inside a model."""

    def __init__(self, engine: Any, codec: Codec, ends: frozenset[int]) -> None:
        self._engine, self._codec, self._ends = engine, codec, ends
        self._separator = codec.ids[FRAME_SEP]

    def feed(self, step: Step) -> None:
        """Append a given frame; only its own tokens are read."""
        ended = not isinstance(step, MalformedFrame) or step.terminated
        self._engine.push(self._codec.encode(render_frame(step) + (FRAME_SEP if ended else "")))

    def next_frame(self, *, prefix: str = "", max_tokens: int | None = None) -> Generated:
        """Write one frame."""
        self._engine.push(self._codec.encode(prefix))
        run = self._engine.generate(self._ends | {self._separator}, max_tokens)
        stop = Stop.TOKENS
        if run.stopped:
            stop = Stop.FRAME if run.ids[-1] == self._separator else Stop.END
        text = prefix + self._codec.decode(run.ids[:-1] if run.stopped else run.ids)
        return Generated(text, stop, len(run.ids), run.logprob)

    def close(self) -> None:
        """Nothing is held but memory."""
