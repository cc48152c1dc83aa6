"""Options of one runtime, as text behind its name: "openvino:precision=bf16,requests=2", "torch:compile"."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Literal, get_args, get_origin, get_type_hints

from limner.errors import OptionError

_COMMON = ("device", "threads", "profile", "open_batch", "resized")


def parse_settings(make: Callable[..., Any], text: str) -> dict[str, Any]:
    """Keyword arguments for the class ``make`` from what stands behind the colon of ``text``.

    An option is one of the class's keyword-only parameters: a flag (``bool``) stands alone, numbers and choices take a
    value after "=".

    Raises:
        OptionError: an option the runtime does not have, or a value it does not take.
    """
    name, colon, settings = text.partition(":")
    if not colon:
        return {}
    hints = get_type_hints(make.__init__)
    known = {
        parameter.name: hints[parameter.name]
        for parameter in inspect.signature(make).parameters.values()
        if parameter.kind is parameter.KEYWORD_ONLY and parameter.name not in _COMMON
    }
    found: dict[str, Any] = {}
    for item in settings.split(","):
        option, equals, value = item.strip().partition("=")
        if option not in known:
            takes = f"its options are: {', '.join(map(_describe, known.items()))}" if known else "it has no options"
            raise OptionError(f"‹runtime› {text!r}: {name} has no option {option!r}; {takes}")
        found[option] = _value(text, option, value if equals else None, known[option])
    return found


def _describe(item: tuple[str, Any]) -> str:
    name, kind = item
    if kind is bool:
        return name
    return f"{name}={'|'.join(get_args(kind)) if get_origin(kind) is Literal else 'N'}"


def _value(text: str, option: str, value: str | None, kind: Any) -> Any:
    if kind is bool:
        if value is None:
            return True
        raise OptionError(f"‹runtime› {text!r}: {option} is a flag and takes no value")
    if get_origin(kind) is Literal:
        if value in get_args(kind):
            return value
        raise OptionError(f"‹runtime› {text!r}: {option} is one of {', '.join(get_args(kind))}")
    if value is not None and value.isdecimal() and int(value) > 0:
        return int(value)
    raise OptionError(f"‹runtime› {text!r}: {option} takes a whole number of at least 1")
