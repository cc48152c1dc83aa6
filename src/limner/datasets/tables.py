"""Tables that people hand over as CSV: read whole, with one line for what is wrong with the file."""

from __future__ import annotations

import csv
from pathlib import Path

from limner.errors import DataError


def read_table(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """The columns and the rows of a CSV file in UTF-8, with or without the mark that spreadsheets put first.

    Raises:
        DataError: it cannot be read, is no text, or no such table.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.DictReader(file)
            return list(rows.fieldnames or ()), list(rows)
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is no text in UTF-8 (byte {error.start}); save it as CSV in UTF-8") from None
    except csv.Error as error:
        raise DataError(f"{path}: is no table of values with commas between them ({error})") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from None
