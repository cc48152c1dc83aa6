"""Edges: patches of composites along the outline of people whose alpha is known, with the matte a net gives there."""

from __future__ import annotations

import copy
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from limner.augment.continued import continue_borders
from limner.augment.photometric import Look
from limner.datasets.mix import Mix, check_shares
from limner.datasets.photo import Photo
from limner.datasets.photo_map import PhotoMap
from limner.datasets.sampler import Sampler
from limner.errors import DataError
from limner.segment.fine import UNSURE
from limner.segment.pyramid import build_pyramid
from limner.segment.refine import refine
from limner.segment.segmenter import Segmenter

Rgb = NDArray[np.uint8]
Float32 = NDArray[np.float32]

_HELD_OUT = 8
"""Every so-many-th person with known alpha is kept for measuring."""
KNOWN_ALPHA = ("rendered_people", "cutouts_full_body")
"""Sets that people are held out of."""
_TOGETHER = 32
"""Composites whose patches are drawn in turns, so that those of one do not fill a batch."""
_CHANCES = ("strands", "match_light", "light_wrap", "second_person", "distractor", "defocus")
_OWN_CHANCES = ("replace", "continued")


class EdgePatch(NamedTuple):
    """A piece of a composite.

    Attributes:
        image: RGB uint8 (S, S, 3).
        rough: what the net and the guided filter say, float32 (S, S) in [0, 1], as soft as the net says.
        alpha: the truth, float32 (S, S) in [0, 1].
    """

    image: Rgb
    rough: Float32
    alpha: Float32


@dataclass(frozen=True)
class EdgeMix:
    """How patches are drawn. Chances are in [0, 1].

    Attributes:
        sets: set name -> share of the composites; people of sets without exact alpha are cut out along their masks.
        models: model name -> share of the composites whose rough matte it gives.
        canvas: sizes of composites in pixels, square, each as likely as the others.
        patches: patches from one composite.
        replace: chance that a person is put before another background. The others keep theirs, and their photo's mask
            is the truth.
        continued: chance that margins of the picture are a blurred mirror image of what is inside.
        strands: chance that loose hair is drawn on a person who is put before another background.
        match_light, light_wrap, second_person, distractor, defocus, look: see ``limner.datasets.mix.Mix``.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    sets: Mapping[str, float]
    models: Mapping[str, float] = field(default_factory=lambda: {"fast": 1.0})
    canvas: tuple[int, ...] = (256, 320, 448)
    patches: int = 4
    replace: float = 1.0
    continued: float = 0.0
    strands: float = 0.3
    match_light: float = 0.4
    light_wrap: float = 0.15
    second_person: float = 0.08
    distractor: float = 0.15
    defocus: float = 0.4
    look: Look = field(default_factory=Look)

    def __post_init__(self) -> None:
        check_shares(self.sets, {name: getattr(self, name) for name in (*_CHANCES, *_OWN_CHANCES)})
        if not self.models or min(self.models.values()) < 0 or sum(self.models.values()) <= 0:
            raise DataError("recipe: data.models must give at least one model a positive share and none a negative one")
        if self.patches < 1:
            raise DataError(f"recipe: data.patches must be 1 or more, not {self.patches}")
        if not self.canvas or min(self.canvas) < 64:
            raise DataError("recipe: data.canvas must name at least one size, and none below 64")

    @property
    def mix(self) -> Mix:
        """What the composites are drawn by."""
        chances = {name: getattr(self, name) for name in _CHANCES}
        chances |= {"replace_hand": self.replace, "replace_auto": self.replace}
        return Mix(self.sets, trust_auto=True, look=self.look, **chances)


class Edges:
    """Draws patches. The same (seed, number, size) gives the same patch, so a run resumes exactly.

    Args:
        photos: the decoded photos; only those of the split train that are not held out are used.
        mix: what to draw.
        seed: of the whole run.
    """

    def __init__(self, photos: PhotoMap, mix: EdgeMix, *, seed: int) -> None:
        if small := [size for size in mix.canvas if size % 2]:
            raise DataError(f"recipe: data.canvas must be even sizes, not {small[0]}")
        self.mix, self.seed = mix, seed
        self._sampler = Sampler(_others(photos), mix.mix, seed=seed)
        self._models = _Mattes(mix.models)
        self._kept: dict[tuple[int, int], EdgePatch] = {}

    def draw(self, number: int, size: int) -> EdgePatch:
        """Patch ``number`` of the run, ``size`` pixels square."""
        block, place = divmod(number, _TOGETHER * self.mix.patches)
        whole = self._canvas(block * _TOGETHER + place % _TOGETHER, size)
        rng = np.random.default_rng([self.seed, number, 7])
        interest = (whole.rough > UNSURE) & (whole.rough < 1 - UNSURE)
        interest |= (whole.alpha > UNSURE) & (whole.alpha < 1 - UNSURE)
        places = np.flatnonzero(interest)
        side = whole.rough.shape[0]
        place = int(places[rng.integers(len(places))]) if len(places) else int(rng.integers(side * side))
        corner = np.array(divmod(place, side)) - rng.integers(size // 4, 3 * size // 4, 2)
        top, left = np.clip(corner, 0, side - size)
        part = (slice(top, top + size), slice(left, left + size))
        image, rough, alpha = whole.image[part], whole.rough[part], whole.alpha[part]
        return EdgePatch(np.ascontiguousarray(image), np.ascontiguousarray(rough), np.ascontiguousarray(alpha))

    def _canvas(self, number: int, least: int) -> EdgePatch:
        key = (number, least)
        if key not in self._kept:
            rng = np.random.default_rng([self.seed, number, 6])
            sizes = [size for size in self.mix.canvas if size >= least] or [least + least % 2]
            drawn = self._sampler.draw(number, sizes[int(rng.integers(len(sizes)))])
            while len(self._kept) >= _TOGETHER:
                del self._kept[next(iter(self._kept))]
            image, alpha = drawn.image, drawn.target
            if rng.random() < self.mix.continued:
                image, alpha = continue_borders(image, alpha, rng)
            self._kept[key] = EdgePatch(image, self._models.rough(image, rng), alpha)
        return self._kept[key]


class _Mattes:
    """Rough mattes of one of several models, each loaded when it is needed first."""

    def __init__(self, models: Mapping[str, float]) -> None:
        self._names = list(models)
        shares = np.array([models[name] for name in self._names], np.float64)
        self._shares = shares / shares.sum()
        self._loaded: dict[str, Segmenter] = {}

    def rough(self, image: Rgb, rng: np.random.Generator) -> Float32:
        name = self._names[int(rng.choice(len(self._names), p=self._shares))]
        if name not in self._loaded:
            self._loaded[name] = Segmenter(name, runtime="onnxruntime", threads=1)
        return rough_matte(self._loaded[name].probability(image), image)


def rough_matte(probability: Float32, image: Rgb) -> Float32:
    """What the guided filter makes of a net's map: alpha float32 at the size of ``image``, as soft as the net says."""
    return refine(probability, build_pyramid(image), softness=1.0)


def is_held_out(photo: Photo) -> bool:
    """Whether a person of known alpha is kept for measuring: with all views of the same person."""
    person = photo.stem.split("_")[0] if photo.set == "rendered_people" else photo.stem
    return photo.set in KNOWN_ALPHA and zlib.crc32(f"{photo.set}/{person}".encode()) % _HELD_OUT == 0


def _others(photos: PhotoMap) -> PhotoMap:
    """The photos without those of held-out people."""
    some = copy.copy(photos)
    some.entries = [entry for entry in photos.entries if not is_held_out(entry.photo)]
    return some
