"""An export starts from a checkpoint, or from weights with the recipe of their net."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from limner.errors import ModelError, OptionError
from limner.export.source import load_source
from limner.models.card import NetSpec
from limner.nets import make_net
from limner.tasks.recipes.recipe import load_recipe, to_dict
from limner.weights.checkpoint import Checkpoint, save_weights

RECIPE = """
net: {name: fast, options: {width: 0.25, in_channels: 4}}
input_size: 64
data: {sets: {faces: 1.0}}
samples: 8
batch: 4
phases: [{size: 64, share: 1.0}]
optimizer: {lr: 0.003}
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "video.yaml"
    path.write_text(RECIPE)
    return path


def test_weights_with_a_recipe_and_a_checkpoint_give_the_same_net(tmp_path: Path, recipe: Path) -> None:
    weights = make_net("fast", width=0.25, in_channels=4).state_dict()
    save_weights(tmp_path / "w.safetensors", weights)
    Checkpoint(to_dict(load_recipe(recipe)), 2, weights, weights, {}).save(tmp_path / "last.pt")
    bare, whole = load_source(str(tmp_path / "w.safetensors"), recipe), load_source(str(tmp_path / "last.pt"), None)
    assert (bare.state, bare.recipe) == (None, load_recipe(recipe))
    assert (bare.name, whole.name) == ("video", tmp_path.name)
    assert bare.size == whole.size == (64, 64)
    assert bare.spec == whole.spec == NetSpec(name="fast", options={"width": 0.25, "in_channels": 4})
    assert whole.state is not None
    assert whole.state.step == 2
    picture = torch.rand(1, 4, 64, 96)
    with torch.no_grad():
        torch.testing.assert_close(bare.net(picture), whole.net(picture))
    assert not bare.net.training
    assert not [name for name in bare.net.state_dict() if name.startswith("coarse_head")]


def test_a_shipped_model_is_a_source_with_all_its_card_says() -> None:
    source = load_source("fast", None)
    assert source.card is not None
    assert (source.name, source.size, source.recipe) == ("fast", (256, 256), None)
    assert source.card.training is not None
    assert type(source.net).__name__ == "GatedSelfieNet"


def test_what_does_not_go_together_is_named(tmp_path: Path, recipe: Path) -> None:
    save_weights(tmp_path / "w.safetensors", make_net("fast", width=0.25).state_dict())
    with pytest.raises(ModelError, match=r"w\.safetensors: the tensor stem\.0\.weight of FastNet is \(8, 3, 3, 3\)"):
        load_source(str(tmp_path / "w.safetensors"), recipe)
    with pytest.raises(OptionError, match="say which net they are of; name its recipe with recipe"):
        load_source(str(tmp_path / "w.safetensors"), None)
    with pytest.raises(OptionError, match=r"last\.pt has its own recipe"):
        load_source("last.pt", recipe)


def test_a_shipped_model_of_another_net_is_called_by_its_name(recipe: Path) -> None:
    with pytest.raises(ModelError, match=r"^fast: the tensor stem\.0\.weight of FastNet is not in it") as caught:
        load_source("fast", recipe)
    assert "/" not in str(caught.value)
