"""Harmonize: the person's light and colour fitted to what lies behind them, by a net."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.adjustment import Adjustment
from limner.effects.compose import quantize
from limner.effects.fit_model import FitModel, Floats
from limner.effects.layers import PersonEffect
from limner.effects.numbers import check_range, number
from limner.frame import Frame
from limner.matte import Matte

_LOOK_EVERY = 0.1
"""Seconds between two looks of the net at a video; the light of a scene changes more slowly."""

_SETTLE = 0.3
"""Seconds in which two thirds of the way to what the net said last are gone."""

_CUT = 30.0
"""Mean change of the composite's 8 × 8 cells, in levels of 255, from which it is another scene."""

_LONGEST_GAP = 1.0
"""Seconds between two frames from which the second one stands alone."""


class Harmonize(PersonEffect):
    """The person's exposure, white balance, contrast and colour changed to what the new background's light would make.

    A small net trained here looks at a small composite and says a tone curve for each channel, a mixture of the
    channels and a coarse field of light (`limner.adjustment.Adjustment`), which are applied at full size; after
    Harmonizer (Ke et al. 2022, "Harmonizer: Learning to Perform White-Box Image and Video Harmonization"). Edges
    and texture stay as sharp as they were.

    In a video, which `at` tells of, the net looks ten times a second and the change follows smoothly; a cut or `reset`
    begins anew. Frames without a time each stand alone.

    Args:
        strength: 0 (nothing) to 1 (all that the net says).
        model: a model of the task "harmonize": a shipped name, or a file with its card.

    Raises:
        OptionError: strength is not between 0 and 1.
        ModelError: the model cannot be used.
    """

    name = "harmonize"

    def __init__(self, *, strength: float = 1.0, model: str | Path = "harmonize") -> None:
        self._strength = check_range(
            strength, 0.0, 1.0, option="harmonize ‹strength›", says="0 (nothing) to 1 (all that the net says)"
        )
        self._model = FitModel(model)
        self._time: Fraction | None = None
        self._steady = _Steady()

    @classmethod
    def from_text(cls, text: str) -> dict[str, Any]:
        return {"strength": number(text, option="harmonize ‹strength›")}

    def at(self, time: Fraction) -> None:
        self._time = time

    def reset(self) -> None:
        self._time = None
        self._steady = _Steady()

    def fit(self, person: Frame, background: Frame, matte: Matte) -> Frame:
        time, self._time = self._time, None
        alpha8 = quantize(matte.alpha)
        left, top, width, height = cv2.boundingRect(alpha8)
        if self._strength == 0.0 or width == 0:
            return person
        composite, alpha = self._model.small(person, background, matte.alpha)
        said = self._steady.next(self._model, composite, alpha, matte.size, time)
        change = Adjustment.identity().toward(said, self._strength)
        fitted = person.copy()
        box = (top, left, top + height, left + width)
        fitted[top : top + height, left : left + width] = change.apply(person, box=box)
        return fitted


class _Steady:
    """What the net said of earlier frames, and how far the picture has followed."""

    def __init__(self) -> None:
        self._time: Fraction | None = None
        self._looked = Fraction(0)
        self._size = (0, 0)
        self._cells: NDArray[np.float32] | None = None
        self._goal = self._here = Adjustment.identity()

    def next(
        self, model: FitModel, composite: Floats, alpha: Floats, size: tuple[int, int], time: Fraction | None
    ) -> Adjustment:
        """The adjustment of the frame at ``time``, or of a frame that stands alone."""
        cells = cv2.resize(composite, (8, 8), interpolation=cv2.INTER_AREA).astype(np.float32, copy=False)
        passed = self._passed(cells, size, time)
        self._cells, self._size, self._time = cells, size, time
        if passed is None:
            self._goal = self._here = model.read(composite, alpha)
            self._looked = time or Fraction(0)
            return self._here
        assert time is not None
        if time - self._looked >= _LOOK_EVERY:
            self._goal, self._looked = model.read(composite, alpha), time
        self._here = self._here.toward(self._goal, 1.0 - math.exp(-passed / _SETTLE))
        return self._here

    def _passed(self, cells: NDArray[np.float32], size: tuple[int, int], time: Fraction | None) -> float | None:
        """Seconds since the frame before; None where this one begins a scene."""
        if time is None or self._time is None or self._cells is None or size != self._size:
            return None
        passed = float(time - self._time)
        if not 0.0 < passed <= _LONGEST_GAP or float(np.abs(cells - self._cells).mean()) > _CUT:
            return None
        return passed
