"""Tasks: what nets are trained for. Each says its recipe, data, losses and card; the trainer knows none of them.

Adding a task is adding a file and a line here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from limner.errors import OptionError
from limner.models.card import SEGMENT
from limner.tasks.base import Task
from limner.tasks.harmonization import Harmonization
from limner.tasks.refinement import Refinement
from limner.tasks.segmentation import Segmentation

__all__ = ["TASKS", "Task", "task_of"]

TASKS: dict[str, Task] = {task.name: task for task in (Segmentation(), Harmonization(), Refinement())}


def task_of(raw: Mapping[str, Any], *, source: str) -> Task:
    """The task of a recipe that is given as plain data; one without a task finds people.

    Raises:
        OptionError: there is no such task.
    """
    name = raw.get("task", SEGMENT)
    if name not in TASKS:
        raise OptionError(f"{source}: task: must be one of {', '.join(TASKS)}, not {name!r}")
    return TASKS[name]
