"""Recolouring: what other light, another camera or another room would have made of a person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.augment.blending import RAMP, resize
from limner.errors import DataError

Rgb = NDArray[np.uint8]
Mask = NDArray[np.uint8]
Floats = NDArray[np.float32]
Statistics = tuple[Floats, Floats]

_LUMA = np.array([0.299, 0.587, 0.114])
_TO_YCC = np.array([_LUMA, [0.5, -0.4187, -0.0813], [-0.1687, -0.3313, 0.5]])
_TO_RGB = np.linalg.inv(_TO_YCC)
_SMALL = 48


@dataclass(frozen=True)
class Changes:
    """Chances, in [0, 1], of what is done to a person's light and colour. One at least is always done.

    Attributes:
        exposure: more or less light, up to about two stops, on linear values.
        balance: another white balance: warm or cold, with a little green or magenta.
        tone: gamma and contrast.
        saturation: more or less colour.
        veil: haze, lifted blacks or a faded print.
        gradient: light from one side, often coloured.
        transfer: mean and spread of colours of somebody in another photo (Reinhard et al. 2001), part of the way.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    exposure: float = 0.6
    balance: float = 0.6
    tone: float = 0.45
    saturation: float = 0.35
    veil: float = 0.12
    gradient: float = 0.3
    transfer: float = 0.2

    def __post_init__(self) -> None:
        for option in fields(self):
            if not 0 <= getattr(self, option.name) <= 1:
                raise DataError(f"recipe: data.changes.{option.name} must lie in [0, 1]")


@dataclass(frozen=True, slots=True)
class Recolouring:
    """A drawn change: a level table, then a matrix, then a gain that may differ from place to place.

    Attributes:
        levels: float32 (1, 256, 3), what each level becomes, on the scale of [0, 255].
        matrix: float32 (3, 4), applied to RGB and 1.
        gain: float32 (2, 2, 3), at the corners of the picture, straight in between.
    """

    levels: Floats
    matrix: Floats
    gain: Floats

    def apply(self, image: Rgb) -> Rgb:
        """RGB uint8 (H, W, 3), recoloured as a whole."""
        toned = cv2.transform(cv2.LUT(image, self.levels), self.matrix)
        if (self.gain == 1).all():
            return np.asarray(cv2.convertScaleAbs(np.maximum(toned, 0)), np.uint8)
        field = cv2.resize(self.gain, (image.shape[1], image.shape[0]), interpolation=cv2.INTER_LINEAR)
        return np.asarray(cv2.multiply(toned, field, dtype=cv2.CV_8U), np.uint8)


def draw_recolouring(
    rng: np.random.Generator,
    changes: Changes,
    *,
    person: Statistics | None = None,
    other: Callable[[], Statistics | None] | None = None,
) -> Recolouring:
    """A random recolouring.

    Args:
        person: ``colour_statistics`` of who is recoloured; without them there is no ``transfer``.
        other: gives those of somebody else; called only where they are needed.
    """
    names = [option.name for option in fields(changes)]
    done = {name for name, draw in zip(names, rng.random(len(names)), strict=True) if draw < getattr(changes, name)}
    if not done:
        done = {"exposure" if rng.random() < 0.5 else "balance"}
    levels = np.repeat(RAMP[:, None], 3, 1)
    linear = np.ones(3)
    if "exposure" in done:
        linear *= 2.0 ** np.clip(rng.normal(-0.1, 0.75), -2.0, 1.2)
    if "balance" in done:
        linear *= _balance(rng, 0.3)
    levels = _to_display(_to_linear(levels) * linear)
    if "tone" in done:
        levels = levels ** np.exp(rng.normal(0, 0.22))
        levels = (levels - 0.45) * np.exp(rng.normal(0, 0.2)) + 0.45 + rng.normal(0, 0.03)
    if "veil" in done:
        share = rng.uniform(0.05, 0.28)
        levels = levels * (1 - share) + share * np.clip(rng.normal(0.55, 0.2) + rng.normal(0, 0.06, 3), 0, 1)
    matrix = np.eye(3, 4)
    if "saturation" in done:
        factor = float(np.clip(np.exp(rng.normal(-0.05, 0.35)), 0.3, 1.9))
        matrix[:, :3] = factor * np.eye(3) + (1 - factor) * _LUMA
    if "transfer" in done and person is not None and other is not None:
        wanted, strength = other(), rng.uniform(0.3, 0.9)
        if wanted is not None:
            matrix = _transfer(person, wanted, strength) @ np.vstack([matrix, [0, 0, 0, 1]])
    gain = _gradient(rng) if "gradient" in done else np.ones((2, 2, 3))
    table = np.clip(levels, 0, 1)[None] * 255
    return Recolouring(
        np.ascontiguousarray(table, np.float32), matrix.astype(np.float32), np.ascontiguousarray(gain, np.float32)
    )


def colour_statistics(image: Rgb, alpha: Mask) -> Statistics | None:
    """Mean and deviation, each float32 (3,), of the person's colours in YCbCr; None where nobody is large enough."""
    inside = resize(alpha, _SMALL, _SMALL) > 200
    if inside.sum() < 12:
        return None
    ycc = resize(image, _SMALL, _SMALL)[inside] @ _TO_YCC.T
    return ycc.mean(0).astype(np.float32), ycc.std(0).astype(np.float32)


def _balance(rng: np.random.Generator, strength: float) -> NDArray[np.float64]:
    """Gains of red, green and blue on linear light: warm or cold, and a little green or magenta."""
    warmth, tint = rng.normal(0, strength), rng.normal(0, 0.25 * strength)
    gains = np.exp(np.array([0.6 * warmth, tint, -warmth]))
    return np.asarray(gains / (gains @ _LUMA))


def _gradient(rng: np.random.Generator) -> NDArray[np.float64]:
    """Light from one side: a straight slope of the logarithm over the picture, the same or another for each colour."""
    angle, height = rng.uniform(0, 2 * np.pi), rng.normal(0, 0.4)
    slope = np.cos(angle) * np.array([[-1, 1], [-1, 1]]) + np.sin(angle) * np.array([[-1, -1], [1, 1]])
    colour = 1 + (rng.normal(0, 0.25, 3) if rng.random() < 0.5 else np.zeros(3))
    return np.asarray(np.exp(np.clip(height * slope[..., None] * colour, -0.9, 0.9)))


def _transfer(person: Statistics, other: Statistics, strength: float) -> NDArray[np.float64]:
    """(3, 4): toward the other's mean and deviation, colour two thirds as far as brightness."""
    amount = strength * np.array([1.0, 0.66, 0.66])
    scale = np.clip(other[1] / np.maximum(person[1], 4), 0.5, 2.0) ** amount
    shift = (other[0] - person[0]) * amount
    linear = _TO_RGB @ np.diag(scale) @ _TO_YCC
    offset = _TO_RGB @ (person[0] * (1 - scale) + shift)
    return np.column_stack([linear, offset])


def _to_linear(display: NDArray[np.float64]) -> NDArray[np.float64]:
    """sRGB's curve undone."""
    return np.where(display <= 0.04045, display / 12.92, ((display + 0.055) / 1.055) ** 2.4)


def _to_display(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    """sRGB's curve."""
    clipped = np.clip(linear, 0, None)
    return np.where(clipped <= 0.0031308, clipped * 12.92, 1.055 * clipped ** (1 / 2.4) - 0.055)
