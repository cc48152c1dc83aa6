"""The process of the command: `limner`, `python -m limner`, `torchrun -m limner train …`."""

import _signal as signal  # type: ignore[import-not-found]  # in C: Python's takes longer to import than all before main
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType


def main() -> None:
    """Runs the command line. Signals that come before it is loaded get a line, those after it nothing: no traceback."""
    _heed(_leave)
    from limner.cli.app import main as run

    try:
        run()
    finally:  # the interpreter still takes itself apart, which no traceback should tell of
        _heed(signal.SIG_DFL)
        if hasattr(signal, "setitimer"):  # a signal that was to come again, see limner.cli.interruption
            signal.setitimer(signal.ITIMER_REAL, 0)


def _heed(handler: object) -> None:
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) != signal.SIG_IGN:  # as under nohup
            signal.signal(number, handler)


def _leave(number: int, _frame: "FrameType | None") -> None:
    os.write(2, b"limner: interrupted before it began; nothing was written\n")
    os._exit(128 + number)


if __name__ == "__main__":
    main()
