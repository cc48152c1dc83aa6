"""What a live session is asked for, what it gives back, and who may look at it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from limner.checking import check_fields
from limner.frame import Frame, TimedFrame
from limner.live.status import Status

if TYPE_CHECKING:
    from limner.live.session import LiveSession


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveOptions:
    """
    Attributes:
        seconds, frames: end after so much; None goes on.
        stall: seconds without a finished frame after which the picture is hidden.
        folder: where snapshots, and recordings that begin in the middle, go.
        always: process although nobody watches the virtual camera.
        threads: what each stage may use; None is `limner.threads.stage_threads`, as if nothing else ran here.
    """

    seconds: float | None = None
    frames: int | None = None
    stall: float = 1.0
    folder: Path = Path()
    always: bool = False
    threads: int | None = None

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(slots=True)
class LiveResult:
    """What a run did; delays are milliseconds from the camera to the window."""

    frames: int = 0
    seconds: float = 0.0
    dropped: int = 0
    losses: int = 0
    delay_median: float = 0.0
    delay_p95: float = 0.0
    milliseconds: dict[str, float] = field(default_factory=dict)
    hidden: Counter[str] = field(default_factory=Counter)
    files: list[str] = field(default_factory=list)
    skipped: int = 0

    @property
    def fps(self) -> float:
        return self.frames / self.seconds if self.seconds > 0 else 0.0


class Outlet(Protocol):
    """Where a session sends its pictures to, each with its time; see `limner.streams.outlet.Outlet`."""

    def write(self, frame: TimedFrame) -> None:
        """A picture, RGB or RGBA uint8 (H, W, C), with seconds on the source's clock; earlier ones are left out."""

    def check(self) -> None:
        """Called while no picture comes."""

    def close(self) -> None:
        """The session is over: nothing is sent any more, and files are whole."""


class Viewer(Protocol):
    """Who looks at a session and may ask something of it: a window with keys, a page. The session needs none."""

    def show(self, pixels: Frame, status: Status | None) -> None:
        """The picture of the moment, RGB or RGBA uint8 (H, W, C), and how things are; None with a card in its place."""

    def say(self, text: str) -> None:
        """Something happened; a line for a moment, or "" for nothing."""

    def poll(self, session: LiveSession) -> bool:
        """Called between two frames, in the session's thread: asks what it wants of ``session``; whether it did."""

    def close(self) -> None:
        """The session is over."""
