"""IoU and accuracy agree with the confusion matrix; means over images and accumulated ones are told apart."""

from __future__ import annotations

import doctest

import numpy as np
import pytest

from limner.evaluation import metrics
from limner.evaluation.metrics import regions
from random_mattes import masks


def test_doctests() -> None:
    assert doctest.testmod(regions, extraglobs={"np": np}).failed == 0


@pytest.mark.parametrize("seed", range(4))
def test_against_the_confusion_matrix(seed: int) -> None:
    a, b = masks(seed)
    tn, fn, fp, tp = np.bincount((a.astype(int) * 2 + b).ravel(), minlength=4)
    assert metrics.Confusion.of(a, b) == metrics.Confusion(hit=tp, false=fp, missed=fn, empty=tn)
    assert metrics.iou(a, b) == pytest.approx(tp / (tp + fp + fn))
    assert metrics.mean_iou(a, b) == pytest.approx((tp / (tp + fp + fn) + tn / (tn + fp + fn)) / 2)
    assert metrics.accuracy(a, b) == pytest.approx((tp + tn) / a.size)
    counts = metrics.Confusion.of(a, b)
    assert (counts.precision, counts.recall) == (pytest.approx(tp / (tp + fp)), pytest.approx(tp / (tp + fn)))


def test_accumulating_is_scoring_all_pictures_as_one() -> None:
    pairs = [masks(seed) for seed in range(3)]
    total = sum((metrics.Confusion.of(a, b) for a, b in pairs), metrics.Confusion())
    whole_a, whole_b = (np.vstack(arrays) for arrays in zip(*pairs, strict=True))
    assert total == metrics.Confusion.of(whole_a, whole_b)
    assert total.iou != pytest.approx(np.mean([metrics.iou(a, b) for a, b in pairs]), abs=1e-6)


def test_void_pixels_do_not_count() -> None:
    a, b = masks(1)
    valid = np.ones_like(a)
    valid[:20] = False
    spoiled = a.copy()
    spoiled[:20] = ~spoiled[:20]
    for metric in (metrics.iou, metrics.mean_iou, metrics.accuracy):
        assert metric(spoiled, b, valid) == metric(a, b, valid) == pytest.approx(metric(a[20:], b[20:]))


def test_empty_masks() -> None:
    empty, full = np.zeros((4, 4), bool), np.ones((4, 4), bool)
    assert metrics.iou(empty, empty) == 1.0
    assert metrics.iou(empty, full) == 0.0
    assert metrics.accuracy(empty, full, empty) == 1.0
    assert metrics.Confusion.of(empty, full).precision == 1.0


@pytest.mark.parametrize("shape", [(4, 5), (4, 4, 1)])
def test_shapes_must_agree(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"must be \(H, W\) of one size"):
        metrics.iou(np.zeros((4, 4), bool), np.zeros(shape, bool))
    with pytest.raises(ValueError, match=r"must be \(H, W\) of one size"):
        metrics.accuracy(np.zeros((4, 4), bool), np.zeros((4, 4), bool), np.zeros(shape, bool))
