"""The sampler: draws training pictures from a photo map by a recipe's mix, each determined by its number alone."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.data import framing
from limner.data.manifest import VOID, VOID_SETS
from limner.data.mix import Mix as Mix
from limner.data.motion import earlier
from limner.data.photo_map import MappedPhoto, PhotoMap
from limner.data.photometric import capture, change_tone, photograph, relight
from limner.data.priors import make_prior
from limner.errors import DataError

Rgb = NDArray[np.uint8]
Alpha = NDArray[np.float32]


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


@dataclass(slots=True)
class _Canvas:
    """A picture under composition: float32 RGB and who is in it so far."""

    image: NDArray[np.float32]
    alpha: Alpha


class Sampler:
    """Draws samples. The same (seed, number, size) gives the same sample, so a run resumes exactly.

    Args:
        photos: the decoded photos.
        mix: what to draw.
        seed: of the whole run.
        photometric: change light, colour and camera here. False leaves that to ``limner.data.gpu_augment``.
    """

    def __init__(self, photos: PhotoMap, mix: Mix, *, seed: int, photometric: bool = True) -> None:
        self.photos = photos
        self.mix = mix
        self.seed = seed
        self.photometric = photometric
        self._by_set: dict[str, list[MappedPhoto]] = defaultdict(list)
        for entry in photos.entries:
            if entry.photo.split == "train":
                self._by_set[entry.photo.set].append(entry)
                if entry.photo.mask == "none":
                    self._by_set["no_people"].append(entry)
        if missing := [name for name in mix.sets if name not in self._by_set]:
            known = ", ".join(sorted(self._by_set))
            raise DataError(f"recipe: data.sets names {missing[0]!r}, which has no train photos; there are {known}")
        if not self._by_set["no_people"]:
            raise DataError("the data folder has no photos without people, which composites need as backgrounds")
        self._names = list(mix.sets)
        shares = np.array([mix.sets[name] for name in self._names], np.float64)
        self._shares = shares / shares.sum()
        self._extras = [  # people who may stand behind others: whole heads, nothing cut at the left or right
            entry
            for name in self._names
            for entry in self._by_set[name]
            if entry.photo.mask in ("hand", "exact")
            and entry.photo.set not in VOID_SETS
            and not entry.touches[0]
            and not entry.touches[2]
        ]

    def draw(self, number: int, size: int) -> Sample:
        """Sample ``number`` of the run, ``size`` pixels square."""
        rng = np.random.default_rng([self.seed, number])
        name = self._names[rng.choice(len(self._names), p=self._shares)]
        entry = self._pick(self._by_set[name], rng)
        composite = self._is_composite(entry, rng)
        scene = self._composite(entry, size, rng) if composite else self._as_photographed(entry, size, rng)
        return self._photograph(scene, number, rng)

    def _photograph(self, scene: Sample, number: int, rng: np.random.Generator) -> Sample:
        """The scene as a camera sees it, and what else the mix asks for. The extras have generators of their own, so
        asking for them does not change the pictures."""
        mix, key = self.mix, [self.seed, number]
        before = previous_target = prior = None
        lit = relight(scene.image, rng) if self.photometric else scene.image
        if mix.previous:
            before, previous_target = earlier(lit, scene.target, np.random.default_rng([*key, 1]))
        if mix.priors:
            seen = scene.target if previous_target is None else previous_target
            prior = self._prior(seen, np.random.default_rng([*key, 2]), moved=mix.previous)
        if not self.photometric:
            twin = scene.image if mix.twins else None
            return replace(scene, prior=prior, twin=twin, previous=before, previous_target=previous_target)
        camera = int(rng.integers(1 << 32))
        image = capture(lit, np.random.default_rng([camera, 0]), noise=rng)
        twin = photograph(scene.image, np.random.default_rng([*key, 3])) if mix.twins else None
        if before is not None:  # the same camera, but its noise is new in each frame
            before = capture(before, np.random.default_rng([camera, 0]), noise=np.random.default_rng([*key, 4]))
        return replace(scene, image=image, prior=prior, twin=twin, previous=before, previous_target=previous_target)

    def _prior(self, target: Alpha, rng: np.random.Generator, *, moved: bool) -> Alpha:
        assert self.mix.priors is not None
        return make_prior(target, rng, self.mix.priors, other=lambda: self._somebody(target.shape[0], rng), moved=moved)

    def _somebody(self, size: int, rng: np.random.Generator) -> NDArray[np.uint8]:
        """The mask of any person, uint8 (S, S)."""
        if not self._extras:
            return np.zeros((size, size), np.uint8)
        entry = self._pick(self._extras, rng)
        _, mask = self.photos.load(entry)
        window = framing.cutout_window(entry, mask, rng)
        return framing.view_mask(mask, window, size, flip=bool(rng.random() < 0.5))

    def _pick(self, entries: list[MappedPhoto], rng: np.random.Generator) -> MappedPhoto:
        return entries[int(rng.integers(len(entries)))]

    def _is_composite(self, entry: MappedPhoto, rng: np.random.Generator) -> bool:
        draw = rng.random()
        if entry.photo.mask == "exact" or entry.photo.set.startswith("cutouts"):
            return True  # nothing meaningful lies outside the mask
        if entry.photo.set in VOID_SETS:
            return False  # undecided pixels would tear holes into a composite
        return draw < {"hand": self.mix.replace_hand, "auto": self.mix.replace_auto}.get(entry.photo.mask, 0.0)

    def _as_photographed(self, entry: MappedPhoto, size: int, rng: np.random.Generator) -> Sample:
        rgb, mask = self.photos.load(entry)
        flip, degrees = _pose(rng)
        if entry.photo.mask == "none":
            window = framing.whole(entry) if rng.random() < 0.3 else framing.scene_window(entry, rng)
        else:
            window = framing.photo_window(entry, mask, rng)
        border = cv2.BORDER_REFLECT_101
        image, seen = framing.view(rgb, mask, window, size, flip=flip, degrees=degrees, outside=border)
        target: Alpha = (seen / np.float32(255)).astype(np.float32)
        weight = np.ones_like(target)
        if entry.photo.set in VOID_SETS:
            undecided = (np.abs(mask.astype(np.int16) - VOID) < 32).astype(np.uint8) * 255
            _, void = framing.view(rgb, undecided, window, size, flip=flip, degrees=degrees, outside=border)
            weight = (1 - void / np.float32(255)).astype(np.float32)
            target = (target > 0.5).astype(np.float32)
        elif entry.photo.mask == "auto":
            weight = self._auto_weight(target)
        return Sample(image, target, weight)

    def _auto_weight(self, target: Alpha) -> Alpha:
        return (1 - (1 - self.mix.auto_edge_weight) * 4 * target * (1 - target)).astype(np.float32)

    def _composite(self, entry: MappedPhoto, size: int, rng: np.random.Generator) -> Sample:
        canvas = self._background(size, rng)
        if rng.random() < self.mix.distractor:
            self._paste_distractor(canvas, size, rng)
        if self._extras and rng.random() < self.mix.second_person:
            side = float(rng.choice([-1, 1]) * rng.uniform(0.25, 0.5))
            self._paste_person(canvas, self._pick(self._extras, rng), size, rng, shift=side)
        self._paste_person(canvas, entry, size, rng, shift=0.0)
        image = np.clip(canvas.image, 0, 255).astype(np.uint8)
        weight = self._auto_weight(canvas.alpha) if entry.photo.mask == "auto" else np.ones_like(canvas.alpha)
        return Sample(image, canvas.alpha, weight)

    def _background(self, size: int, rng: np.random.Generator) -> _Canvas:
        entry = self._pick(self._by_set["no_people"], rng)
        rgb, mask = self.photos.load(entry)
        window = framing.scene_window(entry, rng)
        flip = bool(rng.random() < 0.5)
        image, _ = framing.view(rgb, mask, window, size, flip=flip, degrees=0, outside=cv2.BORDER_REFLECT_101)
        if rng.random() < 0.05:
            image = np.full_like(image, rng.integers(0, 256, 3))
        if rng.random() < 0.3:
            image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.6, 4) * size / 160).astype(np.uint8)
        return _Canvas(image.astype(np.float32), np.zeros((size, size), np.float32))

    def _paste_person(
        self, canvas: _Canvas, entry: MappedPhoto, size: int, rng: np.random.Generator, *, shift: float
    ) -> None:
        rgb, mask = self.photos.load(entry)
        window = framing.cutout_window(entry, mask, rng)
        window = framing.Window(window.x + shift * window.width, window.y, window.width, window.height)
        flip, degrees = _pose(rng)
        image, seen = framing.view(rgb, mask, window, size, flip=flip, degrees=degrees, outside=cv2.BORDER_CONSTANT)
        alpha: Alpha = (seen / np.float32(255)).astype(np.float32)
        if entry.photo.mask != "exact":
            image, alpha = _soften_cut(image, alpha, rng)
        if rng.random() < 0.6:
            image = change_tone(image, rng, strength=0.7)
        canvas.image = canvas.image * (1 - alpha[..., None]) + image * alpha[..., None]
        canvas.alpha = np.maximum(canvas.alpha, alpha)

    def _paste_distractor(self, canvas: _Canvas, size: int, rng: np.random.Generator) -> None:
        """A blob-shaped piece of a photo without people: an object-like thing that is not a person."""
        entry = self._pick(self._by_set["no_people"], rng)
        rgb, mask = self.photos.load(entry)
        window = framing.scene_window(entry, rng)
        image, _ = framing.view(rgb, mask, window, size, flip=False, degrees=0, outside=cv2.BORDER_REFLECT_101)
        angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
        waves = np.sin(np.outer([2, 3, 5], angles) + rng.uniform(0, 6.3, (3, 1))).mean(0)
        radii = rng.uniform(0.1, 0.3) * size * (1 + 0.35 * waves)
        centre = rng.uniform(0.1, 0.9, 2) * size
        outline = centre + np.stack([np.cos(angles) * rng.uniform(0.6, 1.4), np.sin(angles)], 1) * radii[:, None]
        shape = np.zeros((size, size), np.float32)
        cv2.fillPoly(shape, [outline.astype(np.int32)], 1.0)
        blob = cv2.GaussianBlur(shape, (0, 0), 0.8 * size / 160)[..., None]
        canvas.image = canvas.image * (1 - blob) + image * blob


def _pose(rng: np.random.Generator) -> tuple[bool, float]:
    """Mirrored or not, and degrees of camera roll."""
    flip = bool(rng.random() < 0.5)
    return flip, float(rng.normal(0, 8)) if rng.random() < 0.35 else 0.0


def _soften_cut(image: Rgb, alpha: Alpha, rng: np.random.Generator) -> tuple[Rgb, Alpha]:
    """Make a hand-drawn cut fit to be pasted: pull the edge in, feather it, and replace edge colours, which hold the
    old background, by the mean of the person's colours nearby."""
    spread = rng.uniform(0.5, 1.3) * alpha.shape[0] / 160
    soft = cv2.GaussianBlur(alpha, (0, 0), spread)
    soft = np.clip((soft - rng.uniform(0.3, 0.5)) / rng.uniform(0.35, 0.5), 0, 1).astype(np.float32)
    window = int(6 * spread) | 1
    core = (soft > 0.98).astype(np.float32)
    share = cv2.blur(core, (window, window))
    mean = cv2.blur(image * core[..., None], (window, window)) / np.maximum(share, 1e-3)[..., None]
    edge = ((core < 0.5) & (share > 0.02))[..., None]
    return np.clip(np.where(edge, mean, image), 0, 255).astype(np.uint8), soft
