"""What the demo made and measured, as plain values for its page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A result of one effect.

    Attributes:
        name: of the effect.
        file: its name in the folder of results.
        ms: milliseconds of the effect (photo), or for each frame of all the work (clip).
        fps: frames a second; of clips.
        stages: milliseconds a frame at work by stage; of clips.
    """

    name: str
    file: str
    ms: float
    fps: float | None = None
    stages: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A sample and what was made of it.

    Attributes:
        before: its own file's name in the folder of results.
        size: (width, height) in pixels.
        made: in the order they are shown.
        found_ms: milliseconds to find the person; of the photo.
        frames: how many; of the clip.
    """

    before: str
    size: tuple[int, int]
    made: Sequence[Made]
    found_ms: float | None = None
    frames: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All of a run.

    Attributes:
        net: name of the model.
        where: what it ran on, in words.
        loaded_ms: milliseconds to load it.
    """

    net: str
    where: str
    loaded_ms: float
    photo: Subject
    clip: Subject
