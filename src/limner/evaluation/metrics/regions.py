"""Metrics of regions: IoU, mIoU and accuracy of one picture, and the confusion counts that accumulate over a data set.

The mean of an IoU over images and an IoU accumulated over a data set are different numbers: the first counts every
photo alike, the second every pixel. ``iou`` and its kin are for one picture; add up ``Confusion`` for the second.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from limner.checking import checked
from limner.evaluation.metrics._check import Bool, same_picture


@dataclass(frozen=True, slots=True)
class Confusion:
    """How many (valid) pixels were rightly or wrongly called person or background. Counts add up over pictures.

    >>> one = Confusion.of(np.array([[True, True, False]]), np.array([[True, False, False]]))
    >>> one
    Confusion(hit=1, false=1, missed=0, empty=1)
    >>> two = Confusion.of(np.array([[True, True, True]]), np.array([[True, True, True]]))
    >>> (one.iou + two.iou) / 2, (one + two).iou
    (0.75, 0.8)

    Attributes:
        hit: person, called person (true positives).
        false: background, called person.
        missed: person, called background.
        empty: background, called background.
    """

    hit: int = 0
    false: int = 0
    missed: int = 0
    empty: int = 0

    @classmethod
    def of(cls, prediction: Bool, truth: Bool, valid: Bool | None = None) -> Confusion:
        """Counts of one picture; all arguments bool (H, W)."""
        same_picture(prediction, truth, valid)
        size = prediction.size
        if valid is not None:
            prediction, truth, size = prediction & valid, truth & valid, int(np.count_nonzero(valid))
        hit = int(np.count_nonzero(prediction & truth))
        false, missed = int(np.count_nonzero(prediction)) - hit, int(np.count_nonzero(truth)) - hit
        return cls(hit, false, missed, size - hit - false - missed)

    def __add__(self, other: Confusion) -> Confusion:
        return Confusion(
            self.hit + other.hit, self.false + other.false, self.missed + other.missed, self.empty + other.empty
        )

    @property
    def iou(self) -> float:
        """Intersection over union of the person; 1.0 where there is none and none was found."""
        return _share(self.hit, self.hit + self.false + self.missed)

    @property
    def mean_iou(self) -> float:
        """Mean of the IoU of the person and the IoU of the background."""
        return (self.iou + _share(self.empty, self.empty + self.false + self.missed)) / 2

    @property
    def accuracy(self) -> float:
        """Share of pixels that are right; 1.0 where no pixel counts."""
        return _share(self.hit + self.empty, self.hit + self.false + self.missed + self.empty)

    @property
    def precision(self) -> float:
        """Share of the pixels called person that are person; 1.0 where none was."""
        return _share(self.hit, self.hit + self.false)

    @property
    def recall(self) -> float:
        """Share of the person's pixels that were found; 1.0 where there are none."""
        return _share(self.hit, self.hit + self.missed)


@checked
def iou(prediction: Bool, truth: Bool, valid: Bool | None = None) -> float:
    """Intersection over union of two (H, W) masks, over ``valid`` pixels only. 1.0 where both are empty.

    >>> a = np.array([[True, True, False]]); b = np.array([[True, False, False]])
    >>> iou(a, b)
    0.5
    """
    return Confusion.of(prediction, truth, valid).iou


@checked
def mean_iou(prediction: Bool, truth: Bool, valid: Bool | None = None) -> float:
    """Mean of the IoU of the person and the IoU of the background, of one picture.

    >>> a = np.array([[True, True, False, False]]); b = np.array([[True, False, False, False]])
    >>> round(mean_iou(a, b), 4)
    0.5833
    """
    return Confusion.of(prediction, truth, valid).mean_iou


@checked
def accuracy(prediction: Bool, truth: Bool, valid: Bool | None = None) -> float:
    """Share of (valid) pixels that are right.

    >>> round(accuracy(np.array([[True, True, False]]), np.array([[True, False, False]])), 4)
    0.6667
    """
    return Confusion.of(prediction, truth, valid).accuracy


@checked
def area_bias(counts: Confusion) -> float:
    """Natural logarithm of the person's predicted over the true area: −0.03 is a mask that is 3 % too small.

    One pixel is added to both, so that an empty mask has a bias, too.

    >>> round(area_bias(Confusion(hit=90, false=5, missed=9, empty=896)), 4)
    -0.0408
    """
    return math.log((counts.hit + counts.false + 1) / (counts.hit + counts.missed + 1))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0
