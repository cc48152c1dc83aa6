"""The process that sends to one target: it gets parcels from its standard input until that ends.

FFmpeg's calls that open an output hold Python's lock, so a server that accepts and then says nothing would stop every
thread of the program. A process can be left, and ended; and what it has of a file it finishes, also when the program
was killed.

It answers in lines of JSON: ``{"ready": true}`` when its libraries are loaded, ``{"open": true}`` when it is open,
``{"sent": 1}`` for each picture, and at the end ``{"done": true}`` with notices, or ``{"fault": "…"}``.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from typing import IO, Any, Protocol

from limner.errors import LimnerError
from limner.streams.parcel import Parcel
from limner.streams.wire import read_order, read_parcels


class Opened(Protocol):
    """A target that parcels go to."""

    def send(self, parcel: Parcel) -> None: ...

    def finish(self) -> list[str]:
        """Ends it as it should be; notices."""


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
        signal.signal(number, signal.SIG_IGN)  # the program that started this one says when it is over
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print is no answer
    sys.exit(serve(sys.stdin.buffer, answers))


def serve(pipe: IO[bytes], answers: Any) -> int:
    """Sends until `pipe` ends; the exit code."""

    def say(**what: Any) -> None:
        answers.write(json.dumps(what) + "\n")
        answers.flush()

    try:
        order, header = read_order(pipe)
        kind = _kind(order)
        say(ready=True)
        opened = kind(order, header)
        say(open=True)
        for parcel in read_parcels(pipe):
            opened.send(parcel)
            if parcel.stream == 0:
                say(sent=1)
        say(done=True, notices=opened.finish())
    except (BrokenPipeError, EOFError):
        return 1
    except LimnerError as error:
        say(fault=error.args[0])
        return 1
    except Exception as error:  # of a library: what it says is told, and the target is opened again
        say(fault=f"{order['shown']}: {getattr(error, 'strerror', None) or error or type(error).__name__}")
        return 1
    return 0


def _kind(order: dict[str, Any]) -> Callable[[dict[str, Any], bytes], Opened]:
    """What opens the target, with its libraries loaded."""
    if order["kind"] == "whip":
        from limner.streams.whip import Whip

        return Whip
    from limner.streams.muxing import Muxed

    return Muxed


if __name__ == "__main__":
    main()
