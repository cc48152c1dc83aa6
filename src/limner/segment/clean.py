"""Takes faint islands out of a net's map, and closes holes in people that no background colour explains."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

UInt8 = NDArray[np.uint8]
Float32 = NDArray[np.float32]

_SHOWS = 0.2
"""Probability from which a pixel belongs to a region: below it nothing is left of it in a matte of usual softness."""
_FAINT, _SURE = 0.6, 0.8
"""Peaks, as shares of the map's own, up to which a region goes and from which it stays as it is."""
_RING, _SHALLOW = 0.7, 0.12
"""A hole is what lies below this and is enclosed by what does not; how far below, until it counts in full."""
_LARGEST = 0.08
"""Share of the map, or of a square of its shorter side, above which a hole is left as it is."""
_COLOR, _DEEP, _SIZE, _BIAS = 0.37, 9.6, 0.12, 1.26
"""Log-odds that a hole is false, fitted on training photos: by colour, by depth below 0.2, by the logarithm of its
pixels, at 256×256 a map; and in any case."""
_DEPTH = 0.2
_OPEN, _CLOSED = 0.3, 1.1
"""Log-odds up to which a hole stays open and from which it is closed."""
_MOST_HOLES, _SPECK = 4, 6
"""Holes, largest first, whose colours are looked at, and pixels that they need; for others colours are undecided."""
_NEAR_BACKGROUND, _NEAR_PERSON = 0.25, 0.06
"""How far around a hole its colours are compared, as shares of the map's shorter side."""
_BACKGROUND, _PERSON, _CORE = 0.1, 0.9, 0.1
_SAMPLES, _CORE_SAMPLES, _FEWEST, _GRID = 96, 24, 8, 28
_SPREAD = 8.0
"""Levels, of 255, within which colours count as alike."""
_LIMIT = 3.0


def clean(probability: Float32, picture: UInt8) -> Float32:
    """A net's map without faint islands, and without holes in people that only the net sees.

    An island is a connected region that no sure pixel belongs to. It fades by its peak, relative to the peak of the
    map, so that the surest region always stays. A hole is a region inside a person that does not reach the border.
    It closes where its colours are those of the person next to it more than those of the background around, by the
    mean log-ratio of two kernel density estimates; where it is shallow; and where it is small. Both are continuous in
    the map, so a video does not flicker from them.

    Args:
        probability: (h, w) in [0, 1].
        picture: RGB uint8 of any size, showing the same view.

    Returns:
        (h, w) float32 in [0, 1]; ``probability`` itself where there is nothing to do. It is never changed.
    """
    return _without_islands(_without_holes(probability, picture))


def _without_islands(probability: Float32) -> Float32:
    count, labels = cv2.connectedComponents((probability > _SHOWS).astype(np.uint8), connectivity=8)
    if count <= 2:
        return probability
    top = float(probability.max())
    stays = np.zeros(count, np.bool_)
    stays[0] = True
    stays[labels[probability >= _SURE * top]] = True
    if stays.all():
        return probability
    faint = (~stays)[labels]
    owners, values = labels[faint], probability[faint]
    peaks = np.zeros(count, np.float32)
    np.maximum.at(peaks, owners, values)
    result = probability.copy()
    result[faint] = values * _ramp(peaks / np.float32(top), _FAINT, _SURE)[owners]
    return result


def _without_holes(probability: Float32, picture: UInt8) -> Float32:
    solid = (probability >= _RING).astype(np.uint8)
    left, top, width, height = cv2.boundingRect(solid)
    if not width:
        return probability
    body = (slice(top, top + height), slice(left, left + width))
    count, found, stats, _ = cv2.connectedComponentsWithStats(1 - solid[body], connectivity=4)
    if count <= 1:
        return probability
    x, y, wide, tall, area = stats.T
    inside = (x > 0) & (y > 0) & (x + wide < width) & (y + tall < height)
    square = min(probability.shape) ** 2  # of a panorama, one near-square part
    inside &= area <= _LARGEST * square
    inside[0] = False
    holes = np.flatnonzero(inside)
    if not holes.size:
        return probability
    labels = np.zeros(probability.shape, np.int32)
    labels[body] = found
    stats[:, :2] += (left, top)
    view = _window(stats[holes], probability.shape)
    here, values = labels[view], probability[view]
    within = inside[here]
    depths = np.ones(count, np.float32)
    np.minimum.at(depths, here[within], values[within])
    odds = _BIAS - _DEEP * np.maximum(0, _DEPTH - depths) - _SIZE * np.log(area * (65536 / square))
    colors = _Colors(probability, picture, labels)
    for hole in holes[np.argsort(-area[holes], kind="stable")][:_MOST_HOLES]:
        if area[hole] >= _SPECK:
            odds[hole] += _COLOR * colors.likeness(int(hole), stats[hole], float(depths[hole]))
    closes = _ramp(odds, _OPEN, _CLOSED) * _ramp(_RING - depths, 0, _SHALLOW)
    closes = np.where(inside, closes, 0).astype(np.float32)
    if not closes.any():
        return probability
    share: Any = closes[here]
    # The inner rim of the ring is grey as well; what lies outside the ring is left alone.
    share = np.where(here > 0, share, cv2.dilate(share, np.ones((3, 3), np.uint8)))
    result = probability.copy()
    result[view] = values + share * (1 - values)
    return result


