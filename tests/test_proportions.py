"""Sizes in the proportions of others."""

from __future__ import annotations

import pytest

from limner.proportions import proportioned


@pytest.mark.parametrize(
    ("side", "like", "expected"),
    [
        (256, (320, 320), (256, 256)),
        (256, (192, 336), (192, 336)),
        (256, (256, 416), (208, 320)),
        (256, (336, 192), (336, 192)),
        (16, (1, 100), (16, 160)),
    ],
)
def test_about_as_many_pixels_in_other_proportions(side: int, like: tuple[int, int], expected: tuple[int, int]) -> None:
    assert proportioned(side, like) == expected


def test_the_step() -> None:
    assert proportioned(100, (100, 100), step=32) == (96, 96)
    assert proportioned(100, (1, 2), step=1) == (71, 141)
