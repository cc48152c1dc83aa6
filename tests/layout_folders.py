"""Folders as other tools export them, written from drawn people: for each the photos and the masks that they mean.

Each has the keys, the coding and the places that the tool itself writes; the readers are compared with the tools' own
output in `tests/datasets/layouts/test_shapes.py` and `test_label_studio.py`.
"""

from __future__ import annotations

import base64
import io
import itertools
import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from drawn_people import draw_person

Mask = NDArray[np.uint8]
COUNT = 5
"""Photos of each folder. In those with labels nobody is in the last one."""
POLYGON = [12, 20, 60, 20, 60, 90, 12, 90]
"""The person of the photo before the last one where a tool has polygons."""


def truths() -> list[Mask]:
    """Masks of the photos: drawn, but for the polygon and for nobody."""
    masks = [draw_person(index)[1] for index in range(COUNT)]
    masks[-2] = np.zeros_like(masks[0])
    masks[-2][20:90, 12:60] = 255
    masks[-1] = np.zeros_like(masks[0])
    return masks


def save(path: Path, array: NDArray[np.uint8]) -> None:
    """Write a picture, with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path)


def write_json(path: Path, content: object) -> None:
    """Write JSON, with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def photos(folder: Path, suffix: str = ".png") -> None:
    """The photos, p0 to p4."""
    for index in range(COUNT):
        save(folder / f"p{index}{suffix}", draw_person(index)[0])


def runs(mask: Mask, *, by_column: bool) -> list[int]:
    """Run lengths, background first."""
    flat = (mask.T if by_column else mask).reshape(-1) > 0
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flat, [not flat[-1]]])))
    return [int(run) for run in np.diff(np.concatenate([[0], edges]))]


def packed(counts: list[int]) -> str:
    """COCO's packed run lengths."""
    text = ""
    for index, count in enumerate(counts):
        value = count - counts[index - 2] if index > 2 else count
        while True:
            digit, value = value & 31, value >> 5
            more = value != (-1 if digit & 16 else 0)
            text += chr(48 + digit + 32 * more)
            if not more:
                break
    return text


def write_folders(folder: Path) -> None:
    """images/ and masks/ in train/ and val/."""
    for index, mask in enumerate(truths()):
        place = folder / ("val" if index == 0 else "train")
        save(place / f"images/p{index}.png", draw_person(index)[0])
        save(place / f"masks/p{index}.png", mask)


def write_coco(folder: Path) -> None:
    """As cocodataset.org has it: polygons, a crowd's run lengths as a list, and packed ones."""
    photos(folder / "images/train2017", ".jpg")
    images, annotations = [], []
    for index, mask in enumerate(truths()):
        name, size = f"p{index}.jpg", list(mask.shape)
        images.append(
            {
                "id": 7 + index,
                "file_name": name,
                "height": 96,
                "width": 72,
                "license": 4,
                "flickr_url": f"http://f/{index}",
            }
        )
        counts = runs(mask, by_column=True)
        shape: object = {"size": size, "counts": packed(counts) if index % 2 else counts}
        shape = [POLYGON] if index == COUNT - 2 else shape
        common = {"image_id": 7 + index, "iscrowd": 1 - index % 2, "bbox": [0, 0, 1, 1], "area": 1}
        if mask.any():
            annotations.append({"id": index + 1, "category_id": 1, "segmentation": shape, **common})
        annotations.append({"id": 100 + index, "category_id": 17, "segmentation": [[0, 0, 72, 0, 72, 96]], **common})
    write_json(
        folder / "annotations/instances_train2017.json",
        {
            "info": {"description": "drawn"},
            "licenses": [{"id": 4, "name": "CC BY 2.0", "url": "http://l/"}],
            "images": images,
            "annotations": annotations,
            "categories": [{"id": 1, "name": "person", "supercategory": "person"}, {"id": 17, "name": "cat"}],
        },
    )
    write_json(folder / "annotations/captions_train2017.json", {"info": {}, "images": images, "annotations": []})


def write_cvat(folder: Path) -> None:
    """CVAT for images 1.1: masks in the box that they fill, polygons, other labels."""
    photos(folder / "images")
    lines = ['<?xml version="1.0" encoding="utf-8"?>', "<annotations>", "  <version>1.1</version>", "  <meta/>"]
    for index, mask in enumerate(truths()):
        lines.append(f'  <image id="{index}" name="p{index}.png" width="72" height="96">')
        lines.append(
            '    <box label="cat" source="manual" occluded="0" xtl="1" ytl="1" xbr="9" ybr="9" z_order="0"></box>'
        )
        if index == COUNT - 2:
            points = ";".join(f"{x:.2f},{y:.2f}" for x, y in zip(POLYGON[::2], POLYGON[1::2], strict=True))
            lines.append(f'    <polygon label="person" occluded="0" points="{points}" z_order="0"></polygon>')
        elif mask.any():
            x, y, width, height = cv2.boundingRect(mask)
            rle = ", ".join(map(str, runs(mask[y : y + height, x : x + width], by_column=False)))
            lines.append(
                f'    <mask label="person" source="manual" occluded="0" rle="{rle}" left="{x}" top="{y}" '
                f'width="{width}" height="{height}" z_order="0"></mask>'
            )
        lines.append("  </image>")
    (folder / "annotations.xml").write_text("\n".join([*lines, "</annotations>"]), encoding="utf-8")


