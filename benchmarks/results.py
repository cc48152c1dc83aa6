"""Measure every net that ships or was trained, beside MediaPipe, and write docs/results.md with its chart."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import peer, results_page
from benchmarks.records import Model, Record, load_records, measure
from benchmarks.table import ROOT, Surroundings
from limner.errors import LimnerError
from limner.models.card import SEGMENT
from limner.models.catalogue import list_models
from limner.whole_file import whole_file

PEER = "mediapipe-selfie"


def main() -> int:
    options = _options()
    try:
        models = find_models(options.runs, options.work, options.data)
        theirs = peer.fetch(options.work)
        models.append(Model(PEER, theirs, "peer"))
        if unknown := options.only - {model.name for model in models}:
            raise RuntimeError(f"--only: there is no net {sorted(unknown)[0]!r} to measure")
        if options.only:
            models = [model for model in models if model.name in options.only]
        print(f"measuring {', '.join(model.name for model in models)} ...", file=sys.stderr)
        place = Surroundings.here()
        measured = {
            "date": place.date,
            "on": f"{place.processor}, load {place.load}",
            "commit": f"commit {place.commit}",
        }
        fresh = measure(models, options.data, theirs, measured=measured, limit=options.limit, clips=options.clips)
        write(fresh, options.records, options.page, options.chart)
    except (LimnerError, RuntimeError) as error:
        print(f"results: {error}", file=sys.stderr)
        return 2
    print(f"wrote {options.page} and {options.chart}", file=sys.stderr)
    return 0


def find_models(runs: Path | None, work: Path, data: Path) -> list[Model]:
    """The shipped models, and those in ``runs``: <name>.onnx with its card, <name>.pt, or <name>/last.pt.

    Checkpoints are exported first. A run that is called like a shipped model is left out.
    """
    models = [Model(found.path.stem, found.path, "ships") for found in list_models(SEGMENT)]
    shipped = {model.name for model in models}
    for name, path in sorted(_trained(runs).items() if runs else ()):
        if name in shipped:
            print(f"{path}: left out; the shipped {name} is measured", file=sys.stderr)
            continue
        models.append(Model(name, path if path.suffix == ".onnx" else _export(path, name, work, data), "trained here"))
    return models


def _trained(runs: Path) -> dict[str, Path]:
    """Name to model file, or to checkpoint where there is no model file."""
    found = {path.stem: path for path in runs.glob("*.pt")}
    found |= {path.parent.name: path for which in ("last", "best") for path in runs.glob(f"*/{which}.pt")}
    found |= {
        path.stem: path
        for path in (*runs.glob("*/*.onnx"), *runs.glob("*.onnx"))
        if path.with_suffix(".json").is_file()
    }
    return found


def _export(checkpoint: Path, name: str, work: Path, data: Path) -> Path:
    target = work / "exported" / f"{name}.onnx"
    target.parent.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable,
        "-m",
        "limner.cli.app",
        "export",
        str(checkpoint),
        "-o",
        str(target),
        "--data",
        str(data),
    ]
    if target.is_file() and target.stat().st_mtime > checkpoint.stat().st_mtime:
        return target  # exporting scores the card on thousands of photos
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{checkpoint}: {(done.stderr.strip().splitlines() or ['limner export failed'])[-1]}")
    return target


def write(fresh: Sequence[Record], records: Path, page: Path, chart: Path) -> None:
    """Keep the fresh records, and write page and chart of them and of all that were kept before."""
    for record in fresh:
        record.save(records)
    rows = list(load_records(records).values())
    page.parent.mkdir(parents=True, exist_ok=True)
    chart.parent.mkdir(parents=True, exist_ok=True)
    where = Path(os.path.relpath(chart, page.parent)).as_posix()
    for path, text in (
        (page, results_page.page(rows, fresh={record.name for record in fresh}, chart=where)),
        (chart, results_page.chart(rows)),
    ):
        with whole_file(path) as file:
            file.write(text.encode())


def _options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.csv and labelled photos")
    parser.add_argument(
        "--runs", type=Path, help="folder of trained nets: <name>.onnx with card, <name>.pt, <name>/last.pt"
    )
    parser.add_argument("--only", help="names, separated by commas: measure these and keep the records of the others")
    parser.add_argument("--limit", type=int, help="a quick look at so many photos of each set, under --work")
    parser.add_argument("--clips", type=int, default=24, help="photos that clips are made from")
    parser.add_argument("--records", type=Path, help="where records are kept; benchmarks/results by default")
    parser.add_argument("--page", type=Path, help="docs/results.md by default")
    parser.add_argument("--chart", type=Path, help="docs/images/results.svg by default")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "bench", help="where downloads and exports go")
    options = parser.parse_args(arguments)
    options.only = set(options.only.split(",")) if options.only else set()
    home = ROOT if options.limit is None else options.work / "quick"  # a quick look must not spoil the page
    options.records = options.records or home / "benchmarks" / "results"
    options.page = options.page or home / "docs" / "results.md"
    options.chart = options.chart or home / "docs" / "images" / "results.svg"
    if not (options.data / "manifest.csv").is_file():
        parser.error(f"--data: {options.data} holds no manifest.csv")
    if options.runs and not options.runs.is_dir():
        parser.error(f"--runs: {options.runs} is no folder")
    return options


if __name__ == "__main__":
    sys.exit(main())
