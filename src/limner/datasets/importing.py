"""Import: a folder of photos, as one of the known layouts has them, becomes a set that `limner train` reads."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from limner.datasets.layouts.base import Entry, Layout, Listing, People
from limner.datasets.layouts.photo_index import photo_files
from limner.datasets.layouts.registry import LAYOUTS, layout_of
from limner.datasets.manifest import VOID_SETS, read_manifest
from limner.datasets.manifest_rows import MANIFEST, read_rows, write_rows
from limner.datasets.photo import MaskKind, Photo
from limner.datasets.photo_sets import SUFFIXES, open_photo
from limner.datasets.source_list import SOURCES, sources_of
from limner.datasets.splitting import val_groups
from limner.datasets.taking import Taken, Taker
from limner.errors import DataError, OptionError
from limner.one_writer import OneWriter
from limner.whole_file import whole_text

FAILURES = "failures.jsonl"
COLUMNS = ("set", "stem", "split", "mask", "width", "height", "source", "rights")
_RESERVED = VOID_SETS | {"no_people"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """How a folder becomes a set.

    Attributes:
        name: of the set: letters, digits, - and _.
        layout: how the folder is laid out, see ``LAYOUTS``; None finds out.
        mask: see ``Photo.mask``; None is what the layout says, "hand" where it does not.
        person: labels that are people, or their numbers, for layouts with labels; none: those with a word like person.
        nobody: photos of layouts with labels in which nobody is labelled become "none", and are not left out.
        val: share of the photos, in [0, 1], that are kept for validation if the layout has no splits; which ones
            follows from their names.
        source, rights: of photos that neither ``sources.csv`` nor the layout says anything else of.
    """

    name: str
    layout: str | None = None
    mask: MaskKind | None = None
    person: tuple[str, ...] = ()
    nobody: bool = False
    val: float = 0.1
    source: str = ""
    rights: str = ""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_-]+", self.name) or self.name in _RESERVED:
            raise OptionError(
                f"set {self.name!r}: a set's name has letters, digits, - and _ only, and is none of "
                f"{', '.join(sorted(_RESERVED))}; choose one with ‹name›"
            )
        if self.layout is not None and self.layout not in LAYOUTS:
            raise OptionError(f"‹layout› {self.layout!r}: must be one of {', '.join(LAYOUTS)}")
        if self.mask is not None and self.mask not in get_args(MaskKind):
            raise OptionError(f"‹mask›: must be one of {', '.join(get_args(MaskKind))}, not {self.mask!r}")
        if not 0 <= self.val <= 1:
            raise OptionError(f"‹val›: must lie in [0, 1], not {self.val}")


@dataclass(slots=True)
class Imported:
    """What became of a folder.

    Attributes:
        photos: the rows of the manifest.
        layout: name of the layout that it was read as.
        notices: what was changed or left out, a line each.
        failures: photos that could not be taken: the file and the reason.
        failures_at: the file that lists them; None where there are none.
    """

    photos: list[Photo]
    layout: str = ""
    notices: list[str] = field(default_factory=list)
    failures: list[tuple[str, str]] = field(default_factory=list)
    failures_at: Path | None = None


def import_photos(
    folder: Path, out: Path, options: ImportOptions, *, progress: Callable[[int, int], None] | None = None
) -> Imported:
    """Copy the photos (and masks) of ``folder`` to ``out/<name>`` and list them in ``out/manifest.csv``.

    The folder has one of the ``LAYOUTS``. Photos are copied as they are, masks become 8-bit grey PNG. ``sources.csv``
    in it (columns file, source, rights) says where each is from. A folder with ``images`` that lies at ``out/<name>``
    already is listed, and stays as it is. Photos that cannot be taken, or have no mask, are left out and listed in
    ``out/<name>/failures.jsonl``, each with the reason.

    Args:
        progress: called with (photos done, photos in all).

    Raises:
        DataError: the folder has no known layout, or its annotations cannot be read; no photo could be taken; the set
            exists; or another run writes into ``out``. Then nothing is written.
    """
    layout = _layout(folder, options)
    listing = layout.read(folder, People(options.person))
    if not listing.entries and not listing.missing:
        raise DataError(f"{folder}: holds no photos, or none that {layout.name} lists")
    with OneWriter(out, error=DataError):
        return _import(folder, out, options, layout, listing, progress)


def _layout(folder: Path, options: ImportOptions) -> Layout:
    if options.layout is None and options.mask not in (None, "hand", "auto"):
        found = layout_of(folder)
        if found.name not in ("photos", "rgba"):
            where = folder / "masks" if (folder / "masks").is_dir() else f"{folder} (layout {found.name})"
            raise DataError(f"{where}: photos of the kind {options.mask} have no masks; leave ‹mask› out")
        if options.mask == "exact":
            _check_transparency(folder)
            return found
        return layout_of(folder, "photos")
    layout = layout_of(folder, options.layout)
    if layout.name == "photos" and options.mask in ("hand", "auto"):
        raise DataError(f"{folder}: photos with masks lie in a folder images, and the masks in a folder masks")
    if options.person and not layout.labelled:
        raise DataError(f"{folder}: ‹person› {options.person[0]}: the layout {layout.name} has no labels; leave it out")
    return layout


def _check_transparency(folder: Path) -> None:
    first = next(photo_files(folder))
    with suppress(DataError):  # whether it can be read is told with all others
        image = open_photo(first)
        if "A" not in image.mode and "transparency" not in image.info:
            raise OptionError(f"{first}: has no transparency, which is the mask of photos of the kind exact")


def _import(
    folder: Path,
    out: Path,
    options: ImportOptions,
    layout: Layout,
    listing: Listing,
    progress: Callable[[int, int], None] | None,
) -> Imported:
    listed = read_manifest(out) if (out / MANIFEST).is_file() else []
    target = out / options.name
    stays = target.resolve() == folder.resolve()
    if stays and (layout.name not in ("folders", "photos") or not (folder / "images").is_dir()):
        raise DataError(f"{folder}: the layout {layout.name} cannot stay where it lies; import it from another folder")
    if any(photo.set == options.name for photo in listed) or (target.exists() and not stays):
        raise DataError(f"{target}: there is a set of that name; choose another with ‹name›")
    partial = out / f".{options.name}.part"
    shutil.rmtree(partial, ignore_errors=True)
    try:
        if not stays:
            (partial / "images").mkdir(parents=True)
        taker = Taker(None if stays else partial, layout, kind=options.mask, keep_nobody=options.nobody)
        taken = taker.take(listing, progress)
        if not taken:
            _refuse(folder, taker.failures)
        done = Imported(_rows(folder, taken, listing, options), layout.name, [*listing.notices, *taker.notices()])
        done.failures = taker.failures
        if taker.failures:
            done.failures_at = target / FAILURES
            lines = [json.dumps({"input": name, "error": error}, ensure_ascii=False) for name, error in taker.failures]
            whole_text((folder if stays else partial) / FAILURES, "\n".join(lines) + "\n")
        if not stays:
            partial.rename(target)
        try:
            _list(out, done.photos)
        except BaseException:
            if not stays:
                shutil.rmtree(target, ignore_errors=True)
            raise
    except OSError as error:
        raise DataError(f"{out}: cannot be written ({error.strerror or error})") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    others = Counter(path.suffix.lower() or "no ending" for path in _others(folder))
    if others and layout.name in ("folders", "photos"):
        named = ", ".join(f"{count} {suffix}" for suffix, count in sorted(others.items()))
        done.notices.append(f"left out: files that are no {', '.join(SUFFIXES)} ({named})")
    return done


def _refuse(folder: Path, failures: list[tuple[str, str]]) -> None:
    if not failures:
        raise DataError(f"{folder}: nobody is labelled in any photo; take them as photos of nobody with ‹nobody›")
    name, reason = failures[0]
    also = f" ({len(failures)} such files, and no photo that can be taken)" if len(failures) > 1 else ""
    raise DataError(f"{name}: {reason}{also}")


def _rows(folder: Path, taken: list[Taken], listing: Listing, options: ImportOptions) -> list[Photo]:
    """The rows of the manifest, with their splits, sources and rights."""
    said = sources_of(folder, [*(entry.name for entry in listing.entries), *(name for name, _ in listing.missing)])
    splits = [item.entry.split for item in taken]
    val: set[str] = set()
    if not {"val", "test"}.intersection(splits):
        val = val_groups([_group(item.entry, item.stem) for item in taken], options.val)
    photos = []
    for item in taken:
        entry = item.entry
        source, rights = said.get(Path(entry.name).name, ("", ""))
        row = Photo(
            options.name,
            item.stem,
            "val" if _group(entry, item.stem) in val else entry.split or "train",
            item.kind,
            *item.size,
            source or entry.source or options.source or options.name,
            rights=rights or entry.rights or options.rights,
            group=entry.group,
        )
        photos.append(row)
    return photos


def _group(entry: Entry, stem: str) -> str:
    return f"group {entry.group}" if entry.group else stem


def _list(out: Path, photos: list[Photo]) -> None:
    """Add rows to the manifest; what it holds stays as it is."""
    path = out / MANIFEST
    columns, rows = read_rows(path) if path.is_file() else ([], [])
    mine = (*COLUMNS, *(("group",) if any(photo.group for photo in photos) else ()))
    rows.extend({name: getattr(photo, name) for name in mine} for photo in photos)
    write_rows(path, list(dict.fromkeys([*columns, *mine])), rows)


def _others(folder: Path) -> list[Path]:
    """Files beside the photos that are none."""
    places = [place for place in (folder, folder / "images", folder / "masks") if place.is_dir()]
    known = (SOURCES, FAILURES)
    return [
        path
        for place in places
        for path in place.iterdir()
        if path.is_file() and path.suffix.lower() not in SUFFIXES and path.name not in known and path.name[0] != "."
    ]
