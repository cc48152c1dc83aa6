"""What blurring the background of a 1080p file costs on top of decoding and encoding it."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from statistics import median

from benchmarks.table import Row
from limner.effects import Effect, make_effect
from limner.processing.video import process_video
from limner.segment.segmenter import Segmenter

WHAT = "1080p H.264 file to file with `blur`, against decode + encode alone"
LIMIT = 1.6
ROUNDS = 3


def measure(clip: Path, folder: Path) -> Row:
    """Both by `process_video`, wall-clock time, taking turns."""
    segmenter, effect = Segmenter("default"), make_effect("blur")
    plain_times, blur_times, frames = [], [], 0
    for turn in range(ROUNDS):
        plain = _seconds(clip, folder / "plain.mp4", None, None)
        blurred = _seconds(clip, folder / "blurred.mp4", segmenter, effect)
        frames = blurred[1]
        plain_times.append(plain[0])
        blur_times.append(blurred[0])
        print(f" [{turn + 1}/{ROUNDS}: {blurred[0] / plain[0]:.2f}×]", end="", file=sys.stderr, flush=True)
    ratio = median(a / b for a, b in zip(blur_times, plain_times, strict=True))
    plain_fps, blur_fps = frames / median(plain_times), frames / median(blur_times)
    return Row(
        what=WHAT,
        target=f"≤ {LIMIT}×",
        figure=f"{ratio:.2f}× ({blur_fps:.1f} fps, alone {plain_fps:.1f} fps)",
        passed=ratio <= LIMIT,
        detail=f"{frames} frames, median of {ROUNDS} turns, wall-clock time, all cores",
        values={"ratio": ratio, "blur_fps": blur_fps, "plain_fps": plain_fps},
    )


def _seconds(clip: Path, target: Path, segmenter: Segmenter | None, effect: Effect | None) -> tuple[float, int]:
    began = time.perf_counter()
    done = process_video(clip, target, segment=segmenter.matte if segmenter else None, effect=effect)
    seconds = time.perf_counter() - began
    target.unlink()
    return seconds, done.frames
