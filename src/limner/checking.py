"""Arguments of the public API, checked where they come in against what they are annotated with.

A wrong type is told there, in one sentence that names the argument, and not deep inside by whatever trips over it.
What annotations cannot say (ranges, shapes) is for the functions themselves.
"""

from __future__ import annotations

import collections.abc as abc
import functools
import inspect
import math
import numbers
import os
import sys
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar, Union

from limner.errors import ArgumentError
from limner.suggestions import did_you_mean

F = TypeVar("F", bound=Callable[..., Any])
_MOST = 100
"""Items of a collection that are looked at."""
_ANYTHING = object()
_WORDS: Mapping[Any, str] = {
    bool: "True or False",
    int: "a whole number",
    float: "a number",
    str: "a text (str)",
    bytes: "bytes",
    Path: "a path (pathlib.Path)",
    typing.BinaryIO: "a binary file",
    type(None): "None",
}


def checked(function: F) -> F:
    """A function, method or ``__init__`` whose arguments are checked when it is called.

    Raises:
        ArgumentError: one is of another type than its annotation says.
    """
    signature = inspect.signature(function)
    named = [
        name
        for name, parameter in signature.parameters.items()
        if name != "self" and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]
    order = list(signature.parameters)
    hints: dict[str, Any] = {}

    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        if not hints:  # at the first call, when all modules are there
            hints.update({name: _hint(function, name) for name in named})
        for name, value in (*zip(order, args, strict=False), *kwargs.items()):
            if (hint := hints.get(name, _ANYTHING)) is _ANYTHING:
                continue
            if not fits(value, hint) or (isinstance(value, float) and math.isnan(value)):
                raise wrong(name, value, hint)
        return function(*args, **kwargs)

    return typing.cast(F, called)


def check_arguments(function: Callable[..., Any], given: Mapping[str, Any], *, of: str) -> None:
    """Options by name, before they are handed to a function that other names cannot be.

    Args:
        of: what has these options, for the error: "effect blur".

    Raises:
        ArgumentError: it has no such option, or one is of another type.
    """
    takes = {name: item for name, item in inspect.signature(function).parameters.items() if name != "self"}
    if function is object.__init__:  # of a class without one
        takes = {}
    anything = any(item.kind is item.VAR_KEYWORD for item in takes.values())
    for name, value in given.items():
        if name not in takes and not anything:
            has = f"it has {', '.join(takes)}" if takes else "it has none"
            near = did_you_mean(name, takes)
            raise ArgumentError(f"{of} has no option {name!r}{near or ':'} {has}")
        if name in takes and not fits(value, hint := _hint(function, name)):
            raise wrong(name, value, hint)


def check_fields(value: Any) -> None:
    """For the ``__post_init__`` of a dataclass: its fields are what they are annotated with.

    Raises:
        ArgumentError: one is of another type.
    """
    for name, hint in _field_hints(type(value)).items():
        item = getattr(value, name)
        if not fits(item, hint):
            raise wrong(name, item, hint)


def _field_hints(kind: type) -> dict[str, Any]:
    if kind not in _known:
        owners = {name: owner for owner in reversed(kind.__mro__) for name in inspect.get_annotations(owner)}
        _known[kind] = {item.name: _hint(owners[item.name], item.name) for item in fields(kind)}
    return _known[kind]


_known: dict[type, dict[str, Any]] = {}


def wrong(name: str, value: object, hint: Any) -> ArgumentError:
    """The error for an argument or field that is of another type."""
    return ArgumentError(f"‹{name}› must be {words(hint)}, not {_shown(value)}")


