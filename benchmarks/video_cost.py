"""What blurring the background of a 1080p file costs on top of decoding and encoding it.

python -m benchmarks.video_cost [--rounds 3] [--seconds 4]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from benchmarks import inputs
from benchmarks.table import ROOT, Row
from benchmarks.transcode import transcode
from limner.effects import make_effect
from limner.heap import keep_freed_memory
from limner.processing.video import process_video
from limner.segment.segmenter import Segmenter
from limner.segment.steady.temporal import TemporalSegmenter
from limner.threads import stage_threads

WHAT = "1080p H.264 file to file with `blur`, a clip {}, against decode + encode alone"
LIMIT = 1.15
Seconds = tuple[float, float]
"""Processor time of all threads, and wall-clock time."""


def measure(clips: dict[str, Path], folder: Path, *, rounds: int = 3) -> list[Row]:
    """A row for each clip, named by what it is: by `process_video` with and without `blur`, and by PyAV, in turns."""
    keep_freed_memory()  # as the command does
    return [_row(name, clip, folder, rounds) for name, clip in clips.items()]


def _row(name: str, clip: Path, folder: Path, rounds: int) -> Row:
    segmenter, effect = Segmenter("default", threads=stage_threads()), make_effect("blur")
    target, frames = folder / "result.mp4", 0

    def blurred() -> None:
        nonlocal frames
        frames = process_video(clip, target, segment=TemporalSegmenter(segmenter), effect=effect).frames

    ways: dict[str, Callable[[], object]] = {
        "blur": blurred,
        "plain": lambda: process_video(clip, target, segment=None, effect=None),
        "pyav": lambda: transcode(clip, target),
    }
    times: dict[str, list[Seconds]] = {way: [] for way in ways}
    for turn in range(rounds):
        for way in list(ways)[:: 1 if turn % 2 else -1]:
            times[way].append(_seconds(ways[way]))
            target.unlink()
        ratio = times["blur"][-1][0] / times["plain"][-1][0]
        print(f" [{turn + 1}/{rounds}: {ratio:.2f}×]", end="", file=sys.stderr, flush=True)
    values = {
        f"{kind}_{floor}": median(a[i] / b[i] for a, b in zip(times["blur"], times[floor], strict=True))
        for floor in ("plain", "pyav")
        for i, kind in enumerate(("cpu", "wall"))
    }
    cpu = {way: median(seconds[0] for seconds in found) * 1000 / frames for way, found in times.items()}
    return Row(
        what=WHAT.format(name),
        target=f"≤ {LIMIT}×",
        figure=f"{values['cpu_plain']:.2f}× ({cpu['blur']:.0f} ms a frame, alone {cpu['plain']:.0f} ms)",
        passed=values["cpu_plain"] <= LIMIT,
        detail=f"processor time; {frames} frames, median of {rounds} turns; wall-clock {values['wall_plain']:.2f}×; "
        f"alone is the same code without effect, to RGB and back; frames that PyAV hands from decoder to encoder as "
        f"they are take {cpu['pyav']:.0f} ms ({values['cpu_pyav']:.2f}×, wall-clock {values['wall_pyav']:.2f}×)",
        values=values | {f"ms_{way}": value for way, value in cpu.items()},
    )


def _seconds(work: Callable[[], object]) -> Seconds:
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - cpu, time.perf_counter() - wall


def clips(work: Path, seconds: int) -> dict[str, Path]:
    """The two kinds of clips that are measured."""
    return {"without grain": inputs.clip(work, seconds, grain=False), "with grain": inputs.clip(work, seconds)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4)
    options = parser.parse_args()
    work = ROOT / "build" / "bench"
    for row in measure(clips(work, options.seconds), work, rounds=options.rounds):
        print(f"\n{row.what}: {row.figure}; must reach {row.target}: {row.verdict} ({row.detail})")


if __name__ == "__main__":
    main()
