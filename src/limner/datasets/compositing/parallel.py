"""Numbered pieces of work on all cores, and the journal by which a stopped run goes on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from itertools import islice
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any, Protocol

import cv2

from limner.children import leaving_interrupts_to_us
from limner.cores import physical_cores
from limner.errors import DataError
from limner.whole_file import whole_text

Row = dict[str, Any]
JOURNAL = "journal.jsonl"


class Worker(Protocol):
    """Does one piece of work after the other."""

    def make(self, number: int) -> Row:
        """Write what belongs to a number, whole, and tell of it as JSON values; ``error`` says why it failed."""


class Job(Protocol):
    """Work that can be sent to other processes: picklable."""

    def worker(self) -> Worker:
        """A worker of its own for each process."""


def each(
    job: Job, numbers: Sequence[int], *, processes: int | None, together: int, worth: int
) -> Iterator[tuple[int, Row]]:
    """Number and row of each piece of work, as they are done.

    Args:
        processes: None is one for each core, or this one alone where there is little to do.
        together: pieces that a process does before it reports.
        worth: pieces from which on processes are worth their start.
    """
    if processes is None:
        processes = physical_cores() if len(numbers) >= worth else 1
    if processes == 1:
        worker = job.worker()
        for number in numbers:
            yield number, worker.make(number)
        return
    parts = iter([numbers[first : first + together] for first in range(0, len(numbers), together)])
    context = get_context("spawn")
    stop = context.Event()
    pool = ProcessPoolExecutor(processes, mp_context=context, initializer=_begin, initargs=(job, stop))
    try:
        with leaving_interrupts_to_us():  # the processes start when they get work
            waiting: set[Future[list[tuple[int, Row]]]] = {
                pool.submit(_make_there, part) for part in islice(parts, 2 * processes)
            }
        while waiting:
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                yield from future.result()
                waiting |= {pool.submit(_make_there, part) for part in islice(parts, 1)}
    except BaseException:
        stop.set()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


_worker: Worker | None = None
_stop: Event | None = None


def _begin(job: Job, stop: Event) -> None:
    global _worker, _stop
    _stop = stop
    cv2.setNumThreads(1)
    _worker = job.worker()


def _make_there(numbers: Sequence[int]) -> list[tuple[int, Row]]:
    assert _worker is not None
    assert _stop is not None
    return [(number, _worker.make(number)) for number in numbers if not _stop.is_set()]


def claim(folder: Path, settings: Row, *, file: str, command: str, kinds: Sequence[str]) -> None:
    """Note what a folder is made of, or compare with the note that is there.

    Args:
        file: that has the note.
        command: that makes such folders.
        kinds: folders to make in it.

    Raises:
        DataError: it was made of something else, or by somebody else.
    """
    text = json.dumps(settings, indent=2)
    path = folder / file
    if path.is_file():
        if path.read_text(encoding="utf-8") != text:
            raise DataError(f"{folder}: is of other photos or options; choose another ‹name› or ‹output›")
        return
    if folder.exists():
        raise DataError(f"{folder}: is there already, and was not made by {command}; choose another ‹name›")
    for kind in kinds:
        (folder / kind).mkdir(parents=True)
    whole_text(path, text)


def resume(
    job: Job,
    folder: Path,
    count: int,
    *,
    processes: int | None,
    together: int,
    worth: int,
    progress: Callable[[int, int], None] | None,
) -> tuple[dict[int, Row], int]:
    """Do the pieces of work 0 to ``count`` − 1 that the folder's journal has not, each noted there once it is done.

    Args:
        processes, together, worth: see ``each``.
        progress: called with (pieces done, pieces in all).

    Returns:
        The rows of these numbers, in order; and how many there were before.

    Raises:
        OSError: the journal cannot be written.
    """
    path = folder / JOURNAL
    noted = read_journal(path)
    left = [number for number in range(count) if number not in noted]
    with path.open("a", encoding="utf-8") as journal:
        for number, row in each(job, left, processes=processes, together=together, worth=worth):
            noted[number] = row
            journal.write(json.dumps({"number": number, **row}, ensure_ascii=False) + "\n")
            journal.flush()
            if progress is not None:
                progress(sum(1 for other in noted if other < count), count)
    return {number: row for number, row in sorted(noted.items()) if number < count}, count - len(left)


def read_journal(path: Path) -> dict[int, Row]:
    """What was noted before; a last line that was cut off does not count, and is removed."""
    if not path.is_file():
        return {}
    whole, newline, _cut = path.read_text(encoding="utf-8").rpartition("\n")
    whole_text(path, whole + newline)
    rows = [json.loads(line) for line in whole.splitlines()]
    return {row.pop("number"): row for row in rows}
