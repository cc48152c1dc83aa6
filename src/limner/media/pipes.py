"""Stdin and stdout as libavformat reads and writes them: bytes as they come, with no way back.

PyAV 18.1 drops what is no `Exception`, such as Ctrl-C, when it is raised where libavformat calls back. So it is held
here, and whoever called libavformat raises it again.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from limner.errors import MediaError, OptionError

PIPE = Path("-")
"""The name of stdin as a clip, and of stdout as a result."""
STDIN = Path("stdin")
"""What messages call it."""
_HEAD = 4096
"""Bytes of the beginning that are kept."""


class Held:
    """What was raised where it would be lost."""

    def __init__(self) -> None:
        self._error: BaseException | None = None

    def hold(self, error: BaseException) -> None:
        self._error = error

    @property
    def held(self) -> bool:
        """Whether there is something to raise."""
        return self._error is not None

    def release(self) -> None:
        """Raises it; nothing where there is none."""
        error, self._error = self._error, None
        if error is not None:
            raise error


class Stdin(Held):
    """Bytes of stdin as soon as there are any.

    Raises:
        MediaError: it is a terminal.
    """

    def __init__(self) -> None:
        super().__init__()
        if os.isatty(0):
            raise MediaError("stdin: is a terminal; send a video into it, or name a file")
        self.taken, self.head = 0, b""

    def read(self, count: int) -> bytes:
        """At least one byte, `count` at most; none at the end.

        Raises:
            MediaError: it is closed, or a folder.
        """
        if self.held:
            return b""
        try:
            data = os.read(0, count)
        except OSError as error:
            raise MediaError(f"stdin: cannot be read: {error.strerror}; send a video into it") from None
        except BaseException as error:
            self.hold(error)
            return b""
        self.taken += len(data)
        self.head = self.head if len(self.head) >= _HEAD else self.head + data[:_HEAD]
        return data


class Stdout(Held):
    """Bytes to stdout, at once."""

    def write(self, data: bytes) -> int:
        """All of `data`.

        Raises:
            OSError: nobody reads any more (`BrokenPipeError`), or the disk is full.
        """
        left = memoryview(data)
        try:
            while left:
                left = left[os.write(1, left) :]
        except Exception:
            raise
        except BaseException as error:
            self.hold(error)
        return len(data)


def refuse_terminal() -> None:
    """
    Raises:
        OptionError: stdout is a terminal, which cannot show a video.
    """
    if sys.stdout.isatty():
        raise OptionError("‹output› -: a terminal cannot show a video; send stdout into a file or another program")
