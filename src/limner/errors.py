"""Errors that a user can cause. The command prints their text in one line and exits with 2."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Self

_FIELD = re.compile(r"‹(\w+)›")


class LimnerError(Exception):
    """Base of all errors a user can cause: names the file or option, what is wrong with it and what to do.

    In the text that it is made of, ``‹name›`` is an option. A library names what its caller gave, a field or a
    parameter; the command line calls the same thing ``--name``:

    >>> error = OptionError("‹crf› 99 is not between 0 and 51")
    >>> str(error), error.told(lambda name: f"--{name}")
    ('crf 99 is not between 0 and 51', '--crf 99 is not between 0 and 51')
    """

    def __str__(self) -> str:
        return self.told(lambda name: name)

    @property
    def fields(self) -> tuple[str, ...]:
        """The options that the text names, in its order."""
        return tuple(_FIELD.findall(super().__str__()))

    def told(self, name: Callable[[str], str]) -> str:
        """The text, with each option called what ``name`` calls it."""
        return _FIELD.sub(lambda found: name(found[1]), super().__str__())

    def renamed(self, names: Mapping[str, str]) -> Self:
        """The same error, for a caller who knows some of the options by other names."""
        self.args = (_FIELD.sub(lambda found: f"‹{names.get(found[1], found[1])}›", super().__str__()),)
        return self


class OptionError(LimnerError):
    """An option or argument has a value that cannot be used."""


class ArgumentError(OptionError, TypeError):
    """An argument or option of the library is of another type than it must be: text for a number, None for a photo."""


class ModelError(LimnerError):
    """A model or its card is missing, damaged, or does not say what is needed to run it."""


class MediaError(LimnerError):
    """A photo or video cannot be read or written."""


class DataError(LimnerError):
    """A training data set is missing, damaged or inconsistent."""


class ToolchainError(LimnerError):
    """Tools that run in an environment of their own cannot be installed there, or failed."""


class MissingExtraError(LimnerError):
    """A feature needs an optional package that is not installed."""

    def __init__(self, feature: str, package: str, extra: str) -> None:
        super().__init__(f"{feature} needs {package}, which is not installed: pip install 'limner[{extra}]'")
