"""Assembly: plain options, and what is built from them. Commands, servers and pages all start here.

The options are frozen dataclasses of plain values, so they can be pickled, compared and sent. Errors name their fields.
"""

from __future__ import annotations

from limner.assembly.effect import EffectOptions, build_effect
from limner.assembly.matte import MatteOptions, build_segmenter
from limner.assembly.people import People, build_subjects
from limner.assembly.people_options import PeopleOptions, SubjectOptions, check_people, check_subjects
from limner.assembly.photo import PhotoOptions, build_select
from limner.assembly.saving import PhotoSaving, VideoSaving
from limner.assembly.temporal import TemporalOptions, build_temporal, check_temporal

__all__ = [
    "EffectOptions",
    "MatteOptions",
    "People",
    "PeopleOptions",
    "PhotoOptions",
    "PhotoSaving",
    "SubjectOptions",
    "TemporalOptions",
    "VideoSaving",
    "build_effect",
    "build_segmenter",
    "build_select",
    "build_subjects",
    "build_temporal",
    "check_people",
    "check_subjects",
    "check_temporal",
]
