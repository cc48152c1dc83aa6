"""Who stays, what is hidden, and how people are found."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from limner.assembly.matte import MatteOptions, build_segmenter
from limner.assembly.temporal import TemporalOptions, build_temporal
from limner.errors import OptionError

if TYPE_CHECKING:
    from limner.effects import Effect
    from limner.frame import Frame
    from limner.matte import Matte
    from limner.segment.base import MatteSource, MatteStream
    from limner.segment.people.subject import Keep, SubjectFilter
    from limner.segment.privacy.guard import PrivacyGuard
    from limner.segment.scene.background_subtraction import EmptyScene, Subtractor
    from limner.segment.segmenter import Segmenter
    from limner.segment.steady.temporal import TemporalSegmenter

METHODS = ("net", "subtraction", "mixture")
PRIVACY = ("on", "off", "strict")
_PAIR = re.compile(r"\s*(\d+(?:\.\d+)?)\s*[,x]\s*(\d+(?:\.\d+)?)\s*")
_CLEANING = ("learn", "closing", "edge")
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
    if options.method == "mixture" and options.empty_scene is not None:
        raise OptionError("‹empty_scene› is one picture, and ‹method› mixture learns from many: say subtraction or net")
    if options.learn is not None and options.empty_scene is not None:
        raise OptionError("‹learn› and ‹empty_scene› both say what the empty scene looks like: give one of the two")
    if preview and options.method != "net" and options.empty_scene is None:
        raise OptionError(f"‹preview› looks at single moments, and ‹method› {options.method} learns from a whole clip")
    if options.method != "net":
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


def build_subjects(options: SubjectOptions) -> SubjectFilter | None:
    """The filter that the options ask for; None where everyone stays."""
    from limner.segment.people.subject import SubjectFilter

    keep, point = parse_subject(options.subject), parse_pick(options.pick)
    return None if keep == "everyone" and point is None else SubjectFilter(keep, point=point)


def build_subtractor(options: PeopleOptions, *, scene: Frame | None) -> Subtractor:
    """The subtractor that ``method`` names; ``scene`` is the shot that ``empty_scene`` is.

    Raises:
        OptionError: a value is out of range.
    """
    from limner.segment.scene.background_subtraction import BackgroundSubtraction, MixtureSubtraction

    chosen: dict[str, Any] = {name: getattr(options, name) for name in _CLEANING if getattr(options, name) is not None}
    for name, parameter in (("scene_blur", "blur"), ("adapt", "adapt")):
        if getattr(options, name) is not None:
            chosen[parameter] = getattr(options, name)
    if options.all_regions:
        chosen["largest"] = False
    if options.method == "mixture":
        return MixtureSubtraction(kind=options.mixture or "mog2", **chosen)
    if options.difference is not None:
        chosen["threshold"] = options.difference
    return BackgroundSubtraction(color=options.scene_color, scene=scene, **chosen)


class People:
    """What the options build: the source of mattes, the stream that guards and filters them, and the effect.

    Args:
        options: checked by `check_people`.
        matte: the net's options.
        privacy: what holds where ``privacy`` is None: "on" for a camera, "off" for files.
        on_fault: of the net, see `Segmenter`; "hide" for clips and cameras, "raise" for single pictures.

    Attributes:
        source: gives the raw mattes: a Segmenter, a subtractor or an `EmptyScene`.
        segmenter: the net, None without one.
        subjects: the filter for clicks and for the overlay, None where everyone stays.
        guard: None where privacy is off, or before `stream`.
    """

    def __init__(
        self, options: PeopleOptions, matte: MatteOptions, *, privacy: str = "off", on_fault: str = "hide"
    ) -> None:
        self.options, self._on_fault = options, on_fault
        self.privacy = options.privacy or privacy
        self.segmenter: Segmenter | None = None
        self.guard: PrivacyGuard | None = None
        self.subjects = build_subjects(options)
        self._absences: list[str] = []
        self.source: MatteSource | EmptyScene = self._source(matte)

    def _source(self, matte: MatteOptions) -> Any:
        scene = None
        if self.options.empty_scene is not None:
            from limner.media.images import read_image

            scene = read_image(self.options.empty_scene).pixels
        if self.options.method != "net":
            return build_subtractor(self.options, scene=scene)
        self.segmenter = build_segmenter(matte, on_fault=self._on_fault)
        if scene is None:
            return self.segmenter
        from limner.segment.scene.background_subtraction import EmptyScene

        return EmptyScene(self.segmenter, scene)

    def steady(self, options: TemporalOptions) -> TemporalSegmenter:
        """The source with its mattes kept steady. A subtractor learns from every frame, so it may not rest."""
        return build_temporal(self.source, options if self.segmenter else replace(options, gate=False))

    def stream(self, steady: MatteStream) -> MatteStream:
        """Guarded first, then filtered: the guard judges mattes with everybody in them."""
        from limner.segment.people.subject import Subjects
        from limner.segment.privacy.guard import PrivacyGuard, PrivacyRules

        stream: Any = steady
        if self.privacy != "off":
            stream = self.guard = PrivacyGuard(stream, rules=PrivacyRules(strict=self.privacy == "strict"))
        return stream if self.subjects is None else Subjects(stream, self.subjects)

    def effect(self, effect: Effect) -> Effect:
        """The effect, told to hide frames where mattes ask for it: a net may fail in the middle of a clip."""
        from limner.effects.fail_closed import FailClosed

        return FailClosed(effect)

    def single(self, frame: Frame) -> Matte:
        """The matte of one picture that has nothing to do with the one before; not guarded."""
        matte = self.source.matte(frame)
        self.subjects = build_subjects(self.options)
        if self.subjects is None:
            return matte
        kept = self.subjects.apply(matte, frame)
        self._absences.append(self.subjects.absence())
        return kept

    def summary(self) -> dict[str, Any]:
        """Plain facts of a run, for programs."""
        guard = self.guard
        return {
            "method": self.options.method,
            "subject": self.options.pick or self.options.subject,
            "privacy": self.privacy,
            "hidden": None if guard is None else dict(guard.hidden),
            "faults": self.faults,
            "nobody_kept": self.absence or None,
        }

    @property
    def absence(self) -> str:
        """Why nobody was kept in any frame although people were there; "" where somebody was."""
        if self._absences:  # of single pictures
            return self._absences[-1] if all(self._absences) else ""
        return "" if self.subjects is None else self.subjects.absence()

    @property
    def faults(self) -> int:
        """Frames for which the net's output was not finite."""
        return 0 if self.segmenter is None else self.segmenter.faults

    def notices(self, *, hidden: bool = True) -> tuple[str, ...]:
        """What a user should know of a run, in sentences: a net that failed, somebody who never came, hidden frames.

        Args:
            hidden: tell of hidden frames too; a live picture has told of them already.
        """
        from limner.segment.privacy.guard import describe

        found = []
        if self.faults and self.segmenter is not None:
            name, frames = self.segmenter.card.name, "1 frame" if self.faults == 1 else f"{self.faults} frames"
            found.append(
                f"{frames} hidden whole: the output of {name!r} was not finite (NaN or infinity); "
                "try another runtime or device"
            )
        if self.absence:
            found.append(f"{self.absence} in the last frame with people; all of it counts as background")
        guard = self.guard
        if hidden and guard is not None and guard.hidden:
            error = f"; the last error: {guard.error}" if guard.error is not None else ""
            found.append(f"frames hidden: {describe(guard.hidden)}{error}")
        return tuple(found)
