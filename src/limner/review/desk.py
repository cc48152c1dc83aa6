"""The desk of a review: photos in their order, what was decided of each, and masks that were painted, kept at once."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from limner.datasets.decisions import Decisions, Verdict, settled
from limner.datasets.manifest import VOID_SETS, PhotoFolder
from limner.datasets.masks_overlay import TABLE, MasksOverlay, Row, write_overlay
from limner.datasets.photo import Photo
from limner.datasets.tables import read_table
from limner.errors import DataError
from limner.one_writer import OneWriter
from limner.whole_file import aside

Rgb = NDArray[np.uint8]
Mask = NDArray[np.uint8]

LIST = "review.csv"
BEFORE = "before-review"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewOptions:
    """What is gone through.

    Attributes:
        listed: a table with the columns set and stem, and perhaps why, whose photos are shown in its order; None is
            ``review.csv`` in the folder of masks where there is one, else all photos of the manifest.
        sets: only these.
        all: show everything, even where the folder of masks has a list.
    """

    listed: Path | None = None
    sets: tuple[str, ...] | None = None
    all: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """A photo to look at, and why."""

    photo: Photo
    why: str


class Desk:
    """Photos under review, as a context: nobody else writes the folder of masks meanwhile.

    Args:
        data: data folder; nothing in it is changed.
        masks: folder of `limner data label`, or a new one: decisions, painted masks and the table that training reads.
        options: what is gone through.

    Raises:
        DataError: a folder, list or table cannot be read, nothing is to be reviewed, or another run writes into
            ``masks``.
    """

    def __init__(self, data: Path, masks: Path, options: ReviewOptions) -> None:
        self.folder, self.masks = PhotoFolder(data), masks
        photos = [*self.folder.photos, *self.folder.unlabelled]
        places = {data.resolve(), *((data / photo.set).resolve() for photo in photos)}
        if masks.resolve() in places:
            raise DataError(f"‹masks› {masks}: holds the photos and masks themselves; name another folder")
        self.items = _items(photos, masks, options)
        self._lock, self._writer = threading.Lock(), OneWriter(masks, error=DataError)
        try:
            rows = MasksOverlay(masks).rows if (masks / TABLE).is_file() else {}
            self._rows: dict[tuple[str, str], Row] = dict(rows)
            self.decisions = Decisions(masks)
        except BaseException:
            self._writer.release()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._writer.release()

    def told(self) -> list[dict[str, Any]]:
        """Every item as JSON values."""
        return [
            {
                "set": item.photo.set,
                "stem": item.photo.stem,
                "kind": item.photo.mask,
                "why": item.why,
                "verdict": self.decisions.of(item.photo),
            }
            for item in self.items
        ]

    def photo(self, index: int) -> Rgb:
        """The photo, RGB uint8 (H, W, 3). Raises DataError where it cannot be read."""
        return self.folder.load_rgb(self.items[index].photo)

    def mask(self, index: int) -> Mask:
        """Its mask as it stands, uint8 (H, W): painted, drawn by nets, or the data folder's. Raises DataError."""
        photo = self.items[index].photo
        path = self._path(photo)
        if path.is_file():
            try:
                return np.array(Image.open(path).convert("L"), np.uint8)
            except OSError as error:
                raise DataError(f"{path}: cannot be read ({error})") from None
        rgb, mask = self.folder.load(photo)
        return mask if mask.shape == rgb.shape[:2] else np.zeros(rgb.shape[:2], np.uint8)

    def decide(self, index: int, verdict: Verdict | None) -> None:
        """Note what is said of an item; None takes back what was said, with the mask that was painted.

        Raises:
            OSError: it cannot be written.
        """
        photo = self.items[index].photo
        with self._lock:
            if verdict is None:
                self._restore(photo)
                before = self.decisions.before(photo)
                self.decisions.put(photo, None)
                self._rows.pop((photo.set, photo.stem), None)
                if before is not None:
                    self._rows[photo.set, photo.stem] = before
                write_overlay(self.masks / TABLE, self._rows.values())
            else:
                self._settle(photo, verdict)

    def repair(self, index: int, mask: Mask) -> None:
        """Keep a painted mask, uint8 of the photo's size.

        Raises:
            DataError: it has another size.
            OSError: it cannot be written.
        """
        photo = self.items[index].photo
        height, width = self.photo(index).shape[:2]
        if mask.shape != (height, width):
            raise DataError(f"the mask has {mask.shape[1]}×{mask.shape[0]} pixels, but the photo {width}×{height}")
        path, before = self._path(photo), self._path(photo, BEFORE)
        with self._lock:
            if not before.is_file():
                before.parent.mkdir(parents=True, exist_ok=True)
                with aside(before) as partial:  # empty: there was none
                    if path.is_file():
                        shutil.copyfile(path, partial)
            path.parent.mkdir(parents=True, exist_ok=True)
            with aside(path) as partial:
                Image.fromarray(mask).save(partial, "PNG")
            self._settle(photo, "repair")

    def _settle(self, photo: Photo, verdict: Verdict) -> None:
        key = photo.set, photo.stem
        row = self.decisions.before(photo) if self.decisions.of(photo) is not None else self._rows.get(key)
        if verdict == "accept" and self.decisions.of(photo) == "repair":
            return  # painted is more than accepted
        self.decisions.put(photo, verdict, row=row)
        self._rows[key] = settled(photo, verdict, row, drawn=self._path(photo).is_file())
        write_overlay(self.masks / TABLE, self._rows.values())

    def _restore(self, photo: Photo) -> None:
        """The mask as it was before it was painted."""
        path, before = self._path(photo), self._path(photo, BEFORE)
        if before.is_file() and before.stat().st_size:
            before.replace(path)
        elif before.is_file():
            path.unlink(missing_ok=True)
            before.unlink()

    def _path(self, photo: Photo, *inner: str) -> Path:
        return self.masks.joinpath(*inner, photo.set, f"{photo.stem}.png")


