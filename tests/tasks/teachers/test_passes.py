"""Every pass shows the same place of the photo, and models count by their shares."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from limner.tasks.recipes.teacher import TeacherRecipe
from limner.tasks.teachers.distillation import Teacher
from limner.tasks.teachers.passes import iou, look, view


class Red:
    """Says how red each pixel is; keeps a note of what it was shown."""

    def __init__(self, *, fixed_size: bool, constant: float | None = None) -> None:
        self.size, self.fixed_size, self.constant = 64, fixed_size, constant
        self.shown: list[tuple[int, ...]] = []

    def __call__(self, images: Tensor, size: int) -> Tensor:
        self.shown.append((*images.shape[-2:], size))
        red = images[:, :1]
        return red if self.constant is None else torch.full_like(red, self.constant)


def _teacher(*members: Red, shares: tuple[float, ...] | None = None) -> Teacher:
    teacher = Teacher(TeacherRecipe(("fast",), mean="probability"))
    teacher.members = list(members)
    weights = shares or (1.0,) * len(members)
    teacher.shares = [share / sum(weights) for share in weights]
    return teacher


@pytest.fixture
def photo() -> Tensor:
    image = torch.zeros(1, 3, 80, 60)
    image[:, 0, 10:50, 8:30] = 1
    return image


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("scale", [0.4, 0.8, 1.0, 1.25, 2.0])
def test_a_pass_shows_the_place_it_looked_at(photo: Tensor, scale: float, flip: bool) -> None:
    member = Red(fixed_size=True)
    seen = look(_teacher(member), 0, photo, scale=scale, flip=flip)
    assert seen.shape == (1, 1, 80, 60)
    torch.testing.assert_close(seen, photo[:, :1])
    rows, columns, size = member.shown[0]
    assert (rows, columns) == pytest.approx((80 / scale, 60 / scale), abs=1.5)
    assert size == 64
    assert len(member.shown) == (4 if scale > 1 else 1)


def test_other_models_change_their_own_size(photo: Tensor) -> None:
    member = Red(fixed_size=False)
    look(_teacher(member), 0, photo, scale=1.25, flip=False)
    assert member.shown == [(80, 60, 80)]


def test_shares_and_kinds(photo: Tensor) -> None:
    members = Red(fixed_size=True), Red(fixed_size=True, constant=0.2), Red(fixed_size=True, constant=0.6)
    seen = view(_teacher(*members, shares=(1, 1, 2)), photo, scales=(0.8, 1.0), flip=True, salient=(2,))
    red = photo[0, 0].numpy()
    np.testing.assert_allclose(seen.probability, (red + 0.2 + 2 * 0.6) / 4, atol=1e-6)
    np.testing.assert_allclose(seen.everybody, (red + 0.2) / 2, atol=1e-6)
    np.testing.assert_allclose(seen.salient, np.full_like(red, 0.6), atol=1e-6)
    assert [len(member.shown) for member in members] == [4, 4, 1]
    assert len(seen.people) == 2


def test_one_kind_alone(photo: Tensor) -> None:
    seen = view(_teacher(Red(fixed_size=True)), photo, scales=(1.0,), flip=True)
    assert seen.salient is None
    assert seen.agreement == 1.0
    only = view(_teacher(Red(fixed_size=True)), photo, scales=(1.0,), flip=True, salient=(0,))
    assert only.everybody is None
    assert only.people == []


@pytest.mark.parametrize(("first", "second", "expected"), [([0, 0], [0, 0], 1.0), ([1, 1], [1, 0], 0.5)])
def test_iou(first: Any, second: Any, expected: float) -> None:
    assert iou(np.array(first, bool), np.array(second, bool)) == expected
