"""The rows of a manifest as they stand in the file, for those who add some or change them."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from limner.datasets.tables import read_table
from limner.whole_file import whole_text

MANIFEST = "manifest.csv"


def read_rows(path: Path) -> tuple[list[str], list[dict[str, object]]]:
    columns, rows = read_table(path)
    return columns, [dict(row) for row in rows]


def write_rows(path: Path, columns: list[str], rows: list[dict[str, object]]) -> None:
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, fieldnames=columns, restval="", lineterminator="\n", extrasaction="ignore")
    table.writeheader()
    table.writerows(rows)
    whole_text(path, text.getvalue())
