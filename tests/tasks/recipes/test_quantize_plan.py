"""The recipe of `limner quantize`: the given one, with the net, size and inputs of the model that it starts from."""

from __future__ import annotations

from pathlib import Path

import pytest

from limner.augment.priors import Priors
from limner.nets import make_net
from limner.tasks.recipes.quantize_plan import quantize_plan
from limner.tasks.recipes.recipe import load_recipe

RECIPE = Path(__file__).resolve().parents[3] / "recipes" / "quantize.yaml"


@pytest.mark.parametrize(("source", "size", "channels"), [("fast", 256, 3), ("tiny", 176, 3), ("video", 256, 4)])
def test_a_shipped_net_is_taught_by_itself(source: str, size: int, channels: int) -> None:
    plan = quantize_plan(source, load_recipe(RECIPE, changes=[]))
    assert plan.init == source
    assert plan.teacher is not None
    assert plan.teacher.models == (source,)
    assert plan.input_size == size
    assert [phase.size for phase in plan.phases] == [size]
    assert make_net(plan.net.name, **plan.net.options).in_channels == channels
    assert plan.data.priors == (Priors() if channels == 4 else None)


def test_own_previous_masks_stay() -> None:
    plan = quantize_plan("video", load_recipe(RECIPE, changes=["data.priors={empty: 0.3}"]))
    assert plan.data.priors is not None
    assert plan.data.priors.empty == 0.3
