"""The subtractor that the options of people ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from limner.errors import OptionError

if TYPE_CHECKING:
    from limner.assembly.people_options import PeopleOptions
    from limner.frame import Frame
    from limner.segment.scene.subtractor import Subtractor

_CLEANING = ("learn", "closing", "edge")


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
    try:
        if options.method == "mixture":
            return MixtureSubtraction(kind=options.mixture or "mog2", **chosen)
        if options.difference is not None:
            chosen["threshold"] = options.difference
        return BackgroundSubtraction(color=options.scene_color, scene=scene, **chosen)
    except OptionError as error:
        raise error.renamed({"blur": "scene_blur"}) from None
