"""Builds what gives the mattes of a live session from plain options."""

from __future__ import annotations

from limner.assembly.people import People
from limner.assembly.temporal import TemporalOptions
from limner.live.stages import Picked
from limner.segment.steady.temporal import TemporalSegmenter


def build_mattes(people: People, temporal: TemporalOptions) -> tuple[Picked, TemporalSegmenter]:
    """The mattes, steady, guarded and picked from; and the stream inside, whose edge may be moved while they come.

    Raises:
        OptionError: a value cannot be used.
    """
    steady = people.steady(temporal)
    filtered, people.subjects = people.subjects, None  # a click may choose anew, so the filter is always there
    return Picked(people.stream(steady), filtered), steady