def write_datumaro(folder: Path) -> None:
    """Datumaro 1.0: masks in packed run lengths, a polygon."""
    photos(folder / "images/val")
    items = []
    for index, mask in enumerate(truths()):
        common: dict[str, Any] = {"id": 1, "attributes": {}, "group": 1, "label_id": 1, "z_order": 0}
        rle = {"counts": packed(runs(mask, by_column=True)), "size": [96, 72]}
        shape = {"type": "mask", "rle": rle, **common}
        if index == COUNT - 2:
            shape = {"type": "polygon", "points": [float(number) for number in POLYGON], **common}
        image = {"path": f"p{index}.png", "size": [96, 72]}
        items.append({"id": f"p{index}", "annotations": [shape] if mask.any() else [], "attr": {}, "image": image})
    labels = [{"name": name, "parent": "", "attributes": []} for name in ("cat", "person")]
    categories = {"label": {"labels": labels, "label_groups": [], "attributes": []}}
    write_json(
        folder / "annotations/val.json",
        {"dm_format_version": "1.0", "media_type": 2, "infos": {}, "categories": categories, "items": items},
    )


def write_supervisely(folder: Path) -> None:
    """A project: bitmaps as PNG with a palette and with alpha, a polygon, a label that is nobody."""
    meta = [{"title": "person_bmp", "shape": "bitmap"}, {"title": "person_poly"}, {"title": "neutral"}]
    write_json(folder / "meta.json", {"classes": meta, "tags": []})
    photos(folder / "ds1/img")
    for index, mask in enumerate(truths()):
        objects: list[dict[str, Any]] = []
        if index == COUNT - 2:
            ring = [[12, 20], [59, 20], [59, 89], [12, 89]]  # pixels, the last of them inside
            points = {"exterior": ring, "interior": []}
            objects.append({"classTitle": "person_poly", "geometryType": "polygon", "points": points, "bitmap": None})
        elif mask.any():
            x, y, width, height = cv2.boundingRect(mask)
            data = _bitmap(mask[y : y + height, x : x + width], rgba=bool(index % 2))
            bitmap = {"origin": [x, y], "data": data}
            objects.append({"classTitle": "person_bmp", "geometryType": "bitmap", "bitmap": bitmap})
        objects.append({"classTitle": "neutral", "geometryType": "rectangle", "points": {"exterior": [[0, 0], [9, 9]]}})
        # Older exports name the file without the photo's ending.
        name = f"p{index}.json" if index == 0 else f"p{index}.png.json"
        content = {"description": "", "tags": [], "size": {"height": 96, "width": 72}, "objects": objects}
        write_json(folder / "ds1/ann" / name, content)


def _bitmap(mask: Mask, *, rgba: bool) -> str:
    file = io.BytesIO()
    if rgba:
        Image.fromarray(np.dstack([np.full((*mask.shape, 3), 255, np.uint8), mask])).save(file, "PNG")
    else:
        image = Image.fromarray(np.asarray(mask > 0, np.uint8)).convert("P")
        image.putpalette([0, 0, 0, 255, 255, 255])
        image.save(file, "PNG", transparency=0, optimize=0)
    return base64.b64encode(zlib.compress(file.getvalue())).decode()


def write_voc(folder: Path) -> None:
    """PASCAL VOC: palette PNG with the labels of VOC, lists of names, and a photo without a segmentation."""
    photos(folder / "JPEGImages", ".jpg")
    save(folder / "JPEGImages/other.jpg", draw_person(9)[0])
    for index, mask in enumerate(truths()):
        labels = np.where(mask > 0, np.uint8(15), np.uint8(0))
        labels[:4, :4] = 8  # a cat
        image = Image.fromarray(labels).convert("P")
        image.putpalette([value for number in range(256) for value in (number, 255 - number, number * 7 % 256)])
        (folder / "SegmentationClass").mkdir(exist_ok=True)
        image.save(folder / f"SegmentationClass/p{index}.png")
    lists = folder / "ImageSets/Segmentation"
    lists.mkdir(parents=True)
    (lists / "train.txt").write_text("p0\np1\np2\n")
    (lists / "val.txt").write_text("p3\np4\n")


def write_label_studio(folder: Path) -> None:
    """The JSON export: brush strokes, a polygon in percent, names as an upload makes them."""
    tasks = []
    for index, mask in enumerate(truths()):
        save(folder / f"upload/1/a1b2c3d{index}-p{index}.png", draw_person(index)[0])
        common = {"original_width": 72, "original_height": 96, "image_rotation": 0, "id": "x", "to_name": "image"}
        points = [[100 * x / 72, 100 * y / 96] for x, y in zip(POLYGON[::2], POLYGON[1::2], strict=True)]
        value: dict[str, Any] = {"format": "rle", "rle": brush(mask), "brushlabels": ["Person"]}
        kind = "brushlabels"
        if index == COUNT - 2:
            value, kind = {"points": points, "closed": True, "polygonlabels": ["Person"]}, "polygonlabels"
        cat = {"type": "brushlabels", "value": {**value, kind: ["Cat"]}, **common}
        result = [cat, *([{"type": kind, "value": value, **common}] if mask.any() else [])]
        tasks.append(
            {
                "id": index,
                "annotations": [
                    {"id": 1, "was_cancelled": False, "result": result},
                    {"id": 2, "was_cancelled": True, "result": []},
                ],
                "data": {"image": f"/data/upload/1/a1b2c3d{index}-p{index}.png"},
            }
        )
    write_json(folder / "project-1-at-2026.json", tasks)


