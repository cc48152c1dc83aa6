"""Effects from descriptions: one, or a chain of several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from limner.checking import check_arguments, checked
from limner.effects.base import Effect
from limner.effects.chain import Chain
from limner.effects.registry import EFFECTS
from limner.effects.spec import Link, parse_spec
from limner.errors import OptionError
from limner.suggestions import did_you_mean


@checked
def make_effect(spec: str, **options: Any) -> Effect:
    """The effect that `spec` describes, with its own keyword options: ``make_effect("blur", strength=0.8)``.

    ``name:text`` gives an effect's main option, and names with commas between them make a `Chain`, in which options
    can only be given so: ``make_effect("light_wrap:0.7,replace:beach.jpg")``. `Chain` takes effects made one by one.

    Raises:
        OptionError: no effect has that name, an option has a value that cannot be used, or effects exclude each other.
        ArgumentError: the effect has no such option, or an option of another type.
    """
    links = parse_spec(spec)
    if options and len(links) > 1:
        raise OptionError(f"‹effect› {spec!r}: options of a chain are written name:value, not {', '.join(options)}=")
    return make_chain(links, {links[0].name: options})


def make_chain(links: Sequence[Link], options: Mapping[str, Mapping[str, Any]]) -> Effect:
    """The effect of a description of one link, the `Chain` of a longer one; `options` of ``__init__`` by effect.

    Raises:
        OptionError: as `make_effect`.
        ArgumentError: an effect has no such option, or one of another type.
    """
    names = [link.name for link in links]
    for link in links:
        if link.name not in EFFECTS:
            near = did_you_mean(link.name, EFFECTS)
            there_are = f"{near} The effects are" if near else ": say"
            raise OptionError(f"‹effect› {link.name!r} is unknown{there_are} {', '.join(EFFECTS)}")
        if names.count(link.name) > 1 and not EFFECTS[link.name].may_repeat:
            raise OptionError(f"‹effect› {link.name} is named twice: a chain has room for it once")
    effects = [_make(EFFECTS[link.name], link, options.get(link.name, {})) for link in links]
    return effects[0] if len(effects) == 1 else Chain(effects)


def _make(kind: type[Effect], link: Link, options: Mapping[str, Any]) -> Effect:
    told: dict[str, Any] | None = None
    try:
        told = {} if link.text is None else kind.from_text(link.text)
        if twice := sorted(told.keys() & options.keys()):
            raise OptionError(f"‹effect› {link.name}:{link.text} already says its {twice[0]}: say it once")
        check_arguments(kind.__init__, {**told, **options}, of=f"effect {link.name}")
        return kind(**told, **options)
    except OptionError as error:
        in_the_text = told is None or set(error.fields) <= told.keys()
        if link.text is None or not in_the_text:  # another option is at fault, or it names the effect already
            raise
        raise OptionError(f"‹effect› {link.name}:{link.text}: {error}") from None
