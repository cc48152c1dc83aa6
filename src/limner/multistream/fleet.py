"""All streams of a file, run until they end or somebody stops them; an edit of the file is followed meanwhile."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from limner.address import is_loopback
from limner.assembly import build_segmenter
from limner.errors import LimnerError
from limner.heap import drop_circles
from limner.multistream.checks import matte_options
from limner.multistream.config import FIXED, TILES, MultistreamSpec, StreamSpec
from limner.multistream.facts import Lines
from limner.multistream.outputs import Outputs
from limner.multistream.reading import read_file
from limner.multistream.rtsp import Mounted, RtspServer
from limner.multistream.stream import RunningStream, StreamCounts
from limner.multistream.wall import Wall
from limner.segment.batched import BatchCounts
from limner.streams.address import Address, parse_target
from limner.streams.reading import hanging
from limner.threads import opencv_threads

_TURN = 0.25
_PATIENCE = 15.0
"""Seconds that threads get to leave what they are in: opening a source, loading a net."""
_LOOK = 1.0
"""Seconds between two looks at the file."""
_SWEEP = 10.0
"""Seconds after which Python looks for circles: codecs of sources that were opened again hang in some, with megabytes
that Python does not count."""


@dataclass(slots=True)
class FleetResult:
    """What a run did.

    Attributes:
        streams: name -> what it did, those that were taken out too.
        batches: frames and inferences of the net.
        hanging: threads are still in a library that does not return. A process that ends as usual may crash then.
    """

    seconds: float = 0.0
    streams: dict[str, StreamCounts] = field(default_factory=dict)
    batches: BatchCounts = field(default_factory=BatchCounts)
    hanging: bool = False


class Fleet:
    """
    Args:
        path: the file, which is looked at again every second.
        tell: told what happens, in lines, from several threads.

    Raises:
        LimnerError: the file, the model or the RTSP server cannot be used.
    """

    def __init__(self, path: Path, tell: Callable[[str], None]) -> None:
        self._path, self._tell = path, tell
        self._seen = _digest(path)
        self.spec = read_file(path)
        self._segmenter = build_segmenter(matte_options(self.spec), on_fault="hide", batch=self.spec.batch)
        rtsp = self.spec.rtsp
        if rtsp is not None and rtsp.password is None and _is_open(rtsp.address):
            tell(f"rtsp: anybody who reaches {rtsp.address}:{rtsp.port} may watch; give it a password, or 127.0.0.1")
        self._rtsp = None if rtsp is None else RtspServer(rtsp.address, rtsp.port, tell, login=rtsp.login)
        self._streams: dict[str, RunningStream] = {}
        self._outputs: dict[str, Outputs] = {}
        self._lines: dict[str, Lines] = {}
        self._mounts: dict[str, Mounted] = {}
        self._wall: Wall | None = None
        self._wall_out: Outputs | None = None
        self._result = FleetResult()
        self._left: list[RunningStream] = []
        self._over = threading.Event()

    def stop(self) -> None:
        """Ends the run soon; files are finished. Any thread and any signal handler may call this."""
        self._over.set()

    def run(self, seconds: float | None = None) -> FleetResult:
        """Until ``seconds`` are over, `stop` is called or every source has ended."""
        began = looked = swept = time.monotonic()
        try:
            with opencv_threads(1):
                self._follow(self.spec)
                while not self._over.wait(_TURN):
                    now = time.monotonic()
                    if seconds is not None and now - began >= seconds:
                        break
                    if now - looked >= _LOOK:
                        looked = now
                        self._look()
                    if now - swept >= _SWEEP:
                        swept = now
                        drop_circles()
                    for stream in self._streams.values():
                        stream.tick()
                    if self._wall_out is not None:
                        self._wall_out.check()
                    if self._rtsp is not None:
                        self._rtsp.check()
                    if all(stream.ended for stream in self._streams.values()):
                        break
        finally:
            self._close()
        self._result.seconds = time.monotonic() - began
        self._result.batches = self._segmenter.batches
        return self._result

    # ------------------------------------------------------------------ the file

    def _look(self) -> None:
        """Follows the file where it has changed and can be used; else says why not, once, and goes on as before."""
        digest = _digest(self._path)
        if digest in (None, self._seen):  # an editor may be in the middle of replacing it
            return
        self._seen = digest
        try:
            spec = read_file(self._path)
        except LimnerError as error:
            self._tell(f"{error}; all goes on as before")
            return
        if spec.fixed != self.spec.fixed:
            self._tell(f"{self._path}: changes of {FIXED} are for the next start; the others are followed")
        self._follow(spec)

    def _follow(self, spec: MultistreamSpec) -> None:
        """Makes what runs what the file says; what has not changed is not disturbed."""
        gone = self._streams.keys() - spec.streams.keys()
        for name in gone:
            self._tell(f"{name}: taken out")
            self._mounts.pop(name, None)
        changed = {
            name
            for name in self._streams.keys() & spec.streams.keys()
            if self._streams[name].spec.work != spec.streams[name].work
        }
        self._end([self._streams.pop(name) for name in gone | changed])
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(Outputs.close, [self._outputs.pop(name) for name in gone]))
        self._set_wall(spec)
        names = [name for name, stream in spec.streams.items() if stream.tile]
        if self._wall is not None:
            self._wall.arrange(names)
        unused = self._lines.keys() - {path for s in spec.streams.values() if (path := s.json or spec.json)}
        for name, stream in spec.streams.items():
            outputs = self._outputs.get(name) or Outputs(name, self._tell)
            self._outputs[name] = outputs
            self._connect(outputs, stream, spec)
        for path in unused:
            self._lines.pop(path).close()
        self.spec = spec
        for name, stream in spec.streams.items():
            if name in self._streams:
                self._streams[name].spec = stream
            else:
                self._streams[name] = RunningStream(
                    name, stream, spec, self._segmenter, self._outputs[name], self._tell
                )

    def _connect(self, outputs: Outputs, stream: StreamSpec, spec: MultistreamSpec) -> None:
        path = stream.json or spec.json
        outputs.connect(
            _addresses(stream.to),
            self._mount(outputs.name, stream.rtsp),
            wall=self._wall if stream.tile else None,
            lines=None if path is None else self._lines_of(path),
        )

    def _mount(self, name: str, wanted: bool) -> Mounted | None:
        """The stream of that name in the RTSP server: the same one each time, until it is not wanted any more."""
        if self._rtsp is None or not wanted:
            self._mounts.pop(name, None)
            return None
        if name not in self._mounts:
            self._mounts[name] = self._rtsp.mount(name)
        return self._mounts[name]

    def _lines_of(self, path: str) -> Lines:
        if path not in self._lines:
            self._lines[path] = Lines(path, self._tell)
        return self._lines[path]

    def _set_wall(self, spec: MultistreamSpec) -> None:
        tiles = spec.tiles
        if self._wall is not None and (tiles is None or _looks(tiles) != _looks(self._wall.spec)):
            self._wall.close()
            self._wall = None
        if tiles is None:
            if self._wall_out is not None:
                self._wall_out.close()
                self._wall_out = None
            return
        out = self._wall_out = self._wall_out or Outputs(TILES, self._tell)
        out.connect(_addresses(tiles.to), self._mount(TILES, tiles.rtsp))
        if self._wall is None:
            rate = tiles.rate
            self._wall = Wall(tiles, lambda picture, moment: out.picture(picture, moment, rate=rate))

    # ------------------------------------------------------------------ ends

    def _end(self, streams: Iterable[RunningStream]) -> None:
        several = list(streams)
        if several:
            with ThreadPoolExecutor(len(several)) as pool:
                list(pool.map(RunningStream.stop, several))
        for stream in several:
            self._add(stream)
            if not stream.gone(0):
                self._left.append(stream)

    def _add(self, stream: RunningStream) -> None:
        """What a stream did, together with what one of its name did before."""
        counts, before = stream.counts, self._result.streams.get(stream.name)
        if before is not None:
            counts.frames += before.frames
            counts.dropped += before.dropped
            counts.losses += before.losses
            counts.hidden += before.hidden
            counts.seconds += before.seconds
        self._result.streams[stream.name] = counts
        counts.targets = stream.outputs.summary()

    def _close(self) -> None:
        self._end(self._streams.values())
        self._streams.clear()
        if self._wall is not None:
            self._wall.close()
        closing: list[Callable[[], None]] = [outputs.close for outputs in self._outputs.values()]
        closing += [] if self._wall_out is None else [self._wall_out.close]
        closing += [lines.close for lines in self._lines.values()]
        with ThreadPoolExecutor(max(1, len(closing))) as pool:
            list(pool.map(lambda close: close(), closing))
        for name, outputs in self._outputs.items():
            if name in self._result.streams:
                self._result.streams[name].targets = outputs.summary()
        if self._rtsp is not None:
            self._rtsp.close()
        until = time.monotonic() + _PATIENCE
        left = [one for one in self._left if not one.gone(max(0.0, until - time.monotonic()))]
        self._result.hanging = bool(left) or hanging()


def _addresses(texts: tuple[str, ...]) -> tuple[Address, ...]:
    return tuple(parse_target(text) for text in texts)


def _looks(tiles: object) -> tuple[object, ...]:
    """All of the picture of all but where it goes."""
    return tuple(getattr(tiles, name) for name in ("size", "rate", "columns", "names"))


def _digest(path: Path) -> str | None:
    with suppress(OSError):
        return hashlib.sha256(path.read_bytes()).hexdigest()
    return None


def _is_open(address: str) -> bool:
    """Whether other machines may reach what listens there."""
    try:
        return not is_loopback(address)
    except ValueError:  # a name
        return address != "localhost"
