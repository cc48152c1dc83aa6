"""Curves over the threshold, and calibration, from counts of alpha levels: no photo is read again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limner.evaluation.evaluate import LEVELS, Score

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PrecisionRecall:
    """Precision and recall of the person's pixels, of all photos together, at rising thresholds; all (256,)."""

    thresholds: Values
    precision: Values
    recall: Values


@dataclass(frozen=True, slots=True)
class Calibration:
    """How often pixels of an alpha really are person.

    Attributes:
        alpha: mean alpha of each bin, (B,); bins without pixels are left out.
        share: share of person among the bin's pixels, (B,).
        pixels: how many pixels each bin has, (B,).
        error: expected calibration error (Guo et al. 2017): mean of |share − alpha| over pixels, in percent.
    """

    alpha: Values
    share: Values
    pixels: Values
    error: float


def precision_recall(scores: Sequence[Score]) -> PrecisionRecall:
    """Of the photos with people, pixels of all photos together."""
    hit, false, missed, _ = _counts(_levels(scores).sum(0, keepdims=True))
    precision = _share(hit, hit + false)[0]
    return PrecisionRecall(np.arange(LEVELS) / LEVELS, precision, _share(hit, hit + missed)[0])


def miou_by_threshold(scores: Sequence[Score]) -> tuple[Values, Values]:
    """Thresholds and mIoU in percent, mean over the photos with people; both (256,)."""
    hit, false, missed, empty = _counts(_levels(scores))
    miou = (_share(hit, hit + false + missed) + _share(empty, empty + false + missed)) / 2
    return np.arange(LEVELS) / LEVELS, 100 * miou.mean(0)


def calibration(scores: Sequence[Score], *, bins: int = 16) -> Calibration:
    """Of the photos with people, pixels of all photos together, in ``bins`` bins of equal width."""
    background, person = _levels(scores).sum(0).reshape(2, bins, LEVELS // bins).astype(np.float64)
    middle = ((np.arange(LEVELS) + 0.5) / LEVELS).reshape(bins, LEVELS // bins)
    pixels = (background + person).sum(1)
    some = pixels > 0
    alpha = ((background + person) * middle).sum(1)[some] / pixels[some]
    share = person.sum(1)[some] / pixels[some]
    error = float((np.abs(share - alpha) * pixels[some]).sum() / pixels.sum())
    return Calibration(alpha, share, pixels[some], 100 * error)


def _levels(scores: Sequence[Score]) -> NDArray[np.int64]:
    """(photos, 2, 256), of those with people."""
    return np.stack([score.levels for score in scores if "iou" in score.values])


def _counts(levels: NDArray[np.int64]) -> tuple[Values, Values, Values, Values]:
    """Hit, false, missed and empty pixels, each (photos, 256), where alpha from level k on is person."""
    from_here = levels[..., ::-1].cumsum(-1)[..., ::-1].astype(np.float64)
    below = levels.sum(-1, keepdims=True) - from_here
    return from_here[:, 1], from_here[:, 0], below[:, 1], below[:, 0]


def _share(part: Values, whole: Values) -> Values:
    """1 where there is nothing, as for the metrics."""
    return np.divide(part, whole, out=np.ones_like(part), where=whole > 0)
