"""docs/results.md and its chart, from records."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from benchmarks.records import NOBODY, SETS, Record
from benchmarks.scatter import Panel, Point, draw

UNSEEN, PORTRAITS = SETS[:2]
_KINDS = {"ships": "ships", "trained here": "trained", "peer": "peer"}
_OVERVIEW = (
    *("net", "input", "parameters", "MACs", "file", "wild: mIoU / Boundary IoU", "fashion + faces"),
    *("latency", "flicker", "false area", "trained"),
)
_BY_SET = ("net", "full body: mIoU / Boundary IoU", "faces: mIoU / Boundary IoU", "with animals: mIoU / Boundary IoU")
_MOTION = ("net", "flicker", "dtSSD", "MESSDdt", "wrong priors outgrown within three frames")
_TEXT = """\
# Results

Made by `make results DATA=…`; do not edit. What each figure means stands in [evaluation](evaluation.md).

Every net on the same photos, resized to its input (wide ones to [another size](masks.md#wide-and-tall-frames) where it
has such), the mask scaled back and cut at 0.5. **Bold** nets ship.

- mIoU, Boundary IoU: percent, means over the images of the split `val`. `wild` comes first: training shares none of its
  sources. Its masks come from ISNet and MediaPipe where they agree, which flatters MediaPipe and nets that learnt from
  these two. Fashion and faces have masks drawn by people, but share their sources with sets that some nets learnt from.
- latency: CPU time on one thread as a ratio to MediaPipe's, both in the same process in turns.
- flicker: mean change of alpha on still pixels, in thousandths.
- false area: share of photos without people that was taken for a person, percent. The nets trained on such photos.
- parameters and MACs: counted in the model file.

Nets that do not ship were trained for minutes: their rows say what those give, not what the architecture can reach.
"""


def page(records: Sequence[Record], *, fresh: Collection[str], chart: str) -> str:
    """The page as markdown.

    Args:
        records: the rows.
        fresh: names of those measured in this run; the others are marked.
        chart: path of the chart, from the page.
    """
    rows = sorted(records, key=_place)
    parts = [_TEXT, f"![mIoU and Boundary IoU of every net against its latency]({chart})\n"]
    parts.append("Blue nets ship, grey ones were trained here, orange is MediaPipe's.\n")
    parts.append(_table(_OVERVIEW, [_overview(row, fresh) for row in rows]))
    parts.append("## By set\n")
    parts.append(_table(_BY_SET, [[_name(row, fresh), *(_both(row, name) for name in SETS[2:])] for row in rows]))
    parts.append("## In motion\n\nOn clips made from photos of the split `val`.\n")
    parts.append(_table(_MOTION, [_motion(row, fresh) for row in rows]))
    parts.append("## How each was trained\n")
    parts.append("\n".join(f"- **{row.name}** ({row.what}): {_training(row)}" for row in rows) + "\n")
    parts.append("## When each was measured\n")
    parts.append("\n".join(f"- **{row.name}**: {_when(row, fresh)}" for row in rows) + "\n")
    if any(row.name not in fresh for row in rows):
        parts.append("† Not measured in the last run: its weights were not at hand, and its record was kept.\n")
    return "\n".join(parts)


def _place(row: Record) -> tuple[float, float]:
    """Best on the unseen photos first; nets that were never scored there come last."""
    return -row.quality.get(UNSEEN, {}).get("miou", 0.0), -row.quality[PORTRAITS]["miou"]


def chart(records: Sequence[Record]) -> str:
    """Quality against latency as SVG."""
    panels = []
    on = UNSEEN if any(UNSEEN in row.quality for row in records) else PORTRAITS
    for title, key in ((f"mIoU, {on}", "miou"), (f"Boundary IoU, {on}", "boundary_iou")):
        points = [
            Point(row.name, row.latency["ratio"], row.quality[on][key], _KINDS[row.origin])
            for row in records
            if on in row.quality
        ]
        panels.append(Panel(title, "latency on one CPU thread, MediaPipe = 1×", points, line=1.0))
    return draw(panels)


def _overview(row: Record, fresh: Collection[str]) -> list[str]:
    return [
        _name(row, fresh),
        row.input,
        f"{row.parameters / 1e6:.2f} M" if row.parameters else "?",
        f"{row.macs / 1e6:.0f} M" if row.macs else "?",
        f"{row.bytes / 1e6:.2f} MB",
        _both(row, UNSEEN),
        _both(row, PORTRAITS),
        f"{row.latency['ratio']:.2f}×",
        f"{row.clips['flicker']:.2f}",
        f"{row.false_area[NOBODY]:.2f}" if NOBODY in row.false_area else "",
        row.trained,
    ]


def _motion(row: Record, fresh: Collection[str]) -> list[str]:
    outgrown = ", ".join(f"{prior} {share:.0f} %" for prior, share in row.recovery.items())
    return [_name(row, fresh), *(f"{row.clips[key]:.2f}" for key in ("flicker", "dtssd", "messddt")), outgrown or "–"]


def _both(row: Record, name: str) -> str:
    found = row.quality.get(name)
    return f"{found['miou']:.1f} / {found['boundary_iou']:.1f}" if found else "–"


def _name(row: Record, fresh: Collection[str]) -> str:
    name = f"**{row.name}**" if row.origin == "ships" else row.name
    return name if row.name in fresh else f"{name} †"


def _training(row: Record) -> str:
    photos = f" On {sum(row.sets.values()):,} photos of {len(row.sets)} sets." if row.sets else ""
    return f"{row.training or 'not known'}{photos}"


def _when(row: Record, fresh: Collection[str]) -> str:
    mark = "" if row.name in fresh else "† "
    return mark + "; ".join(row.measured.values())


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] + ["---:"] * (len(heads) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
