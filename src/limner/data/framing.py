"""Augmentation of the frame: which part of a photo is seen, how large, mirrored and turned."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.data.photo_map import MappedPhoto

Rgb = NDArray[np.uint8]
Mask = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Window:
    """A rectangle of a photo in pixels; it may reach beyond the photo."""

    x: float
    y: float
    width: float
    height: float


def whole(entry: MappedPhoto) -> Window:
    """The whole photo, squeezed into the net's square: what the net sees at inference."""
    return Window(0, 0, entry.width, entry.height)


def scene_window(entry: MappedPhoto, rng: np.random.Generator) -> Window:
    """A random part of a photo, for backgrounds."""
    height = entry.height * rng.uniform(0.45, 1)
    width = entry.width * rng.uniform(0.45, 1)
    return Window(rng.uniform(0, entry.width - width), rng.uniform(0, entry.height - height), width, height)


def photo_window(entry: MappedPhoto, mask: Mask, rng: np.random.Generator) -> Window:
    """A view inside a photo that keeps its own background."""
    if rng.random() < 0.25:
        return whole(entry)
    aspect = _aspect(rng)
    if _is_full_body(entry) and rng.random() < 0.5:
        window = _head_and_shoulders(entry, mask, aspect, rng)
    else:
        height = entry.height * rng.uniform(0.5, 1) ** 0.7
        width = min(entry.width, entry.width * (height / entry.height) * aspect)
        window = Window(rng.uniform(0, entry.width - width), rng.uniform(0, entry.height - height), width, height)
    return _keep_inside(window, entry, (True, True, True, True))


def cutout_window(entry: MappedPhoto, mask: Mask, rng: np.random.Generator) -> Window:
    """A view of a person who will be pasted elsewhere: free to move, but a cut border stays at the picture's border."""
    x0, y0, x1, y1 = entry.box
    box_width, box_height = x1 - x0, y1 - y0
    aspect = _aspect(rng)
    if _is_full_body(entry) and rng.random() < 0.55:
        return _keep_inside(_head_and_shoulders(entry, mask, aspect, rng), entry, entry.touches)
    height = box_height * rng.uniform(0.75, 1.9)
    width = max(height * aspect * min(1, max(0.6, box_width / box_height)), box_width * rng.uniform(0.7, 1.2))
    x = (x0 + x1) / 2 + width * rng.uniform(-0.25, 0.25) - width / 2
    if rng.random() < 0.5:
        y = y1 - height * rng.uniform(0.95, 1.15)
    else:
        y = (y0 + y1) / 2 - height / 2 + height * rng.uniform(-0.15, 0.15)
    return _keep_inside(Window(x, y, width, height), entry, entry.touches)


def view(
    image: Rgb, mask: Mask, window: Window, size: int, *, flip: bool, degrees: float, outside: int
) -> tuple[Rgb, Mask]:
    """``window`` of a photo and its mask as squares of ``size`` pixels, optionally mirrored and turned.

    ``outside`` is the OpenCV border mode for the mask beyond the photo; the image is always mirrored there.
    """
    scale_x, scale_y = size / window.width, size / window.height
    matrix = np.array([[scale_x, 0, -window.x * scale_x], [0, scale_y, -window.y * scale_y], [0, 0, 1]], np.float64)
    if degrees:
        rotation = cv2.getRotationMatrix2D((size / 2, size / 2), degrees, 1.0)
        matrix = np.vstack([rotation, [0, 0, 1]]) @ matrix
    if flip:
        matrix = np.array([[-1, 0, size - 1], [0, 1, 0], [0, 0, 1]], np.float64) @ matrix
    if max(window.width, window.height) / size > 1.6:
        image, mask, to_full = _shrink(image, mask, window, size)
        matrix = matrix @ to_full
    shape = (size, size)
    return (
        cv2.warpAffine(image, matrix[:2], shape, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101).astype(
            np.uint8
        ),
        cv2.warpAffine(mask, matrix[:2], shape, flags=cv2.INTER_LINEAR, borderMode=outside).astype(np.uint8),
    )


