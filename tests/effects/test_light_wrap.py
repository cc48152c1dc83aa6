"""Light wrap: light from behind at the edge, none deep inside, never darker."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from limner.effects import make_effect
from limner.matte import Matte

SIZE = (300, 400)


@pytest.fixture
def alpha() -> np.ndarray:
    y, x = np.mgrid[: SIZE[0], : SIZE[1]].astype(np.float32)
    return np.clip((110 - np.hypot(y - 150, x - 200)) / 4 + 0.5, 0, 1).astype(np.float32)


GREY = np.full((*SIZE, 3), 60, np.uint8)


def depth(alpha: np.ndarray) -> np.ndarray:
    """Pixels to the edge, from the inside."""
    return cv2.distanceTransform((alpha > 0.99).astype(np.uint8), cv2.DIST_L2, 5)


def test_a_white_background_glows_at_the_edge_and_fades_inwards(alpha: np.ndarray) -> None:
    result = make_effect("light_wrap:1,replace:white")(GREY, Matte(alpha))[..., 0].astype(float)
    inside = depth(alpha)
    rings = [result[(inside > at) & (inside <= at + 3)].mean() for at in (0, 5, 10, 15, 20)]
    assert rings == sorted(rings, reverse=True)
    assert rings[0] > 150
    assert (result[inside > 45] <= 61).all()
    assert (result[alpha == 0] == 255).all()


def test_the_light_is_that_of_the_background_beside_it(alpha: np.ndarray) -> None:
    behind = np.zeros((*SIZE, 3), np.uint8)
    behind[:, :200, 0] = behind[:, 200:, 2] = 255

    class Halves:
        def frame_at(self, time, size, fit, fill=(0, 0, 0)):  # type: ignore[no-untyped-def]
            return behind

    from limner.effects import Chain

    chain = Chain([make_effect("light_wrap", strength=1.0), make_effect("replace", background=Halves())])
    result = chain(GREY, Matte(alpha)).astype(int)
    edge = (depth(alpha) > 0) & (depth(alpha) < 4)
    left, right = edge.copy(), edge.copy()
    left[:, 120:], right[:, :280] = False, False
    assert (result[left][:, 0] > result[left][:, 2] + 60).all()
    assert (result[right][:, 2] > result[right][:, 0] + 60).all()


def test_a_black_background_and_strength_zero_change_nothing(alpha: np.ndarray) -> None:
    for wrapped, plain in (
        ("light_wrap:1,replace:black", "replace:black"),
        ("light_wrap:0,replace:red", "replace:red"),
    ):
        np.testing.assert_array_equal(
            make_effect(wrapped)(GREY, Matte(alpha)), make_effect(plain)(GREY, Matte(alpha)), err_msg=wrapped
        )


def test_nothing_becomes_darker_and_strength_and_width_add_light(alpha: np.ndarray) -> None:
    frame = np.random.default_rng(1).integers(0, 256, (*SIZE, 3), dtype=np.uint8)
    plain = make_effect("replace:orange")(frame, Matte(alpha)).astype(int)
    sums = []
    for options in ({"strength": 0.3}, {"strength": 1.0}, {"strength": 1.0, "width": 0.1}):
        from limner.effects import Chain

        lit = Chain([make_effect("light_wrap", **options), make_effect("replace:orange")])(frame, Matte(alpha))
        assert (lit.astype(int) >= plain - 1).all()
        sums.append(int(lit.sum()))
    assert sums == sorted(sums)
    assert len(set(sums)) == 3


def test_over_the_own_background_no_colour_of_the_person_counts_as_light(alpha: np.ndarray) -> None:
    frame = np.where(alpha[..., None] > 0.5, np.uint8((0, 200, 0)), np.uint8((0, 0, 0))).astype(np.uint8)
    hard = (alpha > 0.5).astype(np.float32)
    assert np.abs(make_effect("light_wrap:1")(frame, Matte(hard)).astype(int) - frame).max() <= 2
