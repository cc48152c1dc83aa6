"""Command lines that cannot be understood, in a line: which option, what is wrong with it, where to read more."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from limner.errors import OptionError

_MAY_BE_EMPTY = {"--source", "--rights", "--origin", "--licence", "--note"}
"""Options that hold any words."""
_VALUE = re.compile(r"Invalid value for '(?P<name>[^']+)'(?: / '(?P<other>[^']+)')?: (?P<what>.*)", re.DOTALL)
_MISSING = re.compile(
    r"Missing (?:argument|option|parameter) '(?P<name>[^']+)'(?: / '(?P<other>[^']+)')?\.?.*", re.DOTALL
)
_WORDS = (
    (r"Input should be a valid integer.*|.* is not a valid (?:int|integer)\.?", "must be a whole number"),
    (r"Input should be a valid number.*|.* is not a valid float\.?", "must be a number"),
    (r"Input should be a finite number.*", "must be a number"),
    (r"Input should be greater than or equal to (\S+)|.* is not in the range x>=(\S+?)\.?", "must be {} or more"),
    (r"Input should be less than or equal to (\S+)|.* is not in the range x<=(\S+?)\.?", "must be {} or less"),
    (r".* is not in the range (\S+)<=x<=(\S+?)\.?", "must lie between {} and {}"),
    (r"Input should be (.*)", "must be {}"),
)


def usage_line(error: Any, args: Sequence[str], prog: str) -> str:
    """What an error of the option parser says, in our words.

    Args:
        error: has ``format_message``.
        args: the command line that it is about, to show the value.
    """
    text = " ".join(error.format_message().split())
    prog = getattr(getattr(error, "ctx", None), "command_path", None) or prog
    if (found := _VALUE.fullmatch(text)) is not None:
        names = [name for name in (found["name"], found["other"]) if name]
        flag = max(names, key=len)
        value = _given(args, names)
        return f"{flag}{'' if value is None else f' {value}'}: {_what(found['what'])}"
    if (found := _MISSING.fullmatch(text)) is not None:
        flag = max(filter(None, (found["name"], found["other"])), key=len)
        return f"{flag if flag.startswith('-') else flag.upper()} is missing; see {prog} --help"
    return f"{text[:1].lower()}{text[1:].rstrip('.?')}; see {prog} --help"


def refuse_empty(args: Sequence[str]) -> None:
    """
    Raises:
        OptionError: an option or argument is an empty text, as from a variable of a shell that is not set.
    """
    for index, arg in enumerate(args):
        if arg == "--":
            return
        flag, equals, value = arg.partition("=")
        before = args[index - 1] if index else ""
        if arg.startswith("--") and equals and not value and flag not in _MAY_BE_EMPTY:
            raise OptionError(f"{flag} is empty: say what, or leave it out")
        if not arg and before not in _MAY_BE_EMPTY:
            named = before if before.startswith("-") else "an argument"
            raise OptionError(f"{named} is empty: say what, or leave it out")


def _given(args: Sequence[str], names: Sequence[str]) -> str | None:
    """What was given for an option, as it was typed."""
    for index, arg in enumerate(args):
        flag, equals, value = arg.partition("=")
        if flag in names and equals:
            return value
        if arg in names and index + 1 < len(args):
            return args[index + 1]
    return None


def _what(text: str) -> str:
    for pattern, words in _WORDS:
        if (found := re.fullmatch(pattern, text)) is not None:
            return words.format(*filter(None, found.groups()))
    return f"{text[:1].lower()}{text[1:].rstrip('.')}"
