"""Casting: who is shown before what. Splits, groups and sources are heeded here, so that no composite leaks."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limner.datasets.compositing.options import CompositeOptions
from limner.datasets.faults.listed import Listed, list_photos
from limner.datasets.layouts.photo_index import photo_files
from limner.datasets.manifest_rows import MANIFEST
from limner.datasets.photo import Photo
from limner.datasets.photo_sets import open_photo
from limner.datasets.rewriting import fitted
from limner.datasets.source_list import sources_of
from limner.datasets.splitting import val_groups
from limner.errors import DataError

Rgb = NDArray[np.uint8]
Mask = NDArray[np.uint8]

_POOL = 24
"""Groups of people that may meet in one composite."""
_WITH_PEOPLE = ("hand", "auto", "exact")


@dataclass(frozen=True, slots=True)
class Extra:
    """A photo that composites are made from.

    Attributes:
        name: set and stem, or a file's name.
        photo: its row; None of a thing.
        load: decodes RGB uint8 (H, W, 3) and mask uint8 (H, W). Raises DataError where that fails.
        source, rights: of the photo.
        pool: people of one pool may meet.
    """

    name: str
    photo: Photo | None
    load: Callable[[], tuple[Rgb, Mask]]
    source: str = ""
    rights: str = ""
    pool: str = ""

    @property
    def exact(self) -> bool:
        """Whether the colours are the person's own up to the edge."""
        return self.photo is not None and self.photo.mask == "exact"


class Casting:
    """Who may be shown, in which split.

    A composite is of the split of its people. Backgrounds are of that split as well; where their folder does not have
    all the splits, a share of them is kept for each. People meet only others of their pool, which is a fixed set of
    groups: the pool is the group of the composite, so that a later split by group leaks neither.

    Args:
        people: data folder; photos without a mask, with undecided pixels or without people are not taken.
        backgrounds: data folder whose photos of the kind none are taken, or a folder of photos of nobody. None: those
            of ``people``.
        options: of the composites.
        sets: only these of ``people``.
        background_sets: only these of ``backgrounds``.
        split: only this one.

    Raises:
        DataError: there is nobody, no background, or a folder cannot be read.
    """

    def __init__(
        self,
        people: Path,
        backgrounds: Path | None,
        options: CompositeOptions,
        *,
        sets: Sequence[str] | None = None,
        background_sets: Sequence[str] | None = None,
        split: str | None = None,
    ) -> None:
        if not (people / MANIFEST).is_file():
            raise DataError(f"{people}: is no data folder, which has a {MANIFEST}; import it first")
        listed = list_photos(people)
        _check_sets(people, listed, sets)
        cast = [
            item
            for item in listed
            if item.photo.mask in _WITH_PEOPLE
            and not item.has_void
            and (sets is None or item.photo.set in sets)
            and split in (None, item.photo.split)
        ]
        if not cast:
            raise DataError(f"{people}: has no such photos of people with masks; look at them with limner data stats")
        pools = _pools([_group(item.photo) for item in cast])
        self.people = [_person(item, pools[_group(item.photo)]) for item in cast]
        self._seed = options.seed
        self._mates: dict[tuple[str, str], list[Extra]] = defaultdict(list)
        for extra in self.people:
            self._mates[_split(extra), extra.pool].append(extra)
        rooms = _rooms(backgrounds or people, background_sets)
        self._backgrounds = _shared_out(rooms, [_split(extra) for extra in self.people], people)
        self.things = [] if options.thing_files is None else _things(options.thing_files)

    def lead(self, number: int) -> Extra:
        """The person that composite ``number`` is about: each once, in a random order, before anybody comes again."""
        turn, place = divmod(number, len(self.people))
        order = np.random.default_rng([self._seed, turn, 1]).permutation(len(self.people))
        return self.people[int(order[place])]

    def companion(self, lead: Extra, rng: np.random.Generator) -> Extra | None:
        """Somebody who may stand beside them; None where there is nobody else."""
        mates = self._mates[_split(lead), lead.pool]
        return mates[int(rng.integers(len(mates)))] if len(mates) > 1 else None

    def background(self, lead: Extra, rng: np.random.Generator) -> Extra:
        """What they may stand before."""
        rooms = self._backgrounds[_split(lead)]
        return rooms[int(rng.integers(len(rooms)))]

    def thing(self, rng: np.random.Generator) -> Extra | None:
        """One of the user's things; None where there are none, or a drawn one is due."""
        return self.things[int(rng.integers(len(self.things)))] if self.things and rng.random() < 0.7 else None

    def fingerprint(self) -> str:
        """Another text where other photos, splits or pools are used."""
        rooms = [f"{split} {room.name}" for split in sorted(self._backgrounds) for room in self._backgrounds[split]]
        names = [f"{_split(extra)} {extra.pool} {extra.name}" for extra in self.people]
        text = "\n".join([*names, *rooms, *(thing.name for thing in self.things)])
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def _split(extra: Extra) -> str:
    assert extra.photo is not None
    return extra.photo.split


def _group(photo: Photo) -> str:
    return f"{photo.split} group {photo.group}" if photo.group else f"{photo.split} {photo.set}/{photo.stem}"


