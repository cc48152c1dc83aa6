"""One stream at work: source, mattes with a state of their own, effect, in a thread that disturbs no other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from limner.assembly import People, build_effect
from limner.errors import LimnerError
from limner.frame import TimedFrame
from limner.live.source import State
from limner.multistream.checks import effect_options, matte_options, people_options, temporal_options
from limner.multistream.config import MultistreamSpec, StreamSpec
from limner.multistream.facts import facts
from limner.multistream.outputs import Outputs
from limner.processing.transparency import apply_effect
from limner.streams.address import parse_source
from limner.streams.decoding import Samples
from limner.streams.source import StreamSource

if TYPE_CHECKING:
    from limner.segment.segmenter import Segmenter

_RETRY = (0.5, 8.0)
_DECODER_THREADS = 1
_WAITING = "waiting for the source"


@dataclass(slots=True)
class StreamCounts:
    """What one stream did.

    Attributes:
        frames: that were finished.
        dropped: that the source gave while an older one was in work.
        losses: how often the source was lost after it had been there.
        hidden: frames hidden by the privacy guard.
        seconds: from the first finished frame to the last.
    """

    frames: int = 0
    dropped: int = 0
    losses: int = 0
    hidden: int = 0
    began: float | None = None
    seconds: float = 0.0
    targets: dict[str, Any] = field(default_factory=dict)

    @property
    def fps(self) -> float:
        """Frames a second."""
        return (self.frames - 1) / self.seconds if self.frames > 1 and self.seconds > 0 else 0.0


class RunningStream:
    """Begins at once.

    Args:
        segmenter: whose net is shared by all streams.
        outputs: take what is finished; they are not closed here.
        tell: told what happens, in lines.

    Attributes:
        ended: the source came to its end, as a file does; nothing more comes.
    """

    def __init__(
        self,
        name: str,
        spec: StreamSpec,
        whole: MultistreamSpec,
        segmenter: Segmenter,
        outputs: Outputs,
        tell: Callable[[str], None],
    ) -> None:
        self.name, self.spec, self.outputs = name, spec, outputs
        self._whole, self._segmenter, self._tell = whole, segmenter, tell
        self.counts, self.ended = StreamCounts(), False
        self._stopped = threading.Event()
        self._begins_anew = False
        self._source: StreamSource | None = None
        self._epoch: float | None = None
        self._away = _WAITING
        self._told = ""
        self._thread = threading.Thread(target=self._run, name=f"limner-stream-{name}", daemon=True)
        self._thread.start()

    def tick(self) -> None:
        """To be called now and then: shows that the source is away while it is."""
        if self._away and not self.ended:
            self.outputs.away(self._away)
        self.outputs.check()

    def stop(self) -> None:
        """Ends it; returns after three seconds at most. What hangs in a library is left behind, and harms nobody."""
        self._stopped.set()
        source = self._source
        if source is not None:
            source.stop()
        self.gone(1.0)

    def gone(self, seconds: float) -> bool:
        """Waits until its thread has ended, for so long at most; whether it has."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    # ------------------------------------------------------------------ the thread

    def _run(self) -> None:
        wait = _RETRY[0]
        while not self._stopped.is_set():
            began = time.monotonic()
            try:
                self._play()
                self.ended = not self._stopped.is_set()
                return
            except LimnerError as error:
                fault = str(error)
            except Exception as error:  # of a library, or a bug: this stream begins anew, the others go on
                fault = f"{type(error).__name__}: {error}"
            self._away = _WAITING
            if fault != self._told and not self._stopped.is_set():
                self._told = fault
                self._tell(f"{self.name}: {fault}; trying again")
            wait = _RETRY[0] if time.monotonic() - began > _RETRY[1] else wait
            self._stopped.wait(wait)
            wait = min(_RETRY[1], 2 * wait)

    def _play(self) -> None:
        """One connection after the other, until the source ends or somebody stops it."""
        spec = self.spec
        people = People(
            people_options(spec), matte_options(self._whole, spec), privacy=spec.privacy, segmenter=self._segmenter
        )
        mattes = people.stream(people.steady(temporal_options(spec)))
        effect = people.effect(build_effect(effect_options(spec)))
        source = StreamSource(
            parse_source(spec.source),
            loop=spec.loop,
            patience=self._whole.patience,
            size=spec.size,
            rate=spec.rate,
            threads=_DECODER_THREADS,
            on_sound=self._hear,
            on_change=self._changed,
            stopping=self._stopped.is_set,
        )
        self._source, self._epoch = source, source.epoch
        try:
            if self._stopped.is_set():
                return
            self._tell(f"{self.name}: running")
            self._away = self._told = ""
            for timed in source:
                if self._stopped.is_set():
                    return
                if self._begins_anew:
                    self._begins_anew = False
                    mattes.reset()
                for tag, frame, matte in mattes.push(timed.pixels, timed):
                    assert isinstance(tag, TimedFrame)
                    effect.at(tag.time)
                    pixels = apply_effect(effect, frame, matte, tag.alpha)
                    self._finished(tag, pixels, matte, source)
        finally:
            self.counts.dropped += source.dropped
            self.counts.losses += source.losses
            self._source = None
            source.stop()

    def _finished(self, timed: TimedFrame, pixels: Any, matte: Any, source: StreamSource) -> None:
        if source.state == "lost":  # a card stands there already
            return
        counts, now = self.counts, time.monotonic()
        counts.began = now if counts.began is None else counts.began
        counts.frames, counts.seconds = counts.frames + 1, now - counts.began
        counts.hidden += matte.hidden
        moment = source.epoch + float(timed.time)
        self._away = ""
        self.outputs.picture(pixels, moment, rate=source.rate, sound=source.sound)
        if self.outputs.wants_lines:
            wall = time.time() - (now - moment)
            self.outputs.line(facts(self.name, counts.frames, float(timed.time), wall, matte))

    def _hear(self, samples: Samples, seconds: float) -> None:
        if self._epoch is not None:
            self.outputs.hear(samples, self._epoch + seconds)

    def _changed(self, state: State, fault: str) -> None:
        if state == "lost":
            self._begins_anew, self._away = True, _WAITING
            self._tell(f"{self.name}: {fault}; waiting for it")
        elif state == "running":
            self._tell(f"{self.name}: it is back")
