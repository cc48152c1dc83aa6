"""Effects by name. Adding one is adding a file and a line here."""

from __future__ import annotations

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

__all__ = ["EFFECTS", "Chain", "Effect", "make_effect", "make_link"]

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
    if len(links) == 1:
        return make_link(links[0], **options)
    if options:
        raise OptionError(f"effect {spec!r}: options of a chain are written name:value, not {', '.join(options)}=")
    return Chain(make_link(link) for link in links)


def make_link(link: Link, **options: Any) -> Effect:
    """One effect of a description.

    Raises:
        OptionError: as `make_effect`, or the text after the colon and `options` say the same thing twice.
        TypeError: the effect has no such option.
    """
    if link.name not in EFFECTS:
        raise OptionError(f"effect {link.name!r} is unknown: say {', '.join(EFFECTS)}")
    kind = EFFECTS[link.name]
    told = {} if link.text is None else kind.from_text(link.text)
    twice = sorted(told.keys() & options.keys())
    if twice:
        raise OptionError(f"effect {link.name}:{link.text} already says its {twice[0]}: say it once")
    return kind(**told, **options)
