"""Modules that were moved: their old names still import, with a DeprecationWarning, for a release."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

from limner.deprecation import deprecated

MOVED = {
    "limner.data": "limner.datasets",
    "limner.data.manifest": "limner.datasets.manifest",
    "limner.data.mix": "limner.datasets.mix",
    "limner.data.pairs": "limner.datasets.pairs",
    "limner.data.sampler": "limner.datasets.sampler",
    "limner.data.recolour": "limner.augment.recolour",
    "limner.data.gpu_augment": "limner.augment.gpu_augment",
    "limner.effects.colors": "limner.colors",
    "limner.ensemble_card": "limner.models.ensemble_card",
    "limner.media.video": "limner.processing.video",
    "limner.media.video_preview": "limner.processing.video_preview",
    "limner.model_card": "limner.models.card",
    "limner.model_files": "limner.models.files",
    "limner.models.drafting": "limner.inspect.drafting",
    "limner.models.inspection": "limner.inspect.inspection",
    "limner.photos": "limner.processing.photos",
    "limner.pipeline": "limner.processing.pipeline",
    "limner.segment.background_subtraction": "limner.segment.scene.background_subtraction",
    "limner.segment.empty_scene": "limner.segment.scene.empty_scene",
    "limner.segment.subject": "limner.segment.people.subject",
    "limner.segment.temporal": "limner.segment.steady.temporal",
    "limner.training.checkpoint": "limner.weights.checkpoint",
    "limner.training.rebuild": "limner.nets.rebuild",
    "limner.training.recipe": "limner.tasks.recipes.recipe",
}
"""Old name -> new name, of the modules of 0.1 that the documentation imported from or mentioned."""


class _Moved:
    """Finds what has another name now. It is a finder and a loader by what it does: importlib.abc takes 20 ms."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return ModuleSpec(fullname, self, is_package=True) if fullname in MOVED else None  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        old, new = module.__name__, MOVED[module.__name__]
        deprecated(old, new)
        there = importlib.import_module(new)
        vars(module).update({name: value for name, value in vars(there).items() if not name.startswith("__")})
        module.__doc__ = there.__doc__


def install() -> None:
    """Lets the old names be imported. Done once, when limner is."""
    if not any(isinstance(finder, _Moved) for finder in sys.meta_path):
        sys.meta_path.append(_Moved())
