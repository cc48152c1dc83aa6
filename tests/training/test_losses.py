"""Losses agree with hand-worked cases and ignore pixels without weight."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from limner.training.losses import edge_weighted_bce, portrait_loss, soft_iou_loss


def _picture() -> tuple[torch.Tensor, torch.Tensor]:
    target = torch.zeros(2, 1, 24, 24)
    target[:, :, 6:18, 6:18] = 1
    return torch.randn(2, 1, 24, 24, generator=torch.Generator().manual_seed(0)), target


def test_without_edge_weight_it_is_plain_cross_entropy() -> None:
    logits, target = _picture()
    got = edge_weighted_bce(logits, target, torch.ones_like(target), edge=0.0)
    torch.testing.assert_close(got, F.binary_cross_entropy_with_logits(logits, target))


def test_a_mistake_at_the_edge_costs_more_than_one_inside() -> None:
    _, target = _picture()
    right = torch.where(target > 0, 10.0, -10.0)
    at_edge, inside = right.clone(), right.clone()
    at_edge[:, :, 6, 6:10] *= -1
    inside[:, :, 11, 10:14] *= -1
    weight = torch.ones_like(target)
    assert edge_weighted_bce(at_edge, target, weight, edge=3.0) > 2 * edge_weighted_bce(
        inside, target, weight, edge=3.0
    )


@pytest.mark.parametrize(
    ("probability", "target", "expected"),
    [
        (torch.ones(1, 1, 2, 2), torch.ones(1, 1, 2, 2), 0.0),
        (torch.ones(1, 1, 2, 2), torch.tensor([[[[1.0, 1.0], [0.0, 0.0]]]]), 0.5),
        (torch.zeros(1, 1, 2, 2), torch.ones(1, 1, 2, 2), 1.0),
    ],
)
def test_soft_iou_of_hand_worked_cases(probability: torch.Tensor, target: torch.Tensor, expected: float) -> None:
    loss = soft_iou_loss(probability, target, torch.ones_like(target), smooth=0.0)
    assert loss.item() == pytest.approx(expected)


def test_pixels_without_weight_do_not_count() -> None:
    logits, target = _picture()
    weight = torch.ones_like(target)
    weight[:, :, :12] = 0
    coarse = torch.zeros(2, 1, 3, 3)
    terms = {"edge": 3.0, "person_iou": 0.5, "background_iou": 0.25, "coarse_share": 0.0}
    loss = portrait_loss(logits, coarse, target, weight, **terms)
    changed = logits.clone()
    changed[:, :, :12] += 5
    torch.testing.assert_close(portrait_loss(changed, coarse, target, weight, **terms), loss)


def test_each_term_counts() -> None:
    logits, target = _picture()
    weight, coarse = torch.ones_like(target), torch.zeros(2, 1, 3, 3)
    terms = {"edge": 3.0, "person_iou": 0.5, "background_iou": 0.25, "coarse_share": 0.3}
    whole = portrait_loss(logits, coarse, target, weight, **terms)
    for name in terms:
        assert portrait_loss(logits, coarse, target, weight, **{**terms, name: 0.0}) < whole