def fits(value: object, hint: Any) -> bool:
    """Whether a value is of the type that an annotation says, as far as that can be told at a glance."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return fits(value, args[0])
    if origin in (Union, types.UnionType):
        return any(fits(value, arg) for arg in args)
    if hint is None or hint is type(None):
        return value is None
    if origin is typing.Literal:
        return isinstance(value, tuple({type(arg) for arg in args}))
    if origin is not None:
        return _holds(value, origin, args)
    if hint is Any or not isinstance(hint, type):
        return True
    if hint is typing.BinaryIO:
        return hasattr(value, "read") or hasattr(value, "write")
    if hint is bool:
        return isinstance(value, bool) or getattr(value, "dtype", None) == "bool"
    if issubclass(hint, numbers.Number) or hint in (int, float):
        kind = numbers.Integral if hint is int else numbers.Real
        return isinstance(value, kind) and not isinstance(value, bool)
    if hint is bytes:
        return isinstance(value, (bytes, bytearray, memoryview))
    if hint is Path:
        return isinstance(value, os.PathLike)
    if getattr(hint, "_is_protocol", False):
        return not isinstance(value, type) and all(hasattr(value, name) for name in _members(hint))
    return isinstance(value, hint)


def _holds(value: object, origin: Any, args: tuple[Any, ...]) -> bool:
    """As ``fits``, for generic types."""
    if origin is abc.Callable:
        return callable(value)
    kinds = (tuple, list) if origin is tuple else origin  # JSON and YAML know no tuples
    if not isinstance(value, kinds) or isinstance(value, (str, bytes)):
        return False
    if origin.__name__ == "ndarray":
        wanted = _dtype(args)
        return not wanted or getattr(value, "dtype").kind == wanted[0]  # noqa: B009 - no numpy here
    if origin is abc.Iterable and hasattr(value, "dtype"):
        return False  # an array is a picture or a map, and never what is meant
    if isinstance(value, Mapping) and len(args) == 2:
        return all(fits(key, args[0]) and fits(item, args[1]) for key, item in list(value.items())[:_MOST])
    if origin is tuple and args and args[-1] is not Ellipsis:
        return len(value) == len(args) and all(map(fits, value, args))
    if isinstance(value, Sequence) and args:
        return all(fits(item, args[0]) for item in value[:_MOST])
    return True


def _dtype(args: tuple[Any, ...]) -> str:
    """The kind of numbers that an array must hold, and how that is said; "" where functions say it better."""
    name = getattr((typing.get_args(args[-1]) or ("",))[0], "__name__", "") if args else ""
    return "b of bool" if name.startswith("bool") else "f of floats" if name.startswith("float") else ""


def _members(protocol: type) -> Iterator[str]:
    """The names that something must have to be of a protocol."""
    for kind in protocol.__mro__:
        if getattr(kind, "_is_protocol", False) and kind is not typing.Protocol:
            own = {*inspect.get_annotations(kind), *vars(kind)}
            yield from (name for name in own if not name.startswith("_") or name == "__call__")


def words(hint: Any) -> str:
    """What an annotation means, for an error: "a whole number or None"."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return words(args[0])
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(words(arg) for arg in args))
    if hint is None:
        return "None"
    if hint in _WORDS:
        return _WORDS[hint]
    if origin is typing.Literal:
        return " or ".join(map(repr, args))
    if origin is abc.Callable:
        return "a function"
    if origin is tuple and args and args[-1] is not Ellipsis:
        return f"a tuple of {', '.join(map(words, args))}"
    if getattr(origin, "__name__", "") == "ndarray":
        return f"a numpy array{_dtype(args)[1:]}"
    if isinstance(origin, type):
        kind = "a mapping" if issubclass(origin, Mapping) else f"a {origin.__name__.lower()}"
        return f"{kind} of {words(args[-1] if args[-1] is not Ellipsis else args[0])}" if args else kind
    if isinstance(hint, type):
        if issubclass(hint, numbers.Number):
            return "a number"
        name = hint.__name__
        if name == "ndarray":
            return "a numpy array"
        return f"a{'n' if name[0] in 'AEIOU' else ''} {name}"
    return str(hint)


def _shown(value: object) -> str:
    if value is None:
        return "None"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    kind = type(value).__name__
    if isinstance(value, (str, bytes, int, float)) and len(text := repr(value)) <= 40:
        return text if isinstance(value, (bool, bytes)) else f"{text} ({kind})"
    if isinstance(value, (list, tuple)) and len(text := repr(value)) <= 40:
        return text
    return f"a{'n' if kind[0] in 'aeiouAEIOU' else ''} {kind}"


def _hint(owner: Any, name: str) -> Any:
    """The annotation of a parameter or field, made a type; `_ANYTHING` where a name in it is only there for type
    checkers."""
    annotation = inspect.get_annotations(owner).get(name, _ANYTHING)
    if not isinstance(annotation, str):
        return annotation
    module = sys.modules[owner.__module__]
    try:
        return eval(annotation, vars(module), {})
    except NameError:
        return _ANYTHING
