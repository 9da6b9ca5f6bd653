"""HTTP client of an OpenAI-compatible server: `/v1/completions` with raw prompts, streamed. Knows nothing of frames.

What is sent differs by server, because each refuses or ignores what it does not know (`transformers serve` answers 422):

- vLLM: its documented extra parameters keep special tokens in the text (`skip_special_tokens`, `spaces_between_special_tokens`), keep it
  from adding a second `<|begin_of_text|>` (`add_special_tokens`), and undo the sampling defaults it reads from a model's generation_config.
- `transformers serve` (read in 5.23): samples only if `generation_config` says so, seeds the whole process (the same seed gives the same
  text only while nothing else runs there), knows no log-probabilities, always drops tokens that the
  tokenizer calls special from its output, and puts the tokenizer's first token before every prompt.
- anything else gets OpenAI's own fields only.

A request is made again after what may be gone a moment later (`models.retries`): a lost connection, and the statuses in `_PASSING`. Not
after a time-out: waiting for an answer takes ten minutes already.
"""

from __future__ import annotations

import difflib
import json
import os
import time
import weakref
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cwm_trace.errors import InputError, ModelError, ModelTimeout, ModelUnusable, how_to_install
from cwm_trace.format import END_OF_TEXT
from cwm_trace.models.base import Decoding
from cwm_trace.models.retries import Hiccup, Patience, Retries, retry_after

Json = dict[str, Any]
_ELSEWHERE = "Start one: vllm serve facebook/cwm  ·  or try: -m oracle"
_MOST_TOKENS = 16_384  # where no limit is asked for; a missing max_tokens means 16 to OpenAI's API
KEY_VARIABLE = "CWM_TRACE_API_KEY"
_PASSING = (408, 429, 500, 502, 503, 504)
"""Statuses that may be others a moment later: too slow, too many requests, a fault, or what is behind a proxy is not there."""
_LASTING = (401, 403, 404)
"""Statuses that hold for every request: the key is wrong, or there is no such model or no such interface."""


class Kind(StrEnum):
    """Whose server it is."""

    VLLM = "vllm"
    TRANSFORMERS = "transformers"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Piece:
    """One event of a streamed answer.

    Attributes:
        text: new text.
        tokens: the new tokens as (spelling, natural-log probability); empty where the server does not tell.
        finish: why the answer ends with this piece ("stop", "length"), else None.
    """

    text: str
    tokens: tuple[tuple[str, float], ...] = ()
    finish: str | None = None


