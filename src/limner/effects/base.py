"""What every effect is: a frame and its matte in, a new frame out; and where in a chain it has its place."""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from enum import IntEnum
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from limner.checking import wrong
from limner.effects.setting import Setting as Setting
from limner.errors import OptionError
from limner.matte import Matte
from limner.media.primaries import CodePoints

if TYPE_CHECKING:
    from limner.effects.layered import Layers

from limner.frame import Frame


class Stage(IntEnum):
    """What an effect does in a chain. A chain runs its effects in this order, whatever order they were named in."""

    FRAMING = 0
    """Chooses the part of the frame, with its matte, that everything else works on."""
    EDGE = 1
    """Reshapes the matte."""
    BACKGROUND = 2
    """Makes what lies behind the person."""
    BACKGROUND_LOOK = 3
    """Recolours what lies behind the person."""
    FIT = 4
    """Fits the person's colours to what lies behind them."""
    LIGHT = 5
    """Lets light of the background fall on the person."""
    PERSON_LOOK = 6
    """Recolours the person."""
    PICTURE = 7
    """Changes the picture that person and background make together."""
    LAYOUT = 8
    """Puts that picture elsewhere in the frame."""
    RESULT = 9
    """Shows something else than that picture: the person alone, the matte."""


class Effect(ABC):
    """Options in ``__init__``, one call for each frame. An effect never changes its inputs.

    This class is enough for an effect that stands alone. One that is to work well in a chain is better made from
    `limner.effects.layers`: `EdgeEffect`, `BackgroundEffect` or `PersonEffect`.
    """

    name: str
    """What the command and the registry call it."""

    settings: tuple[Setting, ...] = ()
    """Those of its options that people set from outside."""

    stage: Stage = Stage.PICTURE
    """What it does in a chain."""

    has_alpha: bool = False
    """True where the result is RGBA (H, W, 4) with straight alpha instead of RGB (H, W, 3)."""

    is_matte: bool = False
    """True where the result is the matte itself, to be kept without loss."""

    keeps_background: bool = False
    """True where what lies behind the person stays in the picture, changed or not, and with it its transparency."""

    moves_pixels: bool = False
    """True where a pixel of the result is not about the same place of the frame."""

    shows_alone: bool = True
    """False where it changes nothing as long as the background is the frame's own."""

    wants_alone: bool = False
    """True where it shows the person without what lies behind them."""

    may_repeat: bool = False
    """True where a chain's description may name it more than once."""

    @classmethod
    def setting(cls, name: str) -> Setting | None:
        """The setting of that name, if the effect has one."""
        return next((setting for setting in cls.settings if setting.name == name), None)

    @abstractmethod
    def __call__(self, frame: Frame, matte: Matte) -> Frame:
        """RGB uint8 (H, W, 3) and a matte of the same size to RGB (or RGBA) uint8 of the same size."""

    def apply(self, layers: Layers) -> None:
        """Its part in a chain: changes `layers`. By default it is called with the composed picture and the matte."""
        layers.picture = self(layers.picture, layers.matte)

    def parts(self) -> Sequence[Effect]:
        """What a chain runs for it: by default itself."""
        return (self,)

    def at(self, time: Fraction) -> None:
        """The presentation time in seconds of the frame that comes next. Only effects that move with it need it."""
        return None

    def match_colors(self, colors: CodePoints) -> None:
        """Told before the first frame what colours the frames are in, where they are not sRGB.

        An effect that brings colours or pictures of its own, which are sRGB, converts them.
        """
        return None

    def notices(self) -> Sequence[str]:
        """What a user should know of what it read, so far: a background that is damaged, say."""
        return ()

    def files(self) -> Sequence[Path]:
        """What it reads beside the frames: backgrounds, say. No result may replace them."""
        return ()

    def reset(self) -> None:
        """Forget earlier frames: what comes next is another scene. Only effects that remember something need it."""
        return None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__call__" in vars(cls):
            cls.__call__ = _with_a_picture(vars(cls)["__call__"])  # type: ignore[method-assign]

    @classmethod
    def from_text(cls, text: str) -> dict[str, Any]:
        """The options of ``__init__`` that ``name:text`` stands for, in a chain's description.

        Raises:
            OptionError: the effect takes none, or `text` is not what it takes.
        """
        raise OptionError(f"effect {cls.name} takes no value: leave {':' + text!r} out")


def _with_a_picture(call: Callable[..., Frame]) -> Callable[..., Frame]:
    """An effect's call, which tells what it was given that is no frame with its matte."""

    @functools.wraps(call)
    def checked_call(self: Effect, frame: Frame, matte: Matte) -> Frame:
        if not isinstance(frame, np.ndarray):
            raise wrong("frame", frame, np.ndarray)
        if not isinstance(matte, Matte):
            raise wrong("matte", matte, Matte)
        if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3:
            raise ValueError(f"a frame must be RGB uint8 (H, W, 3), not {frame.dtype} {frame.shape}")
        if frame.shape[:2] != matte.size:
            raise ValueError(f"the matte must have the frame's size, {frame.shape[:2]}, not {matte.size}")
        return call(self, frame, matte)

    return checked_call
