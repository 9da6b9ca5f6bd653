"""Models on a server: a real `transformers serve`, and a local stand-in that speaks as vLLM documents it."""

from __future__ import annotations

import json
import os
import shlex
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from cwm_trace.cli import main
from cwm_trace.errors import InputError, ModelError, ModelTimeout, ModelUnusable
from cwm_trace.eval import Suite, Task, run_suite
from cwm_trace.format import BEGIN_OF_TEXT, CALL_ENTRY, END_OF_TEXT, FRAME_SEP, render_frame, render_prompt
from cwm_trace.frames import Event, Frame, MalformedFrame, Status, Trace
from cwm_trace.models import Decoding, Stop, load_model
from cwm_trace.models.completions import Client
from cwm_trace.models.retries import Hiccup, Patience, Retries, retry_after
from cwm_trace.models.server import ServerModel
from cwm_trace.prompts import call_prompt
from cwm_trace.simulate import predict

pytest.importorskip("httpx")
SOURCE = "def f(a):\n    return a\n"
PROMPT = call_prompt(SOURCE, "f(1)")
LINE = Frame(Event.LINE, "    return f(1)\n")
CALL = Frame(Event.CALL, "def f(a):\n", {"a": "1"})
RETURN = Frame(Event.RETURN, "    return f(1)\n", value="1")
Token = tuple[str, float]


def words(*frames: Frame, end: bool = True) -> list[Token]:
    """Frames as a stream of tokens: special ones whole, the rest in pieces of three characters."""
    tokens: list[Token] = []
    for frame in frames:
        text = render_frame(frame)
        while text:
            size = text.index("|>") + 2 if text.startswith("<|") else min(3, (text.find("<|") + 1 or 4) - 1)
            tokens.append((text[:size], -0.5))
            text = text[size:]
        tokens.append((FRAME_SEP, -0.25))
    return [*tokens, (END_OF_TEXT, -0.125)] if end else tokens


@dataclass
class Hiccough:
    """What becomes of one request: `status` and `headers` of a refusal; status 0: no answer; 200: cut off after `tokens`.

    `whole`: whether the part that comes looks like a whole answer, as where no length was announced.
    """

    status: int = 503
    headers: dict[str, str] = field(default_factory=dict)
    tokens: int = 0
    whole: bool = False


@dataclass
class FakeServer:
    """Streams `script` to every request, `group` tokens an event; keeps the bodies. `window`: refuses a larger max_tokens.

    `hiccups`: what becomes of the first requests. `continues`: behind a prompt that has a part of the script, the rest comes.
    `served`: how many requests are answered before the model is gone. `listing`: the status with which models are listed.
    `probe`: how many tokens it sees in `<|begin_of_text|><|trace_context_start|>`; 3 where it adds one.
    """

    script: list[Token]
    owner: str = "vllm"
    group: int = 1
    logprobs: bool = True
    finish: str | None = "stop"
    window: int | None = None
    probe: int = 2
    names: tuple[str, ...] = ("cwm",)
    hiccups: list[Hiccough] = field(default_factory=list)
    continues: bool = False
    served: int | None = None
    listing: Callable[[], int] = lambda: 200
    bodies: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""

    def rest(self) -> list[Token]:
        """Of the script, behind the frames that the last request has."""
        given = self.bodies[-1]["prompt"].partition(render_frame(CALL_ENTRY) + FRAME_SEP)[2]
        tokens, text = list(self.script), ""
        while given.startswith(text + tokens[0][0]):
            text += tokens.pop(0)[0]
        return tokens

    def events(self) -> Iterator[dict[str, Any]]:
        script = self.rest() if self.continues else self.script
        for start in range(0, len(script), self.group):
            part = script[start : start + self.group]
            choice: dict[str, Any] = {"index": 0, "text": "".join(token for token, _ in part), "finish_reason": None}
            if self.logprobs:
                choice["logprobs"] = {"tokens": [t for t, _ in part], "token_logprobs": [p for _, p in part]}
            if start + self.group >= len(script):
                choice["finish_reason"] = self.finish
            yield {"choices": [choice]}
        yield {"choices": [], "usage": {}}

    def echo(self, prompt: str) -> dict[str, Any]:
        """What vLLM answers to `echo`: the prompt's tokens, the first without a probability."""
        tokens = [*"".join(prompt).replace(FRAME_SEP, "\0"), "x"]
        tokens = [FRAME_SEP if token == "\0" else token for token in tokens]
        tops = [None, *({token: -0.5, "other": -0.25 if token == "1" else -2.0} for token in tokens[1:])]
        values = [None, *([-0.5] * (len(tokens) - 1))]
        return {"choices": [{"logprobs": {"tokens": tokens, "token_logprobs": values, "top_logprobs": tops}}]}