def base_url(address: str) -> str:
    """The API's root: `http://host:8000` and `http://host:8000/v1/` both mean `http://host:8000/v1`. Raises InputError."""
    from urllib.parse import urlsplit

    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise InputError(
            f"not an address of a server: {address!r}", hint="Write http://HOST:PORT/v1, and #MODEL to choose a model"
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/') or '/v1'}"


class Client:
    """One server and one model on it."""

    def __init__(self, url: str, *, model: str | None = None, kind: Kind | None = None, timeout: float = 600.0) -> None:
        """Asks the server what it is. `timeout`: seconds without a byte; loading a large model takes minutes. Raises ModelError."""
        try:
            import httpx
        except ImportError:
            raise ModelError("a server needs httpx, which is not installed", hint=how_to_install("[server]")) from None
        self._httpx = httpx
        self.url = base_url(url)
        key = os.environ.get(KEY_VARIABLE)
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self.retries = Retries()
        self._http = httpx.Client(headers=headers, timeout=httpx.Timeout(timeout, connect=5.0))
        weakref.finalize(self, self._http.close)  # nobody closes a model
        self.model, self.models = model, list[str]()
        listed = self._get(f"{self.url}/models").get("data")
        entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
        self.models = [str(entry.get("id")) for entry in entries]
        self.kind = kind or self._kind(entries)
        # A pinned `transformers serve` takes no other name than its own, and lists what is on the disk instead of it.
        served = self.models[0] if self.models and self.kind is not Kind.TRANSFORMERS else None
        self.model = model or served

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def complete(self, prompt: str, *, max_tokens: int, **extra: object) -> Json:
        """One answer, not streamed, greedy: the server's JSON. Raises ModelError."""
        body = {**self._body(prompt, Decoding(), max_tokens), "stream": False, **extra}
        response = self._send(body, self.retries.begin())
        try:
            answer = response.json()
        except ValueError:
            raise ModelError(f"the server at {self.url} did not answer in JSON") from None
        if not isinstance(answer, dict):
            raise ModelError(f"the server at {self.url} answered {answer!r}")
        return answer

    def stream(
        self, prompt: str, decoding: Decoding, max_tokens: int | None, patience: Patience | None = None
    ) -> Generator[Piece, None, None]:
        """The model's continuation as it comes. Closing the iterator ends the request.

        Raises ModelError, and Hiccup where the answer breaks off: what has come of it is known to the caller alone. `patience` is for the
        beginning of the answer.
        """
        response = self._send(self._body(prompt, decoding, max_tokens), patience or self.retries.begin())
        try:
            yield from self._streamed(response)
        except self._httpx.HTTPError as error:
            raise self._failure(error, f"the answer of {self.url} broke off") from None
        finally:
            response.close()

    def _streamed(self, response: Any) -> Iterator[Piece]:
        """Pieces up to the end that the server announces. Raises Hiccup where it announces none."""
        finished = False
        for line in _lines(response.iter_bytes()):
            data = line.removeprefix("data:").strip()
            if data == "[DONE]" and line.startswith("data:"):
                return
            for piece in self._pieces(data) if line.startswith("data:") else ():
                finished = finished or piece.finish is not None
                yield piece
        if not finished:
            raise Hiccup(f"the answer of {self.url} broke off without a finish_reason")

    def _body(self, prompt: str, decoding: Decoding, max_tokens: int | None) -> Json:
        body: Json = {
            "prompt": prompt,
            "stream": True,
            "temperature": decoding.temperature,
            "seed": decoding.seed,
            "max_tokens": max_tokens or _MOST_TOKENS,
        }
        if self.model is not None:
            body["model"] = self.model
        if self.kind is Kind.TRANSFORMERS:
            return body | _sampling(decoding)
        body |= {"stop": [END_OF_TEXT], "logprobs": 1}
        return body | _VLLM_EXTRA | {"max_tokens": max_tokens} if self.kind is Kind.VLLM else body

    def _send(self, body: Json, patience: Patience) -> Any:
        """The response to a request, its body unread. A limit beyond vLLM's context window is refused: then ask without one."""
        response = self._patiently(lambda: self._answered(self._post(body)), patience)
        if response.status_code == 200:
            return response
        reason = _detail(response)
        if self.kind is Kind.VLLM and body["max_tokens"] and "maximum context length" in reason:
            return self._send(body | {"max_tokens": None}, patience)
        raise _refusal(response)(self._refused(response), hint=self._advice(response.status_code))

    def _patiently(self, ask: Callable[[], Any], patience: Patience) -> Any:
        """What comes of a request that is made again while it has hiccups."""
        while True:
            try:
                return ask()
            except Hiccup as hiccup:
                patience.wait(hiccup)

    def _post(self, body: Json) -> Any:
        request = self._http.build_request("POST", f"{self.url}/completions", json=body)
        try:
            response = self._http.send(request, stream=True)
            if not body["stream"]:
                response.read()
            return response
        except self._httpx.HTTPError as error:
            raise self._failure(error, f"no answer from {self.url}", hint=_ELSEWHERE) from None

    def _answered(self, response: Any) -> Any:
        """A response; one that is a refusal read and closed. Raises Hiccup for a refusal that may be none a moment later."""
        if response.status_code == 200:
            return response
        try:
            response.read()
        except self._httpx.HTTPError as error:
            raise self._failure(error, f"the answer of {self.url} broke off") from None
        finally:
            response.close()
        if response.status_code in _PASSING:
            after = retry_after(response.headers.get("Retry-After"), time.time())
            raise Hiccup(self._refused(response), hint=self._advice(response.status_code), after=after)
        return response

    def _refused(self, response: Any) -> str:
        return f"{self.url} refused ({response.status_code}): {_detail(response)}"

    def _failure(self, error: Exception, message: str, hint: str = "") -> ModelError:
        message = f"{message} ({_reason(error)})"
        if isinstance(error, (self._httpx.ConnectError, self._httpx.ConnectTimeout)):
            return Hiccup(message, hint=hint, last=ModelUnusable)
        if isinstance(error, (self._httpx.NetworkError, self._httpx.RemoteProtocolError)):
            return Hiccup(message, hint=hint)
        return (ModelTimeout if isinstance(error, self._httpx.TimeoutException) else ModelError)(message, hint=hint)

    def _get(self, address: str) -> Json:
        """A JSON object from the server, {} where it has none there. Raises ModelError where nobody answers or entry is denied."""
        response = self._patiently(lambda: self._got(address), self.retries.begin())
        if response.status_code in (401, 403):
            raise ModelUnusable(self._refused(response), hint=f"Set {KEY_VARIABLE}")
        try:
            answer = response.json() if response.status_code == 200 else {}
        except ValueError:
            answer = {}
        return answer if isinstance(answer, dict) else {}

    def _got(self, address: str) -> Any:
        """A response. Nobody there is no hiccup, as nothing is lost yet; nor is 500, which `transformers serve` has here for good."""
        try:
            # uvicorn drops the connection after an error (transformers serve has one on /models where there is no cache folder)
            response = self._http.get(address, timeout=30.0, headers={"Connection": "close"})
        except (self._httpx.ReadError, self._httpx.RemoteProtocolError) as error:
            raise self._failure(error, f"no server at {self.url}", hint=_ELSEWHERE) from None
        except (self._httpx.HTTPError, self._httpx.InvalidURL) as error:
            raise ModelUnusable(f"no server at {self.url} ({_reason(error)})", hint=_ELSEWHERE) from None
        return response if response.status_code == 500 else self._answered(response)

    def _kind(self, entries: list[Json]) -> Kind:
        if any(entry.get("owned_by") == "vllm" for entry in entries):
            return Kind.VLLM
        paths = self._get(f"{self.url.removesuffix('/v1')}/openapi.json").get("paths") or {}
        return Kind.TRANSFORMERS if "/load_model" in paths and "/v1/completions" in paths else Kind.OTHER

    def _advice(self, status: int) -> str:
        if status in (401, 403):
            return f"Set {KEY_VARIABLE}"
        if self.model and self.models and self.model not in self.models:
            close = difflib.get_close_matches(self.model, self.models, 1)
            return f"Did you mean #{close[0]}?" if close else f"It has: {', '.join(self.models[:5])}"
        return "" if self.model else f"Name a model: {self.url}#MODEL"

    def _pieces(self, data: str) -> Iterator[Piece]:
        try:
            event = json.loads(data)
        except ValueError:
            raise ModelError(f"{self.url} sent what is not JSON: {data[:200]}") from None
        if "error" in event:
            error = event["error"]
            said, code = (error.get("message"), error.get("code")) if isinstance(error, dict) else (error, None)
            raise (Hiccup if code in _PASSING else ModelError)(f"{self.url} failed: {said}")
        for choice in event.get("choices", ())[:1]:
            yield Piece(choice.get("text") or "", _tokens(choice.get("logprobs")), choice.get("finish_reason"))


def _lines(blocks: Iterator[bytes]) -> Iterator[str]:
    """Lines that end at a newline only: httpx's own iter_lines also splits at U+2028 or U+0085, which JSON may hold as they are."""
    rest = b""
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        yield from (line.decode("utf-8", "replace") for line in lines)


def _refusal(response: Any) -> type[ModelError]:
    return ModelUnusable if response.status_code in _LASTING else ModelError


_VLLM_EXTRA: Json = {
    "skip_special_tokens": False,
    "spaces_between_special_tokens": False,
    "include_stop_str_in_output": True,
    "add_special_tokens": False,
    "top_p": 1.0,
    "top_k": -1,
    "min_p": 0.0,
    "repetition_penalty": 1.0,
}


def _sampling(decoding: Decoding) -> Json:
    """`transformers serve` ignores a temperature unless the generation config samples."""
    if decoding.temperature <= 0:
        return {}
    return {"generation_config": json.dumps({"do_sample": True, "top_k": 0, "top_p": 1.0})}


def _tokens(logprobs: Json | None) -> tuple[tuple[str, float], ...]:
    if not logprobs or not logprobs.get("tokens"):
        return ()
    return tuple(zip(logprobs["tokens"], logprobs["token_logprobs"], strict=True))


def _detail(response: Any) -> str:
    """What the server says is wrong, in one line: OpenAI's and vLLM's `error.message`, FastAPI's `detail`, else the text."""
    try:
        answer = response.json()
    except ValueError:
        answer = {}
    answer = answer if isinstance(answer, dict) else {}
    error = answer.get("error", answer.get("message", answer.get("detail", response.text)))
    text = error.get("message", "") if isinstance(error, dict) else error
    return " ".join(str(text).split())[:300] or "no reason given"


def _reason(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return "connection refused" if "refused" in text else text
