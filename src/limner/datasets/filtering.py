"""Filtering: photos of a data folder through filters, one after another or one drawn for each photo; masks stay."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limner.augment.filters import FILTERS
from limner.datasets.photo import Photo
from limner.errors import OptionError

Rgb = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Step:
    """A filter by its name, and its strength in [0, 1]."""

    name: str
    strength: float

    def __str__(self) -> str:
        return f"{self.name}:{self.strength:.3g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterOptions:
    """What is done to photos.

    Attributes:
        steps: in order.
        each: one of the steps is drawn for each photo, at 0.3 to 1 times its strength, instead of all of them.
        seed: of what is drawn, and of noise.
    """

    steps: tuple[Step, ...]
    each: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.steps:
            raise OptionError(f"‹filter›: name at least one of {', '.join(FILTERS)}")
        for step in self.steps:
            if step.name not in FILTERS:
                raise OptionError(f"‹filter› {step.name!r}: there is no such filter; there are {', '.join(FILTERS)}")
            if not 0 <= step.strength <= 1:
                raise OptionError(f"‹filter› {step.name}: its strength must lie in [0, 1], not {step.strength:g}")


def parse_step(text: str) -> Step:
    """``warm`` or ``warm:0.8``; the strength is 0.6 where none is said.

    Raises:
        OptionError: the strength is no number.
    """
    name, colon, strength = text.partition(":")
    try:
        return Step(name.strip(), float(strength) if colon else 0.6)
    except ValueError:
        raise OptionError(f"‹filter› {text}: the strength must be a number in [0, 1], such as {name}:0.6") from None


def steps_for(photo: Photo, options: FilterOptions) -> Sequence[Step]:
    """What a photo goes through: always the same for a name and a seed."""
    if not options.each:
        return options.steps
    rng = _rng(photo, options.seed)
    step = options.steps[int(rng.integers(len(options.steps)))]
    return (Step(step.name, step.strength * float(rng.uniform(0.3, 1))),)


def filtered(photo: Photo, rgb: Rgb, options: FilterOptions) -> Rgb:
    """The photo, RGB uint8 (H, W, 3), after its steps."""
    noise = _rng(photo, options.seed + 1)
    for step in steps_for(photo, options):
        rgb = FILTERS[step.name](rgb, step.strength, noise)
    return rgb


def _rng(photo: Photo, seed: int) -> np.random.Generator:
    name = hashlib.sha256(f"{photo.set}/{photo.stem}".encode()).digest()
    return np.random.default_rng([seed, int.from_bytes(name[:8], "little")])
