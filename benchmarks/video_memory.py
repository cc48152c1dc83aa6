"""The memory of `limner video` at its peak, beside decoding and encoding the clip by PyAV alone.

    python -m benchmarks.video_memory [--rounds 3] [--seconds 4]

Both run as processes of their own, in turns, imports and the model included.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from statistics import median

from benchmarks import inputs
from benchmarks.measured import measured
from benchmarks.table import ROOT, Row

WHAT = "memory of `limner video` with `blur` at 1080p, H.264, preset medium, against decode + encode by PyAV"
LIMIT = 1.1


def measure(clip: Path, folder: Path, *, rounds: int = 3) -> Row:
    """Peaks of resident memory; the ratios of processor and wall-clock time of the same runs are in the details."""
    target = str(folder / "memory.mp4")
    commands = (
        ["-m", "limner", "video", str(clip), "-o", target, "--effect", "blur", "--json"],
        ["-m", "benchmarks.transcode", str(clip), target],
    )
    pairs: list[tuple[dict[str, float], dict[str, float]]] = []
    for turn in range(rounds):
        ours, theirs = (measured(command) for command in commands)
        pairs.append((ours, theirs))
        print(f" [{turn + 1}/{rounds}: {ours['peak'] / theirs['peak']:.2f}×]", end="", file=sys.stderr, flush=True)
    memory, cpu, wall = (median(a[kind] / b[kind] for a, b in pairs) for kind in ("peak", "cpu", "wall"))
    mib = [median(pair[side]["peak"] for pair in pairs) for side in (0, 1)]
    return Row(
        what=WHAT,
        target=f"≤ {LIMIT}×",
        figure=f"{memory:.2f}× ({mib[0]:.0f} MiB, alone {mib[1]:.0f} MiB)",
        passed=memory <= LIMIT,
        detail=f"resident, whole processes; median of {rounds} turns; processor time {cpu:.2f}×, "
        f"wall-clock {wall:.2f}×",
        values={"ratio": memory, "mib": mib[0], "pyav_mib": mib[1], "cpu_ratio": cpu, "wall_ratio": wall},
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4)
    options = parser.parse_args()
    work = ROOT / "build" / "bench"
    row = measure(inputs.clip(work, options.seconds), work, rounds=options.rounds)
    print(f"\n{row.what}: {row.figure}; must reach {row.target}: {row.verdict} ({row.detail})")


if __name__ == "__main__":
    main()
