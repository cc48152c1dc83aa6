"""What every effect is: a frame and its matte in, a new frame out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from fractions import Fraction
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from limner.matte import Matte

Frame = NDArray[np.uint8]


class Effect(ABC):
    """Options in ``__init__``, one call for each frame. An effect never changes its inputs and needs no other frame."""

    name: ClassVar[str]
    """What the command and the registry call it."""

    has_alpha: ClassVar[bool] = False
    """True where the result is RGBA (H, W, 4) with straight alpha instead of RGB (H, W, 3)."""

    keeps_background: ClassVar[bool] = False
    """True where what lies behind the person stays in the picture, changed or not, and with it its transparency."""

    @abstractmethod
    def __call__(self, frame: Frame, matte: Matte) -> Frame:
        """RGB uint8 (H, W, 3) and a matte of the same size to RGB (or RGBA) uint8 of the same size."""

    def at(self, time: Fraction) -> None:
        """The presentation time in seconds of the frame that comes next. Only effects that move with it need it."""
        return None
