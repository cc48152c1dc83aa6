"""Large JSON files, an item of their lists at a time: a file of any size takes the memory of its largest item."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from limner.errors import DataError

_CHUNK = 1 << 20
_SPACE = " \t\r\n"
_ENDS = frozenset(",:]}" + _SPACE)
"""What may follow a value."""


def read_items(path: Path) -> Iterator[tuple[str, Any]]:
    """The values of an object's keys, in order: (key, item) for each item of a list, (key, value) for all else.

    Raises:
        DataError: the file cannot be read, is no JSON, or no object.
    """
    try:
        with path.open(encoding="utf-8-sig") as file:
            yield from _Parser(file).items()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: is no JSON ({error}); export it again") from None


class _Parser:
    """Reads on as far as each value needs."""

    def __init__(self, file: IO[str]) -> None:
        self._file, self._text, self._at = file, "", 0
        self._decode = json.JSONDecoder().raw_decode

    def items(self) -> Iterator[tuple[str, Any]]:
        self._expect("{")
        if self._next() == "}":
            return
        while True:
            key = self._value()
            if not isinstance(key, str):
                raise ValueError("a key is no text")
            self._expect(":")
            if self._next() == "[":
                yield from ((key, item) for item in self._list())
            else:
                yield key, self._value()
            if self._expect(",", "}") == "}":
                return

    def _list(self) -> Iterator[Any]:
        self._expect("[")
        if self._next() == "]":
            self._at += 1
            return
        while True:
            yield self._value()
            if self._expect(",", "]") == "]":
                return

    def _value(self) -> Any:
        self._next()
        size = _CHUNK
        while True:
            try:
                value, end = self._decode(self._text, self._at)
                if self._text[end : end + 1] in _ENDS or not self._more(size):  # a number could go on
                    self._at = end
                    return value
            except ValueError:
                if not self._more(size):
                    raise
            size *= 2  # so that a huge value is not begun again too often

    def _next(self) -> str:
        """The next character that is no space; it stays."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _SPACE:
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more(_CHUNK):
                raise ValueError("it ends in the middle")

    def _expect(self, *characters: str) -> str:
        found = self._next()
        if found not in characters:
            raise ValueError(f"{found!r} where {' or '.join(characters)} should be")
        self._at += 1
        return found

    def _more(self, size: int) -> bool:
        text = self._file.read(size)
        self._text, self._at = self._text[self._at :] + text, 0
        return bool(text)
