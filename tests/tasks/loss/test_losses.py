"""Losses agree with hand-worked cases and ignore pixels without weight."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from limner.tasks.loss.losses import (
    coarse_bce,
    cross_entropy,
    dice_loss,
    edge_weighted_bce,
    lovasz_hinge,
    presence_bce,
    soft_iou_loss,
)


def _picture() -> tuple[Tensor, Tensor]:
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


def test_two_classes_are_worth_one_logit() -> None:
    """A softmax over (background, person) is the sigmoid of their difference."""
    logits, target = _picture()
    both = torch.cat([torch.randn_like(logits), torch.zeros_like(logits)], dim=1)
    both[:, 1:] = both[:, :1] + logits
    weight = torch.rand_like(target)
    got = cross_entropy(both, target, weight, person_class=1, background=0, edge=3.0)
    torch.testing.assert_close(got, edge_weighted_bce(logits, target, weight, edge=3.0))


def test_other_classes_are_wrong_everywhere() -> None:
    target = torch.tensor([[[[1.0, 0.0]]]])
    logits = torch.zeros(1, 21, 1, 2)
    logits[:, 15, :, 0], logits[:, 0, :, 1] = 30, 30
    weight = torch.ones_like(target)
    assert cross_entropy(logits, target, weight, person_class=15, background=0, edge=0.0) < 1e-6
    logits[:, 3] = 60
    assert cross_entropy(logits, target, weight, person_class=15, background=0, edge=0.0).item() == pytest.approx(30)


@pytest.mark.parametrize(
    ("loss", "probability", "target", "expected"),
    [
        (soft_iou_loss, [1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0], 0.0),
        (soft_iou_loss, [1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 0.0, 0.0], 0.5),
        (soft_iou_loss, [0.0, 0.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0], 1.0),
        (dice_loss, [1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0], 0.0),
        (dice_loss, [1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 0.0, 0.0], 1 / 3),
        (dice_loss, [0.5, 0.5, 0.0, 0.0], [1.0, 0.0, 1.0, 1.0], 0.75),
    ],
)
def test_soft_indices_of_hand_worked_cases(
    loss: Callable[..., Tensor], probability: list[float], target: list[float], expected: float
) -> None:
    shape = (1, 1, 2, 2)
    given = torch.tensor(probability).view(shape), torch.tensor(target).view(shape)
    assert loss(*given, torch.ones(shape), smooth=0.0).item() == pytest.approx(expected)


def test_lovasz_is_the_jaccard_loss_where_errors_are_0_or_1() -> None:
    """Its extension meets the set function at the corners of the cube (Berman et al. 2018)."""
    for truth, wrong in itertools.product(itertools.product([0.0, 1.0], repeat=4), repeat=2):
        target, mistaken = torch.tensor(truth).view(1, 1, 2, 2), torch.tensor(wrong).view(1, 1, 2, 2)
        logits = (2 * target - 1) * (1 - mistaken)  # a hinge error of 1 where mistaken, else 0
        said = (target - mistaken).abs()
        union = torch.maximum(target, said).sum()
        expected = 1 - (target * said).sum() / union if union else torch.tensor(0.0)
        torch.testing.assert_close(lovasz_hinge(logits, target, torch.ones_like(target)), expected)


def test_lovasz_of_a_pixel_that_weighs_twice_is_that_of_two() -> None:
    logits = torch.tensor([0.3, -0.8, 1.4])
    target = torch.tensor([1.0, 1.0, 0.0])
    doubled = lovasz_hinge(
        logits[[0, 1, 1, 2]].view(1, 1, 1, 4), target[[0, 1, 1, 2]].view(1, 1, 1, 4), torch.ones(1, 1, 1, 4)
    )
    weighted = lovasz_hinge(
        logits.view(1, 1, 1, 3), target.view(1, 1, 1, 3), torch.tensor([1.0, 2.0, 1.0]).view(1, 1, 1, 3)
    )
    torch.testing.assert_close(weighted, doubled)


def _plain(loss: Callable[..., Tensor], **options: float) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    return lambda logits, target, weight: loss(logits, target, weight, **options)


def _of_probability(loss: Callable[..., Tensor]) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    return lambda logits, target, weight: loss(torch.sigmoid(logits), target, weight)


@pytest.mark.parametrize(
    "loss",
    [
        _plain(edge_weighted_bce, edge=3.0),
        _plain(lovasz_hinge),
        _plain(coarse_bce),
        _of_probability(soft_iou_loss),
        _of_probability(dice_loss),
    ],
    ids=["bce", "lovasz", "coarse", "iou", "dice"],
)
def test_pixels_without_weight_do_not_count(loss: Callable[[Tensor, Tensor, Tensor], Tensor]) -> None:
    logits, target = _picture()
    weight = torch.ones_like(target)
    weight[:, :, :12] = 0
    logits.requires_grad_()
    value = loss(logits, target, weight)
    (gradient,) = torch.autograd.grad(value, logits)
    assert not gradient[:, :, :12].any()
    assert gradient[:, :, 12:].any()
    changed = logits.detach().clone()
    changed[:, :, :12] += 5
    torch.testing.assert_close(loss(changed, target, weight), value.detach())
    nothing = loss(logits, target, torch.zeros_like(weight))
    assert nothing.item() == 0


def test_the_coarse_head_is_held_against_the_mean_of_the_target() -> None:
    _, target = _picture()
    weight = torch.ones_like(target)
    coarse = torch.where(F.avg_pool2d(target, 3) > 0.5, 8.0, -8.0)
    assert coarse_bce(coarse, target, weight) < 0.01 < coarse_bce(-coarse, target, weight)


def _near(share_of_cells: float = 0.0) -> tuple[Tensor, Tensor, Tensor]:
    """Presence logits of a 4 × 4 grid, person logits and target of 64 × 64 pixels: somebody in the cell (1, 1)."""
    target = torch.zeros(1, 1, 64, 64)
    target[..., 20:28, 20:28] = 1
    return torch.full((1, 1, 4, 4), share_of_cells), torch.full((1, 1, 64, 64), -9.0), target


def test_presence_is_cross_entropy_over_the_cells_that_are_sure() -> None:
    near, person, target = _near()
    near[0, 0, 1, 1], near[0, 0, 0, 2], near[0, 0, 3, 3] = 2.0, 7.0, 1.0  # (0, 2) is beside the person: no matter
    got = presence_bce(near, person, target, torch.ones_like(target), missed=3.0)
    one, none, rest = math.log1p(math.exp(-2.0)), math.log1p(math.exp(1.0)), 6 * math.log(2.0)
    assert float(got) == pytest.approx((4 * 3 * one + none + rest) / (4 + 1 + 6), rel=1e-4)


def test_presence_counts_what_the_net_takes_for_a_person_and_leaves_out_what_is_undecided() -> None:
    near, person, target = _near()
    near[0, 0, 3, 3] = 1.0
    weight = torch.ones_like(target)
    calm = presence_bce(near, person, target, weight, missed=1.0)
    person[..., 48:, 48:] = 9.0
    assert presence_bce(near, person, target, weight, missed=1.0) > calm
    weight[..., 48:, 48:] = 0.0
    assert presence_bce(near, person, target, weight, missed=1.0) < calm
