"""A model behind an OpenAI-compatible server: `http://HOST:PORT/v1`, optionally with `#MODEL`.

`vllm serve facebook/cwm` is the one that matters: batching, several GPUs and prefix caching are its work, not ours. A rollout is one
streamed `/v1/completions` request with the raw prompt text, cut at `<|frame_sep|>` while it arrives; a frame that comes from
elsewhere, or a forced event, begins a new request. Knows nothing of token ids: the server has the tokenizer.

Two dialects. vLLM is told to keep special tokens in its text and to add none. A server that refuses those fields (`transformers
serve`) gets only OpenAI's; it removes special tokens from its text, so a model folder served that way needs a tokenizer in which
the trace tokens are added as *not* special, and which does not put a `<|begin_of_text|>` of its own before ours.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cwm_trace.errors import ModelError
from cwm_trace.format import END_OF_TEXT, FRAME_SEP, SPECIAL_TOKENS, render_frame, render_prompt
from cwm_trace.frames import MalformedFrame, Step, Trace
from cwm_trace.models.base import Decoding, FrameScore, Generated, Stop

if TYPE_CHECKING:
    import httpx

VLLM_FIELDS: dict[str, Any] = {
    "skip_special_tokens": False,
    "spaces_between_special_tokens": False,
    "add_special_tokens": False,
    "stop": [END_OF_TEXT],
    "include_stop_str_in_output": True,
    "logprobs": 1,
}
"""vLLM's documented extra parameters of `/v1/completions` (and two of OpenAI's that `transformers serve` ignores or breaks on)."""

DEFAULT_MAX_TOKENS = 16_384
_START = "Start one: vllm serve facebook/cwm, or try -m oracle"
_SPECIAL = re.compile("|".join(map(re.escape, SPECIAL_TOKENS)))
_TOO_LONG = re.compile("context length|max_model_len", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of streamed text: one token where the server says so, else what came in one event.

    `tokens` is how many tokens it is; `finish` the server's `finish_reason`, on the last one.
    """

    text: str
    tokens: int = 1
    logprob: float | None = None
    finish: str | None = None


