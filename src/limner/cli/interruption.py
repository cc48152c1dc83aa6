"""Ctrl-C and other signals that end a command: a line of what was kept and how to go on, and the exit code."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from limner.errors import LimnerError, MissingExtraError

NOTHING_KEPT = "nothing half-written was kept; the same command starts over"


class Interrupted(KeyboardInterrupt):
    """Ends the command.

    Attributes:
        number: of the signal.
        kept: what was kept and how to go on, for the line that the user sees; "" where nobody said it yet. None: no
            line, where another process says it.
    """

    def __init__(self, number: int, kept: str | None = "") -> None:
        super().__init__(number)
        self.number, self.kept = number, kept

    @property
    def code(self) -> int:
        """The exit code, as shells count."""
        return 128 + self.number


def heed_signals() -> None:
    """From now on the signals that end a program raise `Interrupted`, but for those that are ignored (nohup)."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _raise)


def _raise(number: int, frame: FrameType | None) -> None:
    """Raises where the main thread is, but not within an import: the lock that all imports share would stay taken, and
    another thread that imports something would wait for it for ever. The signal comes again when that is over."""
    if _imports(frame) and hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, lambda _, frame: _raise(number, frame))
        signal.setitimer(signal.ITIMER_REAL, _AGAIN)
        return
    raised = Interrupted(number)
    _raised.append(raised)
    raise raised


def _imports(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


_AGAIN = 0.02
"""Seconds after which a signal comes again that came at a wrong moment."""

_raised: list[Interrupted] = []


@contextmanager
def unswallowed() -> Iterator[None]:
    """Where a signal came and the block ends in another error, that error is what a library made of the signal.

    A module of C that is being loaded makes an ImportError of it, which may have become a word about an extra. Other
    errors of ours stay: they say what was kept.
    """
    _raised.clear()
    try:
        yield
    except Exception as error:
        if _raised and (not isinstance(error, LimnerError) or isinstance(error, MissingExtraError)):
            raise _raised[0] from error
        raise


def heeded() -> None:
    """A command ended as the signal wanted: what it raises from now on is its own."""
    _raised.clear()


def interruption(error: BaseException) -> Interrupted:
    """The same as what a signal raises here; Ctrl-C where a library raised it, or somebody ended a prompt."""
    return error if isinstance(error, Interrupted) else Interrupted(signal.SIGINT)


@contextmanager
def stopping(stop: Callable[[], None]) -> Iterator[list[int]]:
    """In the block Ctrl-C and SIGTERM call ``stop``, which ends the work well; a second one ends it at once.

    Yields a list that then holds the number of the signal.
    """
    told: list[int] = []

    def heed(number: int, _: object) -> None:
        if told:
            raise KeyboardInterrupt
        told.append(number)
        stop()

    before = {number: signal.signal(number, heed) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def keeping(kept: str | Callable[[], str | None]) -> Iterator[None]:
    """Where the block is interrupted, ``kept`` is what the user reads; the innermost such block says it.

    Args:
        kept: see ``Interrupted.kept``.
    """
    try:
        yield
    except KeyboardInterrupt as error:
        told = interruption(error)
        if told.kept == "":
            told.kept = kept if isinstance(kept, str) else kept()
        raise told from None
