"""The measured section of docs/moving-data.md, and its chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

from benchmarks.table import Surroundings

if TYPE_CHECKING:
    from benchmarks.io_study import Times

STEPS = (
    ("hand_over", "handed over", "#7d8590"),
    ("compute", "computed", "#1f5fbf"),
    ("read_back", "read back", "#d1600a"),
    ("to_mask", "made a mask", "#e3b505"),
)
_WIDTH, _LEFT, _RIGHT, _BAR, _GAP, _HEAD = 760, 250, 110, 15, 6, 34
_LONGEST = 2.5
"""Bars longer than this many times the first are cut off, or the others could not be told apart."""
_STYLE = (
    '<style>svg{background:#fff;font-family:system-ui,"DejaVu Sans",sans-serif}text{font-size:12px;fill:#30343a}'
    ".title{font-size:14px;font-weight:600}.tick{font-size:11px;fill:#6a7079}</style>"
)


def section(
    title: str, times: Sequence[Times], missing: Mapping[str, str], place: Surroundings, *, rounds: int, chart: str
) -> str:
    """The section: a table for each runtime.

    Args:
        missing: runtime, or runtime and net -> why it was not measured.
        rounds: turns that medians are over.
        chart: path of the chart, from the page.
    """
    parts = [
        f"## {title}\n",
        "Made by `python benchmarks/io_study.py --write`; do not edit.\n",
        f"*{place}*\n",
        f"Medians of {rounds} rounds in which all nets and runtimes take turns, one thread each, in microseconds. "
        "*Read back* is until the output is an array of the caller's, *mask* until that is one bool a pixel. "
        "*× memcpy* is the read-back as a ratio to a bare copy of as many bytes in the same rounds.\n",
        f"![Each net's time in each runtime, by step]({chart})\n",
    ]
    for runtime in dict.fromkeys(row.runtime for row in times):
        rows = [row for row in times if row.runtime == runtime]
        parts += [f"### {runtime}\n", _table(rows)]
    parts += [f"Not measured: {name}: {why}\n" for name, why in missing.items()]
    return "\n".join(parts)


def _table(rows: Sequence[Times]) -> str:
    head = ("net", "output", "hand over", "compute", "read back", "mask", "total", "× the first", "× memcpy")
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for row in rows:
        cells = (
            row.name,
            f"{row.bytes_out / 1024:.4g} KiB",
            *(f"{getattr(row, step):.0f}" for step, _, _ in STEPS),
            f"{row.total:.0f}",
            f"{row.total / rows[0].total:.2f}",
            f"{row.read_back / row.floor_out:.1f}",
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def chart(times: Sequence[Times]) -> str:
    """An SVG document: a panel for each runtime, a bar for each net, a colour for each step."""
    runtimes = list(dict.fromkeys(row.runtime for row in times))
    parts, top = [_legend()], 40
    for runtime in runtimes:
        rows = [row for row in times if row.runtime == runtime]
        parts.append(f'<g transform="translate(0 {top})">{_panel(runtime, rows)}</g>')
        top += _HEAD + len(rows) * (_BAR + _GAP) + 12
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {top}" width="{_WIDTH}" height="{top}">'
        f'{_STYLE}<rect width="{_WIDTH}" height="{top}" fill="#fff"/>{"".join(parts)}</svg>\n'
    )


def _legend() -> str:
    parts = []
    for at, (_, label, colour) in enumerate(STEPS):
        x = _LEFT + 110 * at
        parts.append(f'<rect x="{x}" y="12" width="12" height="12" fill="{colour}"/>')
        parts.append(f'<text x="{x + 17}" y="22">{label}</text>')
    return "".join(parts)


def _panel(runtime: str, rows: Sequence[Times]) -> str:
    longest = min(max(row.total for row in rows), _LONGEST * rows[0].total)
    scale = (_WIDTH - _LEFT - _RIGHT) / longest
    parts = [f'<text class="title" x="10" y="20">{escape(runtime)}</text>']
    for index, row in enumerate(rows):
        y, begun = _HEAD + index * (_BAR + _GAP), 0.0
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 12}" text-anchor="end">{escape(row.name)}</text>')
        for step, label, colour in STEPS:
            value = getattr(row, step)
            shown = max(0.0, min(value, longest - begun))
            says = escape(f"{row.name}, {label}: {value:.0f} µs")
            parts.append(
                f'<rect x="{_LEFT + scale * begun:.1f}" y="{y}" width="{scale * shown:.1f}" height="{_BAR}" '
                f'fill="{colour}"><title>{says}</title></rect>'
            )
            begun += shown
        cut = "… " if row.total > longest else ""
        parts.append(
            f'<text class="tick" x="{_LEFT + scale * begun + 5:.1f}" y="{y + 12}">{cut}{row.total:.0f} µs</text>'
        )
    return "".join(parts)
