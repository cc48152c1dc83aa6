"""A model's card and file are enough to build its net again, to train on and to teach with."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from limner.errors import ModelError
from limner.export.card import Provenance, make_card
from limner.export.checks.pictures import parity_pictures
from limner.export.onnx_file import export_onnx
from limner.export.source import Source
from limner.models.card import ModelCard, NetSpec
from limner.models.pair import publish
from limner.nets import NETS
from limner.nets.initial_weights import start_net
from limner.nets.rebuild import filled, model_net
from limner.tasks.recipes.recipe import from_dict
from small_nets import SmallNet, small_net

OPTIONS = {"in_channels": 4, "classes": 3, "person_class": 1}
PLAN = {
    "net": {"name": "small", "options": OPTIONS},
    "input_size": 16,
    "data": {"sets": {"faces": 1.0}},
    "samples": 4,
    "batch": 2,
    "phases": [{"size": 16, "share": 1.0}],
    "optimizer": {"lr": 0.1},
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A four-channel net of three classes as `limner export` writes it."""
    folder = tmp_path_factory.mktemp("model")
    net, aside, path = small_net(**OPTIONS).for_inference(), folder / "aside.onnx", folder / "small.onnx"
    export_onnx(net, aside, size=(16, 24), pictures=parity_pictures((16, 24), 4, None), channels=4, storage="fp16")
    plan = from_dict(PLAN, source="test")
    source = Source(net, NetSpec(name="small", options=OPTIONS), (16, 24), "small", recipe=plan)
    card = make_card(source, aside, Provenance(licence="x", origin="y"), file=path.name, size=(16, 24))
    publish(aside, path, card)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(NETS, "small", SmallNet)
        yield path


def test_the_net_is_as_it_was(model: Path) -> None:
    net, card = model_net(model)
    assert card.input.size == (16, 24)
    assert card.input.channels == 4
    assert card.summary.endswith("at 16×24, takes the previous mask")
    picture = torch.rand(1, 4, 16, 24)
    with torch.no_grad():
        expected = small_net(**OPTIONS)(picture)
        torch.testing.assert_close(net(picture), expected, atol=2e-3, rtol=2e-3)
    assert expected.std() > 0.1


def test_training_starts_from_the_file_and_only_the_head_begins_from_chance(model: Path) -> None:
    report = start_net(SmallNet(**OPTIONS), str(model))
    assert set(report.missing) == {"coarse_head.weight", "coarse_head.bias"}
    assert (report.unused, report.other_shape) == ((), {})


def test_a_card_without_a_net_is_named(model: Path, tmp_path: Path) -> None:
    shutil.copy(model, tmp_path)
    replace(ModelCard.load(model.with_suffix(".json")), net=None).save(tmp_path / "small.json")
    with pytest.raises(ModelError, match="card of 'small': net is missing"):
        model_net(tmp_path / model.name)


def test_weights_of_another_net_are_refused() -> None:
    with pytest.raises(
        ModelError, match=r"the tensor stem\.0\.weight of SmallNet is \(8, 3, 3, 3\), not \(8, 4, 3, 3\)"
    ):
        filled(SmallNet(in_channels=4), small_net().state_dict(), source="w")
    with pytest.raises(ModelError, match=r"w: the tensor stem\.0\.weight of SmallNet is not in it"):
        filled(SmallNet(), {}, source="w")
