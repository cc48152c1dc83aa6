"""Scoring matte makers on labelled photos: every photo a row, every set and group a mean over its photos."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from limner.checking import checked
from limner.cores import usable_cores
from limner.datasets.manifest import VOID, VOID_SETS, PhotoFolder
from limner.datasets.photo import Photo
from limner.errors import DataError
from limner.evaluation import metrics
from limner.evaluation.contenders import Alpha, MatteMaker, net_maker
from limner.frame import Frame

if TYPE_CHECKING:
    from limner.nets.base import SegmentationNet

METRICS = ("iou", "miou", "accuracy", "boundary_iou", "mad", "area_bias")
CUTS = (0.3, 0.4, 0.6, 0.7)
"""Thresholds, beside 0.5, at which Boundary IoU is also computed where more metrics are asked for."""
MORE_METRICS = ("boundary_f", "mse", "sad", "gradient", "connectivity", *(f"boundary_iou_{cut}" for cut in CUTS))
"""These cost more time than most nets, so they are computed only where they are asked for."""
MEDIANS = frozenset({"area_bias"})
"""Metrics whose median over images is told: a single photo whose person is missed would rule the mean."""

WILD = "wild"
"""The set whose sources training does not share; it comes first in every table, and shipped nets are chosen by it."""
GROUPS = {"fashion + faces": ("fashion_full_body", "faces_close_up")}
"""Means over several sets that the project's targets are set for."""

LEVELS = 256
_AHEAD = 8


@dataclass(frozen=True, slots=True)
class Score:
    """One photo's scores.

    Attributes:
        photo: which.
        values: metric to number, as in docs/evaluation.md: IoU, mIoU, accuracy, Boundary IoU and boundary F in
            percent. For photos without people only "false_area": the percentage of the picture taken for a person.
        counts: pixels by prediction and truth, for scores accumulated over a data set.
        levels: int64 (2, 256), how many background pixels (first row) and person pixels have each of 256 levels of
            alpha, for curves over thresholds.
    """

    photo: Photo
    values: dict[str, float]
    counts: metrics.Confusion
    levels: NDArray[np.int64]


def decided(mask: NDArray[np.uint8], photo: Photo) -> NDArray[np.bool_] | None:
    """The pixels that count, (H, W); None where all do."""
    return np.abs(mask.astype(np.int16) - VOID) > 1 if photo.set in VOID_SETS else None


def score_photo(alpha: Alpha, mask: NDArray[np.uint8], photo: Photo, *, all_metrics: bool = False) -> Score:
    """Compare a matte with the photo's mask; a pixel is person from alpha 0.5 on (mask from 128 on)."""
    person, truth, valid = alpha > 0.5, mask > 127, decided(mask, photo)
    counts = metrics.Confusion.of(person, truth, valid)
    levels = _levels(alpha, truth, valid)
    if photo.mask == "none":
        return Score(photo, {"false_area": 100 * float(person.mean())}, counts, levels)
    soft = (mask / np.float32(255)).astype(np.float32)
    values = {
        "iou": 100 * counts.iou,
        "miou": 100 * counts.mean_iou,
        "accuracy": 100 * counts.accuracy,
        "boundary_iou": 100 * metrics.boundary_iou(person, truth, valid),
        "mad": metrics.mad(alpha, soft, valid),
        "area_bias": 100 * metrics.area_bias(counts),
    }
    if all_metrics:
        values |= {
            "boundary_f": 100 * metrics.boundary_f(person, truth, valid),
            "mse": metrics.mse(alpha, soft, valid),
            "sad": metrics.sad(alpha, soft, valid),
            "gradient": metrics.gradient_error(alpha, soft, valid),
            "connectivity": metrics.connectivity_error(alpha, soft, valid),
        }
        values |= {f"boundary_iou_{cut}": 100 * metrics.boundary_iou(alpha > cut, truth, valid) for cut in CUTS}
    return Score(photo, values, counts, levels)


@checked
def evaluate(
    maker: MatteMaker,
    folder: PhotoFolder,
    photos: Iterable[Photo],
    *,
    all_metrics: bool = False,
    progress: Callable[[int], None] | None = None,
) -> list[Score]:
    """Score every photo. ``progress`` is called with the number of photos done.

    Raises:
        DataError: there is nothing to score.
    """
    return evaluate_all({"": maker}, folder, photos, all_metrics=all_metrics, progress=progress)[""]


