"""Sound that a container cannot hold as it is: decoded and brought into a layout that the encoder knows.

All of it happens inside libavfilter. PyAV 18.1 copies the layout of a stream or a decoded frame by its pointer and
frees it twice where the channels have names of their own, which ends the process; so no layout of a source may ever
become a Python object.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av

from limner.media.video_info import OPEN_OPTIONS

_PREROLL = 1
_GAP = Fraction(1, 10)
_PATIENCE = 10_000
"""Damaged packets of one stream that are passed over."""


@dataclass(frozen=True, slots=True)
class SoundEncoder:
    """An encoder with the layouts and rates that come back from a file as they went in (measured with FFmpeg 8.1)."""

    name: str
    layouts: tuple[str, ...]
    rates: tuple[int, ...] = ()
    frame_size: int = 1024

    @property
    def codec(self) -> str:
        return self.name.removeprefix("lib")


_MPEG4_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000)
AAC = SoundEncoder("aac", ("mono", "stereo", "3.0", "4.0", "5.0", "5.1", "7.1"), _MPEG4_RATES)
FLAC = SoundEncoder("flac", ("mono", "stereo", "3.0", "4.0", "quad", "5.0", "5.1", "5.1(side)", "6.1", "7.1"))
OPUS = SoundEncoder("libopus", ("mono", "stereo", "3.0", "quad", "5.1", "7.1"), (48000,), 960)


class DecodedSound:
    """Frames of one sound stream, in one of the layouts of `encoder`; channels without a layout get their usual one.

    Args:
        path, index: the file and the stream in it.
        span: seconds of the file's own time from which and until which sound is wanted; None is all of it.

    Attributes:
        layout, rate: of the frames.
        empty: nothing of it can be decoded.
        missing: seconds for which the stream has no sound although more follows.

    Raises:
        av.FFmpegError: the stream cannot be decoded, or its channels cannot be brought into any of the layouts.
    """

    def __init__(
        self,
        path: Path,
        index: int,
        encoder: SoundEncoder,
        *,
        origin: Fraction = Fraction(0),
        span: tuple[Fraction | None, Fraction | None] = (None, None),
    ) -> None:
        self.missing = Fraction(0)
        self._path, self._index, self._encoder = path, index, encoder
        self._start, self._end = span
        self._ends: Fraction | None = None
        seek = None if self._start is None else self._start - origin - _PREROLL
        self._frames = self._pull(seek if seek and seek > 0 else None)
        self._waiting = next(self._frames, None)
        if self._waiting is None and seek and seek > 0:  # some files cannot be searched
            self._frames = self._pull(None)
            self._waiting = next(self._frames, None)
        self.empty = self._waiting is None
        self.layout = self._waiting.layout.name if self._waiting else "stereo"
        self.rate = self._waiting.sample_rate if self._waiting else 48000
        self._even = av.AudioResampler(
            layout=self.layout, rate=self.rate, frame_size=encoder.frame_size, options={"async": "1"}
        )

    def until(self, time: Fraction | None) -> Iterator[av.AudioFrame]:
        """Frames that begin before `time` seconds of the file; None: all that are left. Gaps are filled with silence,
        and times that step back are put in order."""
        while self._waiting is not None and (time is None or _begins(self._waiting) < time):
            frame = self._waiting
            begins = _begins(frame)
            if self._ends is not None and begins - self._ends > _GAP:
                self.missing += begins - self._ends
            self._ends = begins + Fraction(frame.samples, self.rate)
            yield from self._even.resample(frame)
            self._waiting = next(self._frames, None)
            if self._waiting is None:
                yield from self._even.resample(None)

    def _pull(self, seek: Fraction | None) -> Iterator[av.AudioFrame]:
        graph = av.filter.Graph()
        allowed = ":".join(f"{name}={value}" for name, value in OPEN_OPTIONS.items())
        options = {"filename": str(self._path.absolute()), "streams": str(self._index), "format_opts": allowed}
        if seek is not None:
            options["seek_point"] = f"{float(seek):.6f}"
        chain = [graph.add("amovie", **options)]
        wanted = {"channel_layouts": "|".join(self._encoder.layouts)}
        if self._encoder.rates:
            wanted["sample_rates"] = "|".join(map(str, self._encoder.rates))
        chain.append(graph.add("aformat", **wanted))
        bounds = {
            name: f"{float(at):.6f}"
            for name, at in (("start", self._start), ("end", self._end))
            if at is not None and (at > 0 or name == "end")
        }
        if bounds:
            chain.append(graph.add("atrim", **bounds))
        chain.append(graph.add("abuffersink"))
        for one, other in itertools.pairwise(chain):
            one.link_to(other)
        graph.configure()
        faults = 0
        while True:
            try:
                frame = graph.pull()
            except (EOFError, BlockingIOError):
                return
            except av.FFmpegError:  # a damaged packet; what follows it may be sound again
                faults += 1
                if faults > _PATIENCE:
                    return
                continue
            assert isinstance(frame, av.AudioFrame)
            if frame.samples:
                yield frame


def _begins(frame: av.AudioFrame) -> Fraction:
    return (frame.pts or 0) * (frame.time_base or Fraction(1, 1))
