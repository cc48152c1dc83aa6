"""A frame taken apart into person and background on its way through a chain."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.effects.compose import blend_onto, check_sizes, halve, quantize
from limner.effects.foreground import blend_clean, estimate_foreground
from limner.frame import Frame
from limner.matte import Matte

Box = tuple[slice, slice]

_PIXELS = 1 << 17
"""Pixels that are rounded at once, so that they stay in the processor's cache."""
_BAND = 48
"""Height in pixels of the boxes that hold the person: a box for all of them would hold as much background again."""


class Layers:
    """What a chain works on: the frame, its matte, the person's colours and what lies behind them.

    Nothing is computed before it is asked for, so that a chain costs no more than its effects.

    Attributes:
        frame: RGB uint8 (H, W, 3), as it came. Never written to.
        matte: of the frame's size; an EDGE effect replaces it.
        alone: the picture wanted is the person's colours without any background behind them.

    Raises:
        ValueError: frame and matte do not belong together.
    """

    def __init__(self, frame: Frame, matte: Matte, *, alone: bool = False) -> None:
        check_sizes(frame, matte)
        self.frame = frame
        self.alone = alone
        self._matte = self._found = matte
        self._alpha8: NDArray[np.uint8] | None = None
        self._boxes: list[Box] | None = None
        self._make: Callable[[Layers], Frame] = lambda layers: layers.frame
        self._background: Frame | None = None
        self._fresh = False
        self._clean = alone
        self._person: Frame | None = None
        self._own_person = False
        self._picture: Frame | None = None

    @property
    def matte(self) -> Matte:
        return self._matte

    @matte.setter
    def matte(self, matte: Matte) -> None:
        self._matte, self._alpha8, self._boxes = matte, None, None

    def move(self, frame: Frame, matte: Matte) -> None:
        """Another part of the picture in the place of the frame and its matte, before anything else is done to them.

        Raises:
            ValueError: they do not belong together.
        """
        check_sizes(frame, matte)
        self.frame = frame
        self.matte = self._found = matte

    @property
    def alpha8(self) -> NDArray[np.uint8]:
        """The matte's alpha in 8 bits, (H, W)."""
        if self._alpha8 is None:
            self._alpha8 = quantize(self._matte.alpha)
        return self._alpha8

    def coarse_alpha8(self, times: int) -> NDArray[np.uint8]:
        """`halve(alpha8, times)`, without `alpha8` where nobody has asked for that yet."""
        alpha = self._matte.alpha
        if self._alpha8 is not None or times == 0 or alpha.shape[0] % 2 or alpha.shape[1] % 2:
            return halve(quantize(alpha) if self._alpha8 is None else self._alpha8, times)
        half = np.empty((alpha.shape[0] // 2, alpha.shape[1] // 2), np.uint8)
        rows = 2 * max(1, _PIXELS // (2 * alpha.shape[1]))
        for top in range(0, alpha.shape[0], rows):
            band, target = quantize(alpha[top : top + rows]), half[top // 2 : (top + rows) // 2]
            cv2.resize(band, target.shape[::-1], dst=target, interpolation=cv2.INTER_AREA)
        return halve(half, times - 1)

    @property
    def person_boxes(self) -> list[Box]:
        """Rows and columns of boxes that hold all of the person and little else; none where nobody is."""
        if self._boxes is None:
            self._boxes = _boxes(self.alpha8)
        return self._boxes

    @property
    def as_came(self) -> bool:
        """Whether no effect has changed the person yet."""
        return self._person is None

    def change_person(self, change: Callable[[Frame, Box], Frame]) -> None:
        """Gives the person other colours, box by box of `person_boxes`.

        Args:
            change: makes new colours, RGB uint8 (h, w, 3), of the old ones in a box, C-contiguous, and the box.
        """
        if not self.person_boxes:
            return
        before = self.person
        # Only an array that is the layers' own may be written to.
        changed = before if self._own_person else before.copy()
        for box in self.person_boxes:
            changed[box] = change(np.ascontiguousarray(before[box]), box)
        self.person, self._own_person = changed, True

    @property
    def background(self) -> Frame:
        """What lies behind the person, RGB uint8 (H, W, 3); the frame itself until an effect says otherwise."""
        if self._background is None:
            self._background = self._make(self)
        return self._background

    def change_background(self, change: Callable[[Frame], Frame]) -> None:
        """Puts `change` of the background in its place; `change` gives a new array."""
        before, was = self._make, self._background
        self.put_behind(lambda layers: change(before(layers) if was is None else was), fresh=True, clean=False)

    @property
    def own_background(self) -> bool:
        """Whether the background still is the frame itself."""
        return self.background is self.frame

    def put_behind(self, make: Callable[[Layers], Frame], *, fresh: bool, clean: bool) -> None:
        """Gives the person another background.

        Args:
            make: gives RGB uint8 (H, W, 3); called at most once, and not at all where nobody looks. It is given these
                layers rather than holding them: a cycle would keep every frame until Python looks for garbage.
            fresh: nobody else holds what `make` gives, so it may be written to.
            clean: it differs so much from the old background that its colour must leave the person's edges.
        """
        self._make, self._background = make, None
        self._fresh, self._clean = fresh, clean or self._clean
        self._picture = None

    @property
    def person(self) -> Frame:
        """The person's colours, RGB uint8 (H, W, 3); of no meaning where alpha is 0. Not to be written to.

        Before a background that is not the frame's own, the old one's colour is out of the edges.
        """
        if self._person is None:
            clean = self._clean
            # The frame is a mixture by the matte that was found in it, whatever has become of the matte since.
            self._person = estimate_foreground(self.frame, self._found.alpha) if clean else self.frame
            self._own_person = clean
        return self._person

    @person.setter
    def person(self, pixels: Frame) -> None:
        self._person, self._picture, self._own_person = pixels, None, False

    @property
    def picture(self) -> Frame:
        """Person over background, RGB uint8 (H, W, 3), shared with nobody."""
        if self._picture is None:
            self._picture = self._composed()
        return self._picture

    @picture.setter
    def picture(self, pixels: Frame) -> None:
        self._picture = pixels

    def _composed(self) -> Frame:
        if self.alone:
            return self.person if self._own_person else self.person.copy()
        if self._person is None and self.own_background:
            return self.frame.copy()
        back = self.background if self._fresh and not self.own_background else self.background.copy()
        if self._person is None and self._clean and self._matte is self._found:
            return blend_clean(back, self.frame, self.matte.alpha, self.alpha8)
        return blend_onto(back, self.person, self.matte.alpha, self._alpha8)


def _boxes(alpha8: NDArray[np.uint8]) -> list[Box]:
    found = []
    for top in range(0, alpha8.shape[0], _BAND):
        left, above, width, height = cv2.boundingRect(alpha8[top : top + _BAND])
        if width:
            found.append((slice(top + above, top + above + height), slice(left, left + width)))
    return found