def evaluate_all(
    makers: Mapping[str, MatteMaker],
    folder: PhotoFolder,
    photos: Iterable[Photo],
    *,
    all_metrics: bool = False,
    progress: Callable[[int], None] | None = None,
) -> dict[str, list[Score]]:
    """Score several makers on the same photos, each decoded once. The makers run one after the other, in this thread;
    other threads decode the next photos and score the last ones.

    Raises:
        DataError: there is nothing to score.
    """
    scores: dict[str, list[Score]] = {name: [] for name in makers}
    waiting: deque[tuple[str, Future[Score]]] = deque()
    with ThreadPoolExecutor(max(1, min(4, usable_cores()))) as pool:
        for done, (photo, rgb, mask) in enumerate(_decoded(folder, photos, pool), start=1):
            for name, maker in makers.items():
                waiting.append((name, pool.submit(score_photo, maker(rgb), mask, photo, all_metrics=all_metrics)))
            while len(waiting) > _AHEAD * len(makers):
                name, score = waiting.popleft()
                scores[name].append(score.result())
            if progress is not None:
                progress(done)
        for name, score in waiting:
            scores[name].append(score.result())
    if not any(scores.values()):
        raise DataError(f"{folder.folder}: no photo of this split and these sets")
    return scores


def _decoded(
    folder: PhotoFolder, photos: Iterable[Photo], pool: ThreadPoolExecutor
) -> Iterator[tuple[Photo, Frame, NDArray[np.uint8]]]:
    """Photos with pixels and mask, in order, a few of them decoded ahead."""
    source = iter(photos)
    loading = deque((photo, pool.submit(folder.load, photo)) for photo in islice(source, _AHEAD))
    while loading:
        photo, pixels = loading.popleft()
        rgb, mask = pixels.result()
        for following in islice(source, 1):
            loading.append((following, pool.submit(folder.load, following)))
        yield photo, rgb, mask


def _levels(alpha: Alpha, truth: NDArray[np.bool_], valid: NDArray[np.bool_] | None) -> NDArray[np.int64]:
    level = np.minimum((alpha * LEVELS).astype(np.int64), LEVELS - 1) + LEVELS * truth
    return np.bincount((level if valid is None else level[valid]).ravel(), minlength=2 * LEVELS).reshape(2, LEVELS)


@checked
def means(scores: list[Score]) -> dict[str, dict[str, float]]:
    """Set or group -> metric -> mean (or, of ``MEDIANS``, median) over its photos; "photos" counts them. Order as of
    ``groups``."""
    return {name: _mean(rows) for name, rows in groups(scores).items()}


def accumulated(scores: list[Score]) -> dict[str, dict[str, float]]:
    """Set or group -> IoU, mIoU and accuracy, in percent, of all its pixels together: every pixel counts alike.

    Without the sets of photos without people.
    """
    table = {}
    for name, rows in groups(scores).items():
        if "iou" in rows[0].values:
            total = sum((row.counts for row in rows), metrics.Confusion())
            table[name] = {
                "iou_accumulated": 100 * total.iou,
                "miou_accumulated": 100 * total.mean_iou,
                "accuracy_accumulated": 100 * total.accuracy,
            }
    return table


def groups(scores: list[Score]) -> dict[str, list[Score]]:
    """Set or group -> its photos' scores; the set ``WILD`` comes first, then groups."""
    by_set: dict[str, list[Score]] = {}
    for score in scores:
        by_set.setdefault(score.photo.set, []).append(score)
    table = {WILD: by_set[WILD]} if WILD in by_set else {}
    for group, members in GROUPS.items():
        if all(name in by_set for name in members):
            table[group] = [score for name in members for score in by_set[name]]
    no_people = [score for score in scores if "false_area" in score.values]
    if len({score.photo.set for score in no_people}) > 1:
        table["all without people"] = no_people
    return table | by_set


def _mean(rows: list[Score]) -> dict[str, float]:
    names = rows[0].values
    told = {name: np.median if name in MEDIANS else np.mean for name in names}
    return {"photos": len(rows), **{name: float(told[name]([row.values[name] for row in rows])) for name in names}}


def net_scores(net: SegmentationNet, size: int, data: Path) -> dict[str, float]:
    """Mean mIoU and Boundary IoU of each val set, for the log of a training run."""
    folder = PhotoFolder(data)
    table = means(evaluate(net_maker(net, size), folder, folder.select(split="val")))
    return {
        f"{name} {short}": row[metric]
        for name, row in table.items()
        for metric, short in (("miou", "mIoU"), ("boundary_iou", "bIoU"))
        if metric in row
    }
