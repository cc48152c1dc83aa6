"""What ``sources.csv`` in a folder says of the source and the rights of each of its photos."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from limner.datasets.tables import read_table
from limner.errors import DataError

SOURCES = "sources.csv"


def sources_of(folder: Path, names: Iterable[str]) -> dict[str, tuple[str, str]]:
    """File name -> source and rights; empty where there is no such file.

    Args:
        names: of the photos that are there.

    Raises:
        DataError: it cannot be read, lacks the column file, or names a photo that is not there.
    """
    path = folder / SOURCES
    if not path.is_file():
        return {}
    columns, rows = read_table(path)
    if "file" not in columns:
        raise DataError(f"{path}: the column 'file' is missing; it has the columns file, source, rights")
    there = {Path(name).name for name in names}
    for row in rows:
        if row["file"] not in there:
            raise DataError(f"{path}: names {row['file']!r}, which is not among the photos")
    return {str(row["file"]): (row.get("source") or "", row.get("rights") or "") for row in rows}
