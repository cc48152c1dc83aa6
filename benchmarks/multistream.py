"""What many streams cost, and what batches gain: `limner multistream` on four streams of 360p.

    python -m benchmarks.multistream [--seconds 20] [--markdown docs/multistream-benchmark.md]

Every line is a process of its own that takes four endless files of 640x360 at 25 pictures a second and writes four
files. The floor decodes and encodes the same with the same reader and writer, and does nothing in between; the others
are told as multiples of its processor time for a picture. Lines take turns, so that whatever else the machine does
falls on each. The nets alone are timed apart, in one process: frames that wait for them, one by one and together.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from benchmarks.table import ROOT, Surroundings
from limner import samples
from limner.media.images import read_image
from limner.models.catalogue import find_model
from limner.segment.net import Net
from limner.segment.pyramid import build_pyramid
from limner.streams.outlet import Outlet
from limner.streams.source import StreamSource
from limner.threads import opencv_threads
from limner.whole_file import whole_text

STREAMS, SIZE, RATE = 4, (640, 360), 25
EFFECTS = ("blur", "color:green", "overlay", "replace:" + str(samples.BACKGROUND))
LEAST = 10.0
"""Pictures a second of each stream, for which `fast` must not need the …"""
CORES = 2


@dataclass(frozen=True, slots=True)
class Line:
    """One way to run the four streams.

    Attributes:
        what: in words.
        head: the head of the YAML file; "" is the floor.
    """

    what: str
    head: str


LINES = (
    Line("floor: decode and encode", ""),
    Line("`fast`, batches of up to 8", "model: fast\nbatch: 8\n"),
    Line("`fast`, one by one", "model: fast\nbatch: 1\n"),
    Line("`quality`, batches of up to 8", "model: quality\nbatch: 8\n"),
    Line("`quality`, one by one", "model: quality\nbatch: 1\n"),
)


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one run.

    Attributes:
        fps: pictures a second of the slowest stream.
        cpu: milliseconds of all processors for a picture, without what starting and ending take.
        memory: MiB at its peak, of the process itself.
        batch: frames in an inference, on average.
    """

    fps: float
    cpu: float
    memory: float
    batch: float


def make_clip(path: Path) -> None:
    """Ten seconds of the sample clip at the size and rate of the streams."""
    with av.open(str(samples.CLIP)) as clip, av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=RATE, options={"preset": "veryfast", "crf": "20"})
        video.width, video.height, video.pix_fmt = *SIZE, "yuv420p"
        frames = [frame.reformat(*SIZE, format="yuv420p") for frame in clip.decode(video=0)]
        turn = [*frames, *reversed(frames)]
        for index in range(10 * RATE):
            frame = turn[index % len(turn)]
            frame.pts, frame.time_base = index, Fraction(1, RATE)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))


def run(line: Line, clip: Path, seconds: float) -> Cost:
    """The cost of one line: what a run takes more than one that ends at once.

    Raises:
        RuntimeError: it failed.
    """
    began, _, _ = _run(line, clip, 0.05)
    cpu, memory, told = _run(line, clip, seconds)
    frames = sum(stream["frames"] for stream in told["streams"].values())
    return Cost(
        fps=min(stream["fps"] for stream in told["streams"].values()),
        cpu=1000 * (cpu - began) / max(1, frames),
        memory=memory,
        batch=told["frames_inferred"] / max(1, told["inferences"]),
    )


