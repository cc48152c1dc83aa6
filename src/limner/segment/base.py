"""What the parts of the segment stage expect of each other: sources of mattes, and streams that hold frames back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol, runtime_checkable

from limner.frame import Frame
from limner.matte import Matte

"""RGB uint8 (H, W, 3), C-contiguous."""
Result = tuple[Any, Frame, Matte]
"""What was pushed along with a frame, the frame, and its own matte."""


class MatteSource(Protocol):
    """Anything that finds the person in one frame: a `Segmenter`, a background subtractor."""

    def matte(self, frame: Frame, *, previous: Matte | None = None) -> Matte:
        """The matte of the frame, at its size; `previous` is that of the frame before, for those that look at it."""
        ...


class Begun(Protocol):
    """A frame of which the first part is done."""

    @property
    def small(self) -> Frame | None:
        """The frame shrunk by halves, each pixel the mean of those it stands for, where it was needed that small."""
        ...


@runtime_checkable
class SplitSource(Protocol):
    """A source of mattes whose work has a first part that may be done ahead, in a thread beside ``finish``."""

    def begin(self, frame: Frame) -> Begun:
        """What can be done of a frame without the one before; for `finish`."""
        ...

    def finish(self, begun: Any, *, previous: Matte | None = None) -> Matte:
        """The rest: the same matte as ``matte`` gives. Both give a new one, which the caller may overwrite."""
        ...


@runtime_checkable
class MatteStream(Protocol):
    """Takes the frames of one clip in order and gives each back with its own matte, perhaps some frames later."""

    @property
    def delay(self) -> int:
        """Frames by which results come later than they were pushed."""
        ...

    def push(self, frame: Frame, tag: Any = None) -> list[Result]:
        """Takes a frame; returns those that are done, in order, each with the tag it was pushed with."""
        ...

    def flush(self) -> list[Result]:
        """The frames that are still held back. The next one pushed begins a new clip."""
        ...

    def reset(self) -> None:
        """Begins a new clip; frames held back are dropped."""
        ...


@runtime_checkable
class Foresighted(Protocol):
    """A stream that may be shown frames before they are pushed."""

    def ahead(self, frame: Frame) -> None:
        """Does what can be done of a frame that will be pushed. One thread calls it, in the order of ``push``.

        It raises nothing: what fails here is done again, and fails, in ``push``.
        """
        ...


@runtime_checkable
class Studious(Protocol):
    """A stream that may look at some frames of a clip before it begins."""

    def study(self, frames: Iterable[Frame]) -> int:
        """Learns from frames of the clip that is about to begin, in order; returns from how many."""
        ...
