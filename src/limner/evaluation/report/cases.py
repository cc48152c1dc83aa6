"""The report's cases: photo and truth, and beside them matte and error of every model, embedded in the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from limner.datasets.manifest import PhotoFolder
from limner.datasets.photo import Photo
from limner.evaluation.contenders import Contender
from limner.evaluation.evaluate import Score
from limner.evaluation.report.document import tile
from limner.evaluation.tiles import error_tile, false_people, grey_tile, matte_tile, most_different, worst

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
    shown = [tile(rgb, "photo")] + ([tile(grey_tile(mask), "truth")] if photo.mask != "none" else [])
    groups = [f'<div class="group"><h4>{escape(photo.set)} / {escape(photo.stem)}</h4>{"".join(shown)}</div>']
    for index, contender in enumerate(contenders):
        alpha = contender.matte(rgb)
        tiles = tile(matte_tile(alpha), "matte") + tile(error_tile(rgb, mask, alpha, photo), "error")
        head = f'<i class="swatch b{index % 8}"></i>{escape(contender.label)}{_says(values[contender.label, photo])}'
        groups.append(f'<div class="group"><h4>{head}</h4>{tiles}</div>')
    return f'<article class="case">{"".join(groups)}</article>'


def _says(values: Mapping[str, float]) -> str:
    if "false_area" in values:
        return f"<span>{values['false_area']:.1f} % false</span>"
    return f"<span>mIoU {values['miou']:.1f} · boundary {values['boundary_iou']:.1f}</span>"
