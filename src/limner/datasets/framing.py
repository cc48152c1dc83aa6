"""Augmentation of the frame: which part of a photo is seen, how large, mirrored and turned."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.datasets.photo_map import MappedPhoto

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


def photo_window(entry: MappedPhoto, mask: Mask, rng: np.random.Generator, *, whole_chance: float) -> Window:
    """A view of a photo that keeps its own background: by ``whole_chance`` all of it, else a part."""
    if rng.random() < whole_chance:
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

    ``outside`` is the OpenCV border mode beyond the photo; with ``cv2.BORDER_CONSTANT`` the image is black there, and
    nobody is.
    """
    both, window = _crop(image, mask, window, size, margin=bool(degrees))
    height, width = both.shape[:2]
    if not degrees and window == Window(0, 0, width, height):
        square = cv2.resize(both, (size, size), interpolation=cv2.INTER_LINEAR)
    else:
        matrix = _matrix(window, size, degrees)
        square = cv2.warpAffine(both, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=outside)
    if flip:
        square = cv2.flip(square, 1)
    rgb, seen = cv2.cvtColor(square, cv2.COLOR_RGBA2RGB), cv2.extractChannel(square, 3)
    return np.asarray(rgb, np.uint8), np.asarray(seen, np.uint8)


def view_mask(mask: Mask, window: Window, size: int, *, flip: bool) -> Mask:
    """The mask of ``view`` alone, empty beyond the photo. It may alias, which previous masks bear."""
    square = cv2.warpAffine(mask, _matrix(window, size, 0), (size, size), flags=cv2.INTER_LINEAR)
    return np.asarray(cv2.flip(square, 1) if flip else square, np.uint8)


def _crop(image: Rgb, mask: Mask, window: Window, size: int, *, margin: bool) -> tuple[Rgb, Window]:
    """What ``window`` shows of a photo, with the mask as a fourth channel, and the window within it.

    Strong shrinking is done here, by halving (which OpenCV does four times as fast as shrinking to any size) until at
    most 1.7 pixels fall on one: then linear interpolation does not alias visibly. ``margin`` leaves what turning
    brings into view.
    """
    height, width = image.shape[:2]
    more = (np.hypot(window.width, window.height) - min(window.width, window.height)) / 2 if margin else 0.0
    x0 = min(max(0, round(window.x - more)), width - 8)
    y0 = min(max(0, round(window.y - more)), height - 8)
    x1 = max(min(width, round(window.x + window.width + more)), x0 + 8)
    y1 = max(min(height, round(window.y + window.height + more)), y0 + 8)
    right, bottom = window.x + window.width, window.y + window.height
    inside = window.x > -1 and window.y > -1 and right < width + 1 and bottom < height + 1
    image, mask = image[y0:y1, x0:x1], mask[y0:y1, x0:x1]
    ratio, down = max(window.width, window.height) / size, 1.0
    while ratio * down > 1.7 and min(image.shape[:2]) >= 16:
        shape = image.shape[1] // 2, image.shape[0] // 2
        image = np.asarray(cv2.resize(image, shape, interpolation=cv2.INTER_AREA), np.uint8)
        mask = np.asarray(cv2.resize(mask, shape, interpolation=cv2.INTER_AREA), np.uint8)
        down /= 2
    both = cv2.cvtColor(image, cv2.COLOR_RGB2RGBA)
    cv2.insertChannel(mask, both, 3)
    if inside and not margin:
        return np.asarray(both, np.uint8), Window(0, 0, image.shape[1], image.shape[0])
    part = Window((window.x - x0) * down, (window.y - y0) * down, window.width * down, window.height * down)
    return np.asarray(both, np.uint8), part


def _matrix(window: Window, size: int, degrees: float) -> NDArray[np.float64]:
    """(2, 3): from pixels of the photo to those of the view, pixel centres at whole numbers in both."""
    scale_x, scale_y = size / window.width, size / window.height
    shift_x, shift_y = (0.5 - window.x) * scale_x - 0.5, (0.5 - window.y) * scale_y - 0.5
    matrix = np.array([[scale_x, 0, shift_x], [0, scale_y, shift_y]], np.float64)
    if degrees:
        centre = (size - 1) / 2
        rotation = np.array(cv2.getRotationMatrix2D((centre, centre), degrees, 1.0), np.float64)
        matrix = rotation @ np.vstack([matrix, [0, 0, 1]])
    return matrix


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
