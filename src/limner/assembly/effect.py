"""What becomes of the picture: an effect, or a chain of them, with their settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Never

from limner.checking import check_fields, checked
from limner.effects.registry import EFFECTS
from limner.effects.setting import Setting
from limner.effects.spec import parse_spec
from limner.errors import LimnerError, OptionError
from limner.suggestions import did_you_mean

if TYPE_CHECKING:
    from limner.effects.base import Effect

Value = str | float | int | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectOptions:
    """An effect by its description, and settings by the names that the effects give them (``Effect.settings``).

    >>> build_effect(EffectOptions(effect="overlay", settings={"tint": "red"})).name
    'overlay'

    Attributes:
        effect: a name, several with commas between them, each with ``:text`` for its main setting.
        settings: name -> value; a name belongs to one effect or more.
    """

    effect: str = "blur"
    settings: Mapping[str, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_fields(self)


def setting_owners(name: str) -> tuple[str, ...]:
    """Names of the effects that have this setting, in the registry's order."""
    return tuple(effect for effect in EFFECTS if _setting(effect, name))


def _setting(effect: str, name: str) -> Setting | None:
    return next((setting for setting in EFFECTS.settings(effect) if setting.name == name), None)


@checked
def build_effect(options: EffectOptions, *, objects: Mapping[str, object] | None = None) -> Effect:
    """The effect or chain of effects that the options ask for.

    Args:
        objects: settings that are no plain values, by the same names: a `Background` that is in memory, say.

    Raises:
        OptionError: an effect is unknown, a value cannot be used, a setting belongs to an effect that was not named,
            or the effects exclude each other or would change nothing.
    """
    from limner.effects.making import make_chain

    links = parse_spec(options.effect)
    chosen: dict[str, dict[str, Any]] = {link.name: {} for link in links}
    if chosen.keys() <= EFFECTS.keys():  # otherwise the unknown name is what is wrong
        for name, value in {**options.settings, **(objects or {})}.items():
            owners = setting_owners(name)
            taken = [owner for owner in owners if owner in chosen]
            if not taken:
                belongs_to(name, owners, options.effect)
            for owner in taken:
                setting = _setting(owner, name)
                assert setting is not None
                chosen[owner][setting.parameter] = value
    try:
        effect = make_chain(links, chosen)
    except LimnerError as error:
        settings = [item for name in chosen if name in EFFECTS for item in EFFECTS.settings(name)]
        raise error.renamed({item.parameter: item.name for item in settings}) from error.__cause__
    if not effect.shows_alone:
        raise OptionError(
            f"‹effect› {options.effect} changes nothing alone: name a background with it, "
            f"such as {options.effect},replace:beach.jpg"
        )
    return effect


def belongs_to(name: str, effects: tuple[str, ...], chosen: str) -> Never:
    """Raises the error for a setting of other effects than the chosen ones."""
    if not effects:
        known = (setting.name for effect in EFFECTS for setting in EFFECTS.settings(effect))
        raise OptionError(f"‹{name}› belongs to no effect{did_you_mean(name, known) or ': leave it out'}")
    raise OptionError(
        f"‹{name}› belongs to the effect {' or '.join(effects)}, not to {chosen}: leave it out or say "
        f"‹effect› {effects[0]}"
    )
