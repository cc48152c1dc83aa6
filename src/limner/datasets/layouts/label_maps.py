"""Label maps: pictures whose values are numbers of labels, from human parsing or from PASCAL VOC."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import get_args

import cv2
import numpy as np
from PIL import Image

from limner.datasets.layouts.base import Entry, Listing, Mask, People
from limner.datasets.layouts.pairs import Pairs
from limner.datasets.layouts.photo_index import PhotoIndex
from limner.datasets.photo import Split
from limner.datasets.photo_sets import open_photo
from limner.errors import DataError

VOID = 255
"""Label of pixels that nobody decided on, in both."""

VOC_LABELS = (
    "background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable",
    "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
)  # fmt: skip


def read_labels(path: Path) -> Mask:
    """The numbers in a label map, uint8 (H, W).

    Raises:
        DataError: it cannot be read, or has colours instead of numbers.
    """
    image = open_photo(path)
    if image.mode in ("L", "P", "1"):
        return np.asarray(image, np.uint8)
    values = np.asarray(image)
    if values.ndim == 3 and (values[..., :3] == values[..., :1]).all():
        return np.ascontiguousarray(values[..., 0])
    if image.mode.startswith("I") and int(values.max()) <= 255:
        return values.astype(np.uint8)
    raise DataError(f"{path}: is a picture of colours, and no map of labels")


def decide_void(labels: Mask, person: Mask) -> Mask:
    """The mask, uint8 (H, W), where each void pixel is what the nearest decided one is."""
    void = labels == VOID
    if not void.any() or void.all():
        return person
    _, nearest = cv2.distanceTransformWithLabels(
        void.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    decided = np.zeros(int(nearest.max()) + 1, np.uint8)
    decided[nearest[~void]] = person[~void]
    return np.where(void, decided[nearest], person)


def _parsing_mask(path: Path, numbers: frozenset[int]) -> Mask:
    labels = read_labels(path)
    if set(np.unique(labels).tolist()) <= {0, 255}:
        return labels
    person = np.isin(labels, list(numbers)) if numbers else (labels > 0) & (labels != VOID)
    return decide_void(labels, np.where(person, np.uint8(255), np.uint8(0)))


def looks_like_labels(path: Path) -> bool:
    """Whether a picture holds small numbers of labels, more than two, and not a mask."""
    try:
        values = np.unique(read_labels(path))
    except DataError:
        return False
    values = values[values != VOID]
    return len(values) > 2 and int(values.max()) < 64


class Parsing:
    """Human parsing: every label but 0 is part of a person, unless labels are named by their numbers."""

    name = "parsing"
    about = "photos, and maps of the labels of body parts and clothes: all but 0 is person"
    labelled = True
    _photos = ("images", "image", "img", "imgs", "TrainVal_images", "JPEGImages", "data")
    _masks = (
        "labels", "label", "parsing", "annotations", "masks", "mask", "segmentations", "category_ids",
        "TrainVal_parsing_annotations", "SegmentationClassAug",
    )  # fmt: skip

    def signs(self, folder: Path) -> dict[str, bool]:
        """See ``Layout``."""
        return self._pairs(frozenset()).signs(folder)

    def read(self, folder: Path, people: People) -> Listing:
        """See ``Layout``."""
        if wrong := [label for label in people.labels if not label.isdigit() or int(label) > 254]:
            raise DataError(f"{folder}: ‹person› {wrong[0]}: the labels of parsing maps are numbers, 0 to 254")
        return self._pairs(frozenset(map(int, people.labels))).read(folder, people)

    def _pairs(self, numbers: frozenset[int]) -> Pairs:
        return Pairs(
            self.name, self.about, self._photos, self._masks, partial(_parsing_mask, numbers=numbers),
            fits=looks_like_labels, fits_as="masks with small numbers, one for each label",
        )  # fmt: skip


class Voc:
    """PASCAL VOC: ``JPEGImages``, ``SegmentationClass`` with a palette or, as CVAT writes it, with colours."""

    name = "voc"
    about = "JPEGImages/, SegmentationClass/ and ImageSets/ of PASCAL VOC, with labelmap.txt or VOC's own labels"
    labelled = True

    def signs(self, folder: Path) -> dict[str, bool]:
        """See ``Layout``."""
        return {f"{name}/": (_root(folder) / name).is_dir() for name in ("JPEGImages", "SegmentationClass")}

    def read(self, folder: Path, people: People) -> Listing:
        """See ``Layout``. Photos without a segmentation are counted and left out."""
        root = _root(folder)
        for name in ("JPEGImages", "SegmentationClass"):
            if not (root / name).is_dir():
                raise DataError(f"{root}: holds no folder {name}, as VOC has it")
        names, colours = _label_map(root / "labelmap.txt")
        wanted = people.among(names, root)
        person = frozenset(number for number, name in enumerate(names) if name in wanted)
        splits, photos = _splits(root), PhotoIndex(root / "JPEGImages")
        listing, have = Listing([]), set()
        for path in sorted((root / "SegmentationClass").glob("*.png")):
            photo = next((p for p in map(photos.find, _photo_names(path.stem)) if p.is_file()), None)
            if photo is None:
                listing.missing.append((str(path), "has no photo in JPEGImages"))
                continue
            have.add(photo)
            listing.entries.append(
                Entry(
                    name=str(photo),
                    stem=path.stem,
                    photo=photo,
                    mask=partial(_voc_mask, path, person, colours),
                    mask_name=str(path),
                    split=splits.get(path.stem),
                )
            )
        if left := len(set(photos.all()) - have):
            listing.notices.append(f"{left} photos of JPEGImages have no segmentation, and are left out")
        return listing


def _voc_mask(path: Path, person: frozenset[int], colours: list[tuple[int, ...] | None]) -> Mask:
    image = open_photo(path)
    if image.mode == "P":
        labels = _by_palette(image, colours)
    elif image.mode == "RGB":
        labels = _by_colour(np.asarray(image), [said or voc_colour(n) for n, said in enumerate(colours)])
    else:
        labels = read_labels(path)
    return decide_void(labels, np.where(np.isin(labels, list(person)), np.uint8(255), np.uint8(0)))


def _by_palette(image: Image.Image, colours: list[tuple[int, ...] | None]) -> Mask:
    """The numbers of a palette picture; where a label map gives each label a colour, the palette's colours say them."""
    values = np.asarray(image, np.uint8)
    if not all(colours):
        return values
    table = np.asarray(image.getpalette(), np.uint8).reshape(-1, 3)
    table = np.vstack([table, np.zeros((256 - len(table), 3), np.uint8)])
    return _by_colour(table[values], colours)


