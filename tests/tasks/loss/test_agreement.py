"""Predictions that agree cost nothing; those that differ cost what their difference is worth."""

from __future__ import annotations

import pytest
import torch

from limner.tasks.loss.agreement import consistency_loss, temporal_loss


def _one(value: float) -> torch.Tensor:
    return torch.full((1, 1, 1, 1), value)


def test_the_divergence_of_a_hand_worked_case() -> None:
    """p = 0.5 against q = 0.25: 0.5 ln 2 + 0.5 ln(2/3)."""
    loss = consistency_loss(_one(0.0), torch.logit(_one(0.25)), _one(1.0), temperature=1.0)
    assert loss.item() == pytest.approx(0.5 * 0.693147 - 0.5 * 0.405465, rel=1e-4)


def test_the_twin_follows_the_photo_and_not_the_other_way_round() -> None:
    photo, twin = _one(2.0).requires_grad_(), _one(-1.0).requires_grad_()
    consistency_loss(photo, twin, _one(1.0), temperature=2.0).backward()
    assert photo.grad is None
    assert twin.grad is not None
    assert twin.grad.item() < 0
    same = consistency_loss(photo, photo.detach(), _one(1.0), temperature=2.0)
    assert same.item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("target", "before", "weight", "expected"),
    [(1.0, 1.0, 1.0, 0.25), (1.0, 0.0, 1.0, 0.0), (1.0, 0.97, 1.0, 0.25), (1.0, 1.0, 0.5, 0.125)],
)
def test_change_costs_only_where_the_target_stays(target: float, before: float, weight: float, expected: float) -> None:
    loss = temporal_loss(_one(0.0), _one(40.0), _one(target), _one(before), _one(weight))
    assert loss.item() == pytest.approx(expected)
