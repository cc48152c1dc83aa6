"""Making a set of composites: on all cores, resumed where it was stopped, listed with all that each was made of."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from limner.cores import check_parallel
from limner.datasets.compositing.casting import Casting
from limner.datasets.compositing.composing import Composer, Composite
from limner.datasets.compositing.options import SAVING, CompositeOptions
from limner.datasets.compositing.parallel import Worker, claim, resume
from limner.datasets.manifest_rows import MANIFEST, read_rows, write_rows
from limner.errors import DataError, OptionError
from limner.one_writer import OneWriter
from limner.whole_file import aside, whole_text

SETTINGS, FAILURES = "composite.json", "failures.jsonl"
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

    def worker(self) -> Worker:
        """Who makes them."""
        return _Worker(self, self.casting())


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
        check_parallel(processes, "‹processes›")
    if not request.name or request.name.startswith(".") or set(request.name) & set('/\\"'):
        raise OptionError(f"‹name› {request.name!r}: is no name of a folder")
    casting = request.casting()
    folder = request.out / request.name
    if folder.resolve() in {(request.people / extra.photo.set).resolve() for extra in casting.people if extra.photo}:
        raise DataError(f"{folder}: holds the people themselves; choose another ‹name›")
    with OneWriter(request.out, error=DataError):
        try:
            settings = {"people": casting.fingerprint(), **asdict(request.options)}
            settings["thing_files"] = bool(request.options.thing_files)
            claim(folder, settings, file=SETTINGS, command="limner data composite", kinds=("images", "masks"))
            noted, before = resume(
                request, folder, count, processes=processes, together=_TOGETHER, worth=_WORTH_PROCESSES,
                progress=progress,
            )  # fmt: skip
            return _list(request, folder, noted, before)
        except OSError as error:
            raise DataError(f"{request.out}: cannot be written ({error.strerror or error})") from None


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
