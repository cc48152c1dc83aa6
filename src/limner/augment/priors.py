"""Previous masks for four-channel nets, made from the target of a photo, as if it were a frame of a video.

After Tkachenka et al. 2019 (Real-time hair and portrait segmentation with the previous mask as the fourth channel):
empty masks teach the first frame, moved ones teach motion, wrong ones teach not to believe them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.augment.warps import displace, random_spline
from limner.errors import DataError

Alpha = NDArray[np.float32]
Mask = NDArray[np.uint8]


@dataclass(frozen=True)
class Priors:
    """Shares and chances of what a previous mask is, each in [0, 1].

    The defaults keep two in five masks useless or wrong: a net that believed its prior blindly would lose more on
    those than it gains on the rest, so that a wrong prior is outgrown within three frames.

    Attributes:
        empty: share of empty masks, as at the first frame of a video.
        full: share of masks that cover everything.
        other: share of masks of somebody else, as after a cut. Pictures without people get them as often as ``far``
            and ``other`` together: somebody has just left.
        far: share of masks that lie far off: moved, turned, zoomed a lot. What is left of 1 lies near.
        spline: chance that a mask is bent by a thin-plate spline.
        motion_blur: chance that it is blurred along a line.
        edge: chance that it has grown or shrunk.
        dropout: chance of holes, false blobs or a missing half.
        soft: chance that it is blurred, or that all of it is unsure.
        ghost: chance that a weaker, older position shows beside it.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    empty: float = 0.25
    full: float = 0.02
    other: float = 0.07
    far: float = 0.10
    spline: float = 0.35
    motion_blur: float = 0.10
    edge: float = 0.25
    dropout: float = 0.12
    soft: float = 0.20
    ghost: float = 0.05

    def __post_init__(self) -> None:
        for option in fields(self):
            if not 0 <= getattr(self, option.name) <= 1:
                raise DataError(f"recipe: data.priors.{option.name} must lie in [0, 1]")
        if self.empty + self.full + self.other + self.far > 1:
            raise DataError("recipe: data.priors: empty, full, other and far must not add up to more than 1")


def make_prior(
    target: Alpha, rng: np.random.Generator, options: Priors, *, other: Callable[[], Mask], moved: bool = False
) -> Alpha:
    """A previous mask for ``target``.

    Args:
        target: float32 (S, S) in [0, 1].
        rng: decides.
        options: the shares.
        other: makes the mask of somebody else, uint8 (S, S).
        moved: ``target`` is that of an earlier frame already, so a mask near it is not moved again.

    Returns:
        float32 (S, S) in [0, 1].
    """
    size = target.shape[0]
    draw = rng.random()
    if draw < options.empty:
        return np.zeros_like(target)
    if draw < options.empty + options.full:
        return np.full_like(target, rng.uniform(0.6, 1))
    known = options.empty + options.full
    someone = bool(target.max() > 0.02)
    bends = not moved and bool(rng.random() < options.spline)
    if draw < known + options.other or (not someone and draw < known + options.other + options.far):
        mask = other()
    elif not someone:
        return np.zeros_like(target)
    else:
        mask = (target * np.float32(255)).astype(np.uint8)
        if draw < known + options.other + options.far:
            mask = turned(mask, rng, shift=0.15, degrees=15, zoom=0.2)
        elif not moved and not bends:  # bending moves it, too
            mask = turned(mask, rng, shift=0.012, degrees=1.2, zoom=0.015)
    if bends:
        reach = rng.choice([0.006, 0.012, 0.03]) * size
        mask = displace(mask, random_spline(rng, reach), border=cv2.BORDER_REPLICATE)
    mask = _damage(mask, rng, options, size)
    prior: Alpha = np.multiply(mask, np.float32(1 / 255), dtype=np.float32)
    return prior


def turned(mask: Mask, rng: np.random.Generator, *, shift: float, degrees: float, zoom: float) -> Mask:
    """``mask`` after a random affine map; the options are standard deviations (shift as a share of the side)."""
    size = mask.shape[0]
    centre = (size - 1) / 2
    scale = float(np.exp(rng.normal(0, zoom)))
    matrix = np.array(cv2.getRotationMatrix2D((centre, centre), rng.normal(0, degrees), scale), np.float64)

    matrix[:, 2:] += rng.normal(0, shift * size, (2, 1))
    moved = cv2.warpAffine(mask, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8)


