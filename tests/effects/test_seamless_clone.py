"""Seamless clone: the membrane against an exact solver, and where old background meets new."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from limner.effects import Chain, make_effect
from limner.effects.membrane import solve_membrane
from limner.matte import Matte
from limner.media.backgrounds import PhotoBackground

SIZE = (240, 320)


def exact(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Laplace's equation by a sparse direct solver."""
    sparse = pytest.importorskip("scipy.sparse")
    from scipy.sparse.linalg import spsolve

    height, width = known.shape
    matrix, right = sparse.lil_matrix((known.size, known.size)), np.zeros((known.size, 3))
    for y in range(height):
        for x in range(width):
            at = y * width + x
            matrix[at, at] = 1.0
            if known[y, x]:
                right[at] = values[y, x]
                continue
            for dy, dx in ((-1, 0), (1, 0), (0, -1), (0, 1)):
                # Beyond the border lies the border again: a slope of 0.
                y2, x2 = min(max(y + dy, 0), height - 1), min(max(x + dx, 0), width - 1)
                matrix[at, y2 * width + x2] -= 0.25
    return spsolve(matrix.tocsr(), right).reshape(height, width, 3)


@pytest.mark.parametrize("hole", ["disc", "bust", "half", "holes"])
def test_the_membrane_is_the_solution_of_laplaces_equation(hole: str) -> None:
    height, width = 45, 80
    y, x = np.mgrid[:height, :width]
    inside = {
        "disc": np.hypot(y - 22, x - 40) < 15,
        "bust": (np.hypot(y - 15, x - 40) < 9) | ((y > 24) & (np.abs(x - 40) < 26)),
        "half": x > 30,
        "holes": (np.hypot(y - 22, x - 40) < 18) & (np.hypot(y - 22, x - 40) > 5),
    }[hole]
    ramp = np.stack([np.sin(x / 9) + y / 30, x / 40.0, np.cos(y / 7)], axis=-1).astype(np.float32)
    solved, truth = solve_membrane(ramp, ~inside), exact(ramp, ~inside)
    np.testing.assert_array_equal(solved[~inside], ramp[~inside])
    assert np.ptp(truth) > 1.9
    assert np.abs(solved - truth).max() < 0.18
    assert np.abs(solved - truth).mean() < 0.04


def test_the_membrane_knows_its_bounds() -> None:
    values = np.random.default_rng(0).normal(0, 1, (33, 21, 3)).astype(np.float32)
    some = np.zeros((33, 21), bool)
    some[:, :4] = True
    solved = solve_membrane(values, some)
    assert solved.max() <= values[some].max() + 1e-4
    assert solved.min() >= values[some].min() - 1e-4
    np.testing.assert_array_equal(solve_membrane(values, ~some | some), values)
    np.testing.assert_array_equal(solve_membrane(values, some & ~some), 0 * values)


def disc() -> np.ndarray:
    y, x = np.mgrid[: SIZE[0], : SIZE[1]].astype(np.float32)
    return np.clip((70 - np.hypot(y - 120, x - 160)) / 3 + 0.5, 0, 1).astype(np.float32)


def cloned(frame: np.ndarray, behind: np.ndarray, strength: float = 1.0) -> np.ndarray:
    clone = make_effect("seamless_clone", strength=strength)
    chain = Chain([clone, make_effect("replace", background=PhotoBackground(behind))])
    return chain(frame, Matte(disc()))


def test_a_person_like_the_old_background_becomes_like_the_new_one_without_a_seam() -> None:
    x = np.linspace(0, 1, SIZE[1], dtype=np.float32)[None, :, None]
    behind = np.broadcast_to((60 + 120 * x, 100 + 0 * x, 180 - 120 * x), (3, 1, SIZE[1], 1))[:, 0, :, 0].T
    behind = np.ascontiguousarray(np.broadcast_to(np.rint(behind).astype(np.uint8), (*SIZE, 3)))
    result = cloned(np.full((*SIZE, 3), 120, np.uint8), behind)
    assert np.abs(result.astype(int) - behind).max() <= 8
    step = np.abs(np.diff(result.astype(int), axis=1)).max()
    assert step <= 4


def test_detail_of_the_person_stays_and_light_is_a_factor() -> None:
    frame = np.full((*SIZE, 3), 160, np.uint8)
    cv2.circle(frame, (160, 120), 20, (80, 60, 40), -1)
    result = cloned(frame, np.full((*SIZE, 3), 76, np.uint8))
    # Old 160 + 8 became 76 + 8: half the light, and the same for what is inside.
    np.testing.assert_allclose(result[120, 160], (np.array((80, 60, 40)) + 8) / 2 - 8, atol=1.5)
    half = cloned(frame, np.full((*SIZE, 3), 76, np.uint8), 0.5)
    np.testing.assert_allclose(half[120, 160], (np.array((80, 60, 40)) + 8) * 0.5**0.5 - 8, atol=1.5)


def test_the_same_background_or_no_strength_changes_nothing() -> None:
    frame = np.random.default_rng(0).integers(0, 256, (*SIZE, 3), dtype=np.uint8)
    np.testing.assert_array_equal(make_effect("seamless_clone")(frame, Matte(disc())), frame)
    behind = np.full((*SIZE, 3), 50, np.uint8)
    plain = make_effect("replace", background=PhotoBackground(behind))(frame, Matte(disc()))
    np.testing.assert_array_equal(cloned(frame, behind, 0.0), plain)


def test_noise_of_a_camera_does_not_make_it_flicker() -> None:
    rng = np.random.default_rng(2)
    behind = np.full((*SIZE, 3), 60, np.uint8)
    frame = np.full((*SIZE, 3), 150.0)
    inside = disc() == 1
    shown = [cloned((frame + rng.normal(0, 4, frame.shape) * ~inside[..., None]).astype(np.uint8), behind)[inside]
             for _ in range(4)]  # fmt: skip
    assert np.std(np.stack(shown).astype(float), axis=0).max() < 1.0
