"""What finds people, who of them stays and what is hidden, built from the options."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from limner.assembly.matte import MatteOptions, build_segmenter, sharing_net
from limner.assembly.people_options import PeopleOptions, SubjectOptions, parse_pick, parse_subject
from limner.assembly.subtraction import build_subtractor
from limner.assembly.temporal import TemporalOptions, build_temporal
from limner.checking import checked

if TYPE_CHECKING:
    from limner.effects import Effect
    from limner.frame import Frame
    from limner.matte import Matte
    from limner.segment.base import MatteSource, MatteStream
    from limner.segment.people.subject import SubjectFilter
    from limner.segment.privacy.guard import PrivacyGuard
    from limner.segment.scene.background_subtraction import EmptyScene
    from limner.segment.segmenter import Segmenter
    from limner.segment.steady.temporal import TemporalSegmenter


@checked
def build_subjects(options: SubjectOptions) -> SubjectFilter | None:
    """The filter that the options ask for; None where everyone stays."""
    from limner.segment.people.subject import SubjectFilter

    keep, point = parse_subject(options.subject), parse_pick(options.pick)
    return None if keep == "everyone" and point is None else SubjectFilter(keep, point=point)


class People:
    """What the options build: the source of mattes, the stream that guards and filters them, and the effect.

    Args:
        options: checked by `check_people`.
        matte: the net's options.
        privacy: what holds where ``privacy`` is None: "on" for a camera, "off" for files.
        on_fault: of the net, see `Segmenter`; "hide" for clips and cameras, "raise" for single pictures.
        segmenter: one that is loaded, whose net is shared; ``on_fault`` is its own then.

    Attributes:
        source: gives the raw mattes: a Segmenter, a subtractor or an `EmptyScene`.
        segmenter: the net, None without one.
        subjects: the filter for clicks and for the overlay, None where everyone stays.
        guard: None where privacy is off, or before `stream`.
    """

    @checked
    def __init__(
        self,
        options: PeopleOptions,
        matte: MatteOptions,
        *,
        privacy: str = "off",
        on_fault: str = "hide",
        segmenter: Segmenter | None = None,
    ) -> None:
        self.options, self._on_fault, self._shared = options, on_fault, segmenter
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
        if self._shared is None:
            self.segmenter = build_segmenter(matte, on_fault=self._on_fault)
        else:
            self.segmenter = sharing_net(self._shared, matte)
        if scene is None:
            return self.segmenter
        from limner.segment.scene.background_subtraction import EmptyScene

        return EmptyScene(self.segmenter, scene)

    def steady(self, options: TemporalOptions) -> TemporalSegmenter:
        """The source with its mattes kept steady. A subtractor learns from every frame, so it may not rest; and it
        knows the scene, as whoever has a shot of the empty one does."""
        if self.source is not self.segmenter:
            options = replace(options, gate=options.gate and self.segmenter is not None, scene_memory=False)
        return build_temporal(self.source, options)

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
