"""Pairs for harmonization: photos whose person was recoloured, and the photos themselves, which are the truth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.augment.blending import mix
from limner.augment.recolour import Changes, Statistics, colour_statistics, draw_recolouring
from limner.datasets import framing
from limner.datasets.composites import pick
from limner.datasets.manifest import VOID, VOID_SETS, PhotoFolder
from limner.datasets.mix import check_shares
from limner.datasets.photo import Photo
from limner.datasets.photo_map import MappedPhoto, PhotoMap
from limner.errors import DataError

Rgb = NDArray[np.uint8]
Mask = NDArray[np.uint8]

_LEAST_SHARE = 0.01
_CHANCES = ("whole", "scene", "moved", "plain", "untouched", "rough_matte")
_HELD_OUT_SEED = 20260704


@dataclass(frozen=True, slots=True)
class Pair:
    """A composite whose person does not fit, and what it should look like.

    Attributes:
        composite: RGB uint8 (S, S, 3).
        truth: RGB uint8 (S, S, 3); equal to the composite where nobody is.
        mask: who was recoloured, uint8 (S, S).
        matte: what the net is told of them, uint8 (S, S): the mask, or a rougher one.
    """

    composite: Rgb
    truth: Rgb
    mask: Mask
    matte: Mask


@dataclass(frozen=True)
class PairMix:
    """How pairs are drawn. Chances are in [0, 1].

    Attributes:
        sets: set name -> share of the pairs; sets whose photos have a background of their own.
        changes: chances of what is done to the person.
        whole: chance that a photo is shown whole; the rest are views inside it.
        scene: chance that the whole photo, truth too, is first put into other light: dusk, lamps, night.
        moved: chance that the person of such a photo stays as photographed, as somebody does who is moved there from
            elsewhere; the others are recoloured like all.
        plain: chance that the background is one colour, which says nothing of the light: the person's own colours
            must do, and nobody is pulled towards magenta.
        untouched: chance that the person fits already, so that the net learns to let be.
        rough_matte: chance that the matte given to the net is wider, narrower or softer than the person.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    sets: Mapping[str, float]
    changes: Changes = field(default_factory=Changes)
    whole: float = 0.35
    scene: float = 0.7
    moved: float = 0.5
    plain: float = 0.06
    untouched: float = 0.06
    rough_matte: float = 0.3

    def __post_init__(self) -> None:
        check_shares(self.sets, {name: getattr(self, name) for name in _CHANCES})