def view_mask(mask: Mask, window: Window, size: int, *, flip: bool) -> Mask:
    """The mask of ``view`` alone, empty beyond the photo. It may alias, which previous masks bear."""
    scale_x, scale_y = size / window.width, size / window.height
    matrix = np.array([[scale_x, 0, -window.x * scale_x], [0, scale_y, -window.y * scale_y]], np.float64)
    if flip:
        matrix[0] = -matrix[0]
        matrix[0, 2] += size - 1
    return cv2.warpAffine(mask, matrix, (size, size), flags=cv2.INTER_LINEAR).astype(np.uint8)


def _shrink(image: Rgb, mask: Mask, window: Window, size: int) -> tuple[Rgb, Mask, NDArray[np.float64]]:
    """Crop and area-average first, so that strong shrinking does not alias. Also the map back to full coordinates."""
    height, width = image.shape[:2]
    x0 = min(max(0, int(window.x) - 2), width - 8)
    y0 = min(max(0, int(window.y) - 2), height - 8)
    x1 = max(int(min(width, window.x + window.width + 2)), x0 + 8)
    y1 = max(int(min(height, window.y + window.height + 2)), y0 + 8)
    factor = max(size / max(window.width, window.height) * 1.2, 4 / min(x1 - x0, y1 - y0))
    if factor >= 1:
        return image, mask, np.eye(3)
    small = cv2.resize(image[y0:y1, x0:x1], None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    small_mask = cv2.resize(mask[y0:y1, x0:x1], (small.shape[1], small.shape[0]), interpolation=cv2.INTER_AREA)
    step_x, step_y = (x1 - x0) / small.shape[1], (y1 - y0) / small.shape[0]
    back = np.array([[step_x, 0, x0 + 0.5 * step_x - 0.5], [0, step_y, y0 + 0.5 * step_y - 0.5], [0, 0, 1]])
    return small.astype(np.uint8), small_mask.astype(np.uint8), back


def _aspect(rng: np.random.Generator) -> float:
    """Squeeze of the view, log-uniform: from tall phone photos to wide video."""
    return float(np.exp(rng.uniform(np.log(0.62), np.log(1.6))))


def _is_full_body(entry: MappedPhoto) -> bool:
    x0, y0, x1, y1 = entry.box
    return entry.photo.mask != "none" and (y1 - y0) > 1.5 * (x1 - x0)


def _head_and_shoulders(entry: MappedPhoto, mask: Mask, aspect: float, rng: np.random.Generator) -> Window:
    """The upper 20 to 60 % of a standing person, centred on what is seen of them there."""
    x0, y0, x1, y1 = entry.box
    seen = (y1 - y0) * rng.uniform(0.2, 0.6)
    top = y0 - seen * rng.uniform(0.02, 0.45)
    height = y0 + seen - top
    width = height * aspect
    columns = np.flatnonzero((mask[y0 : int(y0 + seen)] > 127).any(0))
    centre = (columns[0] + columns[-1]) / 2 if len(columns) else (x0 + x1) / 2
    centre += width * rng.uniform(-0.2, 0.2)
    return Window(centre - width / 2, top, width, height)


def _keep_inside(window: Window, entry: MappedPhoto, sides: tuple[bool, bool, bool, bool]) -> Window:
    """Move (and if need be narrow) the window so that it does not cross the sides that are set."""
    left, top, right, bottom = sides
    x, y, width, height = window.x, window.y, window.width, window.height
    if right and x + width > entry.width:
        x = entry.width - width
    if left and x < 0:
        width = min(width, entry.width) if right else width
        x = 0
    if bottom and y + height > entry.height:
        y = entry.height - height
    if top and y < 0:
        height = min(height, entry.height) if bottom else height
        y = 0
    return Window(x, y, width, height)