class ServerModel:
    """One model of one server."""

    def __init__(self, client: httpx.Client, url: str, model: str | None) -> None:
        self.url, self.model = url, model
        self.name = f"{url}#{model}" if model else url
        self.vllm = True  # until the server refuses its fields
        self._client = client

    @classmethod
    def connect(cls, spec: str) -> ServerModel:
        """Ask the server for its models. Raises ModelError where nobody answers, or where it has several and none was named."""
        try:
            import httpx
        except ImportError:
            raise ModelError(
                f"{spec} needs httpx, which is not installed", hint="pip install 'cwm-trace[server]'"
            ) from None
        url, _, model = spec.partition("#")
        url = url.rstrip("/")
        # No proxy from the environment for what is nearly always this machine or this network.
        client = httpx.Client(timeout=httpx.Timeout(600, connect=10), trust_env=False)
        found = cls(client, url, model or None)
        names = found._model_names()
        if not model and len(names) > 1:
            raise ModelError(f"{url} serves {len(names)} models", hint=f"Name one: {url}#{names[0]}")
        return found if model or not names else cls(client, url, names[0])

    def _model_names(self) -> list[str]:
        import httpx

        try:
            response = self._client.get(f"{self.url}/models")
            if response.is_error:
                raise self._refused(response)
            return [str(item["id"]) for item in response.json().get("data", [])]
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._unreachable(error) from None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ModelError(f"{self.url} is no OpenAI-compatible server", hint="The URL ends with /v1") from None

    def rollout(self, prompt: Trace, decoding: Decoding) -> ServerRollout:
        """Begin a rollout; the request is sent with the first frame."""
        return ServerRollout(self, render_prompt(prompt.context, prompt.frames), decoding)

    def score(self, trace: Trace, given: int = 1) -> tuple[FrameScore, ...]:
        """Teacher-forced scores from one request (`echo` with `logprobs`). Raises ModelError where the server cannot."""
        body = {"prompt": render_prompt(trace.context, trace.frames), "max_tokens": 1, "temperature": 0.0, "echo": True}
        payload = self._post({**self._identity(), **body, **VLLM_FIELDS})
        try:
            logprobs = payload["choices"][0]["logprobs"]
            scores = _scores(logprobs["tokens"], logprobs["token_logprobs"], logprobs["top_logprobs"])
        except (LookupError, TypeError):
            raise ModelError(f"{self.name} gives no probabilities of a prompt", hint="vLLM does") from None
        if len(scores) < len(trace.frames) + 1:
            raise ModelError(f"{self.name} read {len(scores)} frames of {len(trace.frames) + 1}: no trace tokens")
        return tuple(scores[given + 1 : len(trace.frames) + 1])

    def stream(self, prompt: str, decoding: Decoding, max_tokens: int) -> Iterator[Chunk]:
        """Text after `prompt` as it comes. Raises ModelError; closing the iterator aborts the request."""
        import httpx

        try:
            yield from self._stream(prompt, decoding, max_tokens)
        except httpx.HTTPError as error:
            raise self._unreachable(error) from None

    def _stream(self, prompt: str, decoding: Decoding, max_tokens: int | None) -> Iterator[Chunk]:
        body: dict[str, Any] = {**self._identity(), "prompt": prompt, "stream": True, "max_tokens": max_tokens}
        body |= {"temperature": decoding.temperature, "seed": decoding.seed}
        body |= VLLM_FIELDS if self.vllm else {}
        with self._client.stream("POST", f"{self.url}/completions", json=body) as response:
            if not response.is_error:
                yield from self._chunks(response)
                return
            response.read()
            refused = self._refused(response)
        if self.vllm and response.status_code == 422:
            self.vllm = False  # `transformers serve`: 422, "Unexpected fields in the request"
        elif max_tokens is not None and response.status_code == 400 and _TOO_LONG.search(refused.message):
            max_tokens = None  # vLLM refuses more than its window holds; null is "as many as fit"
        else:
            raise refused
        yield from self._stream(prompt, decoding, max_tokens)

    def _chunks(self, response: httpx.Response) -> Iterator[Chunk]:
        for data in _events(response.iter_bytes()):
            if "error" in data:
                error = data["error"]
                raise ModelError(f"{self.name}: {error.get('message', error) if isinstance(error, dict) else error}")
            for choice in data.get("choices") or ():
                yield from _choice_chunks(choice)

    def _post(self, body: dict[str, Any]) -> Any:
        import httpx

        try:
            response = self._client.post(f"{self.url}/completions", json=body)
        except httpx.HTTPError as error:
            raise self._unreachable(error) from None
        if response.is_error:
            raise self._refused(response)
        return response.json()

    def _identity(self) -> dict[str, str]:
        return {"model": self.model} if self.model else {}

    def _unreachable(self, error: Exception) -> ModelError:
        import httpx

        if isinstance(error, httpx.TimeoutException):
            return ModelError(f"no answer from {self.url} (timed out)", hint=_START)
        reason = str(error)
        if isinstance(error, httpx.ConnectError):
            reason = "connection refused" if "refused" in reason.lower() else reason
            return ModelError(f"no server at {self.url} ({reason})", hint=_START)
        return ModelError(f"{self.url} broke off ({reason or type(error).__name__})")

    def _refused(self, response: httpx.Response) -> ModelError:
        reason = _reason(response)
        if response.status_code == 404:
            hint = "The URL ends with /v1; name a model that it serves: URL#MODEL"
            return ModelError(f"{self.name} is not there (404: {reason})", hint=hint)
        return ModelError(f"{self.name} refused the request ({response.status_code}: {reason})")