def brush(mask: Mask) -> list[int]:
    """A brush stroke: blocks of one value where it stays, single values in one block where it changes at once."""
    values = np.repeat(mask.reshape(-1), 4)
    bits = [f"{len(values):032b}", f"{7:05b}", *(f"{size - 1:04b}" for size in (3, 4, 8, 16))]
    starts = [0, *(np.flatnonzero(np.diff(values.astype(int))) + 1).tolist(), len(values)]
    for first, last in itertools.pairwise(starts):
        while first < last:
            count = min(last - first, 1 << 16)
            bits.append(f"1{3:02b}{count - 1:016b}{values[first]:08b}" if count > 8 else f"0{0:02b}{count - 1:03b}")
            if count <= 8:
                bits += [f"{value:08b}" for value in values[first : first + count]]
            first += count
    text = "".join(bits)
    text += "0" * (-len(text) % 8)
    return [int(text[at : at + 8], 2) for at in range(0, len(text), 8)]


def write_aisegment(folder: Path) -> None:
    """AISegment: cutouts with the matte as alpha, and what a Mac left in the archive."""
    for index, mask in enumerate(truths()):
        rgb, _ = draw_person(index)
        shooting = f"180315181{index % 2}"
        save(folder / f"clip_img/{shooting}/clip_00000000/p{index}.jpg", rgb)
        cutout = np.dstack([np.where(mask[..., None] > 0, rgb, np.uint8(0)), mask])
        save(folder / f"matting/{shooting}/matting_00000000/p{index}.png", cutout)
    (folder / "clip_img/1803151810/clip_00000000/._p0.jpg").write_bytes(b"Mac")


def write_p3m(folder: Path) -> None:
    """P3M-10k: mattes beside photos with blurred faces, and the untouched ones of validation."""
    for index, mask in enumerate(truths()):
        train = index < 3
        photo = f"train/blurred_image/p{index}.jpg" if train else f"validation/P3M-500-NP/original_image/p{index}.jpg"
        save(folder / photo, draw_person(index)[0])
        save(
            folder / photo.replace("blurred_image", "mask").replace("original_image", "mask").replace("jpg", "png"),
            mask,
        )
        save(folder / f"train/fg_map/p{index}.png", mask)


def write_parsing(folder: Path) -> None:
    """LIP: maps of the labels of body parts in folders of other names."""
    for index, mask in enumerate(truths()):
        save(folder / f"TrainVal_images/train_images/p{index}.jpg", draw_person(index)[0])
        labels = np.where(mask > 0, 5 + np.arange(96, dtype=np.uint8)[:, None] % 7, 0).astype(np.uint8)
        save(folder / f"TrainVal_parsing_annotations/train_segmentations/p{index}.png", labels)


def write_eg1800(folder: Path) -> None:
    """EG1800: masks of 0 and 1."""
    for index, mask in enumerate(truths()):
        save(folder / f"Images/{index:05}.png", draw_person(index)[0])
        save(folder / f"Labels/{index:05}.png", mask // 255)


def write_synthhuman(folder: Path) -> None:
    """SynthHuman: all kinds of pictures of a render in one folder."""
    for index, mask in enumerate(truths()):
        save(folder / f"rgb_{index:07}.png", draw_person(index)[0])
        save(folder / f"alpha_{index:07}.png", mask)
        (folder / f"depth_{index:07}.exr").write_bytes(b"depth")


def write_numpy(folder: Path) -> None:
    """Two arrays."""
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "img_uint8.npy", np.stack([draw_person(index)[0] for index in range(COUNT)]))
    np.save(folder / "msk_uint8.npy", np.stack(truths())[..., None])


def write_rgba(folder: Path) -> None:
    """Cutouts."""
    for index, mask in enumerate(truths()):
        save(folder / f"p{index}.png", np.dstack([draw_person(index)[0], mask]))


WRITERS: dict[str, Callable[[Path], None]] = {
    "folders": write_folders,
    "coco": write_coco,
    "cvat": write_cvat,
    "datumaro": write_datumaro,
    "supervisely": write_supervisely,
    "voc": write_voc,
    "label-studio": write_label_studio,
    "aisegment": write_aisegment,
    "p3m": write_p3m,
    "parsing": write_parsing,
    "eg1800": write_eg1800,
    "synthhuman": write_synthhuman,
    "numpy": write_numpy,
    "rgba": write_rgba,
    "photos": photos,
}
"""Layout -> what writes such a folder."""