def _pools(groups: Sequence[str]) -> dict[str, str]:
    """Group -> pool, by a hash of its name."""
    names = dict.fromkeys(groups)
    pools = {}
    for split in {name.partition(" ")[0] for name in names}:
        own = [name for name in names if name.partition(" ")[0] == split]
        count = max(1, round(len(own) / _POOL))
        for name in own:
            pools[name] = f"{split}-{int(hashlib.sha256(name.encode()).hexdigest(), 16) % count:03}"
    return pools


def _person(item: Listed, pool: str) -> Extra:
    photo = item.photo

    def load() -> tuple[Rgb, Mask]:
        rgb, mask = item.load()
        assert mask is not None
        return rgb, fitted(rgb, mask, nearest=False)

    return Extra(f"{photo.set}/{photo.stem}", photo, load, photo.source, photo.rights, pool)


def _check_sets(folder: Path, listed: Sequence[Listed], sets: Sequence[str] | None) -> None:
    known = {item.photo.set for item in listed}
    for name in sets or ():
        if name not in known:
            raise DataError(f"{folder}: there is no set {name!r}; its sets are {', '.join(sorted(known))}")


def _rooms(folder: Path, sets: Sequence[str] | None) -> list[Extra]:
    """Photos of nobody: of a data folder those of the kind none, of any other folder all."""
    if (folder / MANIFEST).is_file():
        listed = list_photos(folder)
        _check_sets(folder, listed, sets)
        found = [i for i in listed if i.photo.mask == "none" and (sets is None or i.photo.set in sets)]
        if not found:
            raise DataError(
                f"{folder}: has no photos of the kind none to stand before; name a folder of them with ‹backgrounds›"
            )
        return [
            Extra(f"{i.photo.set}/{i.photo.stem}", i.photo, _plain(i), i.photo.source, i.photo.rights) for i in found
        ]
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder")
    if sets is not None:
        raise DataError(f"{folder}: is no data folder, so it has no sets; leave ‹background_sets› out")
    paths = list(photo_files(folder))
    if not paths:
        raise DataError(f"{folder}: holds no photos")
    said = sources_of(folder, [str(path.relative_to(folder)) for path in paths])
    rooms = []
    for path in paths:
        name = str(path.relative_to(folder))
        photo = Photo(folder.name, name, "train", "none", 0, 0, "")
        source, rights = said.get(path.name, (folder.name, ""))
        rooms.append(Extra(f"{folder.name}/{name}", photo, _opened(path), source, rights))
    return rooms


def _plain(item: Listed) -> Callable[[], tuple[Rgb, Mask]]:
    def load() -> tuple[Rgb, Mask]:
        rgb = item.load()[0]
        return rgb, np.zeros(rgb.shape[:2], np.uint8)

    return load


def _opened(path: Path) -> Callable[[], tuple[Rgb, Mask]]:
    def load() -> tuple[Rgb, Mask]:
        rgb = np.ascontiguousarray(np.asarray(open_photo(path).convert("RGB")))
        return rgb, np.zeros(rgb.shape[:2], np.uint8)

    return load


def _shared_out(rooms: list[Extra], splits: Sequence[str], people: Path) -> dict[str, list[Extra]]:
    """Split -> backgrounds: by the splits that they have, or, where one of the people's is missing, by shares."""
    shared: dict[str, list[Extra]] = defaultdict(list)
    for room in rooms:
        shared[_split(room)].append(room)
    missing = sorted(set(splits) - set(shared))
    rest = shared.pop("train", []) if missing else []
    for name in missing:
        if name == "train":
            raise DataError(f"{people}: its people are of the split train, and no background is")
        groups = [room.photo.group or room.name if room.photo else room.name for room in rest]
        share = max(splits.count(name) / len(splits), 1.01 / max(1, len(rest)))
        kept = val_groups(groups, min(share, 1.0), salt=f"{name} ")
        shared[name] = [room for room, group in zip(rest, groups, strict=True) if group in kept]
        rest = [room for room, group in zip(rest, groups, strict=True) if group not in kept]
        if not shared[name]:
            raise DataError(f"{people}: there are too few backgrounds to keep some for the split {name}")
    if missing:
        shared["train"] = rest
        if "train" in splits and not rest:
            raise DataError(f"{people}: there are too few backgrounds for the splits {', '.join(sorted(set(splits)))}")
    return dict(shared)


def _things(folder: Path) -> list[Extra]:
    """Pictures with transparency."""
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder")
    paths = list(photo_files(folder))
    if not paths:
        raise DataError(f"{folder}: holds no pictures")
    said = sources_of(folder, [path.name for path in paths])
    return [
        Extra(str(path.relative_to(folder)), None, _cut(path), *said.get(path.name, (folder.name, "")))
        for path in paths
    ]


def _cut(path: Path) -> Callable[[], tuple[Rgb, Mask]]:
    def load() -> tuple[Rgb, Mask]:
        image = open_photo(path)
        if "A" not in image.mode and "transparency" not in image.info:
            raise DataError(f"{path}: has no transparency, which says where the thing is")
        rgba = np.asarray(image.convert("RGBA"))
        return np.ascontiguousarray(rgba[..., :3]), np.ascontiguousarray(rgba[..., 3])

    return load
