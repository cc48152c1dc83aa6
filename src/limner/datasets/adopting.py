"""Adopting: masks that teachers drew become masks of the data folder."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from limner.datasets.manifest import read_manifest
from limner.datasets.manifest_rows import MANIFEST, read_rows, write_rows
from limner.datasets.masks_overlay import MasksOverlay
from limner.errors import DataError
from limner.one_writer import OneWriter
from limner.whole_file import aside


def adopt(data: Path, masks: Path) -> int:
    """Write what the overlay ``masks`` says of unlabelled photos into ``data`` for good.

    New masks become masks of the kind auto, or hand where a person repaired them; photos of nobody the kind none.

    Returns:
        How many photos that were.

    Raises:
        DataError: the masks cannot be written.
    """
    with OneWriter(data, error=DataError):
        return _adopt(data, masks)


def _adopt(data: Path, masks: Path) -> int:
    rows = MasksOverlay(masks).rows
    asked = {(photo.set, photo.stem) for photo in read_manifest(data) if photo.mask == "unlabelled"}
    known = {key: row for key, row in rows.items() if key in asked}
    found = {(name, stem): masks / name / f"{stem}.png" for (name, stem), row in known.items() if row.use == "new"}
    kinds = {key: row.kind if key in found else "none" for key, row in known.items() if row.use in ("new", "nobody")}
    try:
        for (name, stem), path in found.items():
            target = data / name / "masks" / f"{stem}.png"
            target.parent.mkdir(parents=True, exist_ok=True)
            with aside(target) as partial:
                shutil.copyfile(path, partial)
        _relist(data, kinds)
    except OSError as error:
        raise DataError(f"{data}: cannot be written ({error.strerror or error})") from None
    return len(kinds)


def _relist(data: Path, kinds: Mapping[tuple[str, str], str]) -> None:
    """Change the kind of mask of some rows of the manifest."""
    columns, rows = read_rows(data / MANIFEST)
    changed = [{**row, "mask": kinds.get((str(row["set"]), str(row["stem"])), row["mask"])} for row in rows]
    write_rows(data / MANIFEST, columns, changed)
