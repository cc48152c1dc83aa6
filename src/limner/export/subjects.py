"""Which task a model is of, and what an .onnx file of it is made from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from limner.errors import OptionError
from limner.export.harmonizer import HarmonizerSubject
from limner.export.one_file import Subject
from limner.export.segmentation import PersonSubject
from limner.export.source import load_source
from limner.kinds import is_checkpoint
from limner.models.card import HARMONIZE, SEGMENT
from limner.weights.checkpoint import Checkpoint

Size = tuple[int, int]


def _person(model: str, recipe: Path | None, size: Size | None) -> Subject:
    return PersonSubject(load_source(model, recipe), size)


def _harmonizer(model: str, recipe: Path | None, size: Size | None) -> Subject:
    if recipe is not None or size is not None:
        raise OptionError("‹recipe› and ‹size›: a checkpoint of the task harmonize has its own; leave them out")
    return HarmonizerSubject(Path(model))


SUBJECTS: dict[str, Callable[[str, Path | None, Size | None], Subject]] = {SEGMENT: _person, HARMONIZE: _harmonizer}
"""Task -> what makes a subject of a model, its recipe and a size."""


def load_subject(model: str, *, recipe: Path | None = None, size: Size | None = None) -> Subject:
    """What a file of ``model`` is made from.

    Args:
        model: a checkpoint, a model with its card, or weights of the net of ``recipe``.
        size: (height, width) of the file's input; None is what the net was made for.

    Raises:
        OptionError: options that do not go together or cannot be used.
        ModelError: the model cannot be used.
    """
    return SUBJECTS[checkpoint_task(model)](model, recipe, size)


def checkpoint_task(model: str) -> str:
    """The task of a checkpoint; of any other model that of finding people.

    Raises:
        ModelError: the checkpoint cannot be read.
    """
    task: str = Checkpoint.load(Path(model)).recipe.get("task", SEGMENT) if is_checkpoint(model) else SEGMENT
    return task
