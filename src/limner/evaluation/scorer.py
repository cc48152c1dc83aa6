"""What a scorer is: it measures the models of one task, for `limner eval` and while they are trained."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, ClassVar

from limner.errors import OptionError

Stage = Callable[[str, str], AbstractContextManager[Callable[[float, float], None]]]
"""What is done, and what is counted, to a block in which somebody is told (done, in all)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvalOptions:
    """What is asked of a measurement beside models and data.

    Attributes:
        split: "val", "train", "test" or "all".
        sets: only these; None is all.
        limit: samples at most: photos of each set, or pairs.
        refine: full-resolution edges instead of the bare net.
        all_metrics: also those that take long.
        clips: photos of which clips are made.
        report, csv, sheet: files to write.
        worst: how many worst cases report and sheet show.
    """

    split: str = "val"
    sets: tuple[str, ...] | None = None
    limit: int | None = None
    refine: bool = False
    all_metrics: bool = False
    clips: int = 0
    report: Path | None = None
    csv: Path | None = None
    sheet: Path | None = None
    worst: int = 16

    def changed(self) -> list[str]:
        """Names of those that are not as they are by default."""
        return [item.name for item in fields(self) if getattr(self, item.name) != item.default]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table to be shown: texts all of it."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Scored:
    """What was measured: as JSON values for programs, and as tables and lines for people."""

    plain: dict[str, Any]
    shown: tuple[Grid | str, ...]


class Scorer(ABC):
    """Measures the models of one task. It holds nothing.

    Attributes:
        masks: kinds of masks that photos need for it; None is any.
        takes: the fields of ``EvalOptions`` that mean something here.
    """

    masks: ClassVar[tuple[str, ...] | None] = None
    takes: ClassVar[frozenset[str]] = frozenset(item.name for item in fields(EvalOptions))

    @abstractmethod
    def net_scores(self, net: Any, size: int, data: Path) -> dict[str, float]:
        """What a net, in eval mode on the CPU, scores at an input size on the val photos of a folder."""

    @abstractmethod
    def score(self, models: Sequence[str], data: Path, options: EvalOptions, stage: Stage) -> Scored:
        """Measure models side by side: names, model files, checkpoints. ``options`` are checked by ``check``.

        Raises:
            LimnerError: a model or the data cannot be used.
        """

    def check(self, options: EvalOptions, models: Sequence[str]) -> None:
        """
        Raises:
            OptionError: an option was given that means nothing for these models.
        """
        for name in options.changed():
            if name not in self.takes:
                takes = ", ".join(f"‹{own}›" for own in sorted(self.takes))
                raise OptionError(f"‹{name}› means nothing for {models[0]}, which takes {takes}; leave it out")