def _items(photos: Sequence[Photo], masks: Path, options: ReviewOptions) -> list[Item]:
    for photo in photos:
        if any(Path(name).name != name for name in (photo.set, photo.stem)):
            raise DataError(f"{photo.set}/{photo.stem}: is no name of a set and a photo; masks would lie elsewhere")
    known = {(photo.set, photo.stem): photo for photo in photos}
    names = {photo.set for photo in photos}
    for name in options.sets or ():
        if name not in names:
            raise DataError(f"‹sets›: there is no set {name!r}; there are {', '.join(sorted(names))}")
    path = options.listed
    if path is None and not options.all and (masks / LIST).is_file():
        path = masks / LIST
    if path is None:
        found = [Item(photo, "") for photo in photos]
    else:
        columns, rows = read_table(path)
        if not {"set", "stem"} <= set(columns):
            raise DataError(f"{path}: has not the columns set and stem; it has {', '.join(columns)}")
        found = []
        for line, row in enumerate(rows, start=2):
            listed = known.get((row["set"], row["stem"]))
            if listed is None:
                raise DataError(f"{path}:{line}: {row['set']}/{row['stem']} is not in the data folder")
            found.append(Item(listed, row.get("why") or ""))
    found = [item for item in found if options.sets is None or item.photo.set in options.sets]
    found = [item for item in found if item.photo.set not in VOID_SETS]
    if not found:
        raise DataError(f"{path or masks}: there is nothing to review; ‹all› shows every photo of the data folder")
    return found


def read_mask(data: bytes) -> NDArray[np.uint8]:
    """A PNG as it comes from the page, uint8 (H, W, 3): red is the mask.

    Raises:
        DataError: it is none.
    """
    if not data.startswith(b"\x89PNG\r\n\x1a\n"):
        raise DataError("the picture is no PNG")
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise DataError("the picture cannot be read")
    return np.ascontiguousarray(image[..., ::-1], dtype=np.uint8)
