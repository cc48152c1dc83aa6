"""Two nets in a row: one finds where people are, the other sees that part of the frame, larger."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.matte import Matte
from limner.models.card import ModelCard
from limner.models.catalogue import ModelFile, finder_of
from limner.runtimes.loading import AUTO, runs
from limner.segment.batched import BatchCounts, Batched, load_batched
from limner.segment.net import Net, PersonNet, RuntimeFacts, Seen, together
from limner.segment.pyramid import Pyramid, crop

Float32 = NDArray[np.float32]
Part = tuple[slice, slice]

_FOUND = 0.3
"""Probability from which a pixel is one of somebody to be seen; less than half, as the second net decides."""
_LEAST = 0.1
"""Regions smaller than this share of the largest do not count as people to be seen."""
_GRID = 16
"""Boxes grow to lines of a grid of so many cells a side, so that they stand still while people sway."""
_LONGEST = 1024
"""Longer side of the map at most."""


class Cropped:
    """A net whose card names a model that finds people first.

    Args:
        finder: sees the whole frame.
        net: sees what is cropped from it; its map is 0 elsewhere.
        margin: see ``limner.models.card_more.CropSpec``.
    """

    def __init__(self, finder: PersonNet, net: Net | Batched, margin: float) -> None:
        self._finder, self._net, self._margin = finder, net, margin
        self._runtime = together([finder.runtime, net.runtime])

    @property
    def card(self) -> ModelCard:
        """Of the second net."""
        return self._net.card

    @property
    def runtime(self) -> RuntimeFacts:
        """What runs both: names and devices with " + " between them where they differ."""
        return self._runtime

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) that the second net sees."""
        return self._net.size

    @property
    def counts(self) -> BatchCounts:
        """Of the second net."""
        return self._net.counts if isinstance(self._net, Batched) else BatchCounts()

    @property
    def takes_previous(self) -> bool:
        """Whether the first net looks at the matte before."""
        return self._finder.takes_previous

    def see(self, pyramid: Pyramid, previous: Matte | None) -> Seen:
        """Runs both; where the first finds nobody, the second sees the whole frame."""
        size = pyramid.small.shape[0], pyramid.small.shape[1]
        found = self._finder.see(pyramid, previous)
        part = people_box(found.probability, size, self._margin) or (slice(0, size[0]), slice(0, size[1]))
        if not found.sound:
            return found
        seen = self._net.see(crop(pyramid, part), None)
        whole = _placed(seen.probability, part, size)
        return Seen(whole, seen.sound, found.memory, seen.confidence)


def people_box(probability: Float32, size: tuple[int, int], margin: float) -> Part | None:
    """Rows and columns, of a picture of ``size``, of the people in a map, with a margin; None where nobody is.

    Args:
        probability: (h, w) float32 in [0, 1] of the whole picture.
        size: (height, width) of the picture, in pixels.
        margin: share of the box's longer side that is added on every side.
    """
    count, _, stats, _ = cv2.connectedComponentsWithStats((probability > _FOUND).astype(np.uint8), connectivity=8)
    if count <= 1:
        return None
    areas = stats[1:, cv2.CC_STAT_AREA]
    boxes = stats[1:][areas >= _LEAST * areas.max()]
    scale_y, scale_x = size[0] / probability.shape[0], size[1] / probability.shape[1]
    top, bottom = boxes[:, 1].min() * scale_y, (boxes[:, 1] + boxes[:, 3]).max() * scale_y
    left, right = boxes[:, 0].min() * scale_x, (boxes[:, 0] + boxes[:, 2]).max() * scale_x
    more = margin * max(bottom - top, right - left)
    return _snapped(top - more, bottom + more, size[0]), _snapped(left - more, right + more, size[1])


def _snapped(start: float, stop: float, length: int) -> slice:
    """From the grid's line before ``start`` to the one after ``stop``, inside a side of ``length``."""
    cell = length / _GRID
    first, last = int(np.floor(start / cell) * cell), int(np.ceil(np.ceil(stop / cell) * cell))
    return slice(max(0, first), min(length, max(last, first + 1)))


def _placed(probability: Float32, part: Part, size: tuple[int, int]) -> Float32:
    """A map of a part of a picture as one of the whole, about as fine, 0 outside."""
    rows, columns = part
    fine = max(probability.shape[0] / (rows.stop - rows.start), probability.shape[1] / (columns.stop - columns.start))
    scale = min(fine, _LONGEST / max(size))
    whole = np.zeros((max(1, round(size[0] * scale)), max(1, round(size[1] * scale))), np.float32)
    inner = whole[_scaled(rows, scale, whole.shape[0]), _scaled(columns, scale, whole.shape[1])]
    inner[:] = cv2.resize(probability, (inner.shape[1], inner.shape[0]), interpolation=cv2.INTER_LINEAR)
    return whole


def _scaled(side: slice, scale: float, length: int) -> slice:
    first = min(length - 1, round(side.start * scale))
    return slice(first, max(first + 1, min(length, round(side.stop * scale))))


def load_net(found: ModelFile, *, runtime: str, device: str, threads: int | None, batch: int = 1) -> PersonNet:
    """The net of a model file, and the one before it where its card names one; arguments as for ``limner.Segmenter``.

    ``runtime`` is for both; a model whose type of file it does not run gets what "auto" takes.
    """
    if found.card.crop is None:
        return _load(found, runtime, device, threads, batch)
    finder = finder_of(found)
    own, other = _named_for([found, finder], runtime)
    net = _load(found, own, device, threads, batch)
    return Cropped(_load(finder, other, device, threads, batch), net, found.card.crop.margin)


def _named_for(files: Sequence[ModelFile], runtime: str) -> list[str]:
    fits = [runs(runtime, file.path) for file in files]
    return [runtime if fit or not any(fits) else AUTO for fit in fits]


def _load(found: ModelFile, runtime: str, device: str, threads: int | None, batch: int) -> Net | Batched:
    if batch > 1:
        return load_batched(found, runtime=runtime, device=device, threads=threads, most=batch)
    return Net(found, runtime=runtime, device=device, threads=threads)
