"""The pipeline: source, segmenter, effect and sink, each at work at the same time, with bounded queues between them.

It knows nothing of files: a source is any iterator of timestamped frames, a sink any callable that takes them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, TypeVar

from limner.checking import checked, wrong
from limner.effects.base import Effect
from limner.errors import OptionError
from limner.frame import Frame, TimedFrame
from limner.matte import Matte
from limner.processing.channels import Channel, Run
from limner.processing.channels import Stopped as Stopped
from limner.processing.transparency import apply_effect
from limner.segment.base import Foresighted, MatteStream, Result

T = TypeVar("T")

STAGES = ("decode", "segment", "effect", "encode")


@dataclass(slots=True)
class PipelineStats:
    """What a run did.

    Attributes:
        frames: those that reached the sink.
        seconds: in all.
        busy: seconds at work by stage, waiting left out; of "segment" without what was done ahead.
        ahead: seconds that "segment" was at work ahead, in the thread of "decode".
    """

    frames: int = 0
    seconds: float = 0.0
    busy: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STAGES, 0.0))
    ahead: float = 0.0

    @property
    def fps(self) -> float:
        """Frames for each second of the whole run."""
        return self.frames / self.seconds if self.seconds > 0 else 0.0

    @property
    def spent(self) -> dict[str, float]:
        """Seconds at work by stage."""
        return self.busy | {"segment": self.busy["segment"] + self.ahead}

    @property
    def milliseconds(self) -> dict[str, float]:
        """Mean milliseconds at work for each frame, by stage. Stages overlap, so they do not add up to the run."""
        return {stage: 1000 * seconds / max(1, self.frames) for stage, seconds in self.spent.items()}


@checked
def run_pipeline(
    source: Iterable[TimedFrame],
    *,
    segment: Callable[[Frame], Matte] | MatteStream | None,
    effect: Effect | None,
    sink: Callable[[TimedFrame], None],
    depth: int = 2,
    on_frame: Callable[[TimedFrame], None] | None = None,
    in_flight: int | None = None,
    idle: Callable[[], None] | None = None,
    idle_every: float = 0.02,
    patience: float | None = None,
    stats: PipelineStats | None = None,
) -> PipelineStats:
    """Runs every frame of `source` through `segment` and `effect` into `sink`, in order, until the source ends.

    Source, segmenter and effect each get a thread; the sink runs in the caller's, so that Ctrl-C and signals reach it.
    What a segmenter can do `ahead` is done in the source's. At most ``3 * depth + 4`` frames exist at once, however
    long the source, and those that `segment` holds back.

    Live use bounds the delay with `in_flight`: the source is asked for its next frame only when fewer are under way, so
    frames are dropped by a source that has only its newest to give, and never queue up.

    Args:
        segment: frame to matte, or a stream that may hold frames back, such as a `TemporalSegmenter`. None, together
            with no effect, passes the frames through untouched.
        effect: told the time of each frame by `Effect.at` before it is called.
        depth: frames that may wait between two stages, at least 1.
        on_frame: called with each frame after the sink took it.
        in_flight: frames that may be between source and sink at once, at least 1; None bounds them by `depth` alone.
        idle: called in the sink's thread whenever no frame came for `idle_every` seconds: for windows and watchdogs.
        patience: seconds that a stage gets to end after the others have; one that hangs is left behind. None waits.
        stats: filled while the run goes on; a new one by default.

    Raises:
        ArgumentError, OptionError: an argument cannot be used.
        Exception: the first error of any stage. All threads have ended by then.
    """
    if depth < 1:
        raise OptionError(f"‹depth› must be at least 1, not {depth}")
    if in_flight is not None and in_flight < 1:
        raise OptionError(f"‹in_flight› must be at least 1, not {in_flight}")
    if (segment is None) != (effect is None):
        raise OptionError("‹effect› needs ‹segment›, and ‹segment› an ‹effect›: give both, or neither")
    run, stats = Run(in_flight), stats or PipelineStats()
    decoded: Channel[TimedFrame] = Channel(run, depth)
    matted: Channel[tuple[TimedFrame, Matte]] = Channel(run, depth)
    composed: Channel[TimedFrame] = Channel(run, depth)
    workers = [_worker(run, "decode", lambda: _decode(run, source, segment, decoded if effect else composed, stats))]
    if segment is not None and effect is not None:
        workers.append(_worker(run, "segment", lambda: _segment(decoded, segment, matted, stats)))
        workers.append(_worker(run, "effect", lambda: _compose(matted, effect, composed, stats)))
    began = time.perf_counter()
    try:
        for worker in workers:
            worker.start()
        _encode(run, composed.each(idle, idle_every if idle else None), sink, stats, on_frame)
    except Stopped:
        pass
    except BaseException as error:
        run.stop(error)
    finally:
        run.stop()
        for worker in workers:
            if worker.ident is not None:
                worker.join(patience)
    stats.seconds = time.perf_counter() - began
    if run.error is not None:
        raise run.error
    return stats


def _worker(run: Run, name: str, work: Callable[[], None]) -> threading.Thread:
    def guarded() -> None:
        try:
            work()
        except Stopped:
            pass
        except BaseException as error:
            run.stop(error)

    return threading.Thread(target=guarded, name=f"limner-{name}", daemon=True)


def _decode(
    run: Run, source: Iterable[TimedFrame], segment: object, out: Channel[TimedFrame], stats: PipelineStats
) -> None:
    frames = iter(source)
    foresighted = segment if isinstance(segment, Foresighted) else None
    while True:
        run.begin_frame()
        began = time.perf_counter()
        frame = next(frames, None)
        decoded = time.perf_counter()
        stats.busy["decode"] += decoded - began
        if frame is None:
            break
        if not isinstance(frame, TimedFrame):
            raise wrong("source", frame, Iterable[TimedFrame])
        if foresighted is not None:
            foresighted.ahead(frame.pixels)
            stats.ahead += time.perf_counter() - decoded
        out.put(frame)
        del frame
    out.end()


def _segment(
    frames: Channel[TimedFrame],
    segment: Callable[[Frame], Matte] | MatteStream,
    out: Channel[tuple[TimedFrame, Matte]],
    stats: PipelineStats,
) -> None:
    stream: MatteStream = segment if isinstance(segment, MatteStream) else _AtOnce(segment)
    for frame in chain(frames, (None,)):
        began = time.perf_counter()
        done = stream.flush() if frame is None else stream.push(frame.pixels, frame)
        stats.busy["segment"] += time.perf_counter() - began
        del frame  # what waits for others to move on holds nothing that has moved on itself
        while done:
            timed, _, matte = done.pop(0)
            out.put((timed, matte))
            del timed, matte
    out.end()


class _AtOnce:
    """A plain function as a stream that holds nothing back."""

    delay = 0

    def __init__(self, segment: Callable[[Frame], Matte]) -> None:
        self._segment = segment

    def push(self, frame: Frame, tag: Any = None) -> list[Result]:
        return [(tag, frame, self._segment(frame))]

    def flush(self) -> list[Result]:
        return []

    def reset(self) -> None:
        return None


def _compose(
    frames: Channel[tuple[TimedFrame, Matte]], effect: Effect, out: Channel[TimedFrame], stats: PipelineStats
) -> None:
    for frame, matte in frames:
        began = time.perf_counter()
        effect.at(frame.time)
        pixels = apply_effect(effect, frame.pixels, matte, frame.alpha)
        stats.busy["effect"] += time.perf_counter() - began
        composed = TimedFrame(pixels, frame.time, frame.duration)
        del frame, matte, pixels
        out.put(composed)
        del composed
    out.end()


def _encode(
    run: Run,
    frames: Iterator[TimedFrame],
    sink: Callable[[TimedFrame], None],
    stats: PipelineStats,
    on_frame: Callable[[TimedFrame], None] | None,
) -> None:
    for frame in frames:
        began = time.perf_counter()
        sink(frame)
        stats.busy["encode"] += time.perf_counter() - began
        stats.frames += 1
        run.end_frame()
        if on_frame is not None:
            on_frame(frame)
        del frame
