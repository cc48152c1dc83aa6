"""Rates of the data commands on a data folder: composites, clips, check, pack, the second start; decoding is the floor.

python -m benchmarks.data_factory --data photos
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.data_import import Cost, cost
from limner.datasets.manifest import read_manifest

_DECODE = """
import sys
from pathlib import Path
from limner.datasets.faults.listed import in_order, list_photos
for _ in in_order(list_photos(Path(sys.argv[1])), lambda item: item.load()[0].shape):
    pass
"""


@dataclass(frozen=True, slots=True)
class Rate:
    """How many of what were done, and what that took, the start of the program included."""

    what: str
    count: int
    unit: str
    cost: Cost

    @property
    def row(self) -> str:
        """A row of the table: by the clock, and by processor time, which other programs disturb less."""
        seconds, processor = (max(value, 1e-9) for value in (self.cost.seconds, self.cost.processor))
        rates = f"{self.count / seconds:.1f} | {self.count / processor:.1f} {self.unit}"
        return f"| {self.what} | {seconds:.1f} | {processor:.1f} | {rates} | {self.cost.mib:.0f} |"


def measure(data: Path, *, composites: int = 200, clips: int = 8) -> list[Rate]:
    """Each command once, one after another; decoding every photo and mask comes first, as the floor."""
    photos = len(read_manifest(data))
    limner = [sys.executable, "-m", "limner", "data"]
    with tempfile.TemporaryDirectory() as place:
        here = Path(place)
        pack = ["pack", str(data), "-o", str(here / "p.pack"), "--cache", str(here / "cache")]
        some = ["--count", str(composites)]
        steps: list[tuple[str, int, str, list[str]]] = [
            ("decoding every photo and mask", photos, "photos", [sys.executable, "-c", _DECODE, str(data)]),
            ("check", photos, "photos", [*limner, "check", str(data)]),
            ("composite, one process", composites, "composites",
             [*limner, "composite", str(data), "-o", str(here / "one"), *some, "--processes", "1"]),
            ("composite", composites, "composites",
             [*limner, "composite", str(data), "-o", str(here / "all"), *some]),
            ("video, 72 frames of 640x360", clips, "clips",
             [*limner, "video", str(data), "-o", str(here / "video"), "--count", str(clips)]),
            ("pack", photos, "photos", [*limner, *pack]),
            ("pack, nothing changed", photos, "photos", [*limner, *pack]),
            ("prepare from the pack", photos, "photos",
             [*limner, "prepare", "--data", str(here / "p.pack"), "--cache", str(here / "none")]),
        ]  # fmt: skip
        return [Rate(what, count, unit, cost(command, well=(0, 1))) for what, count, unit, command in steps]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="data folder with people and photos of nobody")
    parser.add_argument("--composites", type=int, default=200)
    parser.add_argument("--clips", type=int, default=8)
    args = parser.parse_args()
    print(
        "| what | seconds | processor | a second | a second of processor time | peak MiB |\n|---|---|---|---|---|---|"
    )
    for rate in measure(args.data, composites=args.composites, clips=args.clips):
        print(rate.row)


if __name__ == "__main__":
    main()
