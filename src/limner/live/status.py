"""What a live session tells whoever looks at it."""

from __future__ import annotations

from dataclasses import dataclass

from limner.live.meter import Reading


@dataclass(frozen=True, slots=True)
class Status:
    """How a session is doing."""

    reading: Reading
    dropped: int
    hidden: str = ""
    """Why the frame is hidden, empty where it is not."""
    recording: float | None = None
    """Seconds recorded so far."""
    paused: bool = False
    extra: str = ""
