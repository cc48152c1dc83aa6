"""The scorers by task: what measures nets in training, and whoever `limner eval` names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from limner.datasets.manifest import PhotoFolder
from limner.errors import OptionError
from limner.evaluation.edges import RefinementScorer
from limner.evaluation.harmonization import HarmonizationScorer
from limner.evaluation.scorer import Scorer
from limner.evaluation.segmentation import SegmentationScorer
from limner.models.card import HARMONIZE, REFINE, SEGMENT
from limner.models.catalogue import find_any

Score = Callable[[Any, int], dict[str, float]]
"""A net of the task, in eval mode on the CPU, and its input size to metric -> value."""

SCORERS: Mapping[str, Scorer] = {
    SEGMENT: SegmentationScorer(),
    HARMONIZE: HarmonizationScorer(),
    REFINE: RefinementScorer(),
}
"""Task -> what measures its models."""


def scorer(task: str, data: Path) -> Score | None:
    """What scores the nets of a task on a data folder; None where that has no photo to score on."""
    own = SCORERS[task]
    kinds = own.masks
    if not any(photo.split == "val" and (kinds is None or photo.mask in kinds) for photo in PhotoFolder(data).photos):
        return None
    return lambda net, size: own.net_scores(net, size, data)


def scorer_of(models: Sequence[str]) -> Scorer:
    """What measures these models.

    Raises:
        OptionError: they are of several tasks.
        ModelError: one cannot be found.
    """
    tasks = [find_any(model, verify=False).card.task for model in models]
    for model, task in zip(models, tasks, strict=True):
        if task != tasks[0]:
            raise OptionError(
                f"{model}: is of the task {task}, and {models[0]} of the task {tasks[0]}; measure one task at a time"
            )
    return SCORERS[tasks[0]]
