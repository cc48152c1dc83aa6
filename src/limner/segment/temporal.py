"""TemporalSegmenter: hands each frame the matte of the one before, for nets that take it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from limner.matte import Matte
from limner.segment.segmenter import Segmenter


class TemporalSegmenter:
    """A segmenter for the frames of one clip, in order, one at a time: it holds the matte before.

    >>> import numpy as np
    >>> from limner import Segmenter
    >>> from limner.segment.temporal import TemporalSegmenter
    >>> clip = TemporalSegmenter(Segmenter("default"))
    >>> [clip.matte(frame).size for frame in np.zeros((2, 90, 160, 3), np.uint8)]
    [(90, 160), (90, 160)]

    Args:
        segmenter: finds the person; nets without a fourth channel do not look at the matte before.
    """

    def __init__(self, segmenter: Segmenter) -> None:
        self.segmenter = segmenter
        self._previous: Matte | None = None

    def matte(self, frame: NDArray[np.uint8]) -> Matte:
        """The matte of the next frame, as ``Segmenter.matte``. A frame of another size begins a new clip."""
        if self._previous is not None and self._previous.size != frame.shape[:2]:
            self.reset()
        self._previous = self.segmenter.matte(frame, previous=self._previous)
        return self._previous

    def reset(self) -> None:
        """Forget the matte before: the next frame is the first of a clip."""
        self._previous = None
