"""Making a set of composites: on all cores, resumed where it was stopped, listed with all that each was made of."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import asdict, dataclass, field
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
from PIL import Image

from limner.children import leaving_interrupts_to_us
from limner.cores import check_parallel, physical_cores
from limner.datasets.compositing.casting import Casting
from limner.datasets.compositing.composing import Composer, Composite
from limner.datasets.compositing.options import SAVING, CompositeOptions
from limner.datasets.manifest_rows import MANIFEST, read_rows, write_rows
from limner.errors import DataError, OptionError
from limner.one_writer import OneWriter
from limner.whole_file import aside, whole_text

JOURNAL, SETTINGS, FAILURES = "journal.jsonl", "composite.json", "failures.jsonl"
COLUMNS = ("set", "stem", "split", "mask", "width", "height", "source", "rights", "group", "people", "background",
           "things", "parameters")  # fmt: skip
_TOGETHER = 4
"""Composites that a process makes before it reports."""
_WORTH_PROCESSES = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A set of composites: picklable, so that other processes can work on it.

    Attributes:
        people, backgrounds, sets, background_sets, split: see ``Casting``.
        options: of the composites.
        out: data folder to write to; its other sets stay as they are.
        name: of the set.
    """

    people: Path
    out: Path
    backgrounds: Path | None = None
    sets: tuple[str, ...] | None = None
    background_sets: tuple[str, ...] | None = None
    split: str | None = None
    options: CompositeOptions = field(default_factory=CompositeOptions)
    name: str = "composites"

    def casting(self) -> Casting:
        """Who is shown; errors as of ``Casting``."""
        return Casting(
            self.people,
            self.backgrounds,
            self.options,
            sets=self.sets,
            background_sets=self.background_sets,
            split=self.split,
        )


@dataclass(slots=True)
class Made:
    """What became of it: composites of the set, how many were there before, and what failed, with the reason."""

    photos: int
    before: int
    failures: list[tuple[str, str]]
    failures_at: Path | None = None


