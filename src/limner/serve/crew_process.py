"""One worker of `limner serve` as a process: loads the models, then does one job after the other."""

from __future__ import annotations

import os
import time
import traceback
import warnings
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from limner.children import serve_parent_only
from limner.errors import LimnerError
from limner.heap import keep_freed_memory
from limner.serve.gate import Errand
from limner.serve.options import ServeOptions
from limner.serve.refusal import GoneError, RefusedError, of_error
from limner.serve.work import Work, build_work
from limner.threads import opencv_threads


@dataclass(frozen=True, slots=True)
class Order:
    """A job for a process.

    Attributes:
        job: a method of `limner.serve.work.Work`.
        arguments: of it, before the errand.
        seconds, until: as an errand has them; the clock is the machine's.
    """

    job: str
    arguments: tuple[Any, ...]
    seconds: float
    until: float


@dataclass(frozen=True, slots=True)
class Said:
    """What a process says: "ready" with the models' facts, "unusable" with a text; then of each job "done" with its
    result, "refused" with status, reason and headers, "gone", "memory", or "bug" with a traceback."""

    kind: str
    value: Any = None


_LOOK = 0.05
"""Seconds between two looks whether anybody still waits; one costs a twentieth of a millisecond."""


class _Followed(Errand):
    """An errand whose end comes over the connection: the word that nobody waits for it any more."""

    def __init__(self, order: Order, ours: Connection) -> None:
        super().__init__(order.seconds)
        self.until, self._ours, self._look_at = order.until, ours, 0.0

    def check(self) -> None:
        if (now := time.monotonic()) >= self._look_at:
            self._look_at = now + _LOOK
            if self._ours.poll():
                self._ours.recv()
                self.give_up()
        super().check()


def work(ours: Connection, options: ServeOptions) -> None:
    """Does what comes in, until None comes or the other end is gone. While a job is under way only GIVE_UP comes."""
    serve_parent_only()
    warnings.filterwarnings("ignore", module="PIL")  # about odd metadata, of which results are free
    keep_freed_memory()
    try:
        try:
            does = build_work(options)
        except LimnerError as error:
            ours.send(Said("unusable", error.args[0]))
            return
        ours.send(Said("ready", tuple(does.models.facts())))
        with opencv_threads(1):
            while (order := ours.recv()) is not None:
                if isinstance(order, Order):  # else the word to give up a job that was done already
                    ours.send(_done(does, order, ours))
    except (BrokenPipeError, ConnectionResetError, EOFError):  # whoever started it was killed
        os._exit(1)


GIVE_UP = "give up"


def _done(does: Work, order: Order, ours: Connection) -> Said:
    try:
        return Said("done", getattr(does, order.job)(*order.arguments, _Followed(order, ours)))
    except RefusedError as error:
        return Said("refused", (error.status, error.reason, error.headers))
    except LimnerError as error:
        told = of_error(error)
        return Said("refused", (told.status, told.reason, told.headers))
    except GoneError:
        return Said("gone")
    except MemoryError:
        return Said("memory")
    except Exception:
        return Said("bug", traceback.format_exc())
