"""Every schedule warms up, goes where it says, and stays within [0, 1]."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from limner.tasks.recipes.schedules import Constant, Cosine, OneCycle, Plateau, Poly, Schedule

ADAPTER: TypeAdapter[Any] = TypeAdapter(Schedule)


@pytest.mark.parametrize(
    ("schedule", "points"),
    [
        (Cosine(warmup=0.1, final=0.02), {0.05: 0.5, 0.1: 1.0, 0.55: 0.51, 1.0: 0.02}),
        (Poly(warmup=0.2, power=2.0, final=0.0), {0.1: 0.5, 0.2: 1.0, 0.6: 0.25, 1.0: 0.0}),
        (OneCycle(warmup=0.4, start=0.1, final=0.0), {0.0: 0.1, 0.2: 0.55, 0.4: 1.0, 0.7: 0.5, 1.0: 0.0}),
        (Plateau(warmup=0.5), {0.25: 0.5, 0.5: 1.0, 1.0: 1.0}),
        (Constant(warmup=0.5), {0.0: 0.02, 0.25: 0.5, 0.5: 1.0, 1.0: 1.0}),
        (Constant(warmup=0.0), {0.0: 1.0}),
    ],
    ids=lambda value: getattr(value, "kind", ""),
)
def test_the_factor_at_known_points(schedule: Cosine, points: dict[float, float]) -> None:
    assert {at: pytest.approx(schedule.factor(at)) for at in points} == points
    assert all(0 <= schedule.factor(step / 100) <= 1 for step in range(101))


def test_the_kind_is_cosine_where_it_is_not_said() -> None:
    assert ADAPTER.validate_python({"warmup": 0.1}) == Cosine(warmup=0.1)
    assert ADAPTER.validate_python({"kind": "plateau", "drop": 0.5}) == Plateau(drop=0.5)


@pytest.mark.parametrize("raw", [{"kind": "steps"}, {"warmup": 1.0}, {"kind": "plateau", "drop": 1.0}, {"power": 2}])
def test_wrong_schedules_are_refused(raw: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ADAPTER.validate_python(raw)