def _damage(mask: Mask, rng: np.random.Generator, options: Priors, size: int) -> Mask:
    """Everything that may be wrong with a net's mask besides its place and shape."""
    draws = rng.random(5)
    if draws[0] < options.ghost:
        old = turned(mask, rng, shift=0.08, degrees=4, zoom=0.06)
        mask = np.maximum(mask, cv2.convertScaleAbs(old, alpha=rng.uniform(0.3, 0.9)))
    if draws[1] < options.edge:
        mask = resized(mask, rng.uniform(0.004, 0.03) * size, grow=bool(rng.random() < 0.5))
    if draws[2] < options.dropout:
        mask = _drop(mask, rng, size)
    if draws[3] < options.motion_blur:
        mask = smear(mask, rng.uniform(0.03, 0.1) * size, rng.uniform(0, np.pi))
    if draws[4] < options.soft:
        mask = _soften(mask, rng, size)
    return mask


def resized(mask: Mask, radius: float, *, grow: bool) -> Mask:
    """``mask`` grown or shrunk by about ``radius`` pixels (at least one)."""
    width = 2 * max(1, round(radius)) + 1
    kernel = np.ones((width, width), np.uint8)  # a box is separable; the corners do not matter here
    return np.asarray(cv2.dilate(mask, kernel) if grow else cv2.erode(mask, kernel), np.uint8)


def _drop(mask: Mask, rng: np.random.Generator, size: int) -> Mask:
    """Holes, false blobs, or everything beyond a line missing."""
    mask = mask.copy()
    if rng.random() < 0.3:
        angle = rng.uniform(0, 2 * np.pi)
        along = np.array([np.cos(angle), np.sin(angle)])
        across = np.array([-along[1], along[0]])
        start = (0.5 + along * rng.uniform(-0.2, 0.2)) * size
        corners = [start - across * 2 * size, start + across * 2 * size]
        corners += [corner + along * 3 * size for corner in corners[::-1]]
        cv2.fillConvexPoly(mask, np.array(corners).astype(np.int32), 0)
        return mask
    for _ in range(int(rng.integers(1, 4))):
        centre = tuple(int(v) for v in rng.uniform(0, size, 2))
        axes = tuple(int(v) for v in rng.uniform(0.03, 0.2, 2) * size)
        value = 0 if rng.random() < 0.6 else 255
        cv2.ellipse(mask, centre, axes, rng.uniform(0, 180), 0, 360, value, -1, cv2.LINE_AA)
    return mask


def smear(mask: Mask, length: float, angle: float) -> Mask:
    """``mask`` blurred along a line of ``length`` pixels, at half resolution, which a blurred mask bears."""
    size = mask.shape[0]
    half = cv2.resize(mask, (size // 2, size // 2), interpolation=cv2.INTER_AREA)
    reach = max(1, round(length / 4))
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    x, y = round(np.cos(angle) * reach), round(np.sin(angle) * reach)
    cv2.line(kernel, (reach - x, reach - y), (reach + x, reach + y), 1.0)
    blurred = cv2.filter2D(half, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.resize(blurred, (size, size), interpolation=cv2.INTER_LINEAR), np.uint8)


def _soften(mask: Mask, rng: np.random.Generator, size: int) -> Mask:
    """Blurred edges, or a mask that is unsure everywhere."""
    if rng.random() < 0.5:
        width = 2 * max(1, round(rng.uniform(0.008, 0.05) * size)) + 1
        return np.asarray(cv2.blur(mask, (width, width), borderType=cv2.BORDER_REPLICATE), np.uint8)
    low = rng.uniform(0, 50) if rng.random() < 0.3 else 0.0
    return np.asarray(cv2.convertScaleAbs(mask, alpha=(rng.uniform(100, 240) - low) / 255, beta=low), np.uint8)