def _by_colour(rgb: Mask, colours: list[tuple[int, ...] | None]) -> Mask:
    labels = np.full(rgb.shape[:2], VOID, np.uint8)
    for number, colour in enumerate(colours):
        if colour is not None:
            labels[(rgb == np.asarray(colour, np.uint8)).all(-1)] = number
    return labels


def voc_colour(number: int) -> tuple[int, int, int]:
    """VOC's colour of a label: its lowest bits, three at a time, are the highest ones left of red, green and blue."""
    colour = [0, 0, 0]
    for place in range(8):
        for channel in range(3):
            colour[channel] |= (number >> (3 * place + channel) & 1) << (7 - place)
    return colour[0], colour[1], colour[2]


def _label_map(path: Path) -> tuple[list[str], list[tuple[int, ...] | None]]:
    """Names of the labels by their numbers, and their colours, if ``labelmap.txt`` says them."""
    if not path.is_file():
        return list(VOC_LABELS), [None] * len(VOC_LABELS)
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read: {error}") from None
    names: list[str] = []
    colours: list[tuple[int, ...] | None] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, _, rest = line.partition(":")
        colour = rest.partition(":")[0].strip()
        try:
            numbers = tuple(int(part) for part in colour.split(",")) if colour else None
            if numbers is not None and (len(numbers) != 3 or not all(0 <= part < 256 for part in numbers)):
                raise ValueError
        except ValueError:
            raise DataError(f"{path}:{number}: {colour!r} is no colour; a line is label:red,green,blue:…") from None
        names.append(name)
        colours.append(numbers)
    return names, colours


def _splits(root: Path) -> dict[str, Split]:
    """The split of each name that one of the lists in ``ImageSets/Segmentation`` has."""
    found: dict[str, Split] = {}
    for split in get_args(Split):
        path = root / "ImageSets" / "Segmentation" / f"{split}.txt"
        if path.is_file():
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
            found.update((line.strip(), split) for line in lines)
    return found


def _root(folder: Path) -> Path:
    """The folder itself, or what VOC's own archives put it into."""
    if (folder / "JPEGImages").is_dir():
        return folder
    inner = [*folder.glob("VOC20*"), *folder.glob("VOCdevkit/VOC20*")]
    return next((path for path in sorted(inner) if (path / "JPEGImages").is_dir()), folder)


def _photo_names(stem: str) -> list[str]:
    return [stem + suffix for suffix in (".jpg", ".jpeg", ".png", ".JPG", ".webp", ".bmp")]
