"""Smoothstep: the matte's edge made narrower, wider inside or wider outside, by two thresholds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from limner.effects.compose import partly, quantize
from limner.effects.layers import EdgeEffect
from limner.effects.numbers import number
from limner.errors import OptionError
from limner.matte import Matte


class Smoothstep(EdgeEffect):
    """Alpha up to `low` becomes 0, from `high` on 1, and between them it rises smoothly: t² (3 - 2 t).

    Takes away the haze that an unsure net leaves around a person. Thresholds above the middle shrink the person a
    little, thresholds below it let them keep more hair.

    Args:
        low: alpha that becomes 0, in [0, 1).
        high: alpha that becomes 1, above `low`, at most 1.

    Raises:
        OptionError: the thresholds are not 0 <= low < high <= 1.
    """

    name = "smoothstep"

    def __init__(self, *, low: float = 0.2, high: float = 0.8) -> None:
        if not 0.0 <= low < high <= 1.0:  # also refuses NaN
            raise OptionError(f"smoothstep {low}-{high} is out of range: say LOW-HIGH with 0 <= LOW < HIGH <= 1")
        self._low = np.float32(low)
        self._span = np.float32(high - low)

    @classmethod
    def from_text(cls, text: str) -> dict[str, Any]:
        low, dash, high = text.partition("-")
        if not dash:
            raise OptionError(f"smoothstep {text!r} is not LOW-HIGH: say two thresholds such as 0.2-0.8")
        return {"low": number(low, option="smoothstep LOW"), "high": number(high, option="smoothstep HIGH")}

    def reshape(self, matte: Matte) -> Matte:
        alpha8 = quantize(matte.alpha)
        edge = partly(alpha8)
        alpha = (alpha8 == 255).astype(np.float32)
        if edge.size:
            part = ((matte.alpha.reshape(-1).take(edge) - self._low) / self._span).clip(0.0, 1.0)
            alpha.reshape(-1)[edge] = (part * part * (3.0 - 2.0 * part)).clip(0.0, 1.0)
        return replace(matte, alpha=alpha)
