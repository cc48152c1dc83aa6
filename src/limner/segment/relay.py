"""Relay: something that changes the mattes of a source on their way, whether they come at once or later."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from limner.checking import wrong
from limner.errors import OptionError
from limner.frame import Frame
from limner.matte import Matte
from limner.segment.base import Foresighted, MatteSource, Result, Studious
from limner.segment.edge import Edge


class Relay:
    """Wraps a source of mattes and looks the same from outside: ``matte``, ``ahead``, ``study``, ``push``,
    ``flush``, ``reset``, ``delay``.

    Args:
        source: has ``matte(frame)``, and may have ``push``, ``flush``, ``reset`` and ``delay`` as TemporalSegmenter
            has; without ``push`` every frame comes back at once.
    """

    def __init__(self, source: Any) -> None:
        if isinstance(source, type) or not (hasattr(source, "matte") or hasattr(source, "push")):
            raise wrong("source", source, MatteSource)
        self.source = source
        self._foresighted = source if isinstance(source, Foresighted) else None

    def treat(self, frame: Frame, matte: Matte) -> Matte:
        """The matte that takes the place of the source's; here the same one."""
        return matte

    @property
    def delay(self) -> int:
        """Frames that the source looks ahead."""
        return int(getattr(self.source, "delay", 0))

    def matte(self, frame: Frame, *, previous: Matte | None = None) -> Matte:
        """The matte of one frame, as ``source.matte``."""
        return self.treat(frame, ask(self.source, frame, previous))

    def ahead(self, frame: Frame) -> None:
        """Let the source work ahead, if it can."""
        if self._foresighted is not None:
            self._foresighted.ahead(frame)

    def study(self, frames: Iterable[Frame]) -> int:
        """Let the source learn the scene, if it can; see `TemporalSegmenter.study`."""
        return int(self.source.study(frames)) if isinstance(self.source, Studious) else 0

    def push(self, frame: Frame, tag: Any = None) -> list[Result]:
        """Take the next frame; give the frames whose mattes are ready, in order, each with its own."""
        if not hasattr(self.source, "push"):
            return [(tag, frame, self.matte(frame))]
        return self._treated(self.source.push(frame, tag))

    def flush(self) -> list[Result]:
        """The frames that still waited, at the end of a clip."""
        return self._treated(self.source.flush()) if hasattr(self.source, "flush") else []

    def reset(self) -> None:
        """Forget the clip so far."""
        if hasattr(self.source, "reset"):
            self.source.reset()

    def _treated(self, results: list[Result]) -> list[Result]:
        return [(tag, frame, self.treat(frame, matte)) for tag, frame, matte in results]


def ask(source: Any, frame: Frame, previous: Matte | None, edge: Edge | None = None) -> Matte:
    """The source's matte; the matte before, and the edge, are passed on only where somebody gave one."""
    if edge is not None and getattr(source, "edge", None) is None:
        raise OptionError(f"‹edge›: {type(source).__name__} draws its edges its own way; leave it out")
    given = {name: value for name, value in (("previous", previous), ("edge", edge)) if value is not None}
    result: Matte = source.matte(frame, **given)
    return result
