"""The report's cases: photo and truth, and beside them matte and error of every model, embedded in the page."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from html import escape

import cv2
import numpy as np
from PIL import Image

from limner.datasets.manifest import PhotoFolder
from limner.datasets.photo import Photo
from limner.evaluation.contenders import Contender
from limner.evaluation.evaluate import Score
from limner.evaluation.tiles import error_tile, false_people, grey_tile, matte_tile, most_different, worst
from limner.frame import Frame

_SIDE = 300
_KEY = (
    '<p class="note">In the error <b class="missed">red</b> is person that was missed and <b class="found">blue</b> '
    "background that was taken for a person, both cut at 0.5. Grey in the truth is undecided and does not count.</p>"
)


def cases(
    contenders: Sequence[Contender], folder: PhotoFolder, scores: Mapping[str, list[Score]], *, count: int
) -> dict[str, str]:
    """Sections "worst", "apart" and "false"; empty ones where there is nothing to show."""
    low = worst(scores, count)
    apart = [photo for photo in most_different(scores, 2 * count) if photo not in low][: max(1, count // 2)]
    chosen = {"worst": low, "apart": apart, "false": false_people(scores, max(1, count // 2))}
    values = {
        (label, score.photo): score.values
        for label, rows in scores.items()
        for score in rows
        if any(score.photo in photos for photos in chosen.values())
    }
    return {
        name: _KEY + "".join(_case(photo, contenders, folder, values) for photo in photos) if photos else ""
        for name, photos in chosen.items()
    }


def _case(
    photo: Photo,
    contenders: Sequence[Contender],
    folder: PhotoFolder,
    values: Mapping[tuple[str, Photo], Mapping[str, float]],
) -> str:
    rgb, mask = folder.load(photo)
    shown = [_tile(rgb, "photo")] + ([_tile(grey_tile(mask), "truth")] if photo.mask != "none" else [])
    groups = [f'<div class="group"><h4>{escape(photo.set)} / {escape(photo.stem)}</h4>{"".join(shown)}</div>']
    for index, contender in enumerate(contenders):
        alpha = contender.matte(rgb)
        tiles = _tile(matte_tile(alpha), "matte") + _tile(error_tile(rgb, mask, alpha, photo), "error")
        head = f'<i class="swatch b{index % 8}"></i>{escape(contender.label)}{_says(values[contender.label, photo])}'
        groups.append(f'<div class="group"><h4>{head}</h4>{tiles}</div>')
    return f'<article class="case">{"".join(groups)}</article>'


def _says(values: Mapping[str, float]) -> str:
    if "false_area" in values:
        return f"<span>{values['false_area']:.1f} % false</span>"
    return f"<span>mIoU {values['miou']:.1f} · boundary {values['boundary_iou']:.1f}</span>"


def _tile(picture: Frame, caption: str) -> str:
    scale = _SIDE / max(picture.shape[:2])
    if scale < 1:
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(np.uint8)
    data = io.BytesIO()
    Image.fromarray(picture).save(data, "WEBP", quality=72)
    source = base64.b64encode(data.getvalue()).decode()
    height, width = picture.shape[:2]
    return (
        f'<figure><img src="data:image/webp;base64,{source}" width="{width}" height="{height}" alt="{caption}" '
        f'loading="lazy"><figcaption>{caption}</figcaption></figure>'
    )
