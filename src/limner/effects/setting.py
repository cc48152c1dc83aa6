"""What an effect lets people set from outside."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Setting:
    """An option of an effect that people set from outside: on a command line, in a file, in a form.

    Attributes:
        name: what it is called outside. Effects may share a name, and mean the same by it.
        parameter: of the effect's ``__init__``.
        kind: float or str.
        help: what it does and what it may be, in a line, with the usual value in brackets.
        metavar: what stands for a value in help; "" for that of its kind.
        names_file: the text may be the path of a file, which is then read. A server must not take such a path from
            strangers.
    """

    name: str
    parameter: str
    kind: type
    help: str
    metavar: str = ""
    names_file: bool = False
