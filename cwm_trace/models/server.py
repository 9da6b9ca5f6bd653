"""A model behind an OpenAI-compatible server: `http://HOST:PORT/v1`, optionally with `#MODEL`.

`vllm serve facebook/cwm` is the one that matters: batching, several GPUs and prefix caching are its work, not ours. A rollout is one
streamed completion of the raw prompt text, cut at `<|frame_sep|>` while it arrives; a frame that comes from elsewhere, or a forced
event, begins a new one; so does a stream that broke off, from the last whole frame on. Greedy text is the same then; of a sampled one
the rest is drawn anew. Knows nothing of token ids (the server has the tokenizer) and nothing of HTTP (`models.completions`).

`transformers serve` removes what its tokenizer calls special from its text: a folder to be served that way needs a tokenizer in which
the trace tokens are added as *not* special.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from functools import cached_property

from cwm_trace.errors import ModelError, ModelUnusable
from cwm_trace.format import (
    BEGIN_OF_TEXT,
    CONTEXT_START,
    END_OF_TEXT,
    FRAME_SEP,
    SPECIAL_TOKENS,
    render_frame,
    render_prompt,
)
from cwm_trace.frames import MalformedFrame, Step, Trace
from cwm_trace.models.base import Decoding, FrameScore, Generated, Stop
from cwm_trace.models.completions import Client, Kind, Piece
from cwm_trace.models.retries import Hiccup

_SPECIAL = re.compile("|".join(map(re.escape, SPECIAL_TOKENS)))
_LONG = 1_000  # characters: no frame of a working model goes on for so long without its action
_TWO_TOKENS = BEGIN_OF_TEXT + CONTEXT_START


class ServerModel:
    """One model of one server."""

    def __init__(self, spec: str, *, kind: Kind | None = None) -> None:
        """`spec` is the address, `#` and a model's name after it. Raises InputError, and ModelError where nobody answers."""
        address, _, model = spec.partition("#")
        self.client = Client(address, model=model or None, kind=kind)
        if not model and self.client.kind is not Kind.TRANSFORMERS and len(self.client.models) > 1:
            known = ", ".join(self.client.models[:5])
            raise ModelError(
                f"{self.client.url} has several models ({known})", hint=f"Name one: {self.client.url}#MODEL"
            )
        self.name = f"{self.client.url}#{self.client.model}" if self.client.model else self.client.url

    def check_answers(self) -> None:
        """Ask for one token: what answers at an address may refuse all that is asked of a model. Raises ModelError."""
        self.prompt("")

    def concurrent(self) -> ServerModel:
        """Itself: a server takes several requests at once."""
        return self

    def prompt(self, text: str) -> str:
        """What is sent: without `<|begin_of_text|>` where the server puts one first by itself. Raises ModelError."""
        return text.removeprefix(BEGIN_OF_TEXT) if self._adds_begin else text

    @cached_property
    def _adds_begin(self) -> bool:
        """Asked of the server: how many tokens it sees in two. Servers that do not count are taken to follow Meta's tokenizer."""
        answer = self.client.complete(_TWO_TOKENS, max_tokens=1)
        count = (answer.get("usage") or {}).get("prompt_tokens", 3)
        if count not in (2, 3):
            raise ModelUnusable(
                f"the tokenizer of {self.name} has no trace tokens (two of them became {count})",
                hint="Use a model trained on CWM traces",
            )
        return bool(count == 3)

    def rollout(self, prompt: Trace, decoding: Decoding) -> ServerRollout:
        """Begin a rollout; the request is sent with the first frame. Raises ModelError for what only local models can."""
        if decoding.constrained:
            raise ModelUnusable(
                f"{self.name} cannot be constrained", hint="Leave --constrained out, or load the model as hf:"
            )
        text = self.prompt(render_prompt(prompt.context, prompt.frames))
        return ServerRollout(self.client, text, decoding)

    def score(self, trace: Trace, given: int = 1) -> tuple[FrameScore, ...]:
        """Teacher-forced scores from one request (`echo` with `logprobs`). Raises ModelError where the server gives none."""
        if self.client.kind is Kind.TRANSFORMERS:
            raise ModelUnusable(f"{self.name} gives no probabilities", hint="Score with vLLM, nano or hf:")
        text = self.prompt(render_prompt(trace.context, trace.frames))
        answer = self.client.complete(text, max_tokens=1, echo=True)
        try:
            logprobs = answer["choices"][0]["logprobs"]
            scores = _scores(logprobs["tokens"], logprobs["token_logprobs"], logprobs["top_logprobs"])
        except (LookupError, TypeError):
            raise ModelUnusable(f"{self.name} gives no probabilities of a prompt", hint="vLLM does") from None
        if len(scores) <= len(trace.frames):
            raise ModelError(f"{self.name} does not show {FRAME_SEP} among its tokens", hint="Serve it with vLLM")
        return tuple(scores[given + 1 : len(trace.frames) + 1])


