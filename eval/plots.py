"""Plots as inline SVG: curves and shares with intervals. Colours and fonts come from the page's style sheet."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape

from cwm_trace.eval.intervals import Estimate

WIDTH = 560
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 12, 12, 34
_CURVE_HEIGHT = 240
_ROW, _APART = 26, 7
_LEAST_LABEL, _CHARACTER = 110, 8


def curve_plot(curves: Mapping[str, Mapping[int, Estimate]], title: str, label: str) -> str:
    """Percent over a count of at least 1 on a logarithmic axis; one line for each name, with its interval as a band."""
    longest = max((max(curve) for curve in curves.values() if curve), default=1)
    across = WIDTH - _LEFT - _RIGHT

    def x(k: int) -> float:
        return _LEFT + across * (math.log2(k) / math.log2(longest) if longest > 1 else 0.5)

    ticks = [k for power in range(longest.bit_length()) if (k := 1 << power) <= longest]
    parts = [*_grid(_CURVE_HEIGHT), *(_text(x(k), _CURVE_HEIGHT - _BOTTOM + 16, str(k), "middle") for k in ticks)]
    parts.append(_text(_LEFT + across / 2, _CURVE_HEIGHT - 3, label, "middle"))
    for number, (name, curve) in enumerate(curves.items()):
        points = [(x(k), found) for k, found in curve.items()]
        band = [(at, found.high) for at, found in points] + [(at, found.low) for at, found in reversed(points)]
        parts.append(f'<polygon class="band s{number % 6}" points="{_points(band)}"/>')
        line = _points((at, found.value) for at, found in points)
        parts.append(f'<polyline class="line s{number % 6}" points="{line}"><title>{escape(name)}</title></polyline>')
        parts += [
            _dot(at, _y(found.value, _CURVE_HEIGHT), number, f"{name}: {found.value:.1f} %") for at, found in points
        ]
    return _svg(parts, _CURVE_HEIGHT, title)


def share_plot(groups: Mapping[str, Sequence[Estimate | None]], names: Sequence[str], title: str) -> str:
    """One row for each group: a dot for each name's share in percent, its interval as a line."""
    labels = [f"{group} ({max((item.n for item in found if item), default=0)})" for group, found in groups.items()]
    left = max(_LEAST_LABEL, _CHARACTER * max(map(len, labels), default=0) + 12)
    across = WIDTH - left - _RIGHT
    tall = max(_ROW, _APART * len(names) + 12)
    height = _TOP + tall * len(groups) + _BOTTOM - 10
    parts = []
    for share in (0, 25, 50, 75, 100):
        at = left + across * share / 100
        parts.append(f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="{_TOP}" y2="{height - 24}"/>')
        parts.append(_text(at, height - 8, str(share), "middle"))
    for row, (group, found) in enumerate(groups.items()):
        centre = _TOP + tall * (row + 0.5)
        parts.append(_text(left - 8, centre + 4, labels[row], "end"))
        for number, (name, item) in enumerate(zip(names, found, strict=True)):
            if item is not None:
                at = centre + _APART * (number - (len(names) - 1) / 2)
                low, high = (left + across * bound / 100 for bound in (item.low, item.high))
                parts.append(
                    f'<line class="line s{number % 6}" x1="{low:.1f}" x2="{high:.1f}" y1="{at:.1f}" y2="{at:.1f}"/>'
                )
                said = f"{name}, {group}: {item.value:.1f} % [{item.low:.1f}, {item.high:.1f}]"
                parts.append(_dot(left + across * item.value / 100, at, number, said))
    return _svg(parts, height, title)


def legend(names: Sequence[str]) -> str:
    """Which colour is whose."""
    items = (f'<span class="key s{number % 6}">{escape(name)}</span>' for number, name in enumerate(names))
    return f'<p class="legend">{" ".join(items)}</p>'


def _grid(height: float) -> list[str]:
    parts = []
    for share in (0, 25, 50, 75, 100):
        at = _y(share, height)
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>')
        parts.append(_text(_LEFT - 6, at + 4, str(share), "end"))
    return parts


def _y(share: float, height: float) -> float:
    return _TOP + (height - _TOP - _BOTTOM) * (1 - share / 100)


def _points(pairs: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{at:.1f},{_y(share, _CURVE_HEIGHT):.1f}" for at, share in pairs)


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _dot(x: float, y: float, number: int, title: str) -> str:
    return (
        f'<circle class="dot s{number % 6}" cx="{x:.1f}" cy="{y:.1f}" r="3.5"><title>{escape(title)}</title></circle>'
    )


def _svg(parts: Iterable[str], height: float, title: str) -> str:
    body = "".join(parts)
    return f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{escape(title)}">{body}</svg>'
