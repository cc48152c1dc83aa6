"""The photo map: all photos of a data folder, decoded once into memory-mapped files that workers share."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.data.manifest import Photo, PhotoFolder
from limner.data.masks_overlay import TABLE
from limner.errors import DataError

_VERSION = 1


@dataclass(frozen=True, slots=True)
class MappedPhoto:
    """Where a photo lies in the map.

    ``box`` is the person's bounding box (x0, y0, x1, y1) in pixels, the whole photo if nobody is in it; ``touches``
    says whether the person reaches the left, top, right, bottom border, so that a composite never shows a cut person
    floating.
    """

    photo: Photo
    offset: int
    height: int
    width: int
    box: tuple[int, int, int, int]
    touches: tuple[bool, bool, bool, bool]


class PhotoMap:
    """Random access to decoded photos.

    Two flat files: ``photos.bin`` holds the RGB bytes and ``masks.bin`` the mask bytes, photo after photo.
    """

    def __init__(self, folder: Path) -> None:
        index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
        self.entries = [_from_json(entry) for entry in index["photos"]]
        self._photos = np.asarray(np.memmap(folder / "photos.bin", np.uint8, "r"))  # plain views cut faster
        self._masks = np.asarray(np.memmap(folder / "masks.bin", np.uint8, "r"))

    def load(self, entry: MappedPhoto) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """RGB uint8 (H, W, 3) and mask uint8 (H, W), read-only views of the map."""
        count = entry.height * entry.width
        rgb = self._photos[entry.offset * 3 : (entry.offset + count) * 3].reshape(entry.height, entry.width, 3)
        mask = self._masks[entry.offset : entry.offset + count].reshape(entry.height, entry.width)
        return rgb, mask


def prepare(
    data: Path,
    cache: Path,
    *,
    masks: Path | None = None,
    longest_side: int = 512,
    progress: Callable[[int, int], None] | None = None,
) -> PhotoMap:
    """Decode ``data`` into a map under ``cache``, or open the one that is there.

    The map's folder carries a hash of the manifest, of the table of ``masks`` (see ``PhotoFolder``) and of
    ``longest_side``, so a changed manifest makes a new map.
    It is written aside and renamed when whole. ``progress`` is called with (photos done, photos in all).
    """
    source = PhotoFolder(data, masks=masks)
    listed = (data / "manifest.csv").read_bytes() + (b"" if masks is None else (masks / TABLE).read_bytes())
    key = hashlib.sha256(listed + f"/{longest_side}/{_VERSION}".encode()).hexdigest()[:16]
    final = cache / f"photos-{key}"
    if not (final / "index.json").is_file():
        partial = cache / f"photos-{key}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        try:
            _write(source, partial, longest_side, progress)
            partial.rename(final)
        except OSError as error:
            raise DataError(
                f"{cache}: cannot write the photo map ({error}); free some space or choose --cache"
            ) from None
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return PhotoMap(final)


def _write(source: PhotoFolder, folder: Path, longest_side: int, progress: Callable[[int, int], None] | None) -> None:
    entries, offset = [], 0
    with (folder / "photos.bin").open("wb") as photos, (folder / "masks.bin").open("wb") as masks:
        for done, photo in enumerate(source.photos, start=1):
            rgb, mask = source.load(photo)
            scale = longest_side / max(rgb.shape[:2])
            if scale < 1:
                rgb = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(np.uint8)
                mask = cv2.resize(mask, (rgb.shape[1], rgb.shape[0]), interpolation=cv2.INTER_AREA).astype(np.uint8)
            photos.write(rgb.tobytes())
            masks.write(mask.tobytes())
            box, touches = _extent(mask)
            entries.append(asdict(MappedPhoto(photo, offset, mask.shape[0], mask.shape[1], box, touches)))
            offset += mask.size
            if progress is not None:
                progress(done, len(source.photos))
    (folder / "index.json").write_text(json.dumps({"photos": entries}), encoding="utf-8")


def _extent(mask: NDArray[np.uint8]) -> tuple[tuple[int, int, int, int], tuple[bool, bool, bool, bool]]:
    person = mask > 127
    height, width = mask.shape
    rows, columns = np.flatnonzero(person.any(1)), np.flatnonzero(person.any(0))
    if len(rows) < 4 or len(columns) < 4:
        return (0, 0, width, height), (False, False, False, False)
    box = int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
    borders = person[:, :2].any(1), person[:2].any(0), person[:, -2:].any(1), person[-2:].any(0)
    left, top, right, bottom = (bool(border.mean() > 0.02) for border in borders)
    return box, (left, top, right, bottom)


def _from_json(entry: dict[str, object]) -> MappedPhoto:
    photo = entry["photo"]
    assert isinstance(photo, dict)
    rest = {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items() if key != "photo"}
    return MappedPhoto(photo=Photo(**photo), **rest)  # type: ignore[arg-type]
