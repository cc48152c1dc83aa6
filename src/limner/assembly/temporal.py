"""How the mattes of a clip are kept steady from frame to frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from limner.checking import check_fields, checked
from limner.errors import OptionError

if TYPE_CHECKING:
    from limner.segment.base import MatteSource
    from limner.segment.steady.temporal import TemporalSegmenter


@dataclass(frozen=True, slots=True, kw_only=True)
class TemporalOptions:
    """What ``limner.TemporalSegmenter`` takes, as plain values.

    Attributes:
        temporal: "off", "light" or "strong".
        look_ahead: frames, 0 to 2, that each frame waits for.
        gate: keep the matte, and let the model rest, while nothing moves.
        scene_memory: remember what a still camera showed behind people, and take pieces of it out of the matte.
    """

    temporal: str = "light"
    look_ahead: int = 0
    gate: bool = True
    scene_memory: bool = True

    def __post_init__(self) -> None:
        check_fields(self)


def check_temporal(options: TemporalOptions) -> None:
    """
    Raises:
        OptionError: a value cannot be used, or two do not go together.
    """
    from limner.segment.steady.temporal import MOST_AHEAD, TEMPORAL

    if options.temporal not in TEMPORAL:
        raise OptionError(f"‹temporal› must be one of {', '.join(TEMPORAL)}, not {options.temporal!r}")
    if not 0 <= options.look_ahead <= MOST_AHEAD:
        raise OptionError(f"‹look_ahead› must be 0 to {MOST_AHEAD} frames, not {options.look_ahead}")
    if options.look_ahead and options.temporal == "off":
        raise OptionError("‹look_ahead› has nothing to do with ‹temporal› off: leave it out, or say light or strong")


@checked
def build_temporal(segmenter: MatteSource, options: TemporalOptions) -> TemporalSegmenter:
    """The segmenter for the frames of one clip that the options ask for.

    Raises:
        OptionError: as `check_temporal`.
    """
    from limner.segment.steady.temporal import TemporalSegmenter

    check_temporal(options)
    return TemporalSegmenter(
        segmenter,
        temporal=options.temporal,
        gate=options.gate,
        look_ahead=options.look_ahead,
        scene_memory=options.scene_memory,
    )


def temporal_summary(segmenter: TemporalSegmenter, options: TemporalOptions) -> dict[str, Any]:
    """Plain facts of a run, for programs."""
    return {
        "temporal": options.temporal,
        "delay": segmenter.delay,
        "skipped": segmenter.skipped,
        "cuts": segmenter.cuts,
    }