def handler(fake: FakeServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

        def answer(self, payload: object, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
            data = json.dumps(payload).encode()
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_GET(self) -> None:
            if self.path == "/v1/models" and (status := fake.listing()) != 200:
                self.answer({}, status)
            elif self.path == "/v1/models":
                self.answer({"data": [{"id": name, "owned_by": fake.owner} for name in fake.names]})
            else:
                self.answer({"detail": "Not Found"}, 404)

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if not self.path.startswith("/v1/"):
                self.answer({"error": "broken"}, 500)
                return
            if body["model"] in fake.names and body["max_tokens"] == 1 and not body.get("echo"):
                self.answer({"usage": {"prompt_tokens": fake.probe}})
                return
            fake.bodies.append(body)
            if fake.hiccups:
                self.fail(fake.hiccups.pop(0))
                return
            if body.get("model") not in fake.names or (fake.served is not None and len(fake.bodies) > fake.served):
                self.answer({"error": {"message": f"The model `{body.get('model')}` does not exist."}}, 404)
            elif fake.window and (body["max_tokens"] or 0) > fake.window:
                self.answer(
                    {"error": {"message": f"This model's maximum context length is {fake.window} tokens."}}, 400
                )
            elif not body["stream"]:
                self.answer(fake.echo(body["prompt"]))
            else:
                self.stream()

        def fail(self, how: Hiccough) -> None:
            if how.status == 200:
                self.stream(how)
            elif how.status:
                self.answer({"error": {"message": "boom"}}, how.status, how.headers)

        def stream(self, cut: Hiccough | None = None) -> None:
            self.send_response(200)
            if cut and not cut.whole:
                self.send_header("Content-Length", "100000")
            self.end_headers()
            for event in islice(fake.events(), cut.tokens if cut else None):
                self.wfile.write(f"data: {json.dumps(event, ensure_ascii=False)}\n\n".encode())
            if not cut:
                self.wfile.write(b"data: [DONE]\n\n")

    return Handler


class QuietServer(ThreadingHTTPServer):
    """Says nothing where a client hangs up in the middle of a stream, which is how a request is ended."""

    def handle_error(self, request: object, client_address: object) -> None:
        pass


@pytest.fixture
def serve() -> Iterator[Any]:
    """Starts a FakeServer."""
    servers = []

    def start(fake: FakeServer) -> FakeServer:
        server = QuietServer(("127.0.0.1", 0), handler(fake))
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        servers.append(server)
        fake.url = f"http://127.0.0.1:{server.server_port}/v1"
        return fake

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that are waited for a server, in which nobody waits."""
    seconds: list[float] = []
    monkeypatch.setattr("cwm_trace.models.completions.Retries", lambda: Retries(sleep=seconds.append, draw=lambda: 0.0))
    return seconds


def test_an_evaluation_in_batches_has_several_requests_under_way(serve: Any, tmp_path: Path) -> None:
    meeting = threading.Barrier(3, timeout=30)  # nobody is answered before three have asked

    class Waiting(FakeServer):
        def events(self) -> Iterator[dict[str, Any]]:
            meeting.wait()
            yield from super().events()

    fake = serve(Waiting(words(LINE, CALL, RETURN)))
    tasks = tuple(Task(str(number), SOURCE, f"f({number})") for number in range(6))
    results = run_suite(load_model(fake.url), Suite("six", "0" * 64, tasks), tmp_path, batch=3)
    assert results.outcomes == {"ok": 6}


@pytest.mark.parametrize("group", [1, 2, 7, 1000])
def test_one_request_is_cut_into_frames(serve: Any, group: int) -> None:
    fake = serve(FakeServer(words(LINE, CALL, RETURN), group=group))
    trace = predict(load_model(fake.url), prompt=PROMPT)
    assert trace.frames == (CALL_ENTRY, LINE, CALL, RETURN)
    assert trace.status is Status.COMPLETE
    assert len(fake.bodies) == 1
    sizes = [len(words(frame, end=False)) for frame in (LINE, CALL, RETURN)]
    assert [step.tokens for step in trace.frames[1:]] == sizes
    assert [step.logprob for step in trace.frames[1:]] == [-0.5 * (size - 1) - 0.25 for size in sizes]


def test_the_request_is_the_one_that_vllm_documents(serve: Any) -> None:
    fake = serve(FakeServer(words(RETURN)))
    predict(load_model(f"vllm:{fake.url}"), prompt=PROMPT, max_tokens=50, decoding=Decoding(0.5, 7))
    (body,) = fake.bodies
    expected = {
        "model": "cwm",
        "prompt": render_prompt(PROMPT.context, PROMPT.frames),
        "stream": True,
        "temperature": 0.5,
        "seed": 7,
        "max_tokens": 50,
        "logprobs": 1,
        "stop": [END_OF_TEXT],
        "include_stop_str_in_output": True,
        "skip_special_tokens": False,
        "spaces_between_special_tokens": False,
        "add_special_tokens": False,
    }
    assert {key: body[key] for key in expected} == expected
    assert body["prompt"].startswith(BEGIN_OF_TEXT)


def test_an_unknown_server_gets_only_fields_of_openai(serve: Any) -> None:
    fake = serve(FakeServer(words(RETURN), owner="somebody", probe=3))
    predict(load_model(fake.url), prompt=PROMPT)
    assert fake.bodies[0].keys() <= {
        *("model", "prompt", "stream", "temperature", "seed", "max_tokens", "stop", "logprobs")
    }
    assert fake.bodies[0]["prompt"] == render_prompt(PROMPT.context, PROMPT.frames).removeprefix(BEGIN_OF_TEXT)


def test_begin_of_text_is_sent_unless_the_server_adds_it(serve: Any) -> None:
    fake = serve(FakeServer(words(RETURN), owner="somebody", probe=2))
    predict(load_model(fake.url), prompt=PROMPT)
    assert fake.bodies[0]["prompt"].startswith(BEGIN_OF_TEXT)


def test_a_tokenizer_without_trace_tokens_is_refused(serve: Any) -> None:
    fake = serve(FakeServer(words(RETURN), probe=17))
    with pytest.raises(ModelError, match="no trace tokens"):
        predict(load_model(fake.url), prompt=PROMPT)


def test_feeding_begins_a_new_request_with_everything_before_it(serve: Any) -> None:
    fake = serve(FakeServer(words(LINE, CALL, RETURN)))
    rollout = load_model(fake.url).rollout(PROMPT, Decoding())
    rollout.next_frame()
    rollout.feed(CALL)
    assert rollout.next_frame().text == render_frame(LINE)
    assert fake.bodies[1]["prompt"] == render_prompt(PROMPT.context, (CALL_ENTRY, LINE, CALL))
    rollout.close()


def test_a_forced_event_is_sent_as_the_end_of_the_prompt(serve: Any) -> None:
    fake = serve(FakeServer(words(RETURN)[1:]))
    trace = predict(load_model(fake.url), prompt=PROMPT, force=Event.RETURN)
    assert trace.frames[1:] == (RETURN,)
    assert fake.bodies[0]["prompt"].endswith(FRAME_SEP + "<|return_sep|>")


def test_token_limit_inside_a_frame(serve: Any) -> None:
    fake = serve(FakeServer(words(LINE, CALL, RETURN)))
    limit = len(words(LINE, end=False)) + 2
    trace = predict(load_model(fake.url), prompt=PROMPT, max_tokens=limit)
    assert trace.status is Status.TOKEN_LIMIT
    assert trace.frames[1] == LINE
    assert isinstance(trace.frames[2], MalformedFrame) and trace.frames[2].tokens == 2


def test_the_servers_own_limit_is_a_token_limit(serve: Any) -> None:
    fake = serve(FakeServer(words(LINE, CALL, end=False)[:-1], finish="length"))
    assert predict(load_model(fake.url), prompt=PROMPT).status is Status.TOKEN_LIMIT


def test_an_answer_that_breaks_off_is_no_end_of_the_trace(serve: Any) -> None:
    fake = serve(FakeServer(words(LINE, end=False), finish=None))
    with pytest.raises(ModelError, match="broke off"):
        predict(load_model(fake.url), prompt=PROMPT)


def test_a_limit_beyond_the_window_is_asked_again_without_one(serve: Any) -> None:
    fake = serve(FakeServer(words(RETURN), window=100))
    assert predict(load_model(fake.url), prompt=PROMPT, max_tokens=5000).frames[1:] == (RETURN,)
    assert [body["max_tokens"] for body in fake.bodies] == [5000, None]


def test_frames_without_probabilities(serve: Any) -> None:
    fake = serve(FakeServer(words(LINE, RETURN), logprobs=False))
    trace = predict(load_model(fake.url), prompt=PROMPT)
    assert trace.frames[1:] == (LINE, RETURN)
    assert {step.logprob for step in trace.frames[1:]} == {None}


def test_line_separators_of_unicode_do_not_cut_an_event(serve: Any) -> None:
    odd = Frame(Event.RETURN, "    return 'a\u2028b\x85c'\n", value="1")
    fake = serve(FakeServer(words(odd)))
    assert predict(load_model(fake.url), prompt=PROMPT).frames[1:] == (odd,)


def test_scores_of_given_frames(serve: Any) -> None:
    fake = serve(FakeServer([]))
    trace = Trace(PROMPT.context, (CALL_ENTRY, LINE, RETURN))
    scores = load_model(fake.url).score(trace)
    sizes = [len(render_frame(frame)) + 1 for frame in (LINE, RETURN)]  # the stand-in's tokens: characters
    assert [score.tokens for score in scores] == sizes
    assert [score.logprob for score in scores] == [-0.5 * size for size in sizes]
    assert [score.greedy for score in scores] == [False, False]  # both have a "1", where another token is likelier
    assert load_model(fake.url).score(Trace(PROMPT.context, (CALL_ENTRY, Frame(Event.LINE, "x\n"))))[0].greedy


def test_a_server_that_takes_special_tokens_out_is_found_out(serve: Any) -> None:
    plain = [token for token in words(LINE, CALL, RETURN) if not token[0].startswith("<|")]
    fake = serve(FakeServer(plain, owner="somebody", logprobs=False))
    with pytest.raises(ModelError, match="removes special tokens"):
        predict(load_model(fake.url), prompt=PROMPT)


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with pytest.raises(ModelError, match=f"no server at http://127.0.0.1:{port}/v1 .connection refused.") as caught:
        load_model(f"http://127.0.0.1:{port}/v1")
    assert "vllm serve" in caught.value.hint


def test_a_server_that_is_too_slow_is_told_from_one_that_refuses(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = serve(FakeServer(words(LINE, RETURN)))
    client = Client(fake.url, timeout=0.05)
    late = threading.Event()

    def events(self: FakeServer) -> Iterator[dict[str, Any]]:
        late.wait(30)
        yield {"choices": []}

    monkeypatch.setattr(FakeServer, "events", events)
    with pytest.raises(ModelTimeout, match="broke off|no answer"):
        list(client.stream("x", Decoding(), 5))
    late.set()


def test_errors_of_a_server_are_one_line(serve: Any) -> None:
    fake = serve(FakeServer([], names=("cwm", "other")))
    with pytest.raises(ModelError, match="several models"):
        load_model(fake.url)
    with pytest.raises(ModelError, match="does not exist") as caught:
        predict(load_model(f"{fake.url}#cvm"), prompt=PROMPT)
    assert "cwm" in caught.value.hint
    with pytest.raises(InputError, match="not an address"):
        load_model("vllm:localhost")


def test_doctor_asks_a_server_for_a_token(
    serve: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("cwm_trace.cli.doctor._gpu", lambda: None)
    fake = serve(FakeServer([]))
    assert main(["doctor", "-m", fake.url]) == 0
    assert f"ok  model {fake.url}#cwm" in capsys.readouterr().out
    assert main(["doctor", "-m", f"{fake.url}#cvm"]) == 3
    assert f"--  model {fake.url}#cvm: {fake.url} refused (404)" in capsys.readouterr().out
    assert main(["doctor", "-m", fake.url.replace("/v1", "/nothing")]) == 3
    assert "refused (500): broken (attempts: 5). Name a model" in capsys.readouterr().out
    assert main(["doctor", "-m", serve(FakeServer([], probe=14)).url]) == 3
    assert "has no trace tokens" in capsys.readouterr().out


# --- hiccups -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [0, 408, 429, 500, 502, 503, 504])
def test_a_request_is_made_again_after_a_hiccup(serve: Any, waits: list[float], status: int) -> None:
    fake = serve(FakeServer(words(LINE, CALL, RETURN), hiccups=[Hiccough(status), Hiccough(status)]))
    trace = predict(load_model(fake.url), prompt=PROMPT)
    assert (trace.frames[1:], trace.status) == ((LINE, CALL, RETURN), Status.COMPLETE)
    assert len(fake.bodies) == 3 and waits == [0.5, 1.0]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_refusal_that_will_not_change_is_not_asked_for_again(serve: Any, waits: list[float], status: int) -> None:
    fake = serve(FakeServer([], hiccups=[Hiccough(status)]))
    with pytest.raises(ModelError, match=f"refused .{status}.: boom(. Set CWM_TRACE_API_KEY)?$") as caught:
        load_model(fake.url).score(Trace(PROMPT.context, (CALL_ENTRY, LINE, RETURN)))
    assert (len(fake.bodies), waits) == (1, [])
    assert isinstance(caught.value, ModelUnusable) == (status in (401, 403, 404))


def test_what_stays_is_an_error_that_says_how_often_it_was_tried(serve: Any, waits: list[float]) -> None:
    fake = serve(FakeServer([], hiccups=[Hiccough(500)] * 5))
    with pytest.raises(ModelError, match=r"refused \(500\): boom \(attempts: 5\)") as caught:
        predict(load_model(fake.url), prompt=PROMPT)
    assert not isinstance(caught.value, ModelUnusable)  # another prompt may be answered
    assert len(fake.bodies) == 5 and waits == [0.5, 1.0, 2.0, 4.0]


@pytest.mark.parametrize("group", [1, 7])
@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("tokens", [0, 1, 4, 9])
def test_a_stream_that_breaks_off_is_gone_on_with(serve: Any, tokens: int, whole: bool, group: int) -> None:
    script = words(LINE, CALL, RETURN)
    fine = predict(load_model(serve(FakeServer(script, group=group)).url), prompt=PROMPT)
    hiccups = [Hiccough(200, tokens=tokens, whole=whole), Hiccough(503), Hiccough(200, tokens=tokens, whole=whole)]
    fake = serve(FakeServer(script, group=group, hiccups=hiccups, continues=True))
    trace = predict(load_model(fake.url), prompt=PROMPT)
    assert (trace.frames, trace.status) == (fine.frames, Status.COMPLETE)
    assert [step.tokens for step in trace] == [step.tokens for step in fine]
    assert [step.logprob for step in trace] == [step.logprob for step in fine]


def test_a_stream_that_breaks_off_again_and_again_is_given_up(serve: Any, waits: list[float]) -> None:
    fake = serve(FakeServer(words(LINE), hiccups=[Hiccough(200, tokens=2)] * 9))
    with pytest.raises(ModelError, match=r"broke off .*\(attempts: 5\)"):
        predict(load_model(fake.url), prompt=PROMPT)
    assert len(fake.bodies) == 5 and len(waits) == 4


def test_a_fault_told_in_the_stream_is_a_hiccup(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    events, told = FakeServer.events, [{"error": {"message": "engine died", "code": 500}}]

    def flaky(self: FakeServer) -> Iterator[dict[str, Any]]:
        yield from [told.pop()] if told else events(self)

    monkeypatch.setattr(FakeServer, "events", flaky)
    assert predict(load_model(serve(FakeServer(words(RETURN))).url), prompt=PROMPT).frames[1:] == (RETURN,)


def test_a_server_that_goes_away_is_waited_for_and_then_unusable(serve: Any, waits: list[float]) -> None:
    model = ServerModel(serve(FakeServer(words(RETURN))).url)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        gone = probe.getsockname()[1]
    model.client.url = f"http://127.0.0.1:{gone}/v1"
    with pytest.raises(ModelUnusable, match=r"no answer from .* \(connection refused\) \(attempts: 5\)"):
        predict(model, prompt=PROMPT)
    assert len(waits) == 4


def test_a_hiccup_at_the_first_question_does_not_change_whose_server_it_is(serve: Any, waits: list[float]) -> None:
    fake = serve(FakeServer([]))
    busy = [503, 429]
    fake.listing = lambda: busy.pop() if busy else 200
    assert load_model(fake.url).name == f"{fake.url}#cwm"
    assert len(waits) == 2


def test_waits_grow_up_to_a_limit_and_are_as_long_as_the_server_asks() -> None:
    def waited(*asked: float | None, draw: float = 0.0, **options: Any) -> list[float]:
        seconds: list[float] = []
        patience = Patience(Retries(attempts=99, sleep=seconds.append, draw=lambda: draw, **options))
        with pytest.raises(ModelError):
            for after in [*asked, *[None] * 99]:
                patience.wait(Hiccup("busy", after=after))
        return seconds

    assert waited(total=20.0) == [0.5, 1.0, 2.0, 4.0, 8.0, 4.5]
    assert waited(total=2.0, draw=1.0) == [0.25, 0.5, 1.0, 0.25]
    assert waited(3.0, None, 500.0, total=34.0) == [3.0, 1.0, 30.0]


def test_a_wait_that_is_asked_for_in_seconds_or_as_a_date() -> None:
    assert retry_after("7", 0.0) == 7.0
    assert retry_after("Thu, 01 Jan 1970 00:01:00 GMT", 10.0) == 50.0
    assert [retry_after(text, 100.0) for text in (None, "", "soon", "-3", "inf", "Thu, 01 Jan 1970 00:01:00 GMT")] == [
        None
    ] * 6


def test_the_servers_own_wait_is_kept_to(serve: Any, waits: list[float]) -> None:
    hiccups = [Hiccough(429, {"Retry-After": "3"}), Hiccough(429, {"Retry-After": "3600"})]
    predict(load_model(serve(FakeServer(words(RETURN), hiccups=hiccups)).url), prompt=PROMPT)
    assert waits == [3.0, 30.0]


@pytest.mark.parametrize("teacher_forced", [False, True])
def test_a_run_ends_where_the_model_is_unusable_and_can_be_gone_on_with(
    serve: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], teacher_forced: bool
) -> None:
    suite, out = tmp_path / "suite.jsonl", tmp_path / "out"
    suite.write_text("".join(json.dumps({"id": str(n), "source": SOURCE, "call": "f(1)"}) + "\n" for n in range(4)))
    fake = serve(FakeServer(words(LINE, CALL, RETURN)))
    command = ["eval", str(suite), "-m", f"{fake.url}#cwm", "--out", str(out), "--no-baselines"]
    command += ["--teacher-forced"] * teacher_forced
    fake.served = 2
    assert main(command) == 3
    said = capsys.readouterr().err
    assert said.count("refused (404)") == 1 and f"go on: cwm-trace {shlex.join(command[:4])}" in said
    assert (len(fake.bodies), len((out / "samples.jsonl").read_text().splitlines())) == (3, 2)
    fake.served = None
    assert main([*command, "--resume"]) == 0
    assert (len(fake.bodies), len((out / "samples.jsonl").read_text().splitlines())) == (5, 4)


# --- a real server ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model whose trace tokens are not special, so that `transformers serve` leaves them in its text."""
    for package in ("torch", "transformers", "fastapi", "uvicorn", "openai"):
        pytest.importorskip(package)
    from tests import tiny_cwm

    return tiny_cwm.save_model(tmp_path_factory.mktemp("tiny"), special=False)


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[str]:
    """The address of a `transformers serve` with that model."""
    import httpx

    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    code = "import sys; from transformers.cli.transformers import main; sys.argv[0] = 'transformers'; main()"
    command = [sys.executable, "-c", code, "serve", str(folder), "--port", str(port), "--host", "127.0.0.1"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen([*command, "--device", "cpu"], env=environment, **quiet)  # type: ignore[call-overload]
    try:
        for _ in range(1800):  # about three minutes: importing torch on a busy machine
            assert process.poll() is None, "the server ended"
            try:
                httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False, timeout=0.5)
                break
            except httpx.TransportError:
                time.sleep(0.1)
        else:
            pytest.fail("the server does not answer")
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait()


def test_transformers_serve_writes_what_the_model_writes_here(served: str, folder: Path) -> None:
    local = load_model(f"hf:{folder}", device="cpu", dtype="float32").rollout(PROMPT, Decoding())
    remote = load_model(f"{served}#{folder}").rollout(PROMPT, Decoding())
    for _ in range(3):
        mine, theirs = local.next_frame(max_tokens=120), remote.next_frame(max_tokens=120)
        assert theirs.text == mine.text
        assert theirs.stop is mine.stop
        if mine.stop is not Stop.FRAME:
            break
    remote.close()


def test_transformers_serve_takes_a_fed_frame(served: str, folder: Path) -> None:
    texts = []
    for spec in (f"hf:{folder}", f"{served}#{folder}"):
        rollout = load_model(spec, device="cpu", dtype="float32").rollout(PROMPT, Decoding())
        rollout.feed(LINE)
        texts.append(rollout.next_frame(prefix="<|call_sep|>", max_tokens=40).text)
        rollout.close()
    assert texts[0] == texts[1]


def test_transformers_serve_samples_by_seed(served: str, folder: Path) -> None:
    client = ServerModel(f"{served}#{folder}").client
    text = render_prompt(PROMPT.context, PROMPT.frames).removeprefix(BEGIN_OF_TEXT)

    def write(decoding: Decoding) -> str:  # to the end: its seed is the process's, so nothing else may be running
        return "".join(piece.text for piece in client.stream(text, decoding, 40))

    sampled = [write(Decoding(1.0, seed)) for seed in (1, 1, 2)]
    assert sampled[0] == sampled[1] != sampled[2]
    assert write(Decoding()) not in sampled


def test_transformers_serve_refuses_another_model(served: str) -> None:
    with pytest.raises(ModelError, match="pinned"):
        predict(ServerModel(f"{served}#somebody/else"), prompt=PROMPT)
