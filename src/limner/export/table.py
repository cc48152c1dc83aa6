"""The table of an export: for a terminal (red where a limit is missed), as Markdown, and as JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

from limner.export.checks.parity import Figures
from limner.export.exporting import Report, Row

HEADS = (
    "file",
    "mean error",
    "max error",
    "mIoU",
    "change",
    "boundary IoU",
    "change",
    "MB",
    "load ms",
    "ms",
    "runs on",
)
_CELL_OF = {"mean_error": 1, "miou": 4}


class Line(NamedTuple):
    """A row as text: its cells, which of them (by number) miss a limit, and what stands for missing figures."""

    cells: tuple[str, ...]
    red: frozenset[int]
    remark: str


def lines(report: Report) -> list[Line]:
    """The rows of the table; PyTorch comes first."""
    first = Line(("PyTorch", "", "", *_measured(report.reference, report.reference, None)), frozenset(), "")
    return [first, *(_line(row, report.reference) for row in report.rows)]


def _line(row: Row, reference: Figures) -> Line:
    figures = row.figures
    remark = row.reason if row.state == "checked" or not row.reason else f"{row.state}: {row.reason}"
    if figures is None:
        size = "" if row.bytes is None else f"{row.bytes / 1e6:.2f}"
        cells = (row.file, *[""] * 6, size, "", "", row.state)
        return Line(cells, frozenset({0}) if row.state == "failed" else frozenset(), remark)
    errors = (_error(figures.mean_error), _error(figures.max_error))
    red = frozenset(_CELL_OF[name] for name in row.missed)
    return Line((row.file, *errors, *_measured(figures, reference, row.bytes)), red, remark)


def _measured(figures: Figures, reference: Figures, size: int | None) -> tuple[str, ...]:
    cells = []
    for value, base in ((figures.miou, reference.miou), (figures.boundary_iou, reference.boundary_iou)):
        known = value is not None and base is not None
        cells.append(f"{value:.2f}" if known else "")
        cells.append(f"{value - base:+.2f}" if known and figures is not reference else "")  # type: ignore[operator]
    return (
        *cells,
        "" if size is None else f"{size / 1e6:.2f}",
        "" if figures.load_ms is None else f"{figures.load_ms:.0f}",
        f"{figures.latency_ms:.1f}",
        figures.runtime,
    )


def _error(value: float) -> str:
    return f"{value:.1e}" if math.isfinite(value) else "not finite"


def print_table(report: Report) -> None:
    """Print to stdout: coloured on a terminal, and with "!" behind what misses a limit everywhere."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=200)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, head in enumerate(HEADS):
        table.add_column(head, justify="left" if number in (0, len(HEADS) - 1) else "right", no_wrap=True)
    found = lines(report)
    for line in found:
        cells = [
            Text(f"{cell}!" if i in line.red else cell, "red" * (i in line.red)) for i, cell in enumerate(line.cells)
        ]
        table.add_row(*cells)
    console.print(table)
    for text, red in _remarks(report, found):
        console.print(Text(text, "red" * red), soft_wrap=True)


def _remarks(report: Report, found: Sequence[Line]) -> list[tuple[str, bool]]:
    """What the table cannot say, one line each, and whether it is bad news."""
    remarks = []
    for row, line in zip(report.rows, found[1:], strict=True):
        if line.remark:
            remarks.append((f"{row.file}: {line.remark}", not row.good))
        remarks += [(f"{row.file}: {why}", True) for why in row.missed.values()]
        remarks += [(f"{row.file}: {note}", False) for note in row.notes]
    return remarks


def markdown(report: Report) -> str:
    """The table and its remarks for a page; 🔴 stands before what misses a limit."""
    found = lines(report)
    text = [f"| {' | '.join(HEADS)} |", f"|---{'|---:' * (len(HEADS) - 2)}|---|"]
    for line in found:
        cells = [f"🔴 {cell}" if i in line.red else cell for i, cell in enumerate(line.cells)]
        text.append(f"| {' | '.join(cells)} |")
    remarks = [f"- {remark}" for remark, _ in _remarks(report, found)]
    return "\n".join([*text, *([""] if remarks else []), *remarks]) + "\n"


def to_json(report: Report) -> dict[str, Any]:
    """Plain JSON values; numbers that are not finite become null."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(item) for key, item in value.items()}
        if isinstance(value, tuple | list):
            return [plain(item) for item in value]
        return None if isinstance(value, float) and not math.isfinite(value) else value

    rows = [plain(asdict(row)) | {"good": row.good} for row in report.rows]
    return {
        "summary": report.summary,
        "photos": report.photos,
        "pictures": report.pictures,
        "pytorch": plain(asdict(report.reference)),
        "files": rows,
    }
