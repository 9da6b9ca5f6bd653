"""A task for lm-evaluation-harness: its models predict whole traces, our metrics score them.

Why that harness and not inspect_ai: a trace is the continuation of a raw prompt, token for token, which lm-evaluation-harness asks of its
models (`generate_until`), local ones and vLLM included; inspect_ai's providers speak in chat messages, in a template of the model's.

    lm_eval --include_path FOLDER --tasks cwm_trace --metadata '{"suite": "real"}' --model vllm --model_args pretrained=facebook/cwm

FOLDER is this one (`cwm-trace eval --list` prints it), the suite whatever `load_suite` takes (`real` if none is named). Prompts are those of
`cwm_trace.prompts`, metrics those of `cwm_trace.eval.metrics`, as fractions; a program that cannot be run counts as wrong in all of them,
whatever is answered: its prompt is `NO_TRUTH`, as the harness's models take no empty one.

Known differences to `cwm-trace eval`: the harness tokenises the prompt as one text, so a trace token inside a program's own text is taken for
one; it cuts off `<|end_of_text|>`, so a text that ends where the entry's scope has been left is taken to have had it; its standard errors
know nothing of several calls of one program. Its `hf` model drops special tokens from what was generated, and with them the frames: use
`TraceHFLM` of `cwm_trace.eval.harness.hf`, `vllm` or `sglang`.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cwm_trace.errors import CwmTraceError
from cwm_trace.eval.metrics import score_trace
from cwm_trace.eval.samples import no_score
from cwm_trace.eval.suites import Task, load_suite
from cwm_trace.eval.truth import TrueTrace, task_prompt, true_trace, true_traces
from cwm_trace.files import trace_from_json, trace_to_json
from cwm_trace.format import BEGIN_OF_TEXT, END_OF_TEXT, FRAME_SEP, parse, render_prompt
from cwm_trace.frames import Event, Trace

FOLDER = Path(__file__).parent
"""What `--include_path` takes."""
NO_TRUTH = BEGIN_OF_TEXT
"""The prompt of a program that has no true trace."""
Doc = dict[str, Any]


def dataset(suite: str = "real", **_: object) -> dict[str, Any]:
    """The documents of a suite as the harness wants them, a `datasets.Dataset` under "test". Runs every program, for the true traces.

    Other keywords are the harness's own metadata. Raises InputError.
    """
    from datasets import Dataset

    tasks = load_suite(suite).tasks
    with true_traces(tasks) as truth:
        return {"test": Dataset.from_list([document(task, truth) for task in tasks])}


def document(task: Task, truth: TrueTrace = true_trace) -> Doc:
    """One task: `prompt`, `target` (the text that is right) and `truth`, the true trace as JSON; where there is none, "", and `error`."""
    made = {
        "id": task.id,
        "source": task.source,
        "call": task.call or "",
        "prompt": NO_TRUTH,
        "target": "",
        "truth": "",
        "error": "",
    }
    try:
        actual = truth(task)
    except CwmTraceError as error:
        return made | {"error": str(error)}
    prompt = task_prompt(task, actual)
    text = render_prompt(prompt.context, prompt.frames)
    target = actual.render().removeprefix(text)
    return made | {"prompt": text, "target": target, "truth": json.dumps(trace_to_json(actual))}


def doc_to_text(doc: Doc) -> str:
    """What the model continues."""
    text: str = doc["prompt"]
    return text


def doc_to_target(doc: Doc) -> str:
    """The right continuation."""
    text: str = doc["target"]
    return text


def process_results(doc: Doc, results: list[str]) -> dict[str, float]:
    """The metrics of one generated text; those that this trace cannot be judged by are left out. Nothing of the text is executed."""
    score = no_score()
    if doc["truth"]:
        actual = trace_from_json(json.loads(doc["truth"]))
        score = score_trace(prediction(Trace(actual.context, actual.frames[:1], False), results[0]), actual)
    return {name: value for name, value in asdict(score).items() if value is not None}


def prediction(prompt: Trace, text: str) -> Trace:
    """The trace that a generated text continues, its cut-off end put back where the entry's scope has been left."""
    made = parse(text, prompt=prompt)
    return parse(text + END_OF_TEXT, prompt=prompt) if _has_left(made) and text.endswith(FRAME_SEP) else made


def _has_left(trace: Trace) -> bool:
    events = [step.event for step in trace]
    return events[-1] is Event.RETURN and events.count(Event.CALL) == events.count(Event.RETURN)
