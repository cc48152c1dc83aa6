"""Resident memory over a long 1080p video: python -m benchmarks.memory_video --minutes 10"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import av
import psutil

from benchmarks import inputs
from limner.assembly import VideoSaving
from limner.effects import make_effect
from limner.frame import TimedFrame
from limner.processing.video import process_video
from limner.segment.segmenter import Segmenter

SETTLED = 2.0
"""Seconds of video after which memory must be flat."""

Samples = list[tuple[float, float, float]]


def looped(clip: Path, target: Path, seconds: float) -> Path:
    """The clip's packets again and again until `seconds` are full: a long video without encoding one."""
    with av.open(str(clip)) as source, av.open(str(target), "w") as output:
        stream = source.streams.video[0]
        copy = output.add_stream_from_template(stream)
        base = stream.time_base or Fraction(1, 90000)
        length = stream.duration or 0
        for turn in range(max(1, round(seconds / float(length * base)))):
            source.seek(0, stream=stream)
            for packet in source.demux(stream):
                if packet.size:
                    packet.pts = None if packet.pts is None else packet.pts + turn * length
                    packet.dts = None if packet.dts is None else packet.dts + turn * length
                    packet.stream = copy
                    output.mux(packet)
    return target


def sample(clip: Path, target: Path, *, effect: str, preset: str, every: float) -> Samples:
    """(seconds of video done, seconds since the start, resident MiB), whenever `every` seconds of video are done."""
    process, began = psutil.Process(), time.perf_counter()
    samples: Samples = []

    def note(frame: TimedFrame) -> None:
        if not samples or frame.time - samples[-1][0] >= every:
            memory = process.memory_info().rss / 2**20
            samples.append((float(frame.time), time.perf_counter() - began, memory))
            print("{:7.1f} s of video {:7.1f} s {:7.0f} MiB".format(*samples[-1]), file=sys.stderr, flush=True)

    process_video(
        clip,
        target,
        segment=Segmenter("default").matte,
        effect=make_effect(effect),
        saving=VideoSaving(preset=preset),
        on_frame=note,
    )
    return samples


def growth(samples: Samples) -> tuple[float, float]:
    """MiB when settled, and the most that came on top of it afterwards."""
    later = [memory for done, _, memory in samples if done >= SETTLED]
    return later[0], max(later) - later[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--effect", default="blur")
    parser.add_argument("--preset", default="medium")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clip = looped(inputs.clip(folder, 3), folder / "long.mp4", options.minutes * 60)
        samples = sample(clip, folder / "out.mp4", effect=options.effect, preset=options.preset, every=1.0)
    settled, more = growth(samples)
    print(
        f"{settled:.0f} MiB after {SETTLED:g} s of video; at most {more:+.0f} MiB in the {samples[-1][0]:.0f} s in all"
    )


if __name__ == "__main__":
    main()
