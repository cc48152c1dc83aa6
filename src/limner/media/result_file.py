"""Where a video goes while it is written: whole or not at all, kept whatever happens, or into a pipe."""

from __future__ import annotations

import contextlib
from pathlib import Path

import av

from limner.media.pipes import Stdout
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
    can_be_read = True
    fate = "nothing was kept"
    kept: Path | None = None

    def __init__(self, target: Path) -> None:
        self._target = target.resolve()  # a link stays, what it points to is replaced
        self.path = aside(self._target)

    def opened(self) -> str | Stdout:
        """What libavformat opens."""
        return str(self.path.absolute())

    def written(self) -> None:
        """Nothing can have been raised where it was lost."""

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
    can_be_read = True
    fate = ""

    def __init__(self, target: Path) -> None:
        self._target = target.resolve()
        self.path = _free(self._target)
        self.kept: Path | None = None

    def opened(self) -> str | Stdout:
        """What libavformat opens."""
        return str(self.path.absolute())

    def written(self) -> None:
        """Nothing can have been raised where it was lost."""

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


class PipeFile:
    """Stdout: what was written is gone, and can neither be taken back nor read again.

    Attributes:
        path: what errors call it.
    """

    lasts = False
    can_be_read = False
    fate = "what was written before went into the pipe"
    path = Path("stdout")
    kept: Path | None = None

    def __init__(self) -> None:
        self._stdout = Stdout()

    def written(self) -> None:
        """Raises what was raised while libavformat wrote: see `limner.media.pipes.Held`."""
        self._stdout.release()

    def opened(self) -> str | Stdout:
        """What libavformat opens."""
        return self._stdout

    def muxer_options(self, *, quicktime: bool) -> dict[str, str]:
        """What libavformat's muxer is told: nothing waits, for whoever reads may be live."""
        return {"flush_packets": "1"}

    def accept(self) -> None:
        """All of it is there already."""

    def give_up(self, container: av.container.OutputContainer) -> None:
        """Ends it."""
        with contextlib.suppress(Exception):  # whoever read it may have gone
            container.close()


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
