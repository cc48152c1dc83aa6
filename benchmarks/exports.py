"""The parity table of docs/exports.md: a shipped net to every target at every precision, checked against PyTorch."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.table import ROOT, Surroundings, write_section
from limner.errors import LimnerError
from limner.export.exporting import Plan, export_all
from limner.export.source import load_source
from limner.export.table import markdown
from limner.export.targets.base import ALL, TARGETS, chosen

TITLE = "Parity"
PAGE = ROOT / "docs" / "exports.md"


def main() -> int:
    """Make the files, and the section of the page with --write; 1 where a file misses its limits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="data folder with the splits train and val")
    parser.add_argument("--model", default="fast")
    parser.add_argument("--to", default=ALL, help="targets")
    parser.add_argument("--photos", type=int, default=220, help="val photos to check on")
    parser.add_argument("--out", type=Path, help="keep the files in this folder")
    parser.add_argument("--write", action="store_true", help=f"write the section {TITLE!r} of {PAGE.relative_to(ROOT)}")
    options = parser.parse_args()
    place = Surroundings.here()
    with tempfile.TemporaryDirectory() as folder:
        try:
            targets = chosen(options.to, tuple(TARGETS), option="--to")
            plan = Plan(
                targets=targets,
                precisions=(ALL,),
                data=options.data,
                photos=options.photos,
                browser="onnx" in targets,
            )
            source, begun = load_source(options.model, None), time.monotonic()
            report = export_all(source, options.out or Path(folder), plan, progress=_tell)
        except LimnerError as error:
            print(error, file=sys.stderr)
            return 2
    minutes = (time.monotonic() - begun) / 60
    section = (
        f"## {TITLE}\n\n"
        f"`{options.model}` ({report.summary.partition(': ')[2]}), {report.photos} val photos, one thread; "
        f"made and checked in {minutes:.1f} minutes. Made by `python benchmarks/exports.py --data … --write`.\n\n"
        f"{place}. Files ran one after the other, so their times say little where that load is not far below the "
        f"number of cores; [`limner bench`](bench.md) runs them in turns.\n\n{markdown(report)}"
    )
    print(section)
    if options.write:
        write_section(PAGE, TITLE, section)
    return 0 if all(row.good for row in report.rows) else 1


def _tell(done: int, total: int, note: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {done} of {total}: {note}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
