"""Rates of the data commands on a data folder: composites, clips, check, pack, the second start; decoding is the floor.

python -m benchmarks.data_factory --data photos
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from limner.datasets.faults.listed import in_order, list_photos


@dataclass(frozen=True, slots=True)
class Rate:
    """How many of what were done in how many seconds."""

    what: str
    count: int
    unit: str
    seconds: float

    @property
    def per_second(self) -> float:
        """Units a second."""
        return self.count / max(self.seconds, 1e-9)


def timed(work: Callable[[], object]) -> float:
    """Seconds by the clock."""
    start = time.monotonic()
    work()
    return time.monotonic() - start


def command(*args: object) -> None:
    """Run a data command; one that left photos out has done its work as well."""
    done = subprocess.run(
        [sys.executable, "-m", "limner", "data", *map(str, args)], capture_output=True, text=True, check=False
    )
    if done.returncode not in (0, 1):
        raise RuntimeError(f"limner data {args[0]}: {done.stderr.strip()[-300:]}")


def measure(data: Path, *, composites: int = 200, clips: int = 8) -> list[Rate]:
    """Each command once, one after another, its start included; decoding every photo comes first, as the floor."""
    photos = list_photos(data)
    with tempfile.TemporaryDirectory() as place:
        here = Path(place)

        def look() -> None:
            for _ in in_order(photos, lambda item: item.load()[0].shape):
                pass

        pack = ("pack", data, "-o", here / "p.pack", "--cache", here / "cache")
        steps: list[tuple[str, int, str, Callable[[], object]]] = [
            ("decoding every photo and mask", len(photos), "photos", look),
            ("check", len(photos), "photos", lambda: command("check", data)),
            ("composite, one process", composites, "composites",
             lambda: command("composite", data, "-o", here / "c1", "--count", composites, "--processes", 1)),
            ("composite", composites, "composites",
             lambda: command("composite", data, "-o", here / "c2", "--count", composites)),
            ("video, 72 frames of 640x360", clips, "clips",
             lambda: command("video", data, "-o", here / "v", "--count", clips)),
            ("pack", len(photos), "photos", lambda: command(*pack)),
            ("pack, nothing changed", len(photos), "photos", lambda: command(*pack)),
            ("prepare from the pack", len(photos), "photos",
             lambda: command("prepare", "--data", here / "p.pack", "--cache", here / "none")),
        ]  # fmt: skip
        return [Rate(what, count, unit, timed(work)) for what, count, unit, work in steps]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="data folder with people and photos of nobody")
    parser.add_argument("--composites", type=int, default=200)
    parser.add_argument("--clips", type=int, default=8)
    args = parser.parse_args()
    print("| what | seconds | rate |\n|---|---|---|")
    for rate in measure(args.data, composites=args.composites, clips=args.clips):
        print(f"| {rate.what} | {rate.seconds:.1f} | {rate.per_second:.1f} {rate.unit}/s |")


if __name__ == "__main__":
    main()
