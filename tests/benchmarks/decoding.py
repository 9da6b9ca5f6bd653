"""`python -m tests.benchmarks.decoding [-m MODEL] [-n N]`: frames per second of four ways to write the same traces, in one run, and of a
fifth, as `predict` does it by default: constrained, which writes others.

Generated programs that no training has seen (seeds from 9,700,000 on); greedy, at most 300 tokens each. For every program all ways run one
after another, so that a busy machine slows all; the ratios are of summed times, of the fifth of times a frame, their intervals a bootstrap over
programs. What a model has answered for one program it does not know at the next.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

from cwm_trace.eval.intervals import bootstrap_ratio, ratio
from cwm_trace.format import END_OF_TEXT, FRAME_SEP
from cwm_trace.frames import Trace
from cwm_trace.models import NANO_FOLDER, Decoding, Stop, load_model
from cwm_trace.models.told import Told
from cwm_trace.prompts import call_prompt
from cwm_trace.train.programs import generate

FIRST_SEED = 9_700_000
TOKENS = 300
FREE = Decoding(constrained=False)  # as transformers' generate writes
CONSTRAINED = Decoding(constrained=True)
_ENDS = {Stop.FRAME: FRAME_SEP, Stop.END: END_OF_TEXT}
Way = Callable[[Any, Trace], str]


def ours(model: Any, prompt: Trace) -> str:
    """Our engine, with guesses from the trace."""
    return _rollout(model, prompt, FREE)


def by_default(model: Any, prompt: Trace) -> str:
    """The same, constrained, as by default; nothing is known from other traces."""
    model.told = Told()
    return _rollout(model, prompt, CONSTRAINED)


def ours_plain(model: Any, prompt: Trace) -> str:
    """Our engine, a token a pass."""
    return _rollout(model, prompt, replace(FREE, speculative=False))


def _rollout(model: Any, prompt: Trace, decoding: Decoding) -> str:
    rollout = model.rollout(prompt, decoding)
    text, left, stop = "", TOKENS, Stop.FRAME
    while stop is Stop.FRAME and left:
        made = rollout.next_frame(max_tokens=left)
        text, left, stop = text + made.text + _ENDS.get(made.stop, ""), left - made.tokens, made.stop
    return text


def generate_once(model: Any, prompt: Trace) -> str:
    """transformers' generate, the whole trace in one call; of a network that reads notes (`models.notes`), which it does not write, a call for
    each frame, which goes on with the cache of the last one."""
    if not model.reads_notes:
        return _text(model, _generate(model, _prompt_ids(model, prompt), TOKENS, [END_OF_TEXT]))
    from transformers import DynamicCache

    return _frame_by_frame(model, prompt, DynamicCache(config=_through_transformers(model.name).config))


def generate_a_frame(model: Any, prompt: Trace) -> str:
    """transformers' generate, called anew for every frame."""
    return _frame_by_frame(model, prompt, None)


def _frame_by_frame(model: Any, prompt: Trace, cache: Any) -> str:
    past = model.past(prompt)
    ids = model.codec.encode(past.text)
    made: list[int] = []
    while len(made) < TOKENS and made[-1:] != [model.codec.ids[END_OF_TEXT]]:
        ids += model.codec.encode(past.note())
        frame = _generate(model, ids, TOKENS - len(made), [FRAME_SEP, END_OF_TEXT], cache)
        ids, made = ids + frame, made + frame
        past.wrote(_text(model, frame[:-1]))
    return _text(model, made)


WAYS: dict[str, Way] = {
    "cwm-trace": ours,
    "cwm-trace, a token a pass": ours_plain,
    "generate, once a trace": generate_once,
    "generate, once a frame": generate_a_frame,
}


def _prompt_ids(model: Any, prompt: Trace) -> list[int]:
    ids: list[int] = model.codec.encode(model.past(prompt).text)
    return ids


def _text(model: Any, ids: list[int]) -> str:
    text: str = model.codec.decode(ids)
    return text


def _generate(model: Any, ids: list[int], most: int, stops: list[str], cache: Any = None) -> list[int]:
    import torch

    made = _through_transformers(model.name).generate(
        torch.tensor([ids]),
        attention_mask=torch.ones(1, len(ids), dtype=torch.long),
        do_sample=False,
        max_new_tokens=most,
        eos_token_id=[model.codec.ids[stop] for stop in stops],
        past_key_values=cache,
    )
    written: list[int] = made[0, len(ids) :].tolist()
    return written


@cache
def _through_transformers(name: str) -> Any:
    """The same weights, as transformers has them."""
    from cwm_trace.train.network import open_model

    return open_model(NANO_FOLDER if name == "nano" else name.removeprefix("hf:")).eval()


def prompts(count: int) -> list[Trace]:
    """The first so many programs that have a call."""
    found: list[Trace] = []
    seed = FIRST_SEED
    while len(found) < count:
        program = generate(seed, 1)
        found += [call_prompt(program.source, call) for call in program.calls]
        seed += 1
    return found


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-m", "--model", default="nano")
    parser.add_argument("-n", type=int, default=40, help="programs")
    args = parser.parse_args()
    model: Any = load_model(args.model)
    seconds: dict[str, list[float]] = {name: [] for name in WAYS}
    frames = differ = 0
    default: list[tuple[float, int]] = []  # seconds and frames
    for number, prompt in enumerate(prompts(args.n + 1)):
        texts = []
        for name, way in WAYS.items():
            started = time.perf_counter()
            texts.append(way(model, prompt))
            if number:  # the first warms up
                seconds[name].append(time.perf_counter() - started)
        started = time.perf_counter()
        text = by_default(model, prompt)
        if number:
            default.append((time.perf_counter() - started, text.count(FRAME_SEP)))
            frames += texts[0].count(FRAME_SEP)
            differ += len(set(texts)) > 1
    print(f"{args.model}: {args.n} programs, {frames} frames; {differ} programs not written the same by all ways")
    for name, times in seconds.items():
        pairs = list(zip(times, seconds["cwm-trace"], strict=True))
        low, high = bootstrap_ratio(pairs)
        print(f"{name:28} {frames / sum(times):8.1f} frames/s   {ratio(pairs):5.2f} [{low:.2f}, {high:.2f}] times ours")
    written, rate = sum(made for _, made in default), frames / sum(seconds["cwm-trace"])
    low, high = (rate * bound for bound in bootstrap_ratio([(taken, float(made)) for taken, made in default]))
    taken = sum(each for each, _ in default)
    print(
        f"{'by default':28} {written / taken:8.1f} frames/s   {rate * taken / written:5.2f} [{low:.2f}, {high:.2f}] times ours"
    )


if __name__ == "__main__":
    main()
