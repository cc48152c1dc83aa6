"""Effects by name. Adding one is adding a file and a line here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from limner.effects.base import Effect
from limner.effects.blur import Blur
from limner.effects.bokeh import Bokeh
from limner.effects.chain import Chain
from limner.effects.color import SolidColor
from limner.effects.color_transfer import ColorTransfer
from limner.effects.cutout import Cutout
from limner.effects.frame_in_frame import FrameInFrame
from limner.effects.harmonize import Harmonize
from limner.effects.light_wrap import LightWrap
from limner.effects.mask import Mask
from limner.effects.overlay import Overlay
from limner.effects.replace import Replace
from limner.effects.seamless_clone import SeamlessClone
from limner.effects.smoothstep import Smoothstep
from limner.effects.spec import Link, parse_spec
from limner.effects.stylize import Stylize
from limner.errors import OptionError

__all__ = ["EFFECTS", "Chain", "Effect", "make_chain", "make_effect"]

KINDS: tuple[type[Effect], ...] = (
    Blur,
    Bokeh,
    Replace,
    SolidColor,
    Cutout,
    Mask,
    Overlay,
    Smoothstep,
    LightWrap,
    ColorTransfer,
    Harmonize,
    SeamlessClone,
    Stylize,
    FrameInFrame,
)

EFFECTS: dict[str, type[Effect]] = {kind.name: kind for kind in KINDS}


def make_effect(spec: str, **options: Any) -> Effect:
    """The effect that `spec` describes, with its own keyword options: ``make_effect("blur", strength=0.8)``.

    ``name:text`` gives an effect's main option, and names with commas between them make a `Chain`, in which options
    can only be given so: ``make_effect("light_wrap:0.7,replace:beach.jpg")``. `Chain` takes effects made one by one.

    Raises:
        OptionError: no effect has that name, an option has a value that cannot be used, or effects exclude each other.
        TypeError: the effect has no such option.
    """
    links = parse_spec(spec)
    if options and len(links) > 1:
        raise OptionError(f"effect {spec!r}: options of a chain are written name:value, not {', '.join(options)}=")
    return make_chain(links, {links[0].name: options})


def make_chain(links: Sequence[Link], options: Mapping[str, Mapping[str, Any]]) -> Effect:
    """The effect of a description of one link, the `Chain` of a longer one; `options` of ``__init__`` by effect.

    Raises:
        OptionError: as `make_effect`.
        TypeError: an effect has no such option.
    """
    names = [link.name for link in links]
    for link in links:
        if link.name not in EFFECTS:
            raise OptionError(f"effect {link.name!r} is unknown: say {', '.join(EFFECTS)}")
        if names.count(link.name) > 1 and not EFFECTS[link.name].may_repeat:
            raise OptionError(f"effect {link.name} is named twice: a chain has room for it once")
    effects = [_make(EFFECTS[link.name], link, options.get(link.name, {})) for link in links]
    return effects[0] if len(effects) == 1 else Chain(effects)


def _make(kind: type[Effect], link: Link, options: Mapping[str, Any]) -> Effect:
    told = {} if link.text is None else kind.from_text(link.text)
    twice = sorted(told.keys() & options.keys())
    if twice:
        raise OptionError(f"effect {link.name}:{link.text} already says its {twice[0]}: say it once")
    return kind(**told, **options)
