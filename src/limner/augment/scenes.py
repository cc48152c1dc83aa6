"""Changes of a scene that know where the person is: matched light, light wrap, backlight, defocus, things in front."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.augment.blending import RAMP, blur, grown, look_up, mix, resize, table
from limner.augment.camera import lens_blur

Rgb = NDArray[np.uint8]
Mask = NDArray[np.uint8]

_SMALL = 48
_TO_YCC = np.array([[0.299, 0.587, 0.114], [0.5, -0.4187, -0.0813], [-0.1687, -0.3313, 0.5]])
_REACH = np.array([70.0, 36.0, 36.0])
_TO_RGB = np.linalg.inv(_TO_YCC)


def match_light(person: Rgb, alpha: Mask, background: Rgb, *, strength: float) -> Rgb:
    """The person's colours moved toward the mean and spread of the background's.

    Reinhard et al. 2001 (Color transfer between images) match means and deviations in a decorrelated space. Here that
    is YCbCr, in which the whole transfer is one 3 × 4 matrix on RGB. Colour moves half as far as brightness, and both
    within bounds, so that nobody turns green on a lawn.

    Args:
        person: uint8 (S, S, 3); ``alpha``: uint8 (S, S), where the person is.
        background: uint8 (S, S, 3).
        strength: in [0, 1]; 1 moves the brightness all the way.
    """
    inside = resize(alpha, _SMALL, _SMALL) > 200
    if inside.sum() < 12:
        return person
    own = resize(person, _SMALL, _SMALL)[inside] @ _TO_YCC.T
    theirs = resize(background, _SMALL, _SMALL).reshape(-1, 3) @ _TO_YCC.T
    amount = strength * np.array([1.0, 0.5, 0.5])
    scale = np.clip(theirs.std(0) / np.maximum(own.std(0), 1), 0.6, 1.5) ** (0.5 * amount)
    shift = np.clip(theirs.mean(0) - own.mean(0), -_REACH, _REACH) * amount
    linear = _TO_RGB @ np.diag(scale) @ _TO_YCC
    offset = _TO_RGB @ (own.mean(0) * (1 - scale) + shift)
    matrix = np.column_stack([linear, offset]).astype(np.float32)
    return np.asarray(cv2.transform(person, matrix), np.uint8)


def follow_light(person: Rgb, alpha: Mask, background: Rgb, *, strength: float) -> Rgb:
    """The person brighter on the side where the background is: its brightness, blurred until only the fall-off across
    the picture is left, against its mean where the person is. ``strength`` in [0, 1]; all uint8 of one size (H, W)."""
    height, width = alpha.shape
    grey = cv2.cvtColor(resize(background, _SMALL, _SMALL), cv2.COLOR_RGB2GRAY).astype(np.float32) + 24
    field = cv2.GaussianBlur(grey, (0, 0), _SMALL / 4)
    weight = resize(alpha, _SMALL, _SMALL).astype(np.float32) + 1
    gain = np.clip(field / float((field * weight).sum() / weight.sum()), 0.7, 1.4) ** strength
    large = cv2.resize(gain, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.multiply(person, cv2.merge([large] * 3), dtype=cv2.CV_8U), np.uint8)


def light_wrap(image: Rgb, alpha: Mask, background: Rgb, *, strength: float) -> Rgb:
    """Light from behind bleeds onto the person's rim: ``image``, a composite, with its background's blurred colours
    over the inner edge of ``alpha``, at most ``strength`` (in [0, 1]) of them."""
    height, width = alpha.shape
    quarter = max(8, width // 4), max(8, height // 4)
    glow = resize(blur(resize(background, *quarter), min(quarter) * 0.04), width, height)
    outside = cv2.bitwise_not(np.asarray(blur(alpha, max(1.0, 0.012 * min(height, width))), np.uint8))
    rim = cv2.multiply(outside, alpha, scale=2 * strength / 255)  # half of a blurred edge lies inside
    return mix(glow, image, np.asarray(rim, np.uint8))


def backlight(image: Rgb, alpha: Mask, rng: np.random.Generator) -> Rgb:
    """Somebody before a window: the background near white and bleeding over, the person in shadow."""
    size = image.shape[0]
    bright = look_up(image, table(RAMP ** rng.uniform(0.4, 0.75) * rng.uniform(1.1, 1.5)))
    dark = look_up(image, table(RAMP ** rng.uniform(1.0, 1.35) * rng.uniform(0.4, 0.75)))
    lit = mix(dark, bright, alpha)
    quarter = max(8, size // 4)
    shining = cv2.subtract(resize(bright, quarter, quarter), np.full((quarter, quarter, 3), 110, np.uint8))
    behind = cv2.bitwise_not(resize(alpha, quarter, quarter))
    shining = cv2.multiply(shining, cv2.merge([behind] * 3), scale=rng.uniform(0.2, 0.7) / 255)
    bloom = resize(blur(shining, quarter * rng.uniform(0.02, 0.08)), size, size)
    return np.asarray(cv2.add(lit, bloom), np.uint8)


def defocus(image: Rgb, alpha: Mask, *, radius: float) -> Rgb:
    """A photo whose background is out of focus by a disc of ``radius`` pixels, the person as sharp as before.

    The blur looks at the background alone (what the person hides is filled from around), so no halo of the person's
    colours surrounds them.
    """
    size = image.shape[0]
    work = size // 2 if radius > 2 else size
    small = resize(image, work, work)
    hidden = grown(np.asarray(resize(alpha, work, work), np.uint8), 1)
    weight = np.maximum(cv2.bitwise_not(hidden), 8)  # 8: deep inside the person, where no background is near
    spread = radius * work / size
    share = lens_blur(np.asarray(cv2.merge([weight] * 3), np.uint8), spread).astype(np.float32)
    sum_of = lens_blur(np.asarray(cv2.multiply(small, cv2.merge([weight] * 3), scale=1 / 255), np.uint8), spread)
    filled = cv2.divide(sum_of.astype(np.float32) * 255, np.maximum(share, 1), dtype=cv2.CV_8U)
    return mix(image, np.asarray(resize(np.asarray(filled, np.uint8), size, size), np.uint8), alpha)


def thing_shape(size: int, rng: np.random.Generator, *, centre: tuple[float, float], extent: float) -> Mask:
    """The soft outline, uint8 (S, S), of a thing of about ``extent`` pixels: a blob, a phone, a mug or a bar."""
    shape = np.zeros((size, size), np.uint8)
    kind, turn = rng.random(), rng.uniform(-30, 30)
    if kind < 0.4:
        return blob(size, rng, centre=np.array(centre), radius=extent / 2)
    if kind < 0.65:
        _box(shape, centre, (extent * rng.uniform(0.45, 0.8), extent), turn)
    elif kind < 0.85:
        handle = (int(centre[0] + rng.choice([-1, 1]) * extent * 0.42), int(centre[1]))
        thickness = max(1, int(extent * 0.1))
        cv2.ellipse(shape, handle, (int(extent * 0.22), int(extent * 0.28)), 0, 0, 360, 255, thickness, cv2.LINE_AA)
        _box(shape, centre, (extent * 0.75, extent * rng.uniform(0.8, 1.1)), turn * 0.2)
    else:
        _box(shape, centre, (extent * rng.uniform(0.12, 0.35), size * rng.uniform(0.6, 3)), rng.uniform(0, 180))
    return np.asarray(cv2.GaussianBlur(shape, (0, 0), max(0.5, 0.7 * size / 160)), np.uint8)


def blob(size: int, rng: np.random.Generator, *, centre: NDArray[np.float64], radius: float) -> Mask:
    """A smooth random outline with a soft edge, uint8 (S, S)."""
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    waves = np.sin(np.outer([2, 3, 5], angles) + rng.uniform(0, 6.3, (3, 1))).mean(0)
    radii = radius * (1 + 0.35 * waves)
    outline = centre + np.stack([np.cos(angles) * rng.uniform(0.6, 1.4), np.sin(angles)], 1) * radii[:, None]
    shape = np.zeros((size, size), np.uint8)
    cv2.fillPoly(shape, [outline.astype(np.int32)], 255.0)
    return np.asarray(cv2.GaussianBlur(shape, (0, 0), 0.8 * size / 160), np.uint8)


def _box(shape: Mask, centre: tuple[float, float], sides: tuple[float, float], degrees: float) -> None:
    """A filled rectangle with rounded corners, turned."""
    rounding = max(1, int(min(sides) * 0.25))
    inner = (max(1.0, sides[0] - rounding), max(1.0, sides[1] - rounding))
    corners = np.asarray(cv2.boxPoints((centre, inner, degrees))).astype(np.int32)
    cv2.fillConvexPoly(shape, corners, 255, cv2.LINE_AA)
    cv2.polylines(shape, [corners], True, 255, rounding, cv2.LINE_AA)


def put_in_front(image: Rgb, alpha: Mask, thing: Rgb, shape: Mask) -> tuple[Rgb, Mask]:
    """``thing`` pasted before everything where ``shape`` is 255; the person goes from ``alpha`` there."""
    left = cv2.multiply(alpha, cv2.bitwise_not(shape), scale=1 / 255)
    return mix(thing, image, shape), np.asarray(left, np.uint8)
