"""Pictures and sound encoded once and sent to several targets, of which each fares on its own."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from limner.checking import checked
from limner.errors import OptionError
from limner.frame import TimedFrame
from limner.live.recorder import opaque
from limner.streams.address import Address, parse_target
from limner.streams.decoding import Samples
from limner.streams.encoder import LiveEncoder, check_bitrate
from limner.streams.parcel import Parcel
from limner.streams.soundtrack import Soundtrack
from limner.streams.target import State, Target

_EARLY = 256
"""Pieces of sound that wait for the first picture."""
_LATE, _LATE_FILE = 1.0, 10.0
"""Seconds by which sound may come after its picture before silence takes its place: players wait for it."""


class Sink(Protocol):
    """Takes what is encoded, as a `Target` does: a server in this program, say."""

    @property
    def wants_key(self) -> bool:
        """The next picture should be a key frame."""

    def start(self, header: bytes) -> None:
        """Called once, before any parcel; ``header`` is that of `LiveEncoder`."""

    def put(self, parcel: Parcel) -> None:
        """Takes what comes next. It does not wait."""

    def check(self) -> None:
        """Called now and then: ends what hangs."""

    def close(self, seconds: float = 5.0) -> None:
        """No more parcels."""


class Outlet:
    """Targets, and the encoder that they share. Times are seconds on the clock of the source.

    Nothing is sent before the first picture, whose size all get.

    Args:
        targets: addresses, or what `limner.streams.address.parse_target` makes of them.
        rate: pictures a second that are expected.
        sound: the source has sound.
        size: (width, height) of the picture sent; None is the first picture's own. An odd side loses a pixel.
        bitrate: see `LiveEncoder`.
        sinks: take the same as the targets.
        waits: `write` waits for slow targets instead of dropping pictures: for files into files.
        patience, on_change: see `Target`.

    Raises:
        OptionError: an address that cannot be sent to.
    """

    @checked
    def __init__(
        self,
        targets: Sequence[Address | str],
        *,
        rate: float = 25.0,
        sound: bool = False,
        size: tuple[int, int] | None = None,
        bitrate: int | None = None,
        sinks: Sequence[Sink] = (),
        waits: bool = False,
        patience: float = 10.0,
        on_change: Callable[[Target, State, str], None] | None = None,
    ) -> None:
        check_bitrate(bitrate)
        self._patience, self._on_change = patience, on_change
        addresses = [parse_target(item) if isinstance(item, str) else item for item in targets]
        self._rate, self._size, self._bitrate, self._waits = rate, size, bitrate, waits
        self.targets, self.sinks = [self._target(item) for item in addresses], list(sinks)
        self.frames = 0
        self._whip = any(item.kind == "whip" for item in addresses)
        others = bool(sinks) or any(item.kind != "whip" for item in addresses)
        codecs = [("aac", others), ("libopus", self._whip)]
        self._codecs = [codec for codec, needed in codecs if needed and sound]
        self._lock = threading.Lock()
        self._encoder: LiveEncoder | None = None
        self._track: Soundtrack | None = None
        self._early: deque[tuple[Samples, float]] = deque(maxlen=_EARLY)
        self._closed = False

    @property
    def has_sound(self) -> bool:
        """Sound is sent with the picture."""
        return bool(self._codecs)

    @checked
    def write(self, frame: TimedFrame) -> None:
        """Sends a picture, RGB or RGBA uint8 (H, W, C); what is transparent becomes black. Times must ascend."""
        picture = TimedFrame(opaque(frame.pixels), frame.time)
        with self._lock:
            if self._closed:
                return
            encoder = self._encoder or self._begin(picture)
            late = float(frame.time) - (_LATE_FILE if self._waits else _LATE)
            if self._track is not None and self._track.seconds < late:
                self._sound(*self._track.quiet_until(late))
            wants_key = any(taker.wants_key for taker in self._takers)
            parcels = encoder.picture(picture, key=wants_key)
            self.frames += bool(parcels)
            self._put(parcels)
            while self._track is not None and self._early:
                self._sound(*self._track.place(*self._early.popleft()))

    def hear(self, samples: Samples, seconds: float) -> None:
        """Sends sound, float32 (2, N) at 48 kHz, that begins at ``seconds``. Any thread may call this."""
        if not self._codecs:
            return
        with self._lock:
            if self._closed:
                return
            if self._track is None:
                self._early.append((samples, seconds))
                return
            self._sound(*self._track.place(samples, seconds))

    def send_to(self, targets: Sequence[Address], sinks: Sequence[Sink] = ()) -> list[Target]:
        """From now on to these and no others: what is there already is not disturbed, what is missing is closed.

        WHIP takes other codecs than the rest, so a target of it can be added only where there was one from the start.

        Returns:
            The targets that were closed.

        Raises:
            OptionError: a WHIP target is new, and there was none.
        """
        if not self._whip and any(item.kind == "whip" for item in targets):
            raise OptionError("WHIP needs another encoding than what goes on; end that first")
        with self._lock:
            known = {target.address.text: target for target in self.targets}
            kept = [known.pop(item.text) if item.text in known else self._target(item) for item in targets]
            gone: list[Sink] = [*known.values(), *(sink for sink in self.sinks if sink not in sinks)]
            new: list[Sink] = [taker for taker in (*kept, *sinks) if taker not in self._takers]
            self.targets, self.sinks = kept, list(sinks)
            if self._encoder is not None:
                for taker in new:
                    taker.start(self._encoder.header)
        _close(gone, 5.0)
        return list(known.values())

    def check(self) -> None:
        """Ends senders that hang. To be called while nothing is written."""
        for taker in self._takers:
            taker.check()

    def close(self, seconds: float = 5.0) -> None:
        """Ends all targets: files are finished. Takes no longer than ``seconds``, and a second."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            if self._encoder is not None:
                self._encoder.close()
        _close(self._takers, seconds)

    @property
    def _takers(self) -> list[Sink]:
        return [*self.targets, *self.sinks]

    def _target(self, address: Address) -> Target:
        return Target(address, patience=self._patience, waits=self._waits, on_change=self._on_change)

    def _begin(self, first: TimedFrame) -> LiveEncoder:
        width, height = self._size or (first.pixels.shape[1], first.pixels.shape[0])
        size = max(2, width - width % 2), max(2, height - height % 2)
        self._encoder = encoder = LiveEncoder(
            size, self._rate, bitrate=self._bitrate, sound=self._codecs, baseline=self._whip
        )
        for taker in self._takers:
            taker.start(encoder.header)
        if self._codecs:
            self._track = Soundtrack(float(first.time))
        return encoder

    def _sound(self, samples: Samples, position: int) -> None:
        if self._encoder is not None and samples.shape[1]:
            self._put(self._encoder.sound(samples, position))

    def _put(self, parcels: list[Parcel]) -> None:
        for parcel in parcels:
            for taker in self._takers:
                taker.put(parcel)


def _close(takers: Sequence[Sink], seconds: float) -> None:
    """All at once, each in a thread of its own."""
    closers = [threading.Thread(target=taker.close, args=(seconds,), daemon=True) for taker in takers]
    for closer in closers:
        closer.start()
    for closer in closers:
        closer.join()
