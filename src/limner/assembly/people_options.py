"""Options of who stays, what is hidden and how people are found, and what goes together of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from limner.assembly.matte import MatteOptions
from limner.checking import check_fields
from limner.errors import OptionError

if TYPE_CHECKING:
    from limner.segment.people.subject import Keep

METHODS = ("net", "subtraction", "mixture")
PRIVACY = ("on", "off", "strict")
_PAIR = re.compile(r"\s*(\d+(?:\.\d+)?)\s*[,x]\s*(\d+(?:\.\d+)?)\s*")
_OWNERS = {
    "difference": ("subtraction",),
    "scene_color": ("subtraction",),
    "mixture": ("mixture",),
    "learn": ("subtraction", "mixture"),
    "scene_blur": ("subtraction", "mixture"),
    "closing": ("subtraction", "mixture"),
    "edge": ("subtraction", "mixture"),
    "adapt": ("subtraction", "mixture"),
    "all_regions": ("subtraction", "mixture"),
}
"""Options of the methods without a net, and which take them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectOptions:
    """Which of the people stay.

    Attributes:
        subject: "everyone", "main", or a number from the left.
        pick: "X,Y", the pixel of who stays; they are followed.
    """

    subject: str = "everyone"
    pick: str | None = None

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleOptions(SubjectOptions):
    """Which of the people stay, when the frame is hidden, and how people are found.

    Attributes:
        privacy: "on" hides whole frames whose matte cannot be trusted, "strict" those without anybody too, "off" none;
            None is what suits: on for a camera, off for files.
        method: "net"; "subtraction" and "mixture" need a still camera.
        empty_scene: a shot of the room without people, from the same place.
        learn: frames of the empty scene to learn from; they are hidden.
        difference: levels, 1 to 255, by which a person differs; of "subtraction".
        scene_color: compare colours, not grey; of "subtraction".
        mixture: "mog2" or "knn"; of "mixture".
        scene_blur: blur before comparing, percent of the shorter side.
        closing: gaps to close, percent of the shorter side.
        edge: width of the soft edge, percent of the shorter side.
        adapt: how fast the scene follows slow changes, 0 (never) to 1.
        all_regions: keep all that differs, not only the largest region.
    """

    privacy: str | None = None
    method: str = "net"
    empty_scene: Path | None = None
    learn: int | None = None
    difference: float | None = None
    scene_color: bool = False
    mixture: str | None = None
    scene_blur: float | None = None
    closing: float | None = None
    edge: float | None = None
    adapt: float | None = None
    all_regions: bool = False


def check_subjects(options: SubjectOptions, matte: MatteOptions) -> None:
    """
    Raises:
        OptionError: a value cannot be used, or two do not go together.
    """
    keep, point = parse_subject(options.subject), parse_pick(options.pick)
    if point is not None and keep != "everyone":
        raise OptionError("‹pick› and ‹subject› both say who stays: give one of the two")
    if matte.largest_only and (point is not None or keep != "everyone"):
        raise OptionError("‹largest_only› and ‹subject› or ‹pick› both say who stays: give one of them")


def check_people(options: PeopleOptions, matte: MatteOptions, *, preview: bool = False) -> None:
    """As `check_subjects`, and the other options; ``preview``: single moments are looked at, not a clip."""
    check_subjects(options, matte)
    if options.method not in METHODS:
        raise OptionError(f"‹method› must be one of {', '.join(METHODS)}, not {options.method!r}")
    if options.privacy not in (None, *PRIVACY):
        raise OptionError(f"‹privacy› must be one of {', '.join(PRIVACY)}, not {options.privacy!r}")
    for name, owners in _OWNERS.items():
        given = getattr(options, name)
        if given not in (None, False) and options.method not in owners:
            raise OptionError(f"‹{name}› belongs to ‹method› {' or '.join(owners)}, not to {options.method}")
    if options.method != "net" and matte.keep is not None:
        raise OptionError(
            f"‹keep› takes parts that a model knows, and ‹method› {options.method} has none; leave one out"
        )
    if options.method == "mixture" and options.empty_scene is not None:
        raise OptionError("‹empty_scene› is one picture, and ‹method› mixture learns from many: say subtraction or net")
    if options.learn is not None and options.empty_scene is not None:
        raise OptionError("‹learn› and ‹empty_scene› both say what the empty scene looks like: give one of the two")
    if preview and options.method != "net" and options.empty_scene is None:
        raise OptionError(f"‹preview› looks at single moments, and ‹method› {options.method} learns from a whole clip")
    if options.method != "net":
        from limner.assembly.subtraction import build_subtractor

        build_subtractor(options, scene=None)


def parse_subject(text: str) -> Keep:
    """ "everyone", "main" or a number from 1.

    Raises:
        OptionError: it is none of these.
    """
    if text in ("everyone", "main"):
        return text  # type: ignore[return-value]
    if text.isascii() and text.isdigit() and int(text) > 0:
        return int(text)
    raise OptionError(f"‹subject› {text!r} is unknown: say everyone, main, or a number from 1 (the leftmost)")


def parse_pick(text: str | None) -> tuple[float, float] | None:
    """x and y of "640,360".

    Raises:
        OptionError: it is no pair of numbers.
    """
    if text is None:
        return None
    found = _PAIR.fullmatch(text)
    if found is None:
        raise OptionError(f"‹pick› {text!r} is no place: say its pixel from the upper left, such as 640,360")
    return float(found[1]), float(found[2])
