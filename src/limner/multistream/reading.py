"""Reads the YAML file of `limner multistream`: what is wrong is told with its line and its place in the file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from limner.errors import MissingExtraError, OptionError

try:
    import yaml
    from pydantic import TypeAdapter, ValidationError
except ImportError as error:
    raise MissingExtraError("limner multistream", "pyyaml with pydantic", "streams") from error

from limner.multistream.checks import Place, check
from limner.multistream.config import MultistreamSpec, RtspSpec, StreamSpec, TilesSpec
from limner.suggestions import check_the_name, nearest

_DEEPEST = 6
_ADAPTER = TypeAdapter(MultistreamSpec)
_NAMES: dict[str, Sequence[str]] = {
    "": [item.name for item in fields(MultistreamSpec)],
    "streams": ["from", *(item.name for item in fields(StreamSpec) if item.name != "source")],
    "tiles": [item.name for item in fields(TilesSpec)],
    "rtsp": [item.name for item in fields(RtspSpec)],
}


def read_file(path: Path) -> MultistreamSpec:
    """
    Raises:
        OptionError: it cannot be read, is no YAML, or says something that cannot be used.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise OptionError(f"{path}: there is no such file{check_the_name(path)}") from None
    except OSError as error:
        raise OptionError(f"{path}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise OptionError(f"{path}: is no YAML, which is text in UTF-8") from None
    return read_text(text, source=str(path))


def read_text(text: str, *, source: str) -> MultistreamSpec:
    """As `read_file`, of its text; ``source`` is what messages call it."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        raw = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{source}:{mark.line + 1}" if mark else source
        raise OptionError(f"{where}: is no YAML here: {error.problem or error.context}") from None
    except (yaml.YAMLError, ValueError) as error:  # a date that is none is a ValueError
        raise OptionError(f"{source}: is no YAML: {' '.join(str(error).split())}") from None
    if not isinstance(raw, dict):
        what = "it is empty" if raw is None else f"this is a {type(raw).__name__}"
        raise OptionError(f"{source}: says streams: and under it a name and from: for each, and {what}")
    lines: dict[Place, int] = {}
    for place, line in _lines(node, ()):
        if place in lines:
            raise OptionError(f"{source}:{line}: {_dotted(place)}: is there twice, first in line {lines[place]}")
        lines[place] = line

    def at(place: Place, said: str) -> OptionError:
        known = next((place[:count] for count in range(len(place), 0, -1) if place[:count] in lines), ())
        line = f":{lines[known]}" if known else ""
        return OptionError(f"{source}{line}: {_dotted(place)}{': ' if place else ''}{said}")

    try:
        spec = _ADAPTER.validate_python(raw)
    except ValidationError as error:
        raise at(*_first(error)) from None
    for place, problem in check(spec):
        raise at(place, problem)
    return spec


def _first(error: ValidationError) -> tuple[Place, str]:
    """Where the first fault is, and what it is, in our words."""
    errors = error.errors()
    # A wrong name tells more than what is missing because of it.
    first = next((item for item in errors if item["type"] == "unexpected_keyword_argument"), errors[0])
    place, said = tuple(first["loc"]), first["msg"].removeprefix("Value error, ")
    if first["type"] == "unexpected_keyword_argument":
        known = _known(place)
        near = nearest(str(place[-1]), known)
        return place, f"there is no such field; {f'did you mean {near}?' if near else 'known: ' + ', '.join(known)}"
    if first["type"] == "missing":
        return place, "is missing"
    if first["type"] == "too_short":
        return place, "names nothing; give at least one"
    given = first["input"]
    shown = f", not {given!r}" if isinstance(given, str | int | float | bool) or given is None else ""
    said = said.replace("Input should be ", "must be ").partition(", unable to parse")[0]
    if "instance of" in said or "dictionary" in said or "mapping" in said:
        said = "must hold fields with values"
    return tuple(part for part in place if not _is_kind(part)), f"{said}{shown}"


def _is_kind(part: object) -> bool:
    """A step that pydantic takes between alternatives, not one of the file."""
    return isinstance(part, str) and (part in ("str", "int", "float", "bool") or "[" in part)


def _known(place: Place) -> Sequence[str]:
    group = str(place[0]) if len(place) > 1 else ""
    return _NAMES.get(group, _NAMES[""])


def _lines(node: Any, place: Place) -> Iterator[tuple[Place, int]]:
    """(place, line from 1) of every field and list item, those that stand twice too."""
    if len(place) > _DEEPEST:  # a node may hold itself
        return
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*place, str(key.value))
            yield inner, key.start_mark.line + 1
            yield from _lines(value, inner)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield (*place, index), value.start_mark.line + 1
            yield from _lines(value, (*place, index))


def _dotted(place: Place) -> str:
    return ".".join(str(part) for part in place)
