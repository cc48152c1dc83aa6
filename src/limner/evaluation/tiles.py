"""Pictures of a result: truth, matte and error beside the photo; which photos are worth looking at."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from limner.datasets.photo import Photo
from limner.evaluation.contenders import Alpha
from limner.evaluation.evaluate import Score, decided
from limner.frame import Frame

MISSED = (230, 60, 60)
FALSE = (60, 120, 255)


def error_tile(rgb: Frame, mask: NDArray[np.uint8], alpha: Alpha, photo: Photo) -> Frame:
    """The photo, dark, with ``MISSED`` where the person was missed and ``FALSE`` where background was taken for one."""
    truth, person = mask > 127, alpha > 0.5
    wrong = truth != person
    if (counts := decided(mask, photo)) is not None:
        wrong &= counts
    error: Frame = (rgb * 0.35).astype(np.uint8)
    error[wrong & truth] = MISSED
    error[wrong & person] = FALSE
    return error


def grey_tile(mask: NDArray[np.uint8]) -> Frame:
    """A mask (H, W) as RGB."""
    return np.repeat(mask[..., None], 3, axis=2)


def matte_tile(alpha: Alpha) -> Frame:
    """A matte (H, W) as RGB."""
    return grey_tile((alpha * 255).astype(np.uint8))


def worst(scores: Mapping[str, list[Score]], count: int) -> list[Photo]:
    """Photos with people by the lowest mIoU that any of the models has on them."""
    table = _by_photo(scores, "miou")
    return sorted(table, key=lambda photo: min(table[photo]))[:count]


def most_different(scores: Mapping[str, list[Score]], count: int) -> list[Photo]:
    """Photos with people by how far apart the models' mIoU are; none where there is one model."""
    if len(scores) < 2:
        return []
    table = _by_photo(scores, "miou")
    return sorted(table, key=lambda photo: min(table[photo]) - max(table[photo]))[:count]


def false_people(scores: Mapping[str, list[Score]], count: int) -> list[Photo]:
    """Photos without people by the largest area that any of the models took for a person, those with any."""
    table = _by_photo(scores, "false_area")
    found = [photo for photo in table if max(table[photo]) > 0]
    return sorted(found, key=lambda photo: -max(table[photo]))[:count]


def _by_photo(scores: Mapping[str, list[Score]], metric: str) -> dict[Photo, list[float]]:
    table: dict[Photo, list[float]] = {}
    for rows in scores.values():
        for score in rows:
            if metric in score.values:
                table.setdefault(score.photo, []).append(score.values[metric])
    return table
