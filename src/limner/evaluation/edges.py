"""Scores of fine edges: SAD, gradient and connectivity errors in the unknown band, beside the guided filter's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.datasets.edges import rough_matte
from limner.datasets.held_out_edges import held_out_edges
from limner.datasets.manifest import PhotoFolder
from limner.datasets.sampler import Sample
from limner.errors import DataError
from limner.evaluation.metrics import connectivity_error, gradient_error, sad
from limner.evaluation.scorer import EvalOptions, Grid, Scored, Scorer, Stage
from limner.kinds import is_checkpoint
from limner.segment.edge import DEFAULT_SOFTNESS
from limner.segment.fine import FineEdges, near_edge
from limner.segment.refine import soften
from limner.segment.segmenter import Segmenter

if TYPE_CHECKING:
    from limner.nets.edge_refiner import EdgeRefiner

Float32 = NDArray[np.float32]
Drawer = Callable[[NDArray[np.uint8], Float32], Float32]
"""A picture, RGB uint8 (S, S, 3), and the rough matte, float32 (S, S), to a matte, float32 (S, S) in [0, 1]."""

GUIDED = "guided filter"
FINDER = "fast"
"""The model whose rough mattes are refined."""
SIZE = 320
_SOFT = 0.02
_REACH = 8
FOUND = 0.8
"""IoU of the rough matte below which a composite is left out."""


@dataclass(frozen=True, slots=True)
class EdgeScore:
    """Means over composites, each over the band where a matte is drawn anew: lower is better, see
    ``limner.evaluation.metrics``."""

    sad: float
    gradient: float
    connectivity: float


def unknown_band(truth: Float32) -> NDArray[np.bool_]:
    """Where a composite is measured: within 8 pixels of where the truth, float32 (S, S), is soft or changes."""
    soft = (truth > _SOFT) & (truth < 1 - _SOFT)
    step = cv2.morphologyEx((truth > 0.5).astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _REACH + 1, 2 * _REACH + 1))
    return np.asarray(cv2.dilate((soft | step).astype(np.uint8), kernel), np.uint8) > 0


def trimap(truth: Float32) -> Float32:
    """What classical matting is told: 0, 0.5 in the unknown band, 1; float32 (S, S)."""
    return np.where(unknown_band(truth), np.float32(0.5), (truth > 0.5).astype(np.float32))


def edge_cases(composites: Iterable[tuple[str, Sample]]) -> list[tuple[str, NDArray[np.uint8], Float32, Float32]]:
    """(set, picture, rough matte, truth) of the composites whose person the net has found.

    Who is not found at all is no question of edges: composites with an IoU below 0.8 are left out.
    """
    finder, cases = Segmenter(FINDER, runtime="onnxruntime", threads=1), []
    for name, sample in composites:
        rough = rough_matte(finder.probability(sample.image), sample.image)
        found, there = rough > 0.5, sample.target > 0.5
        if (found & there).sum() > FOUND * (found | there).sum():
            cases.append((name, sample.image, rough, sample.target))
    return cases


def score_drawers(
    drawers: Mapping[str, Drawer],
    cases: Sequence[tuple[str, NDArray[np.uint8], Float32, Float32]],
    progress: Callable[[int], None] | None = None,
) -> dict[str, EdgeScore]:
    """Each drawer's mean errors; "NAME SET" has those of the composites of a set."""
    sums: dict[str, list[EdgeScore]] = defaultdict(list)
    for done, (set_, picture, rough, truth) in enumerate(cases):
        band = unknown_band(truth)
        for name, draw in drawers.items():
            alpha = draw(picture, rough)
            score = EdgeScore(
                sad(alpha, truth, band), gradient_error(alpha, truth, band), connectivity_error(alpha, truth, band)
            )
            sums[name].append(score)
            sums[f"{name} {set_}"].append(score)
        if progress is not None:
            progress(done + 1)
    return {
        name: EdgeScore(*(float(np.mean([getattr(s, field) for s in scores])) for field in EdgeScore.__slots__))
        for name, scores in sums.items()
    }


def guided(_picture: NDArray[np.uint8], rough: Float32) -> Float32:
    """What the guided filter alone draws, at the default softness."""
    return soften(rough, DEFAULT_SOFTNESS)


def net_drawer(net: EdgeRefiner) -> Drawer:
    """A torch net that sees the whole composite."""
    import torch

    @torch.no_grad()
    def draw(picture: NDArray[np.uint8], rough: Float32) -> Float32:
        planes = np.dstack([picture.astype(np.float32) / 255, rough])
        said = net(torch.from_numpy(planes.transpose(2, 0, 1)[None].copy()))[0, 0].clamp(0, 1).numpy()
        return np.where(near_edge(rough) > 0, said, guided(picture, rough)).astype(np.float32)

    return draw


class RefinementScorer(Scorer):
    """Errors on held-out composites beside the guided filter's; see docs/fine-edges.md."""

    masks = ("exact",)
    takes = frozenset(["limit"])

    def net_scores(self, net: EdgeRefiner, size: int, data: Path) -> dict[str, float]:
        """Errors of the guided filter and of the net; "score" is the mean percentage that the net takes off."""
        cases = edge_cases(held_out_edges(PhotoFolder(data), size=SIZE, each=1))
        if not cases:
            return {"score": 0.0}
        scores = score_drawers({GUIDED: guided, "net": net_drawer(net)}, cases)
        before, after = asdict(scores[GUIDED]), asdict(scores["net"])
        values = {f"{name} {field}": value for name in (GUIDED, "net") for field, value in asdict(scores[name]).items()}
        return values | {"score": 100 * float(np.mean([1 - after[field] / before[field] for field in before]))}

    def score(self, models: Sequence[str], data: Path, options: EvalOptions, stage: Stage) -> Scored:
        drawers = {GUIDED: guided} | {model: _drawer(model) for model in models}
        with stage("drawing edges", "composites") as tell:
            cases = edge_cases(islice(held_out_edges(PhotoFolder(data)), options.limit))
            if not cases:
                raise DataError(f"‹data› {data}: the model {FINDER} finds nobody in the composites")
            scores = score_drawers(drawers, cases, lambda done: tell(done, len(cases)))
        rows = []
        for name in drawers:
            for label in [name, *(f"{name} {set_}" for set_ in dict.fromkeys(case[0] for case in cases))]:
                score, bar = asdict(scores[label]), asdict(scores[label.replace(name, GUIDED, 1)])
                less = () if name == GUIDED else tuple(f"{1 - score[field] / bar[field]:.0%}" for field in score)
                rows.append((label, *(f"{value:.3f}" for value in score.values()), ", ".join(less)))
        heads = ("", "SAD", "gradient", "connectivity", "below the guided filter")
        told = (
            f"{len(cases)} held-out composites at {SIZE} px, rough mattes of {FINDER}; errors in the unknown band, in "
            "thousands, lower is better"
        )
        return Scored({name: asdict(score) for name, score in scores.items()}, (told, Grid(heads, tuple(rows))))


def model_drawer(model: str | Path) -> Drawer:
    """A model file of the task "refine", as ``limner image --edges fine`` runs it."""
    fine = FineEdges(model)
    return fine.redraw


def _drawer(model: str) -> Drawer:
    if not is_checkpoint(model):
        return model_drawer(model)
    from limner.tasks.refinement import load_refiner

    return net_drawer(load_refiner(Path(model))[0])