class ServerRollout:
    """One trace growing on a server. `text` is all that is settled: prompt, frames written, frames fed."""

    def __init__(self, client: Client, text: str, decoding: Decoding) -> None:
        self.text = text
        self._client, self._decoding = client, decoding
        self._stream: Generator[Piece, None, None] | None = None
        self._ahead: list[Piece] = []
        self._seen = False

    def feed(self, step: Step) -> None:
        """Append a given frame; the next one needs a new request."""
        ended = not isinstance(step, MalformedFrame) or step.terminated
        self._settle(render_frame(step) + (FRAME_SEP if ended else ""))

    def close(self) -> None:
        """End the request; the server then stops generating."""
        self._ahead = []
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _settle(self, text: str) -> None:
        self.close()
        self.text += text

    def next_frame(self, *, prefix: str = "", max_tokens: int | None = None) -> Generated:
        """Read the stream up to the end of a frame. Raises ModelError."""
        if prefix:
            self._settle(prefix)
        text, pieces, stop = self._patiently_read(max_tokens)
        self.text += text + (FRAME_SEP if stop is Stop.FRAME else "")
        if stop is not Stop.FRAME:
            self.close()
        counted = [piece for piece in pieces if _count(piece)]
        known = counted and all(piece.tokens for piece in counted)
        logprob = sum(chance for piece in counted for _, chance in piece.tokens) if known else None
        return Generated(prefix + text, stop, sum(map(_count, counted)), logprob)

    def _patiently_read(self, max_tokens: int | None) -> tuple[str, list[Piece], Stop]:
        """The same as `_read`. Where the stream breaks off, what it has of this frame is dropped, and asked for again behind what is settled."""
        patience = self._client.retries.begin()
        while True:
            if self._stream is None:
                self._stream = self._client.stream(self.text, self._decoding, max_tokens, patience)
            try:
                return self._read(max_tokens)
            except Hiccup as hiccup:
                self.close()
                patience.wait(hiccup)

    def _read(self, max_tokens: int | None) -> tuple[str, list[Piece], Stop]:
        """Text up to the frame's end, the pieces it came in, and why it ends."""
        text, pieces, tokens = "", list[Piece](), 0
        while max_tokens is None or tokens < max_tokens:
            piece = self._next()
            if piece is None:
                raise ModelError(f"the answer of {self._client.url} broke off without a finish_reason")
            pieces.append(piece)
            tokens += _count(piece)
            text += piece.text
            ends = [end for end in (text.find(FRAME_SEP), text.find(END_OF_TEXT)) if end >= 0]
            if ends and text.startswith(FRAME_SEP, min(ends)):
                self._keep(text[min(ends) + len(FRAME_SEP) :], piece)
                return text[: min(ends)], pieces, Stop.FRAME
            if ends:
                return text[: min(ends)], pieces, Stop.END
            if piece.finish:
                self._check(text, piece.finish)
                return text, pieces, Stop.TOKENS if piece.finish == "length" else Stop.END
        return text, pieces, Stop.TOKENS

    def _keep(self, rest: str, piece: Piece) -> None:
        """What came together with the end of a frame belongs to the next one."""
        if rest or piece.finish:
            self._ahead.insert(0, Piece(rest, (), piece.finish))

    def _next(self) -> Piece | None:
        if not self._ahead and self._stream is not None:
            self._ahead += _split(next(self._stream, None))
        piece = self._ahead.pop(0) if self._ahead else None
        self._seen = self._seen or (piece is not None and _SPECIAL.search(piece.text) is not None)
        return piece

    def _check(self, text: str, finish: str) -> None:
        """A whole answer without one trace token, from a server that cannot be asked to keep them: it took them out."""
        whole = finish != "length" or len(text) > _LONG
        if text and whole and not self._seen and self._client.kind is not Kind.VLLM:
            raise ModelError(
                f"{self._client.url} removes special tokens from its text",
                hint="Serve the model with vLLM, or give its tokenizer trace tokens that are not special",
            )


def _count(piece: Piece) -> int:
    """Tokens of a piece; text without a count (not every server tells) is taken for one."""
    return len(piece.tokens) or int(bool(piece.text))


def _split(piece: Piece | None) -> Iterator[Piece]:
    """One piece a token, where the server spells all of them (it does not where a token is part of a character)."""
    if piece is None:
        return
    if len(piece.tokens) < 2 or "".join(spelling for spelling, _ in piece.tokens) != piece.text:
        yield piece
        return
    *first, last = piece.tokens
    for token in first:
        yield Piece(token[0], (token,))
    yield Piece(last[0], (last,), piece.finish)


def _scores(tokens: list[str], values: list[float | None], tops: list[dict[str, float] | None]) -> list[FrameScore]:
    """Scores of what ends with each `<|frame_sep|>`, it included: the context, then the frames."""
    scores, logprob, count, greedy = [], 0.0, 0, True
    for token, value, top in zip(tokens, values, tops, strict=True):
        logprob, count = logprob + (value or 0.0), count + 1
        greedy = greedy and value is not None and value >= max((top or {}).values(), default=value)
        if token == FRAME_SEP:
            scores.append(FrameScore(logprob, count, greedy))
            logprob, count, greedy = 0.0, 0, True
    return scores
