"""A folder that is watched: its photos as jobs, each once it is whole, again when it changes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from limner.errors import MediaError, OptionError
from limner.processing.photos import Job
from limner.processing.planning import folder_jobs

SETTLED = 1.0
"""Seconds without a change after which a photo counts as whole."""
PATIENCE = 10.0
"""Seconds without a change after which a photo that cannot be read is given up: until then somebody may still write."""

AGAIN = 2.0
"""Seconds after which it is tried again meanwhile."""


@dataclass(slots=True)
class _Seen:
    """What a photo was like when it was looked at, since when, and what became of it as it is."""

    mark: tuple[int, int]
    since: float
    given: bool = False
    again: float = 0.0


class WatchedFolder:
    """Photos of a folder and those below it that have no result yet, or changed since.

    A photo whose result is there, and not older, is done: what an earlier run did is not done again.

    Args:
        folder: to watch.
        output: a folder for the results. It may lie in `folder`, whose results are no photos of it.
        format, alpha, lossless: as of `limner.processing.planning.plan_jobs`.
        clock: seconds that only grow.

    Raises:
        MediaError: `folder` is none.
        OptionError: `output` is `folder`, or a file.
    """

    def __init__(
        self,
        folder: Path,
        output: Path,
        *,
        format: str | None,
        alpha: bool,
        lossless: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if not folder.is_dir():
            raise MediaError(
                f"{folder}: ‹watch› needs a folder; " + ("this is a file" if folder.exists() else "make it first")
            )
        if output.exists() and not output.is_dir():
            raise OptionError(f"‹output› {output}: is a file, and ‹watch› needs a folder for the results")
        if output.resolve() == folder.resolve():
            raise OptionError(f"‹output› {output}: is the folder that is watched; name another, {folder / 'out'} say")
        self._folder, self._output = folder, output
        self._how = {"format": format, "alpha": alpha, "lossless": lossless}
        self._clock = clock
        self._seen: dict[str, _Seen] = {}

    def look(self) -> list[Job]:
        """Photos that are whole now and have not been given yet as they are.

        Raises:
            MediaError: the folder is gone.
        """
        now, ready = self._clock(), []
        if not self._folder.is_dir():
            raise MediaError(f"{self._folder}: is gone; ‹watch› ends")
        jobs = folder_jobs(self._folder, self._output, **self._how)  # type: ignore[arg-type]
        for job in jobs:
            mark = _mark(job.name)
            if mark is None:  # gone since
                continue
            seen = self._seen.get(job.name)
            if seen is None:
                seen = self._seen[job.name] = _Seen(mark, now, given=_has_result(job, mark))
            elif seen.mark != mark:
                seen = self._seen[job.name] = _Seen(mark, now)
            if not seen.given and now - seen.since >= SETTLED and now >= seen.again:
                seen.given = True
                ready.append(job)
        there = {job.name for job in jobs}
        self._seen = {name: seen for name, seen in self._seen.items() if name in there}
        return ready

    def failed(self, job: Job) -> bool:
        """Whether a photo that could not be read is given up. Else it may be written still, and comes again."""
        seen = self._seen.get(job.name)
        if seen is None or _mark(job.name) != seen.mark:  # it changed meanwhile, and comes again
            return False
        if self._clock() - seen.since >= PATIENCE:
            return True
        seen.given, seen.again = False, self._clock() + AGAIN
        return False


def _mark(name: str) -> tuple[int, int] | None:
    """What changes when a file is written to: its size and time."""
    try:
        status = os.stat(name)  # noqa: PTH116 - Path.stat for thousands of files twice a second takes longer
    except OSError:
        return None
    return (status.st_size, status.st_mtime_ns)


def _has_result(job: Job, mark: tuple[int, int]) -> bool:
    result = _mark(job.output)
    return result is not None and result[1] >= mark[1]
