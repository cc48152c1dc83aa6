"""Adopting: masks that teachers drew become masks of the data folder."""

from __future__ import annotations

import shutil
from pathlib import Path

from limner.datasets.manifest import read_manifest
from limner.datasets.manifest_rows import MANIFEST, read_rows, write_rows
from limner.datasets.masks_overlay import MasksOverlay
from limner.errors import DataError
from limner.one_writer import OneWriter
from limner.whole_file import aside


def adopt(data: Path, masks: Path) -> int:
    """Give unlabelled photos of ``data`` the new masks of the overlay ``masks`` for good, as masks of the kind auto.

    Returns:
        How many photos that were.

    Raises:
        DataError: the masks cannot be written.
    """
    with OneWriter(data, error=DataError):
        return _adopt(data, masks)


def _adopt(data: Path, masks: Path) -> int:
    rows = MasksOverlay(masks).rows
    found = {
        (photo.set, photo.stem): masks / photo.set / f"{photo.stem}.png"
        for photo in read_manifest(data)
        if photo.mask == "unlabelled" and (photo.set, photo.stem) in rows and rows[photo.set, photo.stem].use == "new"
    }
    try:
        for (name, stem), path in found.items():
            target = data / name / "masks" / f"{stem}.png"
            target.parent.mkdir(parents=True, exist_ok=True)
            with aside(target) as partial:
                shutil.copyfile(path, partial)
        _relist(data, dict.fromkeys(found, "auto"))
    except OSError as error:
        raise DataError(f"{data}: cannot be written ({error.strerror or error})") from None
    return len(found)


def _relist(data: Path, kinds: dict[tuple[str, str], str]) -> None:
    """Change the kind of mask of some rows of the manifest."""
    columns, rows = read_rows(data / MANIFEST)
    changed = [{**row, "mask": kinds.get((str(row["set"]), str(row["stem"])), row["mask"])} for row in rows]
    write_rows(data / MANIFEST, columns, changed)
