"""Which task a model is of, and what an .onnx file of it is made from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from limner.errors import OptionError
from limner.export.harmonizer import HarmonizerSubject
from limner.export.one_file import Subject
from limner.export.refiner import RefinerSubject
from limner.export.segmentation import PersonSubject
from limner.export.source import load_source
from limner.kinds import is_checkpoint
from limner.models.card import HARMONIZE, REFINE, SEGMENT
from limner.weights.checkpoint import Checkpoint

Size = tuple[int, int]
Make = Callable[[str, Path | None, Size | None, tuple[Size, ...] | None], Subject]


def _person(model: str, recipe: Path | None, size: Size | None, other_sizes: tuple[Size, ...] | None) -> Subject:
    return PersonSubject(load_source(model, recipe), size, other_sizes)


def _alone(task: str, subject: Callable[[Path], Subject]) -> Make:
    """Of a task whose checkpoints say all that there is to say."""

    def made(model: str, recipe: Path | None, size: Size | None, other_sizes: tuple[Size, ...] | None) -> Subject:
        if recipe is not None or size is not None or other_sizes is not None:
            raise OptionError(
                f"‹recipe›, ‹size› and ‹other_sizes›: a checkpoint of the task {task} has its own; leave them out"
            )
        return subject(Path(model))

    return made


SUBJECTS: dict[str, Make] = {
    SEGMENT: _person,
    HARMONIZE: _alone(HARMONIZE, HarmonizerSubject),
    REFINE: _alone(REFINE, RefinerSubject),
}
"""Task -> what makes a subject of a model, its recipe, a size and other sizes."""


def load_subject(
    model: str,
    *,
    recipe: Path | None = None,
    size: Size | None = None,
    other_sizes: tuple[Size, ...] | None = None,
) -> Subject:
    """What a file of ``model`` is made from.

    Args:
        model: a checkpoint, a model with its card, or weights of the net of ``recipe``.
        size: (height, width) of the file's input; None is what the net was made for.
        other_sizes: those that the file takes as well; None is what the model's card says.

    Raises:
        OptionError: options that do not go together or cannot be used.
        ModelError: the model cannot be used.
    """
    return SUBJECTS[checkpoint_task(model)](model, recipe, size, other_sizes)


def checkpoint_task(model: str) -> str:
    """The task of a checkpoint; of any other model that of finding people.

    Raises:
        ModelError: the checkpoint cannot be read.
    """
    task: str = Checkpoint.load(Path(model)).recipe.get("task", SEGMENT) if is_checkpoint(model) else SEGMENT
    return task
