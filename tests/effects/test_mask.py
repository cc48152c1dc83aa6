"""Mask: the matte as a grey picture."""

from __future__ import annotations

import numpy as np

from limner.effects import make_effect
from limner.matte import Matte
from pictures import noise


def test_mask_is_the_matte_in_grey() -> None:
    alpha = np.linspace(0, 1, 256, dtype=np.float32)[None].repeat(3, 0)
    result = make_effect("mask")(noise((3, 256)), Matte(alpha))
    np.testing.assert_array_equal(result, np.arange(256, dtype=np.uint8)[None, :, None].repeat(3, 0).repeat(3, 2))
