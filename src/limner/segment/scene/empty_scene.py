"""EmptyScene: a shot of the room without people beside a net: it corrects the net where both disagree clearly."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from limner.checking import checked
from limner.errors import OptionError
from limner.frame import Frame
from limner.matte import Matte
from limner.segment.base import MatteSource
from limner.segment.edge import Edge
from limner.segment.pyramid import Pyramid, build_pyramid
from limner.segment.refine import refine
from limner.segment.relay import ask
from limner.segment.scene.masks import Float32, Mask, match_exposure, morph
from limner.segment.segmenter import check_frame

_ASPECT = 0.03
"""By which the proportions of shot and frame may differ."""
_SIDE = 400
_STILL = 0.5
"""Share of the net's background that must look as in the shot, or the camera has moved and the shot is of no use."""


class EmptyScene:
    """The mattes of ``source``, corrected by a shot of the empty scene from the same place.

    What looks exactly as in the shot over some area is not person: a chair or a coat that the net took for one goes.
    What surely differs from the shot, is no shadow, and touches the person is part of them: a lost arm or a held book
    comes back. Exposure and white balance may shift. Where the shot does not fit the picture any more, because the
    camera moved, the net's matte stays as it is. Holes that open inside a person, in clothes of the wall's colour, are
    left closed.

    Args:
        source: has ``matte(frame, previous=…)``, such as Segmenter.
        picture: RGB uint8 (H, W, 3), of the frames' proportions; None does nothing until ``picture`` is set.
        low: colour difference in levels (of 255) below which a pixel looks as in the shot.
        high: that from which it surely differs.
        reach: how far from the net's person something is added, in percent of the shorter side.

    Attributes:
        picture: the shot; may be set at any time.
        usable: whether the shot fitted the last frame.

    Raises:
        OptionError: the limits make no sense.
    """

    @checked
    def __init__(
        self, source: MatteSource, picture: Frame | None, *, low: float = 9.0, high: float = 30.0, reach: float = 8.0
    ) -> None:
        if not 0 < low < high <= 255:
            raise OptionError(f"empty scene: the limits {low:g} and {high:g} must rise within 0 to 255")
        self.source = source
        self.picture = picture
        self.usable = False
        self._low, self._high, self._reach = low, high, reach
        self._fitted: tuple[Frame, Float32] | None = None

    def reset(self) -> None:
        """Reset the source; the shot stays."""
        if hasattr(self.source, "reset"):
            self.source.reset()

    @property
    def edge(self) -> Edge | None:
        """The source's, where it has one."""
        return getattr(self.source, "edge", None)

    @checked
    def matte(self, frame: Frame, *, previous: Matte | None = None, edge: Edge | None = None) -> Matte:
        """The corrected matte of one frame.

        Raises:
            OptionError: the shot has other proportions than the frame.
            ValueError: the frame is no RGB uint8 (H, W, 3).
        """
        check_frame(frame)
        matte = ask(self.source, frame, previous, edge)
        if self.picture is None or matte.hidden:
            return matte
        pyramid = build_pyramid(frame)
        small = pyramid.small
        if max(small.shape) > _SIDE:  # enough to compare by; the edges are drawn at full size
            small = cv2.resize(small, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
        net: Float32 = cv2.resize(
            _padded(matte.alpha, pyramid), (small.shape[1], small.shape[0]), interpolation=cv2.INTER_LINEAR
        ).astype(np.float32, copy=False)
        difference, shadow = self._compare(small, net, frame)
        outside = net < 0.1
        self.usable = bool((difference[outside] < self._high).mean() >= _STILL) if outside.any() else False
        if not self.usable:
            return matte
        wrong = self._equal(difference, net)
        lost = self._lost(difference, shadow, net)
        if not wrong.any() and not lost.any():
            return matte
        return replace(matte, alpha=_corrected(matte, net, wrong, lost, pyramid))

    def _compare(self, small: Frame, net: Float32, frame: Frame) -> tuple[Float32, Mask]:
        """Largest difference of a colour (h, w), blurred a little, and where it is but a shadow."""
        scene = self._scene(small.shape, frame)
        picture = cv2.GaussianBlur(small, (3, 3), 0).astype(np.float32)
        scene = match_exposure(scene, picture, (net < 0.1).astype(np.uint8))
        difference = np.abs(picture - scene).max(axis=2)
        # In a shadow all colours are darker by about the same share.
        ratio = (picture + 4.0) / (scene + 4.0)
        low, high = ratio.min(axis=2), ratio.max(axis=2)
        shadow = (high < 0.97) & (low > 0.45) & (high - low < 0.12)
        return difference, shadow.astype(np.uint8)

    def _scene(self, shape: tuple[int, ...], frame: Frame) -> Float32:
        picture = self.picture
        assert picture is not None
        fitted = self._fitted
        if fitted is None or fitted[0] is not picture or fitted[1].shape != shape:
            height, width = frame.shape[:2]
            if abs(np.log(picture.shape[1] / picture.shape[0] * height / width)) > _ASPECT:
                raise OptionError(
                    f"‹empty_scene›: the shot is {picture.shape[1]}x{picture.shape[0]} and the frame {width}x{height}: "
                    "other proportions; take the shot with the same camera and settings"
                )
            scene = cv2.resize(picture, (shape[1], shape[0]), interpolation=cv2.INTER_AREA)
            fitted = self._fitted = picture, cv2.GaussianBlur(scene, (3, 3), 0).astype(np.float32)
        return fitted[1]

    def _equal(self, difference: Float32, net: Float32) -> Mask:
        """Where the net sees a person and the picture is the empty scene, over an area, reaching the person's edge."""
        side = max(3, round(0.02 * min(net.shape)) | 1)
        equal = morph((difference < self._low).astype(np.uint8), cv2.MORPH_OPEN, np.ones((side, side), np.uint8))
        person = (net > 0.5).astype(np.uint8)
        rest: Mask = person * (1 - equal)
        contours, _ = cv2.findContours(rest, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        whole = np.zeros(rest.shape, np.uint8)
        least = 0.001 * rest.size
        cv2.drawContours(whole, [c for c in contours if cv2.contourArea(c) >= least], -1, 1, cv2.FILLED)
        # Clothes of the wall's colour: a large share of a region that equals the wall is no proof against the net.
        wrong: Mask = np.minimum(equal, (net > 0.02).astype(np.uint8)) * (1 - whole)
        result = wrong if int((wrong & person).sum()) <= 0.5 * int(person.sum()) or not whole.any() else wrong * 0
        return result

    def _lost(self, difference: Float32, shadow: Mask, net: Float32) -> Mask:
        """What surely differs and touches the person, but is not in the net's matte."""
        differs = (difference > self._high).astype(np.uint8) & (1 - shadow)
        differs = morph(differs, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        person = (net > 0.5).astype(np.uint8)
        reach = max(3, round(self._reach / 100 * min(net.shape)))
        near = morph(person, cv2.MORPH_DILATE, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
        _, regions = cv2.connectedComponents((differs & near) | person, connectivity=4)
        mine = np.zeros(int(regions.max()) + 1, np.uint8)
        mine[regions[person > 0]] = 1
        mine[0] = 0
        added = mine[regions] & (1 - person)
        # The soft edge of the person differs as well, and is not lost.
        return morph(added, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))


def _padded(alpha: Float32, pyramid: Pyramid) -> Float32:
    """Alpha at the size of ``pyramid.full``, of which the small frame is the exact reduction."""
    height, width = pyramid.size
    bottom, right = pyramid.whole[0] - height, pyramid.whole[1] - width
    if not bottom and not right:
        return alpha
    return cv2.copyMakeBorder(alpha, 0, bottom, 0, right, cv2.BORDER_REPLICATE).astype(np.float32, copy=False)


def _corrected(matte: Matte, net: Float32, wrong: Mask, lost: Mask, pyramid: Pyramid) -> Float32:
    """The matte as it is, except around what changed, where the edge is drawn anew from the picture."""
    small = np.where(wrong > 0, np.float32(0.0), np.maximum(net, lost.astype(np.float32)))
    redrawn = np.clip(refine(cv2.GaussianBlur(small, (3, 3), 0).astype(np.float32), pyramid, softness=0.6), 0.0, 1.0)
    around = cv2.dilate(wrong | lost, np.ones((5, 5), np.uint8))
    left, top, wide, tall = cv2.boundingRect(around)
    step_y, step_x = pyramid.whole[0] // around.shape[0], pyramid.whole[1] // around.shape[1]
    part = (slice(top * step_y, (top + tall) * step_y), slice(left * step_x, (left + wide) * step_x))
    there = cv2.GaussianBlur(around.astype(np.float32), (3, 3), 0)[top : top + tall, left : left + wide]
    share = cv2.resize(there, (wide * step_x, tall * step_y), interpolation=cv2.INTER_LINEAR)
    result = matte.alpha.copy()
    old, new = result[part], redrawn[part]
    old += (new - old) * share[: old.shape[0], : old.shape[1]]
    np.clip(old, 0.0, 1.0, out=old)
    return result
