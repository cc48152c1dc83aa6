"""What scores a net in training, task by task: on photos of the split val, by the task's own measure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from limner.datasets.manifest import PhotoFolder
from limner.evaluation import evaluate, harmonization
from limner.models.card import HARMONIZE, SEGMENT

Score = Callable[[Any, int], dict[str, float]]
"""A net of the task, in eval mode on the CPU, and its input size to metric -> value."""

SCORES: dict[str, Callable[[Any, int, Path], dict[str, float]]] = {
    SEGMENT: evaluate.net_scores,
    HARMONIZE: harmonization.net_scores,
}
"""Task -> what scores its nets on a data folder."""

MASKS = {SEGMENT: None, HARMONIZE: ("hand", "auto")}
"""Task -> which masks its photos need; None is any."""


def scorer(task: str, data: Path) -> Score | None:
    """What scores the nets of a task on a data folder; None where that has no photo to score on."""
    kinds = MASKS[task]
    if not any(photo.split == "val" and (kinds is None or photo.mask in kinds) for photo in PhotoFolder(data).photos):
        return None
    return lambda net, size: SCORES[task](net, size, data)
