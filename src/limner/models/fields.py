"""Reads typed fields from parsed JSON; every error names the file and the field, what it must be and what it is."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Never, TypeVar

from limner.errors import ModelError

T = TypeVar("T", str, int)
_MISSING = object()


class Fields:
    """One JSON object on its way to a dataclass. ``finish`` refuses fields that nobody asked for."""

    def __init__(self, data: Mapping[str, Any], source: str, path: str) -> None:
        self._data, self._source, self._path = data, source, path
        self._known: list[str] = []

    def _fail(self, key: str, must: str, value: object = _MISSING) -> Never:
        where = f"{self._source}: {self._path}{key}"
        if value is _MISSING:
            raise ModelError(f"{where} is missing; it must be {must}")
        raise ModelError(f"{where} must be {must}, not {_show(value)}")

    def _get(self, key: str, must: str, default: Any = _MISSING) -> Any:
        self._known.append(key)
        value = self._data.get(key, default)
        if value is _MISSING:
            self._fail(key, must)
        return value

    def finish(self) -> None:
        """Raise ModelError for the first field that was never read."""
        for key in self._data:
            if key not in self._known:
                known = ", ".join(self._known)
                raise ModelError(f"{self._source}: {self._path}{key} is not a field of a model card; known: {known}")

    def optional(self, key: str) -> Any:
        """The raw value, or None where it is absent or null."""
        return self._get(key, "", None)

    def refuse(self, key: str, must: str) -> None:
        """Raise ModelError where the field is there and not null."""
        value = self._get(key, "", None)
        if value is not None:
            self._fail(key, must, value)

    def text(self, key: str, default: Any = _MISSING) -> str:
        """A string; without a default it must not be empty."""
        must = "a string" if default is not _MISSING else "a non-empty string"
        value = self._get(key, must, default)
        if not isinstance(value, str) or (default is _MISSING and not value.strip()):
            self._fail(key, must, value)
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of strings, empty where it is absent."""
        value = self._get(key, "a list of strings", ())
        if not _is_list(value) or not all(isinstance(item, str) for item in value):
            self._fail(key, "a list of strings", value)
        return tuple(value)

    def choice(self, key: str, options: tuple[T, ...], default: Any = _MISSING) -> T:
        """One of ``options``."""
        must = " or ".join(str(option) for option in options)
        value = self._get(key, must, default)
        if isinstance(value, bool) or value not in options:
            self._fail(key, must, value)
        return options[options.index(value)]

    def integer(self, key: str, *, least: int) -> int:
        """A whole number, at least ``least``."""
        must = f"a whole number, at least {least}"
        value = self._get(key, must)
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            self._fail(key, must, value)
        return value

    def integers(self, key: str, *, least: int) -> tuple[int, ...]:
        """One whole number or more, each at least ``least``, none twice."""
        must = f"a list of whole numbers, at least {least}, none twice"
        value = self._get(key, must)
        good = _is_list(value) and value and all(type(item) is int and item >= least for item in value)
        if not good or len(set(value)) < len(value):
            self._fail(key, must, value)
        return tuple(value)

    def names(self, key: str) -> tuple[str, ...]:
        """A list of names, none empty and none twice; empty where it is absent."""
        must = "a list of names, none empty and none twice"
        value = self._get(key, must, ())
        good = _is_list(value) and all(isinstance(item, str) and item.strip() for item in value)
        if not good or len({item.casefold() for item in value}) < len(value):
            self._fail(key, must, value)
        return tuple(value)

    def number(self, key: str, *, above: float, default: Any = _MISSING) -> float:
        """A finite number above ``above``."""
        must = f"a number above {above:g}"
        value = self._get(key, must, default)
        if not _is_number(value) or value <= above:
            self._fail(key, must, value)
        return float(value)

    def within(self, key: str, low: float, high: float, default: Any = _MISSING) -> float:
        """A number from ``low`` to ``high``."""
        must = f"a number from {low:g} to {high:g}"
        value = self._get(key, must, default)
        if not _is_number(value) or not low <= value <= high:
            self._fail(key, must, value)
        return float(value)

    def triple(self, key: str, *, above: float = -math.inf) -> tuple[float, float, float]:
        """Three finite numbers, one a colour channel."""
        must = "three numbers" if above == -math.inf else f"three numbers above {above:g}"
        value = self._get(key, must)
        if not _is_list(value) or len(value) != 3 or not all(_is_number(x) and x > above for x in value):
            self._fail(key, must, value)
        return float(value[0]), float(value[1]), float(value[2])

    def size(self, key: str) -> tuple[int, int]:
        """[height, width] in pixels, each from 1 to 8192."""
        must = "[height, width] in pixels, each from 1 to 8192"
        value = self._get(key, must)
        if not _is_size(value):
            self._fail(key, must, value)
        return value[0], value[1]

    def sizes(self, key: str) -> tuple[tuple[int, int], ...]:
        """A list of [height, width] as of ``size``, empty where it is absent."""
        must = "a list of [height, width] in pixels, each from 1 to 8192"
        value = self._get(key, must, ())
        if not _is_list(value) or not all(_is_size(item) for item in value):
            self._fail(key, must, value)
        return tuple((item[0], item[1]) for item in value)

    def numbers(self, key: str) -> dict[str, float]:
        """A mapping of names to finite numbers."""
        must = "an object of numbers"
        value = self._get(key, must)
        if not isinstance(value, Mapping):
            self._fail(key, must, value)
        for name, number in value.items():
            if not _is_number(number):
                self._fail(f"{key}.{name}", "a number", number)
        return dict(value)

    def mapping(self, key: str) -> dict[str, Any]:
        """An object of any JSON values, empty where it is absent."""
        value = self._get(key, "an object", {})
        if not isinstance(value, Mapping):
            self._fail(key, "an object", value)
        return dict(value)

    def sides(self, key: str) -> tuple[int, ...]:
        """A shape: a list of whole numbers, each at least 1."""
        must = "a shape: a list of whole numbers, each at least 1"
        value = self._get(key, must)
        if not _is_list(value) or not all(type(item) is int and item >= 1 for item in value):
            self._fail(key, must, value)
        return tuple(value)

    def floats(self, key: str) -> tuple[float, ...]:
        """A number, or a list of at least one."""
        must = "a number or a list of numbers"
        value = self._get(key, must)
        values = value if _is_list(value) else [value]
        if not values or not all(_is_number(item) for item in values):
            self._fail(key, must, value)
        return tuple(float(item) for item in values)

    def sha256(self, key: str) -> str | None:
        """64 hex digits, or None where it is absent."""
        value = self._get(key, "", None)
        if value is not None and not (isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value)):
            self._fail(key, "64 lower-case hex digits", value)
        return value

    def object(self, key: str) -> Fields:
        """A nested JSON object."""
        value = self._get(key, "an object")
        if not isinstance(value, Mapping):
            self._fail(key, "an object", value)
        return Fields(value, self._source, f"{self._path}{key}.")

    def inside(self, key: str) -> Fields:
        """As ``object``, empty where it is absent."""
        return self.object(key) if self.optional(key) is not None else Fields({}, self._source, f"{self._path}{key}.")

    def objects(self, key: str, default: Any = _MISSING) -> Iterator[Fields]:
        """A list of JSON objects."""
        value = self._get(key, "a list of objects", default)
        if not _is_list(value):
            self._fail(key, "a list of objects", value)
        for i, item in enumerate(value):
            if not isinstance(item, Mapping):
                self._fail(f"{key}[{i}]", "an object", item)
            yield Fields(item, self._source, f"{self._path}{key}[{i}].")


def _is_list(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _is_size(value: Any) -> bool:
    return _is_list(value) and len(value) == 2 and all(type(x) is int and 1 <= x <= 8192 for x in value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _show(value: object) -> str:
    """A short rendering of a wrong value; strings in quotes, JSON where it is JSON."""
    if isinstance(value, str):
        text = repr(value)
    else:
        try:
            text = json.dumps(value)
        except (TypeError, ValueError):
            text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
