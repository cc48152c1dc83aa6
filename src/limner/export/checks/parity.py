"""Checks an exported file against PyTorch on the same photos: how far its numbers are, and what that costs in masks."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from limner.errors import LimnerError
from limner.evaluation.evaluate import score_photo
from limner.export.checks.photos import Prepared
from limner.export.graphs.graph import Graph
from limner.export.targets.base import Made, Target
from limner.models.card import ModelCard
from limner.segment.postprocess import person_probability
from limner.segment.preprocess import unplace

MEAN_ERROR_LIMITS = {"fp32": 1e-5, "fp16": 1e-3}
"""Largest mean absolute difference of a precision; the others are held to their mIoU."""
MIOU_LOSS_LIMIT = 0.7
"""Points of mIoU that integer precisions may lose."""
Float32 = NDArray[np.float32]
Outputs = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was measured of one file, or of PyTorch itself.

    Attributes:
        mean_error, max_error: absolute differences from PyTorch of the person's probability, whatever the output is
            (of hard masks: the share of pixels that differ), and of the state where there is one.
        miou, boundary_iou: means over photos against their masks, in percent; None without photos.
        agreement: mean mIoU between the file's masks and PyTorch's, in percent.
        load_ms, latency_ms: until the model was ready; median of one call on one thread.
        runtime: what ran it.
    """

    mean_error: float
    max_error: float
    miou: float | None
    boundary_iou: float | None
    agreement: float
    load_ms: float | None
    latency_ms: float
    runtime: str


class Judge:
    """Holds what PyTorch says about some photos, and compares files with it.

    Args:
        graph: its ``reference`` is the judge.
        card: of the graph (its own names and layout).
        photos: what both are run on; those without a mask count for differences only.
    """

    def __init__(self, graph: Graph, card: ModelCard, photos: Sequence[Prepared]) -> None:
        self._graph, self._card, self._photos = graph, card, photos
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            self._expected: list[Outputs] = []
            seconds = []
            for photo in photos:
                begun = time.perf_counter()
                self._expected.append(graph.torch_outputs(photo.feeds, reference=True))
                seconds.append(time.perf_counter() - begun)
        finally:
            torch.set_num_threads(threads)
        self._maps = [person_probability(outputs[card.output.name], card) for outputs in self._expected]
        self.reference = Figures(
            mean_error=0.0,
            max_error=0.0,
            **self._masks(self._maps),
            load_ms=None,
            latency_ms=1000 * statistics.median(seconds[1:] or seconds),
            runtime="torch",
        )

    @property
    def photos(self) -> int:
        """How many photos or pictures it judges on."""
        return len(self._photos)

    def judge(self, target: Target, made: Made, path: Path) -> Figures:
        """Run the file at ``path`` and compare.

        Raises:
            NotHereError: nothing on this machine can run it.
            LimnerError: it cannot be run, or does not give what the graph gives.
        """
        done = target.execute(path, [self._given(photo, made) for photo in self._photos])
        if len(done.outputs) != len(self._photos):
            raise LimnerError(f"{path.name}: gave {len(done.outputs)} results for {len(self._photos)} pictures")
        largest, means, maps = 0.0, [], []
        for outputs, expected, expected_map in zip(done.outputs, self._expected, self._maps, strict=True):
            got = {name: self._taken(outputs, name, made, path) for name in expected}
            probability = person_probability(got[self._card.output.name], self._card)
            maps.append(probability)
            pairs = [(probability, expected_map)]
            pairs += [(got[name], expected[name]) for name in list(expected)[1:]]
            for ours, theirs in pairs:
                if ours.shape != theirs.shape:
                    raise LimnerError(f"{path.name}: gives an output of the shape {ours.shape}, not {theirs.shape}")
                # a probability that was cleaned of NaN does not hide it: what the file gave is looked at too
                difference = np.abs(ours.astype(np.float64) - theirs)
                largest = max(largest, float(difference.max()))
                means.append(float(difference.mean()))
            if not all(np.isfinite(value).all() for value in got.values()):
                largest, means = math.nan, [math.nan]
                break
        return Figures(
            mean_error=float(np.mean(means)),
            max_error=largest,
            **self._masks(maps + self._maps[len(maps) :]),
            load_ms=done.load_ms,
            latency_ms=done.latency_ms,
            runtime=done.runtime,
        )

    def _given(self, photo: Prepared, made: Made) -> dict[str, NDArray[Any]]:
        turned = self._turned(made)
        return {
            made.names.get(name, name): np.ascontiguousarray(value.transpose(turned[0])) if turned else value
            for name, value in photo.feeds.items()
        }

    def _taken(self, outputs: Outputs, name: str, made: Made, path: Path) -> NDArray[Any]:
        called = made.names.get(name, name)
        if called not in outputs:
            raise LimnerError(f"{path.name}: gives no output {called!r}, only {', '.join(outputs)}")
        value, turned = outputs[called], self._turned(made)
        return value.transpose(turned[1]) if turned and value.ndim == 4 else value

    def _turned(self, made: Made) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
        """Axes to give and to take, where the file's layout is not the graph's."""
        if made.layout is None or made.layout == self._graph.options.layout:
            return None
        to_nhwc, to_nchw = (0, 2, 3, 1), (0, 3, 1, 2)
        return (to_nhwc, to_nchw) if made.layout == "NHWC" else (to_nchw, to_nhwc)

    def _masks(self, maps: Sequence[Float32]) -> dict[str, Any]:
        """Means of mIoU and Boundary IoU against the photos' masks, and of mIoU against PyTorch's."""
        scores = []
        for photo, probability in zip(self._photos, maps, strict=True):
            if photo.photo is not None and photo.photo.mask != "none":
                placed = unplace(probability, photo.size, self._card.input)
                alpha = cv2.resize(placed, photo.size[::-1], interpolation=cv2.INTER_LINEAR).astype(np.float32)
                scores.append(score_photo(alpha, photo.mask, photo.photo).values)
        agreement = [_mean_iou(ours > 0.5, theirs > 0.5) for ours, theirs in zip(maps, self._maps, strict=True)]
        return {
            "miou": float(np.mean([row["miou"] for row in scores])) if scores else None,
            "boundary_iou": float(np.mean([row["boundary_iou"] for row in scores])) if scores else None,
            "agreement": 100 * float(np.mean(agreement)),
        }


def failures(figures: Figures, reference: Figures, precision: str) -> dict[str, str]:
    """Which figures miss the limits of a precision -> why, in words; empty where all is well."""
    missed = {}
    limit = MEAN_ERROR_LIMITS.get(precision)
    if limit is not None and not figures.mean_error < limit:
        missed["mean_error"] = f"mean error {figures.mean_error:.1e} is not below {limit:.0e}"
    elif not math.isfinite(figures.mean_error):
        missed["mean_error"] = "gives numbers that are not finite"
    if limit is None and figures.miou is not None and reference.miou is not None:
        loss = reference.miou - figures.miou
        if not loss <= MIOU_LOSS_LIMIT:
            missed["miou"] = f"loses {loss:.2f} mIoU, more than {MIOU_LOSS_LIMIT}"
    return missed


def _mean_iou(ours: NDArray[np.bool_], theirs: NDArray[np.bool_]) -> float:
    from limner.evaluation.metrics import Confusion

    return float(Confusion.of(ours, theirs).mean_iou)
