"""What 8 bits cost: each net in float, quantized after training and in training; writes docs/quantization.md."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.table import ROOT, Surroundings
from limner.whole_file import whole_text

_RECORDS = ROOT / "benchmarks" / "results" / "quantization"
_PAGE = ROOT / "docs" / "quantization.md"
_BEGIN, _END = "<!-- measured -->\n", "<!-- end of what was measured -->\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Means over photos, in percent, and the size of the file in bytes; None for the net in PyTorch."""

    miou: float
    boundary_iou: float
    bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A net's figures.

    Attributes:
        name: of the row.
        input: pixels, square.
        before: the net as it was, in float.
        after_training: its int8 ONNX file, quantized after training.
        aware: the int8 ONNX file of quantization-aware training that began with it.
        samples: that this training saw.
        photos: of the split val, stratified.
        measured: when and on what.
    """

    name: str
    input: int
    before: Figures
    after_training: Figures
    aware: Figures
    samples: int
    photos: int
    measured: str


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    for text in options.nets:
        name, source, checkpoint = _parts(text)
        record = measure(name, source, checkpoint, options.data, photos=options.photos)
        _RECORDS.mkdir(parents=True, exist_ok=True)
        whole_text(_RECORDS / f"{name}.json", json.dumps(asdict(record), indent=2) + "\n")
    whole_text(_PAGE, with_table(_PAGE.read_text(encoding="utf-8"), table(load())))
    print(f"wrote {_PAGE}", file=sys.stderr)
    return 0


def measure(name: str, source: str, checkpoint: str, data: Path, *, photos: int) -> Record:
    """Export the net both ways and score the files, and the net in PyTorch, on the same photos.

    Args:
        source: the net in float: a shipped model's name or a checkpoint.
        checkpoint: of the quantization-aware training that began with it.
    """
    from limner.export.exporting import Plan, Report, export_all
    from limner.export.source import load_source

    def made(start: str) -> Report:
        plan = Plan(targets=("onnx",), precisions=("int8",), data=data, photos=photos)
        with tempfile.TemporaryDirectory() as folder:
            return export_all(load_source(start, None), Path(folder), plan, progress=lambda *_: None)

    after, aware = made(source), made(checkpoint)
    trained = load_source(checkpoint, None)
    assert trained.recipe is not None
    assert trained.state is not None
    return Record(
        name=name,
        input=trained.size[0],
        before=_figures(after.reference, None),
        after_training=_figures(after.rows[0].figures, after.rows[0].bytes),
        aware=_figures(aware.rows[0].figures, aware.rows[0].bytes),
        samples=trained.state.step * trained.recipe.batch,
        photos=after.photos,
        measured=str(Surroundings.here()),
    )


def load() -> dict[str, Record]:
    """The records that were kept, by name."""
    records = {}
    for path in sorted(_RECORDS.glob("*.json")):
        raw = json.loads(path.read_text(encoding="utf-8"))
        figures = {key: Figures(**raw.pop(key)) for key in ("before", "after_training", "aware")}
        records[path.stem] = Record(**raw, **figures)
    return records


def table(records: Mapping[str, Record]) -> str:
    """The records as a markdown table, and when each was measured."""
    lines = [
        "| net | input | float | post-training | quantization-aware | samples | MB |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for record in records.values():
        sizes = [figures.bytes or 0 for figures in (record.after_training, record.aware)]
        cells = [
            record.name,
            str(record.input),
            f"{record.before.miou:.2f} / {record.before.boundary_iou:.2f}",
            _change(record.after_training, record.before),
            _change(record.aware, record.before),
            f"{record.samples:,}",
            " / ".join(f"{size / 1e6:.2f}" for size in sizes),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    notes = [f"- {record.name}: {record.photos} val photos; {record.measured}" for record in records.values()]
    return "\n".join([*lines, "", *notes, ""])


def with_table(page: str, made: str) -> str:
    """The page with ``made`` in the place of the old table.

    Raises:
        RuntimeError: the page has no place for it.
    """
    head, begin, rest = page.partition(_BEGIN)
    _, end, tail = rest.partition(_END)
    if not begin or not end:
        raise RuntimeError(f"the page has no {_BEGIN.strip()} and {_END.strip()} to put the table between")
    return f"{head}{_BEGIN}\n{made}\n{_END}{tail}"


def _figures(found: object, size: int | None) -> Figures:
    from limner.export.checks.parity import Figures as Found

    if not isinstance(found, Found) or found.miou is None or found.boundary_iou is None:
        raise RuntimeError("an int8 file could not be made or run; `limner export --precision int8` says why")
    return Figures(miou=round(found.miou, 3), boundary_iou=round(found.boundary_iou, 3), bytes=size)


def _change(figures: Figures, before: Figures) -> str:
    return f"{figures.miou - before.miou:+.2f} / {figures.boundary_iou - before.boundary_iou:+.2f}"


def _parts(text: str) -> tuple[str, str, str]:
    name, _, files = text.partition("=")
    source, comma, checkpoint = files.partition(",")
    if not name or not comma:
        raise SystemExit(f"{text}: write it as NAME=SOURCE,CHECKPOINT")
    return name, source, checkpoint


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "nets", nargs="*", help="NAME=SOURCE,CHECKPOINT: the net in float, and the last.pt of `limner quantize` of it"
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.csv and labelled photos")
    parser.add_argument("--photos", type=int, default=180, help="val photos, stratified")
    options = parser.parse_args(arguments)
    if not (options.data / "manifest.csv").is_file():
        parser.error(f"--data: {options.data} holds no manifest.csv")
    return options


if __name__ == "__main__":
    sys.exit(main())
