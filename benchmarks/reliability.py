"""What goes wrong around Limner, made to happen: bad files, full disks, kills, faulty nets, cameras that go away.

    python -m benchmarks.reliability                       all of it, half an hour; exit code 1 where it was not good
    python -m benchmarks.reliability --share 0.1           a tenth of it
    python -m benchmarks.reliability --only kill,disk      kinds with one of these words
    python -m benchmarks.reliability --write               the table of docs/reliability.md

Everything is drawn from ``--seed``: the same files are harmed in the same way. The moments of kills are drawn too, as
shares of the time that an undisturbed run takes, so what a kill hits depends on the machine.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

from benchmarks import reliability_inputs as inputs
from benchmarks import reliability_kills as kills
from benchmarks import reliability_live as live
from benchmarks import reliability_places as places
from benchmarks.reliability_check import Tally
from benchmarks.table import ROOT, Surroundings

PAGE = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- measured -->\n", "<!-- end -->\n"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fault: its name here, what injects it into a folder of its own, and how often in a whole run."""

    name: str
    inject: Callable[[Path, int, Random], Tally]
    count: int


KINDS = (
    Kind("damaged photos", inputs.damaged_photos, 400),
    Kind("damaged clips", inputs.damaged_clips, 120),
    Kind("wrong kinds", inputs.wrong_kinds, 113),
    Kind("too large", inputs.too_large, 11),
    Kind("disk full", places.full_disks, 45),
    Kind("read-only", places.closed_folders, 12),
    Kind("vanishing", places.vanishing, 12),
    Kind("appearing", places.appearing, 8),
    Kind("kill image", kills.photos, 24),
    Kind("kill video", kills.videos, 24),
    Kind("kill recording", kills.recordings, 18),
    Kind("kill train", kills.trainings, 10),
    Kind("kill export", kills.exports, 12),
    Kind("faulty nets", live.faulty_nets, 18),
    Kind("lost cameras", live.lost_cameras, 16),
)


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    place = str(Surroundings.here())
    tallies = []
    with tempfile.TemporaryDirectory(prefix="limner-reliability-") as folder:
        for kind in KINDS:
            if not any(word in kind.name for word in options.only.split(",")):
                continue
            inject = kind.inject
            if inject is places.full_disks:
                inject = partial(places.full_disks, mount=options.mount)
            count = max(1, round(kind.count * options.share))
            tally = inject(Path(folder) / kind.name.replace(" ", "-"), count, Random(f"{options.seed} {kind.name}"))
            print(_line(tally), flush=True)
            for fault in (*tally.otherwise, *tally.lost, *tally.half):
                print(f"    {fault}", flush=True)
            tallies.append(tally)
    if not tallies:
        raise SystemExit(
            f"--only {options.only}: no kind has such a word; there are {', '.join(k.name for k in KINDS)}"
        )
    if options.write:
        PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8"), table(tallies), place), encoding="utf-8")
    return 0 if all(tally.good for tally in tallies) else 1


def table(tallies: Sequence[Tally]) -> str:
    """Markdown: a line a kind, and the sum."""
    lines = [
        "| what went wrong | tried | must end as | ended otherwise | lost | half-written |",
        "|---|---|---|---|---|---|",
    ]
    lines += [_line(tally) for tally in tallies]
    sums = [sum(map(count, tallies)) for count in (_tried, _otherwise, _lost, _half)]
    lines.append(f"| **all** | **{sums[0]}** | | **{sums[1]}** | **{sums[2]}** | **{sums[3]}** |")
    return "\n".join(lines)


def with_table(page: str, made: str, place: str) -> str:
    """The page with the table between its marks."""
    head, _, rest = page.partition(BEGIN)
    _, mark, tail = rest.partition(END)
    if not mark:
        raise RuntimeError(f"{PAGE.name} has no {BEGIN.strip()} and {END.strip()}")
    return f"{head}{BEGIN}*{place}*\n\n{made}\n{END}{tail}"


def _line(tally: Tally) -> str:
    counts = f"{_otherwise(tally)} | {_lost(tally)} | {_half(tally)}"
    return f"| {tally.kind} | {tally.tried} | {tally.expected} | {counts} |"


def _tried(tally: Tally) -> int:
    return tally.tried


def _otherwise(tally: Tally) -> int:
    return len(tally.otherwise)


def _lost(tally: Tally) -> int:
    return len(tally.lost)


def _half(tally: Tally) -> int:
    return len(tally.half)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--share", type=float, default=1.0, help="how much of it, from 0 to 1")
    parser.add_argument("--only", default="", help="kinds whose names have one of these words, with commas between")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", action="store_true", help="write the table of docs/reliability.md")
    parser.add_argument("--no-mount", dest="mount", action="store_false", help="limit file sizes, mount no small disks")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
