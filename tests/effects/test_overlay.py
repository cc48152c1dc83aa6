"""Overlay: the tint is mixed by its opacity, and the line lies outside the person."""

from __future__ import annotations

import numpy as np

from limner.effects import make_effect
from limner.matte import Matte


def test_overlay_mixes_the_tint_by_its_opacity() -> None:
    frame = np.full((20, 20, 3), 100, np.uint8)
    alpha = np.zeros((20, 20), np.float32)
    alpha[:, 10:] = 1
    result = make_effect("overlay", tint=(200, 0, 100), opacity=0.25)(frame, Matte(alpha))
    assert (result[:, :10] == 100).all()
    assert (result[:, 10:] == (125, 75, 100)).all()


def test_overlay_draws_a_line_outside_the_person_only() -> None:
    frame = np.zeros((200, 200, 3), np.uint8)
    alpha = np.zeros((200, 200), np.float32)
    alpha[:, 100:] = 1
    result = make_effect("overlay", tint="white", opacity=0.0, outline=3.0)(frame, Matte(alpha))
    assert result[:, 94:100].all()
    assert not result[:, :93].any()
    assert not result[:, 100:].any()
