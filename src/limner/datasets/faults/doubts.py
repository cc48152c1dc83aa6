"""Doubts: the photos that somebody has to look at, as a list for a review."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from limner.datasets.faults.kinds import KINDS, Fault
from limner.errors import DataError
from limner.whole_file import whole_text

COLUMNS = ("set", "stem", "why")


def write_doubts(path: Path, faults: Iterable[Fault]) -> int:
    """Write the photos with errors and doubts, in the order of the faults, each once with all that is wrong with it.

    Returns:
        How many photos.

    Raises:
        DataError: the file cannot be written.
    """
    found: dict[tuple[str, str], list[str]] = {}
    for fault in faults:
        if KINDS[fault.kind].weight != "note":
            found.setdefault(fault.photo, []).append(f"{KINDS[fault.kind].title.lower()}: {fault.detail}")
    text = io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    table.writerows([*photo, "; ".join(why)] for photo, why in found.items())
    try:
        whole_text(path, text.getvalue())
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error.strerror or error})") from None
    return len(found)
