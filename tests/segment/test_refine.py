"""Refinement: equal to the guided filter's formula, true to the photo's edges, exact away from them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from limner.segment import refine as module
from limner.segment.pyramid import build_pyramid
from limner.segment.refine import EPSILON, RADII, fit, refine, soften


def disc(size: tuple[int, int], *, noise: float = 12.0) -> tuple[np.ndarray, np.ndarray]:
    """A photo of an orange disc before a grey-blue wall, with noise, and its true alpha."""
    height, width = size
    y, x = np.mgrid[:height, :width].astype(np.float32)
    radius = 0.3 * height
    truth = np.clip(radius + 0.5 - np.hypot(y - height / 2, x - width / 2), 0, 1)
    colours = truth[..., None] * (220, 120, 40) + (1 - truth[..., None]) * (70, 90, 120)
    colours += np.random.default_rng(0).normal(0, noise, colours.shape)
    return np.clip(colours, 0, 255).astype(np.uint8), truth.astype(np.float32)


def coarse(truth: np.ndarray, side: int = 64) -> np.ndarray:
    """What a small net would say of it."""
    return cv2.GaussianBlur(cv2.resize(truth, (side, side), interpolation=cv2.INTER_AREA), (0, 0), 0.7)


def guided_filter(guide: np.ndarray, values: np.ndarray, radius: int) -> np.ndarray:
    """The coefficients from the definition: in every window a ridge regression, solved by numpy."""
    height, width = values.shape
    out = np.zeros((height, width, 4))
    # At the border the window goes on with the last row and column.
    colours = np.pad(guide / 255.0, [(radius, radius), (radius, radius), (0, 0)], "edge")
    wanted = np.pad(values.astype(np.float64), radius, "edge")
    for i in range(height):
        for j in range(width):
            window = (slice(i, i + 2 * radius + 1), slice(j, j + 2 * radius + 1))
            x, v = colours[window].reshape(-1, 3), wanted[window].reshape(-1)
            mean = x.mean(axis=0)
            covariance = (x - mean).T @ (x - mean) / len(x)
            slope = np.linalg.solve(covariance + EPSILON * np.eye(3), (x - mean).T @ (v - v.mean()) / len(x))
            out[i, j] = [*slope, v.mean() - slope @ mean]
    return cv2.blur(out, (2 * radius + 1,) * 2, borderType=cv2.BORDER_REPLICATE)


@pytest.mark.parametrize("radius", RADII)
def test_fit_is_the_guided_filter(radius: int) -> None:
    photo, truth = disc((40, 48))
    values = cv2.resize(coarse(truth, 16), (48, 40))
    said = 255 * fit(photo, values, radius)
    np.testing.assert_allclose(said, guided_filter(photo, values, radius), atol=5e-3)
    steep = 255 * fit(photo, values, radius, steepness=2.0)
    np.testing.assert_allclose(steep, 2 * said - [0, 0, 0, 0.5], atol=5e-3)


@pytest.mark.parametrize(
    ("size", "share"),
    [((120, 160), 1.0), ((360, 640), 0.5), ((723, 1285), 0.5), ((1080, 1920), 0.5), ((3000, 4000), 0.5)],
)
def test_edges_are_the_photos(size: tuple[int, int], share: float) -> None:
    photo, truth = disc(size)
    probability = coarse(truth)
    pyramid = build_pyramid(photo)
    refined = refine(probability, pyramid, softness=0.6)
    enlarged = soften(cv2.resize(probability, size[::-1], interpolation=cv2.INTER_LINEAR), 0.6)
    assert refined.shape == size
    assert refined.flags.c_contiguous
    assert np.abs(refined - truth).mean() < share * np.abs(enlarged - truth).mean()
    assert ((refined > 0.5) != (truth > 0.5)).sum() <= share * ((enlarged > 0.5) != (truth > 0.5)).sum()


def test_away_from_edges_it_is_exact() -> None:
    photo, truth = disc((1080, 1920))
    refined = refine(coarse(truth), build_pyramid(photo), softness=0.6)
    height, width = truth.shape
    distance = np.hypot(*(np.mgrid[:height, :width] - np.array([height / 2, width / 2])[:, None, None]))
    assert np.all(refined[distance < 200] == 1.0)
    assert np.all(refined[distance > 460] == 0.0)


@pytest.mark.parametrize("softness", [0.0, 0.4, 0.6, 1.0])
def test_tiles_leave_no_seam(monkeypatch: pytest.MonkeyPatch, softness: float) -> None:
    photo, truth = disc((723, 1285))
    pyramid, probability = build_pyramid(photo), coarse(truth)
    tiled = refine(probability, pyramid, softness=softness)
    real = module._classify
    monkeypatch.setattr(module, "_classify", lambda *args: np.full_like(real(*args), module._EDGE))
    whole = refine(probability, pyramid, softness=softness)
    assert np.abs(tiled - whole).max() <= (0.03 if softness == 1.0 else 0.0)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_sure_net_is_taken_at_its_word(value: float) -> None:
    photo, _ = disc((300, 500))
    refined = refine(np.full((64, 64), value, np.float32), build_pyramid(photo), softness=0.6)
    assert np.all(refined == value)


@pytest.mark.parametrize("softness", [0.0, 0.25, 0.6, 1.0])
def test_a_flat_photo_keeps_the_nets_edge(softness: float) -> None:
    photo = np.full((512, 512, 3), 128, np.uint8)
    probability = np.repeat(np.linspace(0, 1, 64, dtype=np.float32)[None], 64, axis=0)
    refined = refine(probability, build_pyramid(photo), softness=softness)
    assert abs(int((refined[256] < 0.5).sum()) - 256) <= 4
    expected = soften(cv2.resize(probability, (512, 512)), softness)
    assert np.abs(refined - expected)[:, [20, 490]].max() < 0.1


@pytest.mark.parametrize(
    ("softness", "expected"),
    [(1.0, [0.0, 0.2, 0.5, 0.9]), (0.5, [0.0, 0.0, 0.5, 1.0]), (0.0, [0.0, 0.0, 1.0, 1.0])],
)
def test_soften(softness: float, expected: list[float]) -> None:
    np.testing.assert_allclose(soften(np.array([[0.0, 0.2, 0.5, 0.9]], np.float32), softness), [expected], atol=1e-6)


@pytest.mark.parametrize(
    ("size", "step", "full"),
    [
        ((1, 1), 1, (2, 2)),
        ((480, 640), 1, (480, 640)),
        ((720, 1280), 2, (720, 1280)),
        ((721, 1281), 4, (728, 1288)),
        ((1080, 1920), 4, (1080, 1920)),
        ((3000, 4000), 8, (3008, 4000)),
        ((3, 2000), 1, (4, 2000)),
    ],
)
def test_pyramid(size: tuple[int, int], step: int, full: tuple[int, int]) -> None:
    frame = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    pyramid = build_pyramid(frame)
    assert (pyramid.step, pyramid.full.shape[:2]) == (step, full)
    assert pyramid.small.shape[:2] == (full[0] // step, full[1] // step)
    np.testing.assert_array_equal(pyramid.full[: size[0], : size[1]], frame)
    block = pyramid.full[:step, :step].mean(axis=(0, 1))
    np.testing.assert_allclose(pyramid.small[0, 0], block, atol=2)


@pytest.mark.parametrize("half", [0.5, 0.49999997, 0.50000003])
def test_a_hard_edge_does_not_hang_on_how_a_sigmoid_of_0_is_rounded(half: float) -> None:
    assert soften(np.array([[half, 0.499, 0.501]], np.float32), 0.0).tolist() == [[1.0, 0.0, 1.0]]
