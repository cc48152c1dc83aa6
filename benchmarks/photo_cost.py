"""What blurring the background of a 12-megapixel JPEG costs in a batch, beside Pillow's decoding and encoding alone.

    python -m benchmarks.photo_cost [--rounds 7]

Both run in processes of their own, which take turns. Each process has done two photos before its clock starts.
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from PIL import Image as Pillow

from benchmarks import inputs
from benchmarks.peak import peak_mib, reset_peak, resident_mib
from benchmarks.table import ROOT, Row

WHAT = "12-megapixel JPEG with `blur` in a batch, against Pillow's decoding and encoding: processor time"
LIMIT, PHOTOS_IN_MEMORY = 2.2, 4
COUNT = 6
"""Photos of a batch."""


def measure(photo: Path, *, rounds: int = 7) -> list[Row]:
    """The ratio of processor times, and the memory of a batch on top of what one of photos of 300×400 takes."""
    pairs: list[tuple[dict[str, float], dict[str, float]]] = []
    for turn in range(rounds):
        ours, theirs = _run("limner", photo), _run("pillow", photo)
        pairs.append((ours, theirs))
        print(f" [{turn + 1}/{rounds}: {ours['cpu'] / theirs['cpu']:.2f}×]", end="", file=sys.stderr, flush=True)
    ratio = median(ours["cpu"] / theirs["cpu"] for ours, theirs in pairs)
    wall = median(ours["wall"] / theirs["wall"] for ours, theirs in pairs)
    cpu = [median(pair[side]["cpu"] for pair in pairs) for side in (0, 1)]
    memory = median(ours["memory"] for ours, _ in pairs)
    allowed = PHOTOS_IN_MEMORY * 3 * 12_000_000 / 2**20
    return [
        Row(
            what=WHAT,
            target=f"≤ {LIMIT}×",
            figure=f"{ratio:.2f}× ({cpu[0] * 1000:.0f} ms, alone {cpu[1] * 1000:.0f} ms)",
            passed=ratio <= LIMIT,
            detail=f"median of {rounds} turns of {COUNT} photos; the same quality and sampling (95, 4:4:4); "
            f"wall-clock ratio {wall:.2f}×",
            values={"ratio": ratio, "cpu": cpu[0], "pillow_cpu": cpu[1], "wall_ratio": wall},
        ),
        Row(
            what="memory of that batch at its peak, on top of what a batch of small photos takes",
            target=f"≤ {allowed:.0f} MiB (four such photos)",
            figure=f"{memory:.0f} MiB",
            passed=memory <= allowed,
            detail=f"resident; median of {rounds} processes",
            values={"memory_mib": memory},
        ),
    ]


def _run(who: str, photo: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.photo_cost", "--child", who, "--photo", str(photo)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or ["no message"])[-1])
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _pillow(photo: Path) -> dict[str, float]:
    def once() -> None:
        with Pillow.open(io.BytesIO(photo.read_bytes())) as opened:
            opened.load()
            opened.save(io.BytesIO(), "JPEG", quality=95, subsampling=0)

    for _ in range(2):
        once()
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(COUNT):
        once()
    return {"cpu": (time.process_time() - cpu) / COUNT, "wall": (time.perf_counter() - wall) / COUNT}


def _limner(photo: Path) -> dict[str, float]:
    from limner.assembly.matte import MatteOptions, build_segmenter
    from limner.assembly.saving import PhotoSaving
    from limner.effects import make_effect
    from limner.processing.photos import Job, process_photos

    segmenter, effect, saving = build_segmenter(MatteOptions()), make_effect("blur"), PhotoSaving()
    with tempfile.TemporaryDirectory() as name:

        def batch(source: Path, count: int) -> None:
            targets = [Path(name) / f"{index}.jpg" for index in range(count)]
            jobs = [Job(source.name, source, target, str(target), ".jpg") for target in targets]
            for result in process_photos(jobs, lambda: segmenter, effect, saving):
                if result.error is not None:
                    raise result.error

        small = Path(name) / "small.jpg"
        Pillow.open(photo).resize((300, 400)).save(small)
        batch(small, 3)
        small_photos = resident_mib()
        reset_peak()
        batch(photo, 2)
        cpu, wall = time.process_time(), time.perf_counter()
        batch(photo, COUNT)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return {"cpu": cpu / COUNT, "wall": wall / COUNT, "memory": peak_mib() - small_photos}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--photo", type=Path, help="another JPEG")
    parser.add_argument("--child", choices=("limner", "pillow"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps((_limner if options.child == "limner" else _pillow)(options.photo)))
        return
    photo = options.photo or inputs.large_photo(ROOT / "build" / "bench")
    for row in measure(photo, rounds=options.rounds):
        print(f"\n{row.what}: {row.figure}; must reach {row.target}: {row.verdict} ({row.detail})", end="")
    print()


if __name__ == "__main__":
    main()
