"""Reads recipes: YAML files that may be like another one, with changes, checked against dataclasses."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from limner.errors import OptionError
from limner.shipped_recipes import find_recipe, names
from limner.suggestions import did_you_mean

T = TypeVar("T")


def read_recipe(path: Path, *, changes: Sequence[str] = ()) -> dict[str, Any]:
    """A recipe's fields as plain data, for whatever ``task``, with ``changes`` applied; nothing is checked yet.

    ``path`` may be the name of a recipe that ships, such as "fast".
    """
    raw = _read(path)
    for change in changes:
        _apply(raw, change)
    return raw


def _read(path: Path, above: tuple[Path, ...] = ()) -> dict[str, Any]:
    """A recipe's fields, with those of the recipe it is like; ``above`` are those that are like it."""
    path = find_recipe(path)
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        near = did_you_mean(path.name, names()) or ";"
        raise OptionError(f"{path}: no such recipe{near} the shipped ones are {', '.join(names())}") from None
    except OSError as error:
        raise OptionError(f"{path}: cannot be read as a recipe: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise OptionError(f"{path}: is no recipe, which is YAML text") from None
    except yaml.YAMLError as error:
        raise OptionError(f"{path}: is no YAML ({' '.join(str(error).split())})") from None
    if not isinstance(raw, dict):
        what = "it is empty" if raw is None else f"this is a {type(raw).__name__}"
        raise OptionError(f"{path}: a recipe is a mapping of fields, and {what}")
    model = raw.pop("like", None)
    if model is None:
        return raw
    beside = path.parent / str(model)
    other = beside if beside.is_file() else find_recipe(Path(str(model)))
    if not other.is_file() or other.resolve() == path.resolve():
        raise OptionError(f"{path}: like: there is no other recipe {other}")
    above = (*above, path.resolve())
    if other.resolve() in above:
        raise OptionError(f"{path}: like: {other} is itself like this one")
    base, data = _read(other, above), raw.get("data", {})
    return {**base, **raw, "data": {**base.get("data", {}), **data} if isinstance(data, dict) else data}


def validated(adapter: TypeAdapter[T], raw: dict[str, Any], *, source: str) -> T:
    """What ``adapter`` makes of plain data; OptionError where it is wrong, in one line that names the field."""
    try:
        return adapter.validate_python(raw)
    except ValidationError as error:
        first = error.errors()[0]
        parts = [str(part) for part in first["loc"]]
        if len(parts) > 1 and parts[0] in ("optimizer", "schedule"):
            del parts[1]  # the kind, which is not a field
        where = ".".join(parts)
        raise OptionError(f"{source}: {where + ': ' if where else ''}{in_words(first['msg'])}") from None


def in_words(message: str) -> str:
    """What pydantic says, in our words."""
    message = message.removeprefix("Value error, ").replace("Input should be ", "must be ")
    if message == "Unexpected keyword argument":
        return "a recipe has no such field"
    if message == "Field required":
        return "is missing"
    return message.partition(", unable to parse")[0]


def _apply(raw: dict[str, Any], change: str) -> None:
    path, equals, text = change.partition("=")
    if not equals or not path.strip():
        raise OptionError(f"‹set› {change}: write it as field=value, for example ‹set› optimizer.lr=3e-4")
    *parents, last = path.strip().split(".")
    target = raw
    for parent in parents:
        target = target.setdefault(parent, {})
        if not isinstance(target, dict):
            raise OptionError(f"‹set› {change}: {parent} holds no fields")
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        raise OptionError(f"‹set› {change}: what follows the = is no YAML value") from None
    if isinstance(value, str):  # YAML reads 3e-4 as text
        with contextlib.suppress(ValueError):
            value = float(value)
    target[last] = value
