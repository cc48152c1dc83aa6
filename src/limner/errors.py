"""Errors that a user can cause. The command prints their text in one line and exits with 2."""

from __future__ import annotations


class LimnerError(Exception):
    """Base of all errors a user can cause: names the file or option, what is wrong with it and what to do."""


class OptionError(LimnerError):
    """An option or argument has a value that cannot be used."""


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
