"""Where a video lies while it is written, and what becomes of it: whole or not at all, or kept whatever happens."""

from __future__ import annotations

import contextlib
from pathlib import Path

import av

from limner.media.video_files import aside
from limner.whole_file import shortened

_EVERY_MS = "250"
"""Milliseconds of picture that are written at once."""
_LONGEST_NAME = 255
"""Bytes that systems allow."""


class HiddenFile:
    """A result that gets its name when it is whole, and vanishes if that does not come.

    Attributes:
        path: to write to.
        kept: None: nothing of it is left when it is given up.
    """

    lasts = False
    fate = "nothing was kept"
    kept: Path | None = None

    def __init__(self, target: Path) -> None:
        self._target = target.resolve()  # a link stays, what it points to is replaced
        self.path = aside(self._target)

    def muxer_options(self, *, quicktime: bool) -> dict[str, str]:
        """What libavformat's muxer is told; `quicktime`: it is that of MP4 or QuickTime, not of Matroska or WebM."""
        return {"movflags": "+faststart"} if quicktime else {}

    def accept(self) -> None:
        """
        Raises:
            OSError: it cannot get its name.
        """
        self.path.replace(self._target)

    def give_up(self, container: av.container.OutputContainer) -> None:
        """Removes the file first: what closing still writes is then lost, and not written twice for a fast start."""
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)
        with contextlib.suppress(Exception):
            container.close()
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)


class LastingFile:
    """A recording: at any moment players can read what was written so far, even after the process was killed.

    It lies beside its target as NAME.recording.EXT. MP4 and QuickTime are written in fragments and made usual files at
    the end, Matroska and WebM in short clusters.

    Attributes:
        path: to write to.
        kept: where it is after it was given up; None where nothing of it can be read.
    """

    lasts = True
    fate = ""

    def __init__(self, target: Path) -> None:
        self._target = target.resolve()
        self.path = _free(self._target)
        self.kept: Path | None = None

    def muxer_options(self, *, quicktime: bool) -> dict[str, str]:
        """What libavformat's muxer is told; `quicktime`: it is that of MP4 or QuickTime, not of Matroska or WebM."""
        if not quicktime:
            return {"cluster_time_limit": _EVERY_MS, "flush_packets": "1"}
        # Without delay_moov the file would not say how far B-frames move its times.
        flags = "+hybrid_fragmented+delay_moov"
        return {"movflags": flags, "frag_duration": f"{_EVERY_MS}000", "flush_packets": "1"}

    def accept(self) -> None:
        """
        Raises:
            OSError: it cannot get its name.
        """
        self.path.replace(self._target)

    def give_up(self, container: av.container.OutputContainer) -> None:
        """Keeps what can be read, under the target's name where no other file has it."""
        with contextlib.suppress(Exception):  # after a failed write nothing more is written
            container.close()
        with contextlib.suppress(OSError):
            if not _holds_picture(self.path):
                self.path.unlink(missing_ok=True)
            elif self._target.exists():
                self.kept = self.path
            else:
                self.kept = self.path.rename(self._target)


def _free(target: Path) -> Path:
    for number in range(1, 1000):
        end = f".recording{'' if number == 1 else f'-{number}'}{target.suffix}"
        name = target.stem + end
        if len(name.encode("utf-8", "surrogateescape")) > _LONGEST_NAME:
            name = shortened(target.stem) + end
        path = target.with_name(name)
        if not path.exists():
            return path
    return aside(target)


def _holds_picture(path: Path) -> bool:
    try:
        with av.open(str(path.absolute())) as container:
            return any(packet.size for packet in container.demux(container.streams.video[0]))
    except (av.FFmpegError, IndexError):
        return False
