"""Outlines lie where the person ends and have the width asked for; their loss asks for them."""

from __future__ import annotations

import pytest
import torch

from limner.tasks.loss.boundary import boundary_loss, outline


def _square() -> torch.Tensor:
    target = torch.zeros(1, 1, 32, 32)
    target[:, :, 8:24, 8:24] = 1
    return target


@pytest.mark.parametrize(("width", "columns"), [(1, [8]), (2, [7, 8]), (3, [7, 8, 9]), (5, [6, 7, 8, 9, 10])])
def test_a_morphological_outline_has_its_width(width: int, columns: list[int]) -> None:
    row = outline(_square(), method="morphological", width=width)[0, 0, 16, :16]
    assert row.nonzero().flatten().tolist() == columns


def test_canny_finds_the_same_outline() -> None:
    found = outline(_square(), method="canny", width=3)[0, 0]
    row = found[16, :16].nonzero().flatten().tolist()
    assert len(row) == 3
    assert set(row) <= {6, 7, 8, 9}
    assert found[2].sum() == found[16, 13:19].sum() == 0


@pytest.mark.parametrize("method", ["morphological", "canny"])
def test_the_frame_of_the_picture_is_no_outline(method: str) -> None:
    assert outline(torch.ones(2, 1, 16, 16), method=method, width=3).sum() == 0
    assert outline(torch.zeros(2, 1, 16, 16), method=method, width=3).sum() == 0


def test_the_loss_is_small_for_the_outline_and_for_nothing_else() -> None:
    target = _square()
    weight = torch.ones_like(target)
    drawn = 12 * outline(target, method="morphological", width=3) - 6
    options = {"edges": "morphological", "width": 3, "gamma": 2.0, "balance": 0.75}
    right = boundary_loss(drawn, target, weight, **options)
    filled = boundary_loss(12 * target - 6, target, weight, **options)
    assert right < 0.001 * filled


def test_without_focus_it_is_balanced_cross_entropy() -> None:
    target = _square()
    logits = torch.zeros_like(target)
    loss = boundary_loss(logits, target, torch.ones_like(target), edges="canny", width=1, gamma=0.0, balance=0.5)
    assert loss.item() == pytest.approx(0.5 * 0.693147, rel=1e-5)


def test_outlines_beside_undecided_pixels_do_not_count() -> None:
    target = _square()
    weight = torch.ones_like(target)
    weight[:, :, :, :8] = 0  # the left outline lies against them
    logits = torch.zeros_like(target).requires_grad_()
    boundary_loss(logits, target, weight, edges="morphological", width=3, gamma=2.0, balance=0.75).backward()
    assert logits.grad is not None
    assert not logits.grad[..., :11].any()
    assert logits.grad[..., 16:].any()
