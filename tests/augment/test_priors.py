"""Previous masks come in the shares asked for, and each kind of damage does what its name says."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from limner.augment.priors import Priors, make_prior, resized, smear, turned
from limner.errors import DataError

SIZE = 64
CLEAN = Priors(empty=0, full=0, other=0, far=0, spline=0, motion_blur=0, edge=0, dropout=0, soft=0, ghost=0)


def _disc(radius: int = 18) -> np.ndarray:
    disc = np.zeros((SIZE, SIZE), np.float32)
    cv2.circle(disc, (32, 36), radius, 1.0, -1)
    return disc


def _stripe() -> np.ndarray:
    stripe = np.zeros((SIZE, SIZE), np.uint8)
    stripe[:, :8] = 255
    return stripe


def _draw(options: Priors, count: int = 300, *, target: np.ndarray | None = None, moved: bool = False) -> np.ndarray:
    rng = np.random.default_rng(1)
    target = _disc() if target is None else target
    return np.array([make_prior(target, rng, options, other=_stripe, moved=moved) for _ in range(count)])


def _iou(masks: np.ndarray) -> np.ndarray:
    person, found = _disc() > 0.5, masks > 0.5
    return (person & found).sum((1, 2)) / (person | found).sum((1, 2))


def test_form() -> None:
    masks = _draw(Priors(), 200)
    assert masks.shape == (200, SIZE, SIZE)
    assert masks.dtype == np.float32
    assert 0 <= masks.min() <= masks.max() <= 1


def test_shares_are_as_configured() -> None:
    masks = _draw(Priors(empty=0.3, full=0.1, other=0.2, far=0, dropout=0, soft=0, ghost=0, motion_blur=0), 600)
    assert (masks.max((1, 2)) == 0).mean() == pytest.approx(0.3, abs=0.06)
    assert (masks.min((1, 2)) > 0.5).mean() == pytest.approx(0.1, abs=0.04)
    stripes = (masks[:, :, :5].mean((1, 2)) > 0.8) & (masks[:, :, 20:].max((1, 2)) < 0.5)
    assert stripes.mean() == pytest.approx(0.2, abs=0.06)
    assert np.median(_iou(masks)[_iou(masks) > 0.3]) > 0.85


def test_two_in_five_are_useless_by_default() -> None:
    """What makes a net outgrow a wrong prior: in so many samples only the picture tells."""
    assert 0.35 < (_iou(_draw(Priors(), 600)) < 0.6).mean() < 0.6


def test_near_is_near_and_far_is_far() -> None:
    assert _iou(_draw(CLEAN)).min() > 0.75
    assert _iou(_draw(replace(CLEAN, far=1.0))).mean() < 0.7


def test_a_frame_that_moved_already_is_not_moved_again() -> None:
    np.testing.assert_array_equal(_draw(CLEAN, 3, moved=True), np.stack([_disc()] * 3))


@pytest.mark.parametrize("name", ["spline", "motion_blur", "edge", "dropout", "soft", "ghost"])
def test_each_damage_changes_the_mask(name: str) -> None:
    plain = make_prior(_disc(), np.random.default_rng(2), CLEAN, other=_stripe)
    damaged = make_prior(_disc(), np.random.default_rng(2), replace(CLEAN, **{name: 1.0}), other=_stripe)
    assert np.abs(damaged - plain).mean() > 1e-3


def test_somebody_has_just_left_a_picture_without_people() -> None:
    masks = _draw(replace(CLEAN, other=0.2, far=0.2), 300, target=np.zeros((SIZE, SIZE), np.float32))
    assert (masks.max((1, 2)) > 0).mean() == pytest.approx(0.4, abs=0.08)


def test_growing_and_shrinking_move_the_edge_by_the_radius() -> None:
    mask = np.zeros((SIZE, SIZE), np.uint8)
    mask[20:40, 20:40] = 255
    assert (resized(mask, 2.0, grow=True)[30] > 0).sum() == 24
    assert (resized(mask, 2.0, grow=False)[30] > 0).sum() == 16


def test_smearing_widens_along_the_line_only() -> None:
    mask = (_disc(10) * 255).astype(np.uint8)
    out = smear(mask, 16.0, 0.0)
    assert (out[36] > 8).sum() > (mask[36] > 0).sum() + 8
    assert abs(int((out[:, 32] > 8).sum()) - int((mask[:, 32] > 0).sum())) <= 4
    assert out.mean() == pytest.approx(mask.mean(), rel=0.05)


def test_turning_by_nothing_keeps_the_mask() -> None:
    mask = (_disc() * 255).astype(np.uint8)
    np.testing.assert_array_equal(turned(mask, np.random.default_rng(0), shift=0, degrees=0, zoom=0), mask)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"empty": 1.2}, r"data.priors.empty must lie in \[0, 1\]"), ({"empty": 0.8, "far": 0.4}, "must not add up")],
)
def test_options_are_checked(options: dict[str, float], message: str) -> None:
    with pytest.raises(DataError, match=message):
        Priors(**options)
