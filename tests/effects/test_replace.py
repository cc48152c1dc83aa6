"""Backgrounds: how they are fitted, and when they are asked for."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from limner.effects import make_effect
from limner.fitting import fit_frame
from limner.matte import Matte
from limner.media.backgrounds import Background, ColorBackground, PhotoBackground


def halves(height: int, width: int) -> np.ndarray:
    """Left half red, right half blue."""
    photo = np.zeros((height, width, 3), np.uint8)
    photo[:, : width // 2, 0] = photo[:, width // 2 :, 2] = 255
    return photo


@pytest.mark.parametrize("own", [(40, 80), (80, 40), (400, 100), (30, 30), (1, 1), (1, 500)])
@pytest.mark.parametrize("size", [(40, 80), (90, 50), (1, 1), (7, 200)])
@pytest.mark.parametrize("fit", ["cover", "contain"])
def test_fits_any_size(own: tuple[int, int], size: tuple[int, int], fit: str) -> None:
    fitted = fit_frame(np.full((*own, 3), 77, np.uint8), size, fit, (1, 2, 3))  # type: ignore[arg-type]
    assert fitted.shape == (*size, 3)
    assert fitted.flags.c_contiguous
    bars = (fitted == (1, 2, 3)).all(axis=2)
    assert ((fitted == 77).all(axis=2) | bars).all()
    assert fit == "contain" or not bars.any()
    assert not bars.all()


def test_cover_crops_the_middle_and_contain_adds_bars() -> None:
    covered = fit_frame(halves(100, 400), (100, 100), "cover")
    assert (covered[:, :49] == (255, 0, 0)).all()
    assert (covered[:, 51:] == (0, 0, 255)).all()
    contained = fit_frame(halves(100, 400), (100, 100), "contain", (9, 9, 9))
    assert (contained[:37] == 9).all()
    assert (contained[-37:] == 9).all()
    assert (contained[38:62, :48] == (255, 0, 0)).all()


def test_a_photo_is_fitted_once_for_each_size_and_never_written_to() -> None:
    background = PhotoBackground(halves(30, 60))
    first = background.frame_at(Fraction(0), (20, 20), "cover")
    before = first.copy()
    effect = make_effect("replace", background=background)
    effect(np.full((20, 20, 3), 255, np.uint8), Matte(np.full((20, 20), 0.5, np.float32)))
    assert background.frame_at(Fraction(1), (20, 20), "cover") is first
    np.testing.assert_array_equal(first, before)
    assert background.frame_at(Fraction(1), (20, 21), "cover").shape == (20, 21, 3)


def test_the_background_is_asked_for_the_time_of_the_frame() -> None:
    asked: list[tuple[Fraction, tuple[int, int], str, tuple[int, int, int]]] = []

    class Clock:
        def frame_at(self, time, size, fit, fill=(0, 0, 0)):  # type: ignore[no-untyped-def]
            asked.append((time, size, fit, fill))
            return np.zeros((*size, 3), np.uint8)

    clock = Clock()
    assert isinstance(clock, Background)
    assert isinstance(ColorBackground("red"), Background)
    effect = make_effect("replace", background=clock, fit="contain", fill="white")
    matte, frame = Matte(np.zeros((4, 6), np.float32)), np.zeros((4, 6, 3), np.uint8)
    effect(frame, matte)
    effect.at(Fraction(7, 3))
    effect(frame, matte)
    assert asked == [(Fraction(t), (4, 6), "contain", (255, 255, 255)) for t in (Fraction(0), Fraction(7, 3))]
