"""CVAT: "CVAT for images 1.1", XML with polygons and masks, as docs.cvat.ai describes it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import NamedTuple

from limner.datasets.layouts.base import Entry, Listing, Mask, People, split_of
from limner.datasets.layouts.photo_index import PhotoIndex
from limner.datasets.layouts.reading import read_xml, xml_files
from limner.datasets.layouts.shapes import empty_mask, fill_polygon, put, runs_to_mask
from limner.errors import DataError

_SHAPES = ("polygon", "mask", "ellipse", "box", "polyline", "points")


class _Shape(NamedTuple):
    kind: str
    label: str
    said: dict[str, str]


class Cvat:
    """``annotations.xml``, or one file for each subset, and the photos in ``images`` or any other folder."""

    name = "cvat"
    about = 'annotations.xml of "CVAT for images 1.1" with polygons or masks, and the photos'
    labelled = True

    def signs(self, folder: Path) -> dict[str, bool]:
        """See ``Layout``."""
        return {"an XML file of CVAT (annotations.xml)": bool(xml_files(folder, "annotations"))}

    def read(self, folder: Path, people: People) -> Listing:
        """See ``Layout``."""
        files = xml_files(folder, "annotations")
        if not files:
            raise DataError(f"{folder}: holds no annotations.xml of CVAT")
        photos = PhotoIndex(folder)
        found: list[tuple[Path, dict[str, str], list[_Shape]]] = []
        labels: dict[str, None] = {}
        for path in files:
            for element in read_xml(path, "image"):
                shapes = [_Shape(item.tag, item.get("label", ""), item.attrib) for item in element]
                shapes = [shape for shape in shapes if shape.kind in _SHAPES]
                labels.update((shape.label, None) for shape in shapes)
                found.append((path, dict(element.attrib), shapes))
        if not found:
            raise DataError(f"{files[0]}: lists no images; export it from CVAT as 'CVAT for images 1.1'")
        wanted = people.among(labels, files[0])
        return Listing([_entry(*item, wanted, photos) for item in found])


def _entry(file: Path, image: dict[str, str], shapes: list[_Shape], wanted: set[str], photos: PhotoIndex) -> Entry:
    said, subset = image.get("name", ""), image.get("subset", "")
    mine = [shape for shape in shapes if shape.label in wanted]
    path = photos.find(said, subset, file.stem)
    return Entry(
        name=said,
        stem=path.stem,
        photo=path,
        mask=partial(_mask, mine, image),
        mask_name=f"{file.name}, {said}",
        split=split_of([subset, file.stem]),
        nobody=not mine,
    )


def _mask(shapes: list[_Shape], image: dict[str, str]) -> Mask:
    try:
        mask = empty_mask((int(image["height"]), int(image["width"])))
        for shape in shapes:
            _draw(mask, shape)
    except KeyError as error:
        raise DataError(f"the annotation has no {error}") from None
    except ValueError:
        raise DataError("the annotation has a text where a number should be") from None
    return mask


def _draw(mask: Mask, shape: _Shape) -> None:
    said = shape.said
    if shape.kind == "mask":
        size = int(said["height"]), int(said["width"])
        runs = [int(run) for run in said["rle"].split(",")]
        put(mask, runs_to_mask(runs, size, by_column=False), int(said["left"]), int(said["top"]))
    elif shape.kind == "polygon":
        ring = [float(number) for point in said["points"].split(";") for number in point.split(",")]
        fill_polygon(mask, [ring])
    else:
        raise DataError(f"a person is a {shape.kind}, which is no mask; make it a polygon or a mask")
