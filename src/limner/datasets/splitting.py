"""Splits: which photos are kept for validation and test, whole groups at a time, always the same ones."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from limner.datasets.faults.duplicates import Print, find_twins, print_of
from limner.datasets.faults.listed import Listed, in_order, list_photos
from limner.datasets.manifest_rows import MANIFEST, read_rows, write_rows
from limner.datasets.photo import Split
from limner.errors import DataError, OptionError
from limner.one_writer import OneWriter


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitOptions:
    """How photos are split.

    Attributes:
        by: a column of the manifest, such as source, group or set: photos with the same text there stay together. No
            text keeps nothing together.
        val, test: share of the photos for these splits, in [0, 1]; whole groups come as near to it as they can.
        sets: only photos of these sets are split anew; the others keep their splits. None: all.
        twins: near duplicates stay together as well, which every photo is decoded for.
        seed: another number chooses other groups.
    """

    by: str = "group"
    val: float = 0.1
    test: float = 0.0
    sets: tuple[str, ...] | None = None
    twins: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("val", "test"):
            if not 0 <= getattr(self, name) <= 1:
                raise OptionError(f"‹{name}›: must lie in [0, 1], not {getattr(self, name)}")
        if self.val + self.test > 1:
            raise OptionError(f"‹val› and ‹test› are {self.val + self.test:g} together, more than all photos")


@dataclass(frozen=True, slots=True)
class Splitted:
    """What became of it.

    Attributes:
        counts: (set, split) -> photos.
        groups: how many groups there were.
        joined: near duplicates that were kept together though their groups differ.
        unreadable: photos that could not be decoded, and so not be compared with others.
        moved: photos whose split is another one now.
    """

    counts: dict[tuple[str, str], int]
    groups: int
    joined: int
    unreadable: int
    moved: int


def split(
    data: Path, options: SplitOptions, *, dry: bool = False, progress: Callable[[int, int], None] | None = None
) -> Splitted:
    """Write the column ``split`` of the manifest anew.

    Args:
        dry: write nothing.
        progress: called with (photos done, photos in all), where photos are decoded.

    Raises:
        DataError: it is no data folder, has no such column or set, or too few groups for the splits.
    """
    if not (data / MANIFEST).is_file():
        raise DataError(f"{data}: is no data folder, which has a {MANIFEST}; import it first")
    listed = list_photos(data)
    columns, rows = read_rows(data / MANIFEST)
    if options.by not in (*columns, "group"):
        raise DataError(f"{data / MANIFEST}: has no column ‹by› {options.by}; its columns are {', '.join(columns)}")
    known = {item.photo.set for item in listed}
    for name in options.sets or ():
        if name not in known:
            raise DataError(f"{data}: there is no set {name!r}; its sets are {', '.join(sorted(known))}")
    chosen = [place for place, row in enumerate(rows) if options.sets is None or row["set"] in options.sets]
    groups = _Groups([_group(rows[place], options.by) for place in chosen])
    own = groups.count
    prints: list[Print | None] = [None] * len(chosen)
    if options.twins:
        prints = _prints([listed[place] for place in chosen], progress)
        known_prints = [(place, each) for place, each in enumerate(prints) if each is not None]
        for twin in find_twins([each for _, each in known_prints]):
            groups.join(known_prints[twin.first][0], known_prints[twin.second][0])
    splits = assign(groups.names(), val=options.val, test=options.test, seed=options.seed)
    _refuse_empty(data, splits, options, groups.count)
    moved = 0
    for place, name in zip(chosen, splits, strict=True):
        moved += rows[place]["split"] != name
        rows[place]["split"] = name
    if not dry and moved:
        with OneWriter(data, error=DataError):
            try:
                write_rows(data / MANIFEST, columns, rows)
            except OSError as error:
                raise DataError(f"{data}: cannot be written ({error.strerror or error})") from None
    counts = Counter((str(rows[place]["set"]), str(rows[place]["split"])) for place in chosen)
    broken = sum(each is None for each in prints) if options.twins else 0
    return Splitted(dict(sorted(counts.items())), groups.count, own - groups.count, broken, moved)


def assign(groups: Sequence[str], *, val: float, test: float, seed: int = 0) -> list[Split]:
    """The split of each photo, given its group; see ``SplitOptions``."""
    held = val_groups(groups, test, salt=f"{seed} test ")
    rest = [group for group in groups if group not in held]
    share = val * len(groups) / len(rest) if rest else 0.0
    kept = val_groups(rest, min(share, 1.0), salt=f"{seed} " if seed else "")
    return ["test" if group in held else "val" if group in kept else "train" for group in groups]


def val_groups(groups: Sequence[str], share: float, *, salt: str = "") -> set[str]:
    """The groups kept for validation: by a hash of their names, so that order does not matter.

    Args:
        groups: the group of each photo; photos without one each have a name of their own.
        share: of the photos, in [0, 1], which whole groups come as near to as they can.
        salt: another text chooses other groups.
    """
    wanted, taken = round(share * len(groups)), 0
    sizes = Counter(groups)
    chosen: set[str] = set()
    for group in sorted(sizes, key=lambda name: hashlib.sha256(f"{salt}{name}".encode()).digest()):
        if abs(taken + sizes[group] - wanted) <= abs(taken - wanted) and taken < wanted:
            chosen.add(group)
            taken += sizes[group]
    return chosen


class _Groups:
    """Groups of photos by number, that can be joined."""

    def __init__(self, names: Sequence[str]) -> None:
        first: dict[str, int] = {}
        self._above = [first.setdefault(name, place) for place, name in enumerate(names)]
        self._names = names
        self.count = len(first)

    def _top(self, place: int) -> int:
        while self._above[place] != place:
            self._above[place] = self._above[self._above[place]]
            place = self._above[place]
        return place

    def join(self, one: int, other: int) -> None:
        """Make one group of the groups of two photos."""
        low, high = sorted((self._top(one), self._top(other)))
        if low != high:
            self._above[high] = low
            self.count -= 1

    def names(self) -> list[str]:
        """The group of each photo, by the name of the first of those that were joined."""
        return [self._names[self._top(place)] for place in range(len(self._names))]


def _group(row: dict[str, object], column: str) -> str:
    text = str(row.get(column) or "")
    return f"group {text}" if text else f"{row['set']}/{row['stem']}"


def _prints(listed: Sequence[Listed], progress: Callable[[int, int], None] | None) -> list[Print | None]:
    def look(item: Listed) -> Print | None:
        try:
            return print_of(item.load()[0])
        except DataError:
            return None

    found: list[Print | None] = []
    for each in in_order(listed, look):
        found.append(each)
        if progress is not None:
            progress(len(found), len(listed))
    return found


def _refuse_empty(data: Path, splits: Sequence[Split], options: SplitOptions, groups: int) -> None:
    for name, share in (("val", options.val), ("test", options.test), ("train", 1 - options.val - options.test)):
        if round(share * len(splits)) and name not in splits:
            raise DataError(
                f"{data}: no photo would be in the split {name}: by the column {options.by} there are {groups} groups, "
                "too few or too large; split ‹by› another column, or choose other shares"
            )
