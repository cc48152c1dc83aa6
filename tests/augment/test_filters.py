"""Every filter does what its name says, more of it the stronger it is, and nothing at strength 0."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from limner.augment.filters import FILTERS

Rgb = np.ndarray


def _picture() -> Rgb:
    small = np.random.default_rng(1).integers(40, 215, (8, 10, 3)).astype(np.uint8)
    return np.asarray(cv2.resize(small, (100, 80), interpolation=cv2.INTER_CUBIC), np.uint8)


def _spread(image: Rgb) -> float:
    return float(image.astype(float).std(2).mean())


MEASURES: dict[str, tuple[Callable[[Rgb], float], int]] = {
    "warm": (lambda i: float(i[..., 0].mean()) - float(i[..., 2].mean()), 1),
    "cool": (lambda i: float(i[..., 2].mean()) - float(i[..., 0].mean()), 1),
    "fade": (lambda i: float(i.std()), -1),
    "grey": (_spread, -1),
    "sepia": (lambda i: float(i[..., 0].mean()) - float(i[..., 2].mean()), 1),
    "vivid": (_spread, 1),
    "bright": (lambda i: float(i.mean()), 1),
    "dark": (lambda i: float(i.mean()), -1),
    "contrast": (lambda i: float(i.std()), 1),
    "vignette": (lambda i: float(i[:8, :8].mean()) - float(i[30:50, 40:60].mean()), -1),
    "soft": (lambda i: float(cv2.Laplacian(i, cv2.CV_32F).std()), -1),
    "grain": (lambda i: float(cv2.Laplacian(i, cv2.CV_32F).std()), 1),
    "webcam": (lambda i: float(np.abs(i.astype(int) - _picture()).mean()), 1),
    "jpeg": (lambda i: float(np.abs(i.astype(int) - _picture()).mean()), 1),
}


@pytest.mark.parametrize("name", list(FILTERS))
def test_more_is_more(name: str) -> None:
    measure, sign = MEASURES[name]
    image = _picture()
    before = image.copy()
    none, some, much = (FILTERS[name](image, s, np.random.default_rng(0)) for s in (0.0, 0.4, 1.0))
    assert np.abs(none.astype(int) - image).max() <= 1
    np.testing.assert_array_equal(image, before)
    assert some.shape == image.shape
    assert sign * measure(some) > sign * measure(none)
    assert sign * measure(much) > sign * measure(some)
