"""Single operations on literals, asked of a model apart from any trace (`cwm_trace.models.asking`): the share of right answers.

    python -m tests.benchmarks.single [-m MODEL] [-n 300] [--worst 20] [--whole]

Operations are drawn from the templates of training data (`cwm_trace.train.sheets`; `scales`, of values of all sizes; `pieces`, the steps that
others are made of), with values that are drawn anew: of each group so many, the same for every model. `--whole`: none by steps. Wilson
intervals. Only models that read notes.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Iterator

from cwm_trace.eval.intervals import wilson
from cwm_trace.models import load_model
from cwm_trace.models.asking import Asker
from cwm_trace.models.base import Decoding
from cwm_trace.models.causal import CausalModel
from cwm_trace.train.pieces import KINDS
from cwm_trace.train.programs import broad_writer
from cwm_trace.train.scales import TEMPLATES as SIZED
from cwm_trace.train.scales import sized
from cwm_trace.train.sheets import TEMPLATES, given, operation

_PIECES = {f"step: {kind.__name__.strip('_').replace('_', ' ')}": kind for kind in KINDS}
_SCALES = "all sizes"


def _operation(group: str, rng: random.Random) -> tuple[str, str]:
    """What it is made of, and an operation."""
    if (kind := _PIECES.get(group)) is not None:
        return group, kind(rng)
    template = rng.choice(SIZED if group == _SCALES else TEMPLATES[group])
    return template, (sized if group == _SCALES else operation)(broad_writer(rng), template)


def drawn(group: str, count: int) -> Iterator[tuple[str, str, str]]:
    """Templates of a group, operations made of them, all different, and what these give."""
    seen: set[str] = set()
    number = 0
    while len(seen) < count:
        template, text = _operation(group, random.Random(f"{group} {number}"))
        number += 1
        value = given(text) if text and text not in seen else None
        if value is not None and not value.startswith("<"):
            seen.add(text)
            yield template, text, value


def main() -> None:
    """Print a table of groups, and the templates with most wrong answers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-m", "--model", default="nano")
    parser.add_argument("-n", "--count", type=int, default=300)
    parser.add_argument("--worst", type=int, default=20)
    parser.add_argument("--whole", action="store_true")
    args = parser.parse_args()
    model = load_model(args.model)
    if not isinstance(model, CausalModel) or not model.reads_notes:
        parser.error(f"{args.model} reads no notes")
    model.asks_steps = model.asks_steps and not args.whole
    asker = Asker(model, Decoding())
    wrong: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    print("| operations | n | right |\n|---|---|---|")
    for group in (*TEMPLATES, _SCALES, *_PIECES):
        right = 0
        for template, text, value in drawn(group, args.count):
            answer = asker.value(text) == value
            right += answer
            asked[template] += 1
            wrong[template] += not answer
        share = wilson(right, args.count)
        print(
            f"| {group} | {args.count} | {100 * right / args.count:.1f} [{100 * share.low:.1f}, {100 * share.high:.1f}] |",
            flush=True,
        )
    for template, count in wrong.most_common(args.worst):
        print(f"{template}: {count} of {asked[template]} wrong")


if __name__ == "__main__":
    main()
