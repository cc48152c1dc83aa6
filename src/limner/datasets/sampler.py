"""The sampler: draws training pictures from a photo map by a recipe's mix, each determined by its number alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.augment.motion import earlier
from limner.augment.photometric import capture, photograph, relight
from limner.augment.priors import make_prior
from limner.augment.scenes import backlight, defocus
from limner.datasets import framing
from limner.datasets.composites import Canvas, Compositor, pick, pose
from limner.datasets.manifest import VOID, VOID_SETS
from limner.datasets.mix import Mix as Mix
from limner.datasets.photo import Photo
from limner.datasets.photo_map import MappedPhoto, PhotoMap
from limner.errors import DataError

Rgb = NDArray[np.uint8]
Alpha = NDArray[np.float32]

_SHARES = (np.arange(256) / 255).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Sample:
    """One training picture: RGB uint8 (S, S, 3), target float32 (S, S) in [0, 1], loss weight float32 (S, S).

    The rest is None unless the mix asks for it.

    Attributes:
        prior: previous mask, float32 (S, S) in [0, 1].
        twin: the same scene in other light, from another camera: RGB uint8 (S, S, 3).
        previous: the frame before, RGB uint8 (S, S, 3).
        previous_target: its target, float32 (S, S).
    """

    image: Rgb
    target: Alpha
    weight: Alpha
    prior: Alpha | None = None
    twin: Rgb | None = None
    previous: Rgb | None = None
    previous_target: Alpha | None = None


class Sampler:
    """Draws samples. The same (seed, number, size) gives the same sample, so a run resumes exactly.

    Args:
        photos: the decoded photos.
        mix: what to draw.
        seed: of the whole run.
        photometric: change light, colour and camera here. False leaves that to ``limner.augment.gpu_augment``.
    """

    def __init__(self, photos: PhotoMap, mix: Mix, *, seed: int, photometric: bool = True) -> None:
        self.photos = photos
        self.mix = mix
        self.seed = seed
        self.photometric = photometric
        check_photos([entry.photo for entry in photos.entries], mix)
        self._by_set: dict[str, list[MappedPhoto]] = defaultdict(list)
        for entry in photos.entries:
            for name in _sets_of(entry.photo):
                self._by_set[name].append(entry)
        self._names = list(mix.sets)
        shares = np.array([mix.sets[name] for name in self._names], np.float64)
        self._reached = np.cumsum(shares / shares.sum())
        self._extras = [  # people who may stand behind others: whole heads, nothing cut at the left or right
            entry
            for name in self._names
            for entry in self._by_set[name]
            if self._is_known(entry)
            and entry.photo.set not in VOID_SETS
            and not entry.touches[0]
            and not entry.touches[2]
        ]
        backgrounds = self._by_set["no_people"]
        self._compositor = Compositor(photos, mix, backgrounds=backgrounds, extras=self._extras)

    def draw(self, number: int, size: int) -> Sample:
        """Sample ``number`` of the run, ``size`` pixels square."""
        rng = np.random.default_rng([self.seed, number])
        place = int(np.searchsorted(self._reached, rng.random(), side="right"))
        name = self._names[min(place, len(self._names) - 1)]
        entry = pick(self._by_set[name], rng)
        composite = self._is_composite(entry, rng)
        scene = self._composite(entry, size, rng) if composite else self._as_photographed(entry, size, rng)
        return self._photograph(scene, number, rng)

    def _photograph(self, scene: Sample, number: int, rng: np.random.Generator) -> Sample:
        """The scene as a camera sees it, and what else the mix asks for. The extras have generators of their own, so
        asking for them does not change the pictures."""
        mix, key = self.mix, [self.seed, number]
        before = previous_target = prior = None
        lit = relight(scene.image, rng, mix.look) if self.photometric else scene.image
        if mix.previous:
            before, previous_target = earlier(lit, scene.target, np.random.default_rng([*key, 1]))
        if mix.priors:
            seen = scene.target if previous_target is None else previous_target
            prior = self._prior(seen, np.random.default_rng([*key, 2]), moved=mix.previous)
        if not self.photometric:
            twin = scene.image if mix.twins else None
            return replace(scene, prior=prior, twin=twin, previous=before, previous_target=previous_target)
        camera = int(rng.integers(1 << 32))
        image = capture(lit, np.random.default_rng([camera, 0]), mix.look, noise=rng)
        twin = photograph(scene.image, np.random.default_rng([*key, 3]), mix.look) if mix.twins else None
        if before is not None:  # the same camera, but its noise is new in each frame
            before = capture(
                before, np.random.default_rng([camera, 0]), mix.look, noise=np.random.default_rng([*key, 4])
            )
        return replace(scene, image=image, prior=prior, twin=twin, previous=before, previous_target=previous_target)

    def _prior(self, target: Alpha, rng: np.random.Generator, *, moved: bool) -> Alpha:
        assert self.mix.priors is not None
        return make_prior(target, rng, self.mix.priors, other=lambda: self._somebody(target.shape[0], rng), moved=moved)

    def _somebody(self, size: int, rng: np.random.Generator) -> NDArray[np.uint8]:
        """The mask of any person, uint8 (S, S)."""
        if not self._extras:
            return np.zeros((size, size), np.uint8)
        entry = pick(self._extras, rng)
        _, mask = self.photos.load(entry)
        window = framing.cutout_window(entry, mask, rng)
        return framing.view_mask(mask, window, size, flip=bool(rng.random() < 0.5))

    def _is_composite(self, entry: MappedPhoto, rng: np.random.Generator) -> bool:
        draw = rng.random()
        if _has_no_background(entry.photo):
            return True
        if entry.photo.set in VOID_SETS:
            return False  # undecided pixels would tear holes into a composite
        return draw < {"hand": self.mix.replace_hand, "auto": self.mix.replace_auto}.get(entry.photo.mask, 0.0)

    def _composite(self, entry: MappedPhoto, size: int, rng: np.random.Generator) -> Sample:
        canvas = self._compositor.compose(entry, size, rng)
        self._change_scene(canvas, rng, known_mask=self._is_known(entry), composite=True)
        target = _unit(canvas.alpha)
        return Sample(canvas.image, target, self._weight(entry, target))

    def _as_photographed(self, entry: MappedPhoto, size: int, rng: np.random.Generator) -> Sample:
        rgb, mask = self.photos.load(entry)
        flip, degrees = pose(rng)
        if entry.photo.mask == "none":
            window = framing.whole(entry) if rng.random() < 0.3 else framing.scene_window(entry, rng)
        else:
            window = framing.photo_window(entry, mask, rng, whole_chance=self.mix.whole)

        def view(plane: NDArray[np.uint8]) -> tuple[Rgb, NDArray[np.uint8]]:
            border = cv2.BORDER_REFLECT_101
            return framing.view(rgb, plane, window, size, flip=flip, degrees=degrees, outside=border)

        image, seen = view(mask)
        known = self._is_known(entry) and entry.photo.set not in VOID_SETS
        if entry.photo.set not in VOID_SETS:
            canvas = Canvas(image, seen)
            self._change_scene(canvas, rng, known_mask=known, composite=False)
            target = _unit(canvas.alpha)
            return Sample(canvas.image, target, self._weight(entry, target))
        _, void = view(cv2.inRange(mask, VOID - 31.0, VOID + 31.0).astype(np.uint8))
        canvas = Canvas(image, np.where(seen > 127, 255, 0).astype(np.uint8))
        self._change_scene(canvas, rng, known_mask=False, composite=False)
        return Sample(canvas.image, _unit(canvas.alpha), 1 - _unit(void))

    def _change_scene(self, canvas: Canvas, rng: np.random.Generator, *, known_mask: bool, composite: bool) -> None:
        """What happens to a scene as a whole, where the mask is good enough for it."""
        size = canvas.alpha.shape[0]
        draws = rng.random(3)
        if known_mask and not composite and draws[0] < self.mix.defocus:
            canvas.image = defocus(canvas.image, canvas.alpha, radius=max(0.7, rng.uniform(0.006, 0.035) * size))
        if known_mask and draws[1] < self.mix.backlight:
            canvas.image = backlight(canvas.image, canvas.alpha, rng)
        if draws[2] < self.mix.occluder:
            self._compositor.occlude(canvas, rng)

    def _is_known(self, entry: MappedPhoto) -> bool:
        """Whether the mask of a person is good at the edge."""
        return entry.photo.mask in ("hand", "exact", "composite", *(("auto",) if self.mix.trust_auto else ()))

    def _weight(self, entry: MappedPhoto, target: Alpha) -> Alpha:
        if entry.photo.mask != "auto":
            return np.ones_like(target)
        unsure = (1 - self.mix.auto_edge_weight) * 4
        weight = 1 - np.float32(unsure) * target * (1 - target)
        return np.asarray(weight * np.float32(entry.photo.weight), np.float32)


def check_photos(photos: Sequence[Photo], mix: Mix) -> None:
    """Whether the mix can be drawn from photos of a manifest, before any of them is decoded.

    Raises:
        DataError: a set of the mix has no train photos, or nobody-in-it photos are needed as backgrounds and missing.
    """
    by_set: dict[str, list[Photo]] = defaultdict(list)
    for photo in photos:
        for name in _sets_of(photo):
            by_set[name].append(photo)
    if missing := [name for name in mix.sets if name not in by_set]:
        known = ", ".join(sorted(by_set))
        raise DataError(f"recipe: data.sets names {missing[0]!r}, which has no train photos; there are {known}")
    if "no_people" not in by_set and (asks := _asks_for_backgrounds(by_set, mix)):
        raise DataError(
            f"the data folder has no train photos without people, which {asks} needs as backgrounds: add some "
            "(mask kind none), or set replace_hand, replace_auto and occluder to 0"
        )


def _sets_of(photo: Photo) -> tuple[str, ...]:
    """Names by which a mix may ask for the photo; none where it is not for training."""
    if photo.split != "train":
        return ()
    return (photo.set, "no_people") if photo.mask == "none" else (photo.set,)


def _asks_for_backgrounds(by_set: Mapping[str, Sequence[Photo]], mix: Mix) -> str | None:
    """What of the mix cannot be drawn without photos that nobody is in, or None."""
    for name in mix.sets:
        for photo in by_set[name]:
            if _has_no_background(photo):
                return f"the set {name}"
            field = {"hand": "replace_hand", "auto": "replace_auto"}.get(photo.mask)
            if field and getattr(mix, field) > 0 and photo.set not in VOID_SETS:
                return f"data.{field} above 0"
    return "data.occluder above 0" if mix.occluder > 0 else None


def _has_no_background(photo: Photo) -> bool:
    """Whether nothing meaningful lies outside the mask."""
    return photo.mask == "exact" or photo.set.startswith("cutouts")


def _unit(mask: NDArray[np.uint8]) -> Alpha:
    """0 … 255 as float32 in [0, 1]."""
    return np.asarray(cv2.LUT(mask, _SHARES), np.float32)
