"""What subtractors have in common: they learn the empty scene first, and clean the raw mask of each frame."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from limner.checking import check_fields, checked
from limner.errors import OptionError
from limner.frame import Frame
from limner.matte import Matte, hidden_matte
from limner.segment.pyramid import build_pyramid
from limner.segment.scene.masks import Mask, clean_mask, plausible, soft_matte
from limner.segment.segmenter import check_frame


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaning:
    """How a raw mask becomes a matte; what both subtractors share.

    Attributes:
        learn: frames of the empty scene to learn from; their mattes are hidden.
        closing: gaps up to this size are closed, in percent of the shorter side.
        fill_holes: fill what is surrounded by person.
        largest: keep the largest region alone.
        edge: width of the soft edge in percent of the shorter side; 0 is hard.
        refine: let the frame's own edges say where the outline is, within that width.
        most: share of the frame from which a mask is no person but a change of light: confidence falls to 0.

    Raises:
        OptionError: a value out of range.
    """

    learn: int = 30
    closing: float = 4.0
    fill_holes: bool = True
    largest: bool = True
    edge: float = 2.0
    refine: bool = True
    most: float = 0.65

    def __post_init__(self) -> None:
        check_fields(self)
        in_range("learn", self.learn, 1, 1000)
        in_range("closing", self.closing, 0, 30)
        in_range("edge", self.edge, 0, 20)
        in_range("most", self.most, 0.1, 1)


class Subtractor(ABC):
    """What both have in common: learn the empty scene first, then a raw mask for each frame, cleaned.

    Attributes:
        cleaning: see `Cleaning`.
        learned: frames learned from so far.
    """

    def __init__(self, cleaning: Cleaning) -> None:
        self.cleaning = cleaning
        self.learned = 0
        self._size: tuple[int, int] | None = None

    @property
    def learning(self) -> bool:
        """Whether the scene is still being learned: nobody should be in the picture, and mattes are hidden."""
        return self.learned < self.cleaning.learn

    def reset(self) -> None:
        """Forget the scene and learn it anew."""
        self.learned = 0
        self._forget()

    @checked
    def matte(self, frame: Frame, *, previous: Matte | None = None) -> Matte:
        """The matte of the next frame; hidden while the scene is learned.

        Every frame must be given, in order. A frame of another size makes it learn anew.

        Args:
            frame: RGB uint8 (H, W, 3), C-contiguous.
            previous: is not looked at.

        Raises:
            ValueError: the frame is no such array.
        """
        check_frame(frame)
        pyramid = build_pyramid(frame)
        if self._size != pyramid.size:
            self.reset()
            self._size = pyramid.size
        if self.learning:
            self._learn(pyramid.small)
            self.learned += 1
            return hidden_matte(pyramid.size)
        raw, seen = self._raw(pyramid.small)
        how = self.cleaning
        sure = plausible(raw, how.most)
        mask = clean_mask(raw, closing=how.closing, fill_holes=how.fill_holes, largest=how.largest)
        if sure > 0.5:
            self._adapt(seen, mask)
        return Matte(soft_matte(mask, pyramid, edge=how.edge, by_picture=how.refine), sure)

    @abstractmethod
    def _learn(self, small: Frame) -> None:
        """Take one frame of the empty scene."""

    @abstractmethod
    def _raw(self, small: Frame) -> tuple[Mask, Any]:
        """Where the frame differs, (h, w) uint8 of 0 and 1, and what `_adapt` needs."""

    @abstractmethod
    def _adapt(self, seen: Any, mask: Mask) -> None:
        """Follow slow changes of the scene, where nobody is."""

    @abstractmethod
    def _forget(self) -> None:
        """Let go of the scene."""


def in_range(name: str, value: float, low: float, high: float) -> None:
    """
    Raises:
        OptionError: the value of the option lies outside.
    """
    if not low <= value <= high:
        raise OptionError(f"background subtraction: ‹{name}› {value:g} is out of range: say {low:g} to {high:g}")