def make(
    request: Request,
    count: int,
    *,
    processes: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Made:
    """Make composites 0 to ``count`` − 1 of a set, those that are there already left as they are.

    The same request gives the same composites, whatever the number of processes, and a larger count adds to them. Each
    photo and its mask are written whole before they are noted, and the manifest comes last: stopped anywhere, the same
    call goes on.

    Args:
        processes: None is one for each core.
        progress: called with (composites done, composites in all).

    Raises:
        OptionError: the count or the number of processes is wrong.
        DataError: see ``Casting``; the set holds something else, no composite could be made, or ``out`` cannot be
            written.
    """
    if count < 1:
        raise OptionError(f"‹count›: must be 1 or more, not {count}")
    if processes is not None:
        check_parallel(processes, "processes")
    if not request.name or request.name.startswith(".") or set(request.name) & set('/\\"'):
        raise OptionError(f"‹name› {request.name!r}: is no name of a folder")
    casting = request.casting()
    folder = request.out / request.name
    if folder.resolve() in {(request.people / extra.photo.set).resolve() for extra in casting.people if extra.photo}:
        raise DataError(f"{folder}: holds the people themselves; choose another ‹name›")
    with OneWriter(request.out, error=DataError):
        try:
            _claim(folder, request, casting)
            noted = _read_journal(folder / JOURNAL)
            left = [number for number in range(count) if number not in noted]
            before = count - len(left)
            with (folder / JOURNAL).open("a", encoding="utf-8") as journal:
                for number, row in _each(request, casting, left, processes):
                    noted[number] = row
                    journal.write(json.dumps({"number": number, **row}, ensure_ascii=False) + "\n")
                    journal.flush()
                    if progress is not None:
                        progress(sum(1 for each in noted if each < count), count)
            return _list(request, folder, {n: row for n, row in sorted(noted.items()) if n < count}, before)
        except OSError as error:
            raise DataError(f"{request.out}: cannot be written ({error.strerror or error})") from None


def _claim(folder: Path, request: Request, casting: Casting) -> None:
    """Note what the composites are of, or compare with the note that is there."""
    mine = {"people": casting.fingerprint(), **asdict(request.options)}
    mine["thing_files"] = bool(request.options.thing_files)
    text = json.dumps(mine, indent=2)
    path = folder / SETTINGS
    if path.is_file():
        if path.read_text(encoding="utf-8") != text:
            raise DataError(f"{folder}: holds composites of other photos or options; choose another ‹name› or ‹output›")
        return
    if folder.exists():
        raise DataError(f"{folder}: is there already, and was not made by limner data composite; choose another ‹name›")
    for kind in ("images", "masks"):
        (folder / kind).mkdir(parents=True)
    whole_text(path, text)


def _read_journal(path: Path) -> dict[int, dict[str, Any]]:
    """What was noted before; a last line that was cut off does not count, and is removed."""
    if not path.is_file():
        return {}
    whole, newline, _cut = path.read_text(encoding="utf-8").rpartition("\n")
    whole_text(path, whole + newline)
    rows = [json.loads(line) for line in whole.splitlines()]
    return {row.pop("number"): row for row in rows}


def _each(
    request: Request, casting: Casting, numbers: Sequence[int], processes: int | None
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Number and row of each composite, as they are made."""
    if processes is None:
        processes = physical_cores() if len(numbers) >= _WORTH_PROCESSES else 1
    if processes == 1:
        worker = _Worker(request, casting)
        for number in numbers:
            yield number, worker.make(number)
        return
    parts = iter([numbers[first : first + _TOGETHER] for first in range(0, len(numbers), _TOGETHER)])
    pool = ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=_begin, initargs=(request,))
    try:
        with leaving_interrupts_to_us():  # the processes start when they get work
            waiting: set[Future[list[tuple[int, dict[str, Any]]]]] = {
                pool.submit(_make_there, part) for part in islice(parts, 2 * processes)
            }
        while waiting:
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                yield from future.result()
                waiting |= {pool.submit(_make_there, part) for part in islice(parts, 1)}
    finally:
        pool.shutdown(cancel_futures=True)


class _Worker:
    def __init__(self, request: Request, casting: Casting) -> None:
        self.folder, self.format = request.out / request.name, request.options.format
        self.composer = Composer(casting, request.options)

    def make(self, number: int) -> dict[str, Any]:
        """Write a composite: its row, or why there is none."""
        try:
            composite = self.composer.compose(number)
        except DataError as error:
            return {"error": f"{self.composer.casting.lead(number).name}: {error}"}
        stem = f"{number:06}"
        suffix = "jpeg" if self.format == "jpg" else self.format
        with aside(self.folder / "images" / f"{stem}.{self.format}") as partial:
            Image.fromarray(composite.rgb).save(partial, suffix, **SAVING[self.format])
        with aside(self.folder / "masks" / f"{stem}.png") as partial:
            Image.fromarray(composite.mask).save(partial, "PNG")
        return _row(composite, stem)


_worker: _Worker | None = None


def _begin(request: Request) -> None:
    global _worker
    cv2.setNumThreads(1)
    _worker = _Worker(request, request.casting())


def _make_there(numbers: Sequence[int]) -> list[tuple[int, dict[str, Any]]]:
    assert _worker is not None
    return [(number, _worker.make(number)) for number in numbers]


def _row(composite: Composite, stem: str) -> dict[str, Any]:
    record, lead = composite.record, composite.extras[0]
    assert lead.photo is not None
    sources = dict.fromkeys(extra.source for extra in composite.extras if extra.source)
    rights = dict.fromkeys(extra.rights for extra in composite.extras if extra.rights)
    return {
        "stem": stem,
        "split": lead.photo.split,
        "mask": "composite",
        "width": composite.rgb.shape[1],
        "height": composite.rgb.shape[0],
        "source": "composite of " + " + ".join(sources or {"unknown": None}),
        "rights": " + ".join(rights),
        "group": f"people {lead.pool}",
        "people": " ".join(record.people),
        "background": record.background,
        "things": " ".join(record.things),
        "parameters": json.dumps(_rounded(record.parameters()), separators=(",", ":")),
    }


def _rounded(value: Any) -> Any:
    """JSON values with six digits, of which no pixel is the judge."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    return [_rounded(inner) for inner in value] if isinstance(value, list | tuple) else value


def _list(request: Request, folder: Path, noted: dict[int, dict[str, Any]], before: int) -> Made:
    """Write the manifest, and what failed."""
    failures = [(f"{number:06}", str(row["error"])) for number, row in noted.items() if "error" in row]
    rows = [{"set": request.name, **row} for row in noted.values() if "error" not in row]
    if not rows:
        raise DataError(f"{failures[0][1]} ({len(failures)} such composites, and no other)")
    path = request.out / MANIFEST
    columns, others = read_rows(path) if path.is_file() else ([], [])
    others = [row for row in others if row["set"] != request.name]
    write_rows(path, list(dict.fromkeys([*columns, *COLUMNS])), [*others, *rows])
    made = Made(len(rows), before, failures)
    if failures:
        made.failures_at = folder / FAILURES
        lines = [json.dumps({"composite": name, "error": reason}, ensure_ascii=False) for name, reason in failures]
        whole_text(made.failures_at, "\n".join(lines) + "\n")
    return made
