"""Chains as people write them: ``harmonize,light_wrap,replace:beach.jpg``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from limner.errors import OptionError


@dataclass(frozen=True, slots=True)
class Link:
    """One effect of a description: its name, and the text after the colon if there was one."""

    name: str
    text: str | None = None


def parse_spec(spec: str) -> list[Link]:
    r"""The links of `spec`: names with commas between them, each with ``:text`` for its main option.

    A comma within parentheses or after a backslash belongs to the text: ``color:rgb(255, 0, 0)``, ``replace:a\,b.jpg``.

    Raises:
        OptionError: a name or a text is empty.
    """
    links = []
    for part in _split(spec):
        name, colon, text = part.partition(":")
        if not name.strip():
            raise OptionError(f"‹effect› {spec!r}: a name is empty; write names with commas, such as light_wrap,blur")
        if colon and not text.strip():
            raise OptionError(f"‹effect› {spec!r}: nothing follows {name.strip()}:, leave out the colon or say what")
        links.append(Link(name.strip(), text.strip() if colon else None))
    return links


def _split(spec: str) -> list[str]:
    parts, depth = [""], 0
    for token in re.findall(r"\\,|.", spec, re.DOTALL):
        depth = max(0, depth + (token == "(") - (token == ")"))
        if token == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += "," if token == "\\," else token
    return parts
