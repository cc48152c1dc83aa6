"""All that is asked of a photo, in one plain value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from limner.assembly.effect import EffectOptions, belongs_to
from limner.assembly.matte import MatteOptions
from limner.assembly.people import build_subjects
from limner.assembly.people_options import SubjectOptions
from limner.assembly.saving import PhotoSaving
from limner.checking import check_fields, checked

if TYPE_CHECKING:
    from limner.effects.base import Effect
    from limner.frame import Frame
    from limner.matte import Matte

Select = Callable[["Matte", "Frame"], tuple["Matte", str]]
"""The matte of a photo and its pixels to the matte of those people who stay, and why nobody does, or ""."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoOptions:
    """What becomes of a photo: what finds the person, who stays, the effect, and how the result is written."""

    effect: EffectOptions = field(default_factory=EffectOptions)
    matte: MatteOptions = field(default_factory=MatteOptions)
    people: SubjectOptions = field(default_factory=SubjectOptions)
    saving: PhotoSaving = field(default_factory=PhotoSaving)

    def __post_init__(self) -> None:
        check_fields(self)


def check_trim(saving: PhotoSaving, asked: EffectOptions, effect: Effect) -> None:
    """
    Args:
        asked: what ``effect`` was built from.

    Raises:
        OptionError: the results are to be cropped to the person, and the effect makes no cut-outs.
    """
    if saving.trim and not effect.has_alpha:
        belongs_to("trim", ("cutout",), asked.effect)


@checked
def build_select(options: SubjectOptions) -> Select:
    """What keeps the people who are to stay. Photos have nothing to do with each other: nobody is followed.

    Raises:
        OptionError: a value cannot be used.
    """
    build_subjects(options)

    def select(matte: Matte, pixels: Frame) -> tuple[Matte, str]:
        subjects = build_subjects(options)
        return (matte, "") if subjects is None else (subjects.apply(matte, pixels), subjects.absence())

    return select