class ServerRollout:
    """One trace growing on a server. `text` is everything that is settled: prompt, frames written, frames fed."""

    def __init__(self, server: ServerModel, text: str, decoding: Decoding) -> None:
        self._server, self._text, self._decoding = server, text, decoding
        self._stream: Iterator[Chunk] | None = None
        self._ahead: Chunk | None = None
        self._seen = False

    def feed(self, step: Step) -> None:
        """Append a given frame; the next one needs a new request."""
        ended = not isinstance(step, MalformedFrame) or step.terminated
        self._restart(render_frame(step) + (FRAME_SEP if ended else ""))

    def _restart(self, text: str) -> None:
        self._text += text
        self._ahead = None
        if self._stream is not None:
            with suppress(AttributeError):
                self._stream.close()  # type: ignore[attr-defined]
            self._stream = None

    def next_frame(self, *, prefix: str = "", max_tokens: int | None = None) -> Generated:
        """Read the stream up to the end of a frame. Raises ModelError."""
        if prefix:
            self._restart(prefix)
        if self._stream is None:
            limit = DEFAULT_MAX_TOKENS if max_tokens is None else max_tokens
            self._stream = self._server.stream(self._text, self._decoding, limit)
        written, tokens, logprobs, stop = self._read(max_tokens)
        self._text += written + (FRAME_SEP if stop is Stop.FRAME else "")
        if stop is not Stop.FRAME:
            self._restart("")
        known = [value for value in logprobs if value is not None]
        return Generated(prefix + written, stop, tokens, sum(known) if known and len(known) == len(logprobs) else None)

    def _read(self, max_tokens: int | None) -> tuple[str, int, list[float | None], Stop]:
        text, tokens, logprobs = "", 0, list[float | None]()
        while max_tokens is None or tokens < max_tokens:
            chunk = self._next()
            if chunk is None:
                return text, tokens, logprobs, Stop.END
            text += chunk.text
            if chunk.tokens:
                tokens += chunk.tokens
                logprobs.append(chunk.logprob)
            end = text.find(FRAME_SEP)
            if end >= 0:
                rest = text[end + len(FRAME_SEP) :]
                self._ahead = Chunk(rest, 0, None, chunk.finish) if rest or chunk.finish else None
                return text[:end], tokens, logprobs, Stop.FRAME
            if END_OF_TEXT in text:
                return text[: text.find(END_OF_TEXT)], tokens, logprobs, Stop.END
            if chunk.finish:
                self._check(text)
                return text, tokens, logprobs, Stop.TOKENS if chunk.finish == "length" else Stop.END
        return text, tokens, logprobs, Stop.TOKENS

    def _next(self) -> Chunk | None:
        if self._ahead is not None:
            chunk, self._ahead = self._ahead, None
            return chunk
        assert self._stream is not None
        chunk = next(self._stream, None)
        self._seen = self._seen or (chunk is not None and _SPECIAL.search(chunk.text) is not None)
        return chunk

    def _check(self, text: str) -> None:
        """A whole stream without one trace token, from a server that was not asked to keep them: it took them out."""
        if text and not self._seen and not self._server.vllm:
            raise ModelError(
                f"{self._server.name} removes special tokens from its text",
                hint="Serve it with vLLM, or save its tokenizer with the trace tokens marked as not special",
            )


def _events(blocks: Iterator[bytes]) -> Iterator[dict[str, Any]]:
    """JSON objects of server-sent events. Lines end at a newline only: JSON may hold U+2028 or U+0085 as they are."""
    buffer = b""
    for block in blocks:
        *lines, buffer = (buffer + block).split(b"\n")
        for line in lines:
            data = line.removeprefix(b"data:").strip()
            if data == b"[DONE]":
                return
            if line.startswith(b"data:"):
                with suppress(ValueError):
                    event = json.loads(data)
                    if isinstance(event, dict):
                        yield event


def _choice_chunks(choice: dict[str, Any]) -> Iterator[Chunk]:
    """Split what came at once into tokens where the server spells them; bytes of an unfinished character are not spelled."""
    text, finish = choice.get("text") or "", choice.get("finish_reason")
    logprobs = choice.get("logprobs") or {}
    tokens, values = logprobs.get("tokens") or [], logprobs.get("token_logprobs") or []
    if tokens and len(tokens) == len(values) and "".join(tokens) == text:
        last = len(tokens) - 1
        for number, (token, value) in enumerate(zip(tokens, values, strict=True)):
            yield Chunk(token, 1, value, finish if number == last else None)
    elif tokens and None not in values:
        yield Chunk(text, len(tokens), sum(values), finish)
    elif text or finish:
        yield Chunk(text, 1 if text else 0, None, finish)


def _scores(tokens: list[str], values: list[float | None], tops: list[dict[str, float] | None]) -> list[FrameScore]:
    """Scores between the `<|frame_sep|>` tokens, the one that ends a frame included; the first is the context's."""
    scores, logprob, count, greedy = [], 0.0, 0, True
    for token, value, top in zip(tokens, values, tops, strict=True):
        logprob, count = logprob + (value or 0.0), count + 1
        greedy = greedy and value is not None and value >= max((top or {}).values(), default=value)
        if token == FRAME_SEP:
            scores.append(FrameScore(logprob, count, greedy))
            logprob, count, greedy = 0.0, 0, True
    return scores


def _reason(response: httpx.Response) -> str:
    """What an error response says, in one line: OpenAI's `error.message`, FastAPI's `detail`, vLLM's `message`, or its text."""
    try:
        payload = response.json()
    except ValueError:
        payload = None
    said: Any = payload
    if isinstance(payload, dict):
        said = payload.get("error") or payload.get("detail") or payload.get("message") or payload
        said = said.get("message", said) if isinstance(said, dict) else said
    text = str(said if said is not None else response.text or response.reason_phrase)
    return " ".join(text.split())[:300]
