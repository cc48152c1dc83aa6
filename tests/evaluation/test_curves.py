"""Curves over thresholds agree with scoring at each threshold, and calibration with what was drawn."""

from __future__ import annotations

import numpy as np
import pytest

from limner.datasets.photo import Photo
from limner.evaluation import metrics
from limner.evaluation.curves import calibration, miou_by_threshold, precision_recall
from limner.evaluation.evaluate import Score, score_photo
from random_mattes import mattes


def _score(alpha: np.ndarray, truth: np.ndarray, *, name: str = "faces_close_up", mask: str = "hand") -> Score:
    photo = Photo(name, "0", "val", mask, *truth.shape, "x")  # type: ignore[arg-type]
    return score_photo(alpha, np.where(truth, 255, 0).astype(np.uint8), photo)


def test_each_threshold_against_the_metrics() -> None:
    pairs = [(alpha, other > 0.5) for alpha, other in (mattes(seed) for seed in range(3))]
    scores = [_score(*pair) for pair in pairs]
    curve = precision_recall(scores)
    thresholds, miou = miou_by_threshold(scores)
    for k in (1, 77, 128, 200):
        persons = [(alpha >= thresholds[k], truth) for alpha, truth in pairs]
        total = sum((metrics.Confusion.of(*pair) for pair in persons), metrics.Confusion())
        assert curve.precision[k] == pytest.approx(total.precision)
        assert curve.recall[k] == pytest.approx(total.recall)
        assert miou[k] == pytest.approx(100 * np.mean([metrics.mean_iou(*pair) for pair in persons]))
    assert curve.recall[0] == 1


def test_undecided_pixels_and_photos_without_people_do_not_count() -> None:
    truth = np.zeros((20, 20), bool)
    truth[:10] = True
    mask = np.where(truth, 255, 0).astype(np.uint8)
    mask[10:12] = 128
    alpha = np.ones((20, 20), np.float32)
    alpha[12:] = 0
    void = score_photo(alpha, mask, Photo("people_with_animals", "0", "val", "hand", 20, 20, "x"))
    nobody = _score(np.ones((20, 20), np.float32), np.zeros((20, 20), bool), mask="none")
    assert precision_recall([void, nobody]).precision[128] == 1
    assert void.levels.sum() == 360


def test_a_calibrated_matte_and_an_overconfident_one() -> None:
    rng = np.random.default_rng(0)
    alpha = rng.random((400, 400)).astype(np.float32)
    truth = rng.random((400, 400)) < alpha
    honest = calibration([_score(alpha, truth)])
    assert honest.error < 1
    assert np.allclose(honest.alpha, honest.share, atol=0.02)
    assert honest.pixels.sum() == alpha.size
    sure = calibration([_score((alpha > 0.5).astype(np.float32), truth)])
    assert sure.error == pytest.approx(25, abs=1)
    assert len(sure.alpha) == 2  # bins without pixels are left out
