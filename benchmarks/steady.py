"""How steady video mattes are and what they cost: python benchmarks/steady.py [--data FOLDER] [--markdown]

Prints two tables: quality on clips with exact truth, by net and strength; and processor time at 720p, in a still scene
and in motion, of the segment stage and of the whole path (decode, segment, blur).
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import av
import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.steady_clips import SPANS, clips, lakes, rendered
from limner.datasets.moving_clips import Span, make_moving_clip
from limner.effects import make_effect
from limner.evaluation.steadiness import Steadiness, mean_of, play_stream, score
from limner.media.video_info import probe_video
from limner.media.video_reader import VideoReader
from limner.segment.segmenter import Segmenter
from limner.segment.steady.temporal import TemporalSegmenter

WAYS = (("off", 0), ("light", 0), ("light", 2), ("strong", 0), ("strong", 2))
CLIPS = 4
STILL, MOVING = (Span(frames=90),), (Span(frames=45, person="sway"),)
SETTLED = 15
"""Frames of the cost clips that come before the measuring begins."""


def quality(nets: Sequence[str], data: Path | None, count: int) -> Iterator[tuple[str, str, int, Steadiness]]:
    """Net, strength, look-ahead and scores; the net with temporal off first."""
    made = list(clips(count, data=data))
    for net in nets:
        segmenter = Segmenter(net, threads=1)
        for temporal, ahead in WAYS:
            found = []
            for clip in made:
                stream = TemporalSegmenter(segmenter, temporal=temporal, look_ahead=ahead)
                found.append(score(play_stream(stream, clip), clip, SPANS))
            yield net, temporal, ahead, mean_of(found)


def quality_table(rows: Iterator[tuple[str, str, int, Steadiness]]) -> Iterator[str]:
    """Markdown, a line at a time."""
    yield "| net | temporal | look-ahead | flicker on still pixels | mIoU | lag | Boundary IoU in fast motion |"
    yield "|---|---|---|---|---|---|---|"
    base: Steadiness | None = None
    for net, temporal, ahead, got in rows:
        if temporal == "off" or base is None:
            base, change, step = got, "", ""
        else:
            change = f" ({100 * (got.flicker / base.flicker - 1):+.0f} %)"
            step = f" ({got.miou - base.miou:+.2f})"
        yield (
            f"| {net} | {temporal} | {ahead} | {got.flicker:.2f}{change} | {got.miou:.2f}{step} | {got.lag:g} "
            f"| {got.boundary_iou:.1f} |"
        )


def cost_table(nets: Sequence[str], rounds: int) -> Iterator[str]:
    """Milliseconds of processor time a frame at 720p, medians over rounds that take turns; one core each stage."""
    yield "| net | scene | segment off | segment light | resting | path off | path light | saved on the path |"
    yield "|---|---|---|---|---|---|---|---|"
    with TemporaryDirectory() as folder:
        for scene, spans in (("still", STILL), ("motion", MOVING)):
            path = Path(folder) / f"{scene}.mp4"
            _write(path, spans)
            for net in nets:
                segmenter = Segmenter(net, threads=1)
                both = [[_cost(path, segmenter, way) for way in ("off", "light")] for _ in range(rounds)]
                off, light = ([median(row[i][k] for row in both) for k in range(3)] for i in range(2))
                yield (
                    f"| {net} | {scene} | {off[0]:.1f} ms | {light[0]:.1f} ms | {light[2]:.0f} % of frames "
                    f"| {off[1]:.1f} ms | {light[1]:.1f} ms | {100 * (1 - light[1] / off[1]):.0f} % |"
                )


def _write(path: Path, spans: tuple[Span, ...]) -> None:
    clip = make_moving_clip(rendered(), lakes(), spans, size=(720, 1280), seed=1)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=30, options={"crf": "20", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
        for index, pixels in enumerate(clip.frames):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, 30)
            out.mux(stream.encode(frame))
        out.mux(stream.encode())


def _cost(path: Path, segmenter: Segmenter, temporal: str) -> tuple[float, float, float]:
    """Milliseconds of processor time a frame: of the segment stage, of the path; and percent of frames at rest."""
    stream, blur = TemporalSegmenter(segmenter, temporal=temporal), make_effect("blur")
    frames, spent, began, rested = 0, 0.0, 0.0, 0
    for index, frame in enumerate(VideoReader(probe_video(path))):
        if index == SETTLED:
            frames, spent, began, rested = 0, 0.0, time.process_time(), stream.skipped
        before = time.process_time()
        matte = stream.matte(frame.pixels)
        spent += time.process_time() - before
        blur(frame.pixels, matte)
        frames += 1
    whole = time.process_time() - began
    return 1000 * spent / frames, 1000 * whole / frames, 100 * (stream.skipped - rested) / frames


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="a data folder: people cut out of its val photos")
    parser.add_argument("--nets", default="fast,video", help="which nets [fast,video]")
    parser.add_argument("--clips", type=int, default=CLIPS, help=f"clips for the quality table [{CLIPS}]")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of the cost table [3]; 0 leaves it out")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    np.seterr(all="raise", under="ignore")
    nets = options.nets.split(",")
    if options.clips:
        for line in quality_table(quality(nets, options.data, options.clips)):
            print(line, flush=True)
    if options.rounds:
        print()
        for line in cost_table(nets, options.rounds):
            print(line, flush=True)


if __name__ == "__main__":
    main()