def _run(line: Line, clip: Path, seconds: float) -> tuple[float, float, dict[str, Any]]:
    """Processor seconds of all processes, MiB at its own peak, and what it says."""
    with tempfile.TemporaryDirectory(dir=clip.parent) as scratch:
        file = Path(scratch) / "streams.yaml"
        streams = "".join(
            f'  s{number}: {{from: "{clip}", loop: true, effect: "{effect}", to: "{scratch}/{number}.mkv", '
            "gate: false}\n"
            for number, effect in enumerate(EFFECTS)
        )
        file.write_text(f"{line.head}streams:\n{streams}")
        command = [sys.executable, "-m", "limner", "multistream", str(file), "--seconds", str(seconds), "--json"]
        if not line.head:
            command = [sys.executable, "-m", "benchmarks.multistream", "--floor", str(clip), scratch, str(seconds)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            said = process.stdout.read()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                raise RuntimeError(f"{line.what}: {process.stderr.read().strip()[-300:] if process.stderr else ''}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, json.loads(said)


def floor(clip: str, folder: str, seconds: float) -> None:
    """Four streams from reader to writer, in this process; prints what `limner multistream --json` prints."""
    counts = [0] * STREAMS
    over = threading.Event()

    def stream(number: int) -> None:
        source = StreamSource(clip, loop=True, threads=1)
        outlet = Outlet([f"{folder}/{number}.mkv"], rate=source.rate)
        for frame in source:
            if over.is_set():
                break
            outlet.write(frame)
            counts[number] += 1
        source.stop()
        outlet.close()

    threads = [threading.Thread(target=stream, args=(number,)) for number in range(STREAMS)]
    began = time.monotonic()
    with opencv_threads(1):
        for thread in threads:
            thread.start()
        over.wait(seconds)
        lasted = time.monotonic() - began
        over.set()
        for thread in threads:
            thread.join()
    streams = {f"s{number}": {"frames": count, "fps": count / lasted} for number, count in enumerate(counts)}
    print(json.dumps({"streams": streams, "frames_inferred": 0, "inferences": 0}))


@dataclass(frozen=True, slots=True)
class Net4:
    """How long four frames take that four threads bring, in milliseconds, each way; and the largest difference."""

    model: str
    times: dict[str, float]


WAYS = {
    "one by one, 2 threads each": (2, 1, 1),
    "together, 2 threads": (2, 1, 4),
    "one by one, 1 thread": (1, 1, 1),
    "together, 1 thread": (1, 1, 4),
    "two at once, 1 thread each": (1, 2, 4),
}
"""Name -> threads of a call, calls at once, frames in a call."""


def time_net(name: str, rounds: int = 30) -> Net4:
    """Least times over ``rounds`` in which the ways take turns."""
    pixels = read_image(samples.PORTRAIT).pixels
    frame = np.ascontiguousarray(cv2.resize(pixels, SIZE, interpolation=cv2.INTER_AREA))
    runs: dict[str, Callable[[], None]] = {}
    for way, (threads, lanes, most) in WAYS.items():
        net = Net(find_model(name), runtime="onnxruntime", device="cpu", threads=threads, batch=True)
        runs[way] = _four(net, frame, lanes, most)
    times: dict[str, list[float]] = {way: [] for way in runs}
    for _ in range(rounds):
        for way, once in runs.items():
            began = time.perf_counter()
            once()
            times[way].append(1000 * (time.perf_counter() - began))
    return Net4(name, {way: min(values) for way, values in times.items()})


def _four(net: Net, frame: np.ndarray, lanes: int, most: int) -> Callable[[], None]:
    prepared = [net.prepare(build_pyramid(frame), None) for _ in range(STREAMS)]
    parts = [prepared[index : index + most] for index in range(0, STREAMS, most)]
    if lanes > 1:
        parts = [prepared[lane::lanes] for lane in range(lanes)]

    def work(own: Sequence[list]) -> None:  # type: ignore[type-arg]
        for part in own:
            net.run(part)

    def once() -> None:
        if lanes == 1:
            work(parts)
            return
        threads = [threading.Thread(target=work, args=([part],)) for part in parts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return once


_HEAD = (
    "what",
    "ms of processor a picture",
    "× floor",
    f"cores for {STREAMS} × {LEAST:g} pictures a second",
    "reached by the slowest stream",
    "peak MiB",
    "frames an inference",
)
_PAGE = """\
# Four streams on two cores

Made by `python -m benchmarks.multistream --markdown docs/multistream-benchmark.md`; do not edit.

Four endless files of {width}x{height} at {rate} pictures a second, each with an effect of its own (blur, a colour, an
overlay, a photo), into four files, for {seconds:g} s; medians of {turns} turns, in which the lines take turns. The
floor decodes and encodes with the same reader and writer and does nothing in between. Processor time is that of all
processes for one picture, without starting and ending; so many cores carry four streams at {least:g} pictures a second
each, whatever else the machine did meanwhile. With `fast` that must be less than two.

| {head} |
|---|---|---|---|---|---|---|
{lines}

## The net alone

Milliseconds for four frames of {width}x{height} that wait for it at the same moment: one call for each, or one call for
all. Least times of 30; the ways take turns.

| net | {ways} | one call for all gains, 2 threads | 1 thread |
|---|{bars}---|---|
{nets}

{place}.
"""


def page(costs: dict[str, list[Cost]], nets: Sequence[Net4], seconds: float, place: Surroundings) -> str:
    """The page as markdown."""
    base = statistics.median(cost.cpu for cost in costs[LINES[0].what])
    lines = []
    for what, several in costs.items():
        fps, cpu, memory, batch = (
            statistics.median(getattr(cost, name) for cost in several) for name in ("fps", "cpu", "memory", "batch")
        )
        cores = cpu * STREAMS * LEAST / 1000
        mark = " **(too many)**" if cores >= CORES and "fast" in what else ""
        inferred = f"{batch:.2f}" if batch else "–"
        ratio = f"{cpu:.1f} | {cpu / base:.2f} | {cores:.2f}{mark}"
        lines.append(f"| {what} | {ratio} | {fps:.1f} | {memory:.0f} | {inferred} |")
    ways = list(WAYS)
    rows = [
        f"| `{net.model}` | {' | '.join(f'{net.times[way]:.1f}' for way in ways)} | "
        f"{net.times[ways[0]] / net.times[ways[1]]:.2f}× | {net.times[ways[2]] / net.times[ways[3]]:.2f}× |"
        for net in nets
    ]
    return _PAGE.format(
        head=" | ".join(_HEAD),
        width=SIZE[0], height=SIZE[1], rate=RATE, seconds=seconds, turns=len(next(iter(costs.values()))), least=LEAST,
        lines="\n".join(lines), ways=" | ".join(ways), bars="---|" * len(ways), nets="\n".join(rows), place=place,
    )  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--models", nargs="*", default=["tiny", "fast", "quality"], help="nets that are timed alone")
    parser.add_argument("--markdown", type=Path)
    parser.add_argument("--floor", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.floor:
        floor(options.floor[0], options.floor[1], float(options.floor[2]))
        return 0
    place = Surroundings.here()
    costs: dict[str, list[Cost]] = {line.what: [] for line in LINES}
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.mp4"
        make_clip(clip)
        for turn in range(options.turns):
            for line in LINES:
                costs[line.what].append(run(line, clip, options.seconds))
                print(turn, line.what, costs[line.what][-1], file=sys.stderr)
    text = page(costs, [time_net(name) for name in options.models], options.seconds, place)
    if options.markdown:
        whole_text(options.markdown, text)
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
