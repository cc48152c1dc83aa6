"""Options of commands under the names that they had before: they work, with a warning, for a release."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from limner.deprecation import sentence

_OUT = {"--out": "--output"}
RENAMED: dict[str, dict[str, str]] = {
    "average": _OUT,
    "camera": {"--run-on": "--device"},
    "data import": {**_OUT, "--set": "--name"},
    "data relabel": _OUT,
    "data sheet": _OUT,
    "eval": {"--set": "--sets"},
    "export": _OUT,
    "prune": _OUT,
    "quantize": _OUT,
    "train": _OUT,
}
"""Command -> old option -> new option, for those that only have another name."""

_OUTPUT_KINDS = frozenset(["logits", "sigmoid", "argmax", "packed"])
_FILE_NAME = re.compile(r"\.[A-Za-z]")


def translated(command: str, args: Sequence[str], warn: Callable[[str], None]) -> list[str]:
    """The arguments of a command with old options under their new names; ``warn`` is told of each.

    Args:
        command: such as "train".
        args: what follows it.
    """
    if command == "data" and args:
        command = f"data {args[0]}"
    renamed = RENAMED.get(command, {})
    end = args.index("--") if "--" in args else len(args)
    result = list(args)
    for index, arg in enumerate(args[:end]):
        option, equals, value = arg.partition("=")
        if not equals:
            value = args[index + 1] if index + 1 < end else ""
        new = renamed.get(option) or _by_value(command, option, value, args)
        if new is not None:
            warn(sentence(option, new))
            result[index] = f"{new}{equals}{value}" if equals else new
    return result


def _by_value(command: str, option: str, value: str, args: Sequence[str]) -> str | None:
    """The new name of an option that means something else now, where its value tells that the old meaning is meant."""
    if command == "export" and option == "--output" and value in _OUTPUT_KINDS:
        places = sum(arg.partition("=")[0] in ("-o", "--out", "--output") for arg in args)
        return "--output-kind" if places > 1 else None
    if command == "camera" and option == "--device":
        is_camera = value.isdigit() or "/" in value or _FILE_NAME.search(value) or Path(value).is_file()
        return "--camera" if is_camera else None
    return None
