"""What somebody meant who misspelt a name: the end of an error message."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

_MOST = 2000
"""Files of a folder that are looked at, at most; camera folders hold more, and an error must not take a second."""


def nearest(name: str, known: Iterable[str], *, likeness: float = 0.67) -> str | None:
    """The known name that is most like ``name``, letter case aside; None where none is like it.

    Args:
        likeness: of `difflib.SequenceMatcher`, from 0 to 1, that it has at least.

    >>> nearest("Harmonise", ["blur", "harmonize"])
    'harmonize'
    """
    import difflib  # only where something is wrong

    folded: dict[str, str] = {}
    for item in known:
        folded.setdefault(item.casefold(), item)
    close = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=likeness)
    return folded[close[0]] if close else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``"; did you mean 'fast'?"``, or nothing where no known name is like it."""
    found = nearest(name, known)
    return f"; did you mean {found!r}?" if found is not None else ""


def check_the_name(path: Path) -> str:
    """What to do about a file that is not there, after a semicolon; names the file beside it that was perhaps meant."""
    try:
        with os.scandir(path.parent) as entries:
            beside = [entry.name for entry, _ in zip(entries, range(_MOST), strict=False)]
    except FileNotFoundError:
        return f"; the folder {path.parent} is not there either, check its name"
    except OSError:
        return "; check the name"
    beside.sort(key=lambda name: (Path(name).suffix != path.suffix, name))  # of two that are as like, the same kind
    stems: dict[str, str] = {}
    for name in beside:
        stems.setdefault(Path(name).stem, name)
    found = nearest(path.stem, stems, likeness=0.75)
    return f"; did you mean {path.parent / stems[found]}?" if found is not None else "; check the name"
