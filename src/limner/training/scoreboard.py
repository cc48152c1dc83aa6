"""The scoreboard: what the validations of a run say about its best step, its learning rate and its end."""

from __future__ import annotations

from typing import Any

from limner.errors import OptionError
from limner.tasks.recipes.run import RunRecipe
from limner.tasks.recipes.schedules import Plateau


class Scoreboard:
    """Keeps the best score, and counts the validations since, for the plateau schedule and for early stopping.

    Attributes:
        best: the highest score so far, or None.
        drops: how often the plateau schedule has lowered the learning rate.
        over: whether early stopping has ended the run.
    """

    def __init__(self, recipe: RunRecipe, state: dict[str, Any] | None = None) -> None:
        self.recipe = recipe
        state = state or {}
        self.best: float | None = state.get("best")
        self.drops: int = state.get("drops", 0)
        self.over: bool = state.get("over", False)
        self._waited: int = state.get("waited", 0)
        self._waited_since_drop: int = state.get("waited_since_drop", 0)

    @property
    def state(self) -> dict[str, Any]:
        """Plain data to go on from."""
        return {
            "best": self.best,
            "drops": self.drops,
            "over": self.over,
            "waited": self._waited,
            "waited_since_drop": self._waited_since_drop,
        }

    def score(self, values: dict[str, float]) -> float:
        """The mean of the validation's values whose names start with the recipe's ``score``.

        Raises:
            OptionError: there are none.
        """
        counted = [value for name, value in values.items() if name.startswith(self.recipe.score)]
        if not counted:
            raise OptionError(
                f"score: no validation value starts with {self.recipe.score!r}; there are {', '.join(values)}"
            )
        return sum(counted) / len(counted)

    def record(self, score: float) -> bool:
        """Take a validation's score; whether it is the best so far."""
        better = self.best is None or score > self.best
        if better:
            self.best, self._waited, self._waited_since_drop = score, 0, 0
            return True
        self._waited += 1
        self._waited_since_drop += 1
        schedule, stop = self.recipe.schedule, self.recipe.early_stop
        if isinstance(schedule, Plateau) and self._waited_since_drop >= schedule.patience:
            self.drops, self._waited_since_drop = self.drops + 1, 0
        self.over = stop is not None and self._waited >= stop.patience
        return False

    def factor(self, progress: float) -> float:
        """Multiplier of the learning rate at ``progress`` in [0, 1], plateau included."""
        schedule = self.recipe.schedule
        drop = schedule.drop**self.drops if isinstance(schedule, Plateau) else 1.0
        return schedule.factor(progress) * drop
