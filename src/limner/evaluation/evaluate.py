"""Scoring a matte maker on labelled photos: every photo a row, every set and group a mean over its photos."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.data.manifest import VOID, VOID_SETS, Photo, PhotoFolder
from limner.errors import DataError
from limner.evaluation import metrics

if TYPE_CHECKING:
    from torch import nn

Frame = NDArray[np.uint8]
Alpha = NDArray[np.float32]
MatteMaker = Callable[[Frame], Alpha]
"""RGB uint8 (H, W, 3) to alpha float32 (H, W) in [0, 1]."""

METRICS = ("iou", "miou", "accuracy", "boundary_iou", "mad")
GROUPS = {"fashion + faces": ("fashion_full_body", "faces_close_up")}
"""Means over several sets that the project's targets are set for."""


@dataclass(frozen=True, slots=True)
class Score:
    """One photo's scores. IoU, mIoU, accuracy and Boundary IoU in percent, MAD in [0, 1].

    ``false_area`` is set instead for photos without people: the share of the picture taken for a person, in percent.
    """

    photo: Photo
    values: dict[str, float]


def score_photo(alpha: Alpha, mask: NDArray[np.uint8], photo: Photo) -> Score:
    """Compare a matte with the photo's mask; a pixel is person from alpha 0.5 on (mask from 128 on)."""
    person = alpha > 0.5
    if photo.mask == "none":
        return Score(photo, {"false_area": 100 * float(person.mean())})
    truth = mask > 127
    valid = np.abs(mask.astype(np.int16) - VOID) > 1 if photo.set in VOID_SETS else None
    values = {
        "iou": 100 * metrics.iou(person, truth, valid),
        "miou": 100 * metrics.mean_iou(person, truth, valid),
        "accuracy": 100 * metrics.accuracy(person, truth, valid),
        "boundary_iou": 100 * metrics.boundary_iou(person, truth, valid),
        "mad": metrics.mad(alpha, (mask / np.float32(255)).astype(np.float32), valid),
    }
    return Score(photo, values)


def evaluate(
    maker: MatteMaker,
    folder: PhotoFolder,
    photos: Iterable[Photo],
    *,
    progress: Callable[[int], None] | None = None,
) -> list[Score]:
    """Score every photo. ``progress`` is called with the number of photos done.

    Raises:
        DataError: there is nothing to score.
    """
    scores = []
    for done, photo in enumerate(photos, start=1):
        rgb, mask = folder.load(photo)
        scores.append(score_photo(maker(rgb), mask, photo))
        if progress is not None:
            progress(done)
    if not scores:
        raise DataError(f"{folder.folder}: no photo of this split and these sets")
    return scores


def means(scores: list[Score]) -> dict[str, dict[str, float]]:
    """Set or group -> metric -> mean over its photos; "photos" counts them. Groups come first."""
    by_set: dict[str, list[Score]] = {}
    for score in scores:
        by_set.setdefault(score.photo.set, []).append(score)
    table = {}
    for group, members in GROUPS.items():
        if all(name in by_set for name in members):
            table[group] = _mean([score for name in members for score in by_set[name]])
    no_people = [score for score in scores if "false_area" in score.values]
    if len({score.photo.set for score in no_people}) > 1:
        table["all without people"] = _mean(no_people)
    table.update({name: _mean(rows) for name, rows in by_set.items()})
    return table


def _mean(rows: list[Score]) -> dict[str, float]:
    names = rows[0].values
    return {"photos": len(rows), **{name: float(np.mean([row.values[name] for row in rows])) for name in names}}


def net_maker(net: nn.Module, size: int) -> MatteMaker:
    """A torch net as a matte maker: squash to ``size`` pixels square, sigmoid, back to the photo's size by bilinear."""
    import torch

    @torch.no_grad()
    def make(rgb: Frame) -> Alpha:
        height, width = rgb.shape[:2]
        shrink = cv2.INTER_AREA if size * size < height * width else cv2.INTER_LINEAR
        small = cv2.resize(rgb, (size, size), interpolation=shrink)
        image = torch.from_numpy(small).permute(2, 0, 1)[None].float().div(255)
        alpha = torch.sigmoid(net(image.contiguous(memory_format=torch.channels_last)))[0, 0].numpy()
        return cv2.resize(alpha, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.float32)

    return make


def net_scores(net: nn.Module, size: int, data: Path) -> dict[str, float]:
    """Mean mIoU and Boundary IoU of each val set, for the log of a training run."""
    folder = PhotoFolder(data)
    table = means(evaluate(net_maker(net, size), folder, folder.select(split="val")))
    return {
        f"{name} {short}": row[metric]
        for name, row in table.items()
        for metric, short in (("miou", "mIoU"), ("boundary_iou", "bIoU"))
        if metric in row
    }
