"""Measure the numbers that Limner must reach on this machine, and print them as one table."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import (
    accuracy,
    harmonize,
    inputs,
    latency,
    loader,
    memory,
    peer,
    photo_cost,
    start,
    video_cost,
    video_memory,
)
from benchmarks.table import (
    ROOT,
    Row,
    Surroundings,
    as_json,
    as_markdown,
    as_section,
    as_text,
    failed,
    sections,
    with_sections,
    write_section,
)

NAMES = ("latency", "start", "photos", "video", "memory", "accuracy", "loader", "harmonize")


def main() -> int:
    options = _options()
    place = Surroundings.here()
    work: Path = options.work
    rows: list[Row] = []
    for name in options.only:
        if name in ("accuracy", "loader") and options.data is None:
            continue
        print(f"measuring {name} ...", end="", file=sys.stderr, flush=True)
        began = time.perf_counter()
        rows += _measure(name, options, work)
        print(f" {time.perf_counter() - began:.0f} s", file=sys.stderr)
    print(as_json(rows, place) if options.json else as_text(rows, place))
    if options.markdown and options.section:
        command = f'make bench ARGS="--only {",".join(options.only)} --section {options.section} --markdown …"'
        write_section(options.markdown, options.section, as_section(options.section, command, rows, place))
    elif options.markdown:
        page = with_sections(as_markdown(rows, place), sections(options.markdown))
        options.markdown.write_text(page, encoding="utf-8")
        print(f"wrote {options.markdown}", file=sys.stderr)
    if options.json_file:
        options.json_file.write_text(as_json(rows, place) + "\n", encoding="utf-8")
    return 0 if all(row.passed is not False for row in rows) else 1


def _measure(name: str, options: argparse.Namespace, work: Path) -> list[Row]:
    """The rows of one group. A group that cannot be measured is a row that says why: the others still run."""
    measures: dict[str, Callable[[], list[Row]]] = {
        "latency": lambda: [latency.measure(peer.fetch(work))],
        "start": lambda: start.measure(inputs.photo(work), work),
        "photos": lambda: photo_cost.measure(inputs.large_photo(work)),
        "video": lambda: video_cost.measure(video_cost.clips(work, 4), work),
        "memory": lambda: [video_memory.measure(inputs.clip(work, 4), work), memory.measure(minutes=options.minutes)],
        "accuracy": lambda: accuracy.measure(options.data, _peer_or_none(work), limit=options.limit),
        "loader": lambda: loader.measure(options.data, work),
        "harmonize": lambda: harmonize.measure(options.data, limit=options.limit),
    }
    try:
        return measures[name]()
    except Exception as error:
        return [failed(name, "", f"{type(error).__name__}: {error}")]


def _peer_or_none(work: Path) -> Path | None:
    try:
        return peer.fetch(work)
    except RuntimeError as error:
        print(f" without MediaPipe: {error}", end="", file=sys.stderr)
        return None


def _options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default=",".join(NAMES), help=f"some of {','.join(NAMES)}")
    parser.add_argument(
        "--data",
        type=Path,
        help="folder with manifest.csv and labelled photos: adds accuracy, loader, more of harmonize",
    )
    parser.add_argument("--limit", type=int, help="accuracy: at most this many photos of each set; harmonize: pairs")
    parser.add_argument("--minutes", type=float, default=0.5, help="memory: length of the video")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--json-file", type=Path, help="also write JSON here")
    parser.add_argument("--markdown", type=Path, help="also write the page here")
    parser.add_argument("--section", help="write only a section of that title into the page")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "bench", help="where inputs and results go")
    options = parser.parse_args(arguments)
    options.only = tuple(options.only.split(","))
    unknown = set(options.only) - set(NAMES)
    if unknown:
        parser.error(f"--only: {', '.join(sorted(unknown))} is not one of {', '.join(NAMES)}")
    if options.data and not (options.data / "manifest.csv").is_file():
        parser.error(f"--data: {options.data} holds no manifest.csv")
    return options


if __name__ == "__main__":
    sys.exit(main())
