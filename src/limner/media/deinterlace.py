"""Interlaced frames into whole ones, by FFmpeg's bwdif: as many frames, each at its own time."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import av

_ANY = Fraction(1, 90_000)
"""Ticks of frames that do not say theirs: they get their own times back."""


class Deinterlacer:
    """Frames of one stream, those that are marked as interlaced made whole; others pass as they are.

    Nothing is done, and nothing held back, before the first that is marked. From then on the filter looks one frame
    ahead. The filter is the "Bob Weaver Deinterlacing Filter" of FFmpeg, which follows motion and keeps edges.

    Attributes:
        interlaced: frames so far that were marked.
    """

    def __init__(self) -> None:
        self.interlaced = 0
        self._graph: av.filter.Graph | None = None
        self._kind: tuple[int, int, str] | None = None
        self._held: list[av.VideoFrame] = []

    def push(self, frame: av.VideoFrame) -> Iterator[av.VideoFrame]:
        """Frames that are whole now."""
        self.interlaced += frame.interlaced_frame
        if self._graph is None and not frame.interlaced_frame:
            yield frame
            return
        kind = (frame.width, frame.height, frame.format.name)
        if self._kind not in (None, kind):
            yield from self.flush()
        if self._graph is None:
            self._graph, self._kind = _graph(frame), kind
        self._held.append(frame)
        self._graph.vpush(frame)
        yield from self._pulled()

    def flush(self) -> Iterator[av.VideoFrame]:
        """What is held back; more may follow it."""
        if self._graph is not None:
            self._graph.vpush(None)
            yield from self._pulled()
        self._graph, self._kind = None, None
        self._held.clear()

    def _pulled(self) -> Iterator[av.VideoFrame]:
        assert self._graph is not None
        while True:
            try:
                whole = self._graph.vpull()
            except (BlockingIOError, EOFError):
                return
            frame = self._held.pop(0)  # one comes out for each that went in
            whole.pts = frame.pts
            if frame.time_base is not None:
                whole.time_base = frame.time_base
            yield whole


def _graph(frame: av.VideoFrame) -> av.filter.Graph:
    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base or _ANY
    )
    chain = [source, graph.add("bwdif", "mode=send_frame:deint=interlaced"), graph.add("buffersink")]
    chain[0].link_to(chain[1])
    chain[1].link_to(chain[2])
    graph.configure()
    return graph
