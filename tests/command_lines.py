"""Commands as pages print them, read by the real command line without being run."""

from __future__ import annotations

import shlex
from typing import Any

from typer.main import get_command

from limner.cli.app import COMMANDS, _load
from limner.cli.old_options import translated


def parse(command: str) -> str:
    """Reads ``limner NAME …``; the name. Whatever may follow it, a pipe or a redirection, is left out.

    Raises:
        ClickException: it names a command or an option that there is not, or lacks one that there must be.
        AssertionError: it is no command of Limner, or uses an option's old name.
    """
    words = list(_own(shlex.split(command, comments=True)))
    assert words[0] == "limner", command
    name, *rest = words[1:]
    assert name in COMMANDS, f"{command}: limner has no command {name}"
    notices: list[str] = []
    assert (translated(name, list(rest), notices.append), notices) == (rest, []), command
    parser: Any = get_command(_load(name))
    context = parser.make_context(f"limner {name}", list(rest))
    if hasattr(parser, "resolve_command") and rest and not rest[0].startswith("-"):
        _, sub, more = parser.resolve_command(context, rest)
        sub.make_context(sub.name, list(more), parent=context)
    return name


def _own(words: list[str]) -> list[str]:
    """Up to the first word that is the shell's."""
    ends = [index for index, word in enumerate(words) if word in ("|", ">", "&&", ";")]
    return words[: min(ends, default=len(words))]