def _window(boxes: Any, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Rows and columns that hold all of the boxes, and one pixel around them."""
    left, top = boxes[:, 0].min() - 1, boxes[:, 1].min() - 1
    right, bottom = (boxes[:, 0] + boxes[:, 2]).max() + 1, (boxes[:, 1] + boxes[:, 3]).max() + 1
    return slice(max(0, top), min(shape[0], bottom)), slice(max(0, left), min(shape[1], right))


class _Colors:
    """A map and the colours of its pixels, around its holes."""

    def __init__(self, probability: Float32, picture: UInt8, labels: Any) -> None:
        self._probability, self._picture, self._labels = probability, picture, labels

    def likeness(self, hole: int, box: Any, depth: float) -> float:
        """How much more the deepest part of a hole looks like the person beside it than like the background around.

        The logarithm of the ratio of two densities of colour, in [-3, 3]; 0 where neither has such a colour.
        """
        inner = self._around(box, 0)
        deep = (self._labels[inner] == hole) & (self._probability[inner] <= depth + _CORE)
        core = self._take(inner, deep, _CORE_SAMPLES)
        outer = self._around(box, _NEAR_BACKGROUND)
        background = (self._probability[outer] < _BACKGROUND) & (self._labels[outer] != hole)
        close = self._around(box, _NEAR_PERSON)
        densities = [
            _density(core, self._take(window, chosen, _SAMPLES))
            for window, chosen in ((close, self._probability[close] > _PERSON), (outer, background))
        ]
        ratio = np.log((densities[0] + 1e-3) / (densities[1] + 1e-3))
        return float(np.clip(ratio, -_LIMIT, _LIMIT))

    def _around(self, box: Any, share: float) -> tuple[slice, slice]:
        """Rows and columns of a box and what is near it: all of a small one, a grid of pixels of a large one."""
        left, top, wide, tall = (int(value) for value in box[:4])
        margin = round(share * min(self._probability.shape))
        ends = (max(0, top - margin), top + tall + margin), (max(0, left - margin), left + wide + margin)
        rows, columns = (slice(start, stop, max(1, (stop - start) // _GRID)) for start, stop in ends)
        return rows, columns

    def _take(self, window: tuple[slice, slice], chosen: Any, most: int) -> Float32:
        """Colours (n, 3) of at most ``most`` of the chosen pixels, evenly spread over them."""
        rows, columns = np.nonzero(chosen)
        if rows.size > most:
            some = np.linspace(0, rows.size - 1, most).astype(np.intp)
            rows, columns = rows[some], columns[some]
        size, full = self._probability.shape, self._picture.shape
        y = ((rows * window[0].step + (window[0].start + 0.5)) * (full[0] / size[0])).astype(np.intp)
        x = ((columns * window[1].step + (window[1].start + 0.5)) * (full[1] / size[1])).astype(np.intp)
        colors: Float32 = self._picture[y, x].astype(np.float32)
        return colors


def _density(colors: Float32, samples: Float32) -> float:
    """Mean over ``colors`` of the kernel density estimate from ``samples``; 0 from too few samples."""
    if len(samples) < _FEWEST or not len(colors):
        return 0.0
    # Not by a matrix product: the library for it takes 32 MiB the first time.
    red, green, blue = (np.subtract.outer(colors[:, channel], samples[:, channel]) for channel in range(3))
    squares = red * red + green * green + blue * blue
    return float(np.exp(squares * np.float32(-0.5 / _SPREAD**2)).mean())


def _ramp(values: Any, low: float, high: float) -> Any:
    """0 up to ``low``, 1 from ``high``, smoothly between."""
    part = np.clip((values - low) / (high - low), 0, 1)
    return part * part * (3 - 2 * part)