class Pairs:
    """Draws training pairs. The same (seed, number, size) gives the same pair, so a run resumes exactly.

    Args:
        photos: the decoded photos; only those of the split train are used.
        mix: what to draw.
        seed: of the whole run.
    """

    def __init__(self, photos: PhotoMap, mix: PairMix, *, seed: int) -> None:
        self.photos, self.mix, self.seed = photos, mix, seed
        check_photos([entry.photo for entry in photos.entries], mix)
        self._by_set: dict[str, list[MappedPhoto]] = defaultdict(list)
        for entry in photos.entries:
            if _is_of_use(entry.photo):
                self._by_set[entry.photo.set].append(entry)
        self._names = list(mix.sets)
        shares = np.array([mix.sets[name] for name in self._names], np.float64)
        self._reached = np.cumsum(shares / shares.sum())

    def draw(self, number: int, size: int) -> Pair:
        """Pair ``number`` of the run, ``size`` pixels square."""
        rng = np.random.default_rng([self.seed, number])
        mix_ = self.mix
        entry = self._pick(rng)
        truth, mask = self._view(entry, size, rng)
        photographed, moved = truth, False
        if rng.random() < mix_.scene:
            truth = draw_recolouring(rng, mix_.changes).apply(truth)
            moved = rng.random() < mix_.moved
        if rng.random() < mix_.plain:
            plain = np.full_like(truth, np.clip(rng.uniform(0, 255) + rng.normal(0, 60, 3), 0, 255).astype(np.uint8))
            truth, moved = mix(truth, plain, mask), False
        composite = truth
        if moved:
            composite = pasted(photographed, truth, mask)
        elif rng.random() >= mix_.untouched:

            def other() -> Statistics | None:
                return colour_statistics(*self._view(self._pick(rng), 64, rng))

            change = draw_recolouring(rng, mix_.changes, person=colour_statistics(truth, mask), other=other)
            composite = pasted(change.apply(truth), truth, mask)
        return Pair(composite, truth, mask, self._matte(mask, rng))

    def _pick(self, rng: np.random.Generator) -> MappedPhoto:
        place = int(np.searchsorted(self._reached, rng.random(), side="right"))
        return pick(self._by_set[self._names[min(place, len(self._names) - 1)]], rng)

    def _view(self, entry: MappedPhoto, size: int, rng: np.random.Generator) -> tuple[Rgb, Mask]:
        rgb, mask = self.photos.load(entry)
        mask = person_only(entry.photo.set, mask)
        window = framing.photo_window(entry, mask, rng, whole_chance=self.mix.whole)
        flip = bool(rng.random() < 0.5)
        return framing.view(rgb, mask, window, size, flip=flip, degrees=0, outside=cv2.BORDER_REFLECT_101)

    def _matte(self, mask: Mask, rng: np.random.Generator) -> Mask:
        if rng.random() >= self.mix.rough_matte:
            return mask
        size = mask.shape[0]
        reach = 2 * int(rng.integers(0, max(2, size // 50))) + 1
        kernel = np.ones((reach, reach), np.uint8)
        rough = cv2.dilate(mask, kernel) if rng.random() < 0.5 else cv2.erode(mask, kernel)
        return np.asarray(cv2.GaussianBlur(rough, (0, 0), rng.uniform(0.4, 0.02 * size)), np.uint8)


def pasted(person: Rgb, truth: Rgb, mask: Mask) -> Rgb:
    """``truth`` with ``person`` in the place of its own; where ``mask`` is 0 it stays as it is, bit for bit."""
    return np.where(mask[..., None] > 0, mix(person, truth, mask), truth)


def held_out_pairs(folder: PhotoFolder, *, size: int = 256, each: int = 2, moved: bool = False) -> Iterator[Pair]:
    """The pairs that harmonization is measured on: photos of the split val, ``each`` times, always the same.

    Photos are as they are, squeezed into the square; the seed of each recolouring is of the photo's name.

    Args:
        size: pixels, square.
        each: recolourings of each photo.
        moved: the photo is put into other light and the person left as photographed, instead of the other way round.
    """
    photos = [photo for photo in folder.select(split="val") if photo.mask in ("hand", "auto")]
    previous: Statistics | None = None

    def other() -> Statistics | None:
        return previous

    for photo in photos:
        rgb, mask = folder.load(photo)
        mask = person_only(photo.set, mask)
        rgb, mask = (
            np.asarray(cv2.resize(array, (size, size), interpolation=cv2.INTER_AREA), np.uint8) for array in (rgb, mask)
        )
        if (mask > 127).mean() < _LEAST_SHARE:
            continue
        statistics = colour_statistics(rgb, mask)
        for number in range(each):
            rng = np.random.default_rng([_HELD_OUT_SEED, number, *f"{photo.set}/{photo.stem}".encode()])
            change = draw_recolouring(rng, Changes(), person=statistics, other=other)
            other_light = change.apply(rgb)
            truth = other_light if moved else rgb
            yield Pair(pasted(rgb if moved else other_light, truth, mask), truth, mask, mask)
        previous = statistics


def person_only(set_: str, mask: Mask) -> Mask:
    """The mask without pixels that nobody could decide on: they count as background."""
    if set_ not in VOID_SETS:
        return mask
    return np.asarray(cv2.threshold(mask, VOID + 31, 255, cv2.THRESH_BINARY)[1], np.uint8)


def check_photos(photos: Iterable[Photo], mix: PairMix) -> None:
    """Whether the mix can be drawn from photos of a manifest, before any of them is decoded.

    Raises:
        DataError: a set of the mix has no train photos of people before a background of their own.
    """
    known = {photo.set for photo in photos if _is_of_use(photo)}
    if missing := [name for name in mix.sets if name not in known]:
        raise DataError(
            f"recipe: data.sets names {missing[0]!r}, which has no train photos of people before a background of "
            f"their own; there are {', '.join(sorted(known))}"
        )


def _is_of_use(photo: Photo) -> bool:
    """Train photos of people before a background that was there when the photo was made."""
    return photo.split == "train" and photo.mask in ("hand", "auto") and not photo.set.startswith("cutouts")
