"""The graph gives what was asked for: kind of output, layout, bytes in, state; and goes through torch.export."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from limner.errors import OptionError
from limner.export.graphs.graph import Graph, make_graph
from limner.nets import make_net
from limner.nets.deployed import GraphOptions
from limner.segment.packed import unpack_mask
from small_nets import small_net

SIZE = (16, 24)


def graph(folder: Path, net: dict[str, int] | None = None, **options: Any) -> Graph:
    return make_graph(small_net(**(net or {})), name="s", size=SIZE, workspace=folder, options=GraphOptions(**options))


@pytest.fixture
def picture() -> np.ndarray[Any, np.dtype[np.uint8]]:
    """RGB uint8 (1, 3, 16, 24)."""
    return np.random.default_rng(0).integers(0, 256, (1, 3, *SIZE), dtype=np.uint8)


def logits(picture: Any, previous: Any = None, **net: int) -> Any:
    planes = torch.from_numpy(picture / np.float32(255))
    if previous is not None:
        planes = torch.cat([planes, torch.from_numpy(previous)], dim=1)
    with torch.no_grad():
        return small_net(**net)(planes)


def test_each_kind_of_output(tmp_path: Path, picture: Any) -> None:
    feeds, net = {"image": picture / np.float32(255)}, {"classes": 3, "person_class": 2}
    one, three = logits(picture), logits(picture, **net)
    found = {kind: graph(tmp_path, output=kind).torch_outputs(feeds) for kind in ("logits", "sigmoid", "argmax")}
    np.testing.assert_allclose(found["logits"]["logits"], one, atol=1e-5)
    np.testing.assert_allclose(found["sigmoid"]["alpha"], one.sigmoid(), atol=1e-6)
    np.testing.assert_array_equal(found["argmax"]["classes"], one > 0)
    assert found["argmax"]["classes"].dtype == np.int32
    packed = graph(tmp_path, output="packed").torch_outputs(feeds)["packed"]
    assert (packed.shape, packed.dtype) == ((1, 1, 16, 3), np.uint8)
    np.testing.assert_array_equal(unpack_mask(packed[0, 0], width=24), one[0, 0] >= 0)
    several = {kind: graph(tmp_path, net, output=kind).torch_outputs(feeds) for kind in ("logits", "sigmoid", "argmax")}
    np.testing.assert_allclose(several["logits"]["logits"], three, atol=1e-5)
    np.testing.assert_allclose(several["sigmoid"]["alpha"], three.softmax(1)[:, 2:], atol=1e-6)
    np.testing.assert_array_equal(several["argmax"]["classes"], three.argmax(1, keepdim=True))


def test_bytes_in_channels_last_with_a_state(tmp_path: Path, picture: Any) -> None:
    previous = np.random.default_rng(1).random((1, 1, *SIZE), np.float32)
    made = graph(tmp_path, {"in_channels": 4}, output="logits", layout="NHWC", uint8_input=True)
    assert (made.input_names, made.output_names, made.size) == (("image", "previous"), ("logits", "state"), SIZE)
    assert made.inputs["image"].dtype == torch.uint8
    assert made.inputs["previous"].dtype == torch.float32
    feeds = {"image": picture.transpose(0, 2, 3, 1), "previous": previous.transpose(0, 2, 3, 1)}
    found, expected = made.torch_outputs(feeds), logits(picture, previous, in_channels=4)
    np.testing.assert_allclose(found["logits"], expected.permute(0, 2, 3, 1), atol=1e-5)
    np.testing.assert_allclose(found["state"], expected.sigmoid().permute(0, 2, 3, 1), atol=1e-6)
    without = made.torch_outputs(feeds | {"previous": np.zeros_like(feeds["previous"])})
    assert np.abs(without["state"] - found["state"]).max() > 0.01


def test_batch_norms_are_folded_and_heads_dropped(tmp_path: Path) -> None:
    made = graph(tmp_path)
    assert not [module for module in made.module.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    assert [module for module in made.reference.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    assert not [name for name in made.module.state_dict() if "coarse" in name]


def test_open_sizes_and_batches_go_through_the_exported_program(tmp_path: Path) -> None:
    made = graph(tmp_path, dynamic="both")
    program = torch.export.load(made.program_file()).module()
    several = torch.rand(3, 3, 40, 48)
    torch.testing.assert_close(program(several), small_net()(several).sigmoid(), atol=1e-5, rtol=1e-5)


@pytest.mark.slow
def test_a_net_of_any_size_can_be_left_open(tmp_path: Path) -> None:
    net = make_net("deeplab_v3plus", width=0.35).eval()
    made = make_graph(net, name="d", size=(65, 65), workspace=tmp_path, options=GraphOptions(dynamic="size"))
    picture = torch.rand(1, 3, 81, 97)
    with torch.no_grad():
        torch.testing.assert_close(made.exported_program.module()(picture), made.reference(picture), atol=1e-4, rtol=0)


def test_what_it_cannot_be_is_named(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"output mask: must be one of logits, sigmoid, argmax, packed"):
        GraphOptions(output="mask")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match=r"takes sizes divisible by 8, not 16x12 \(width x height\); pad to 16x16"):
        make_graph(small_net(), name="s", size=(12, 16), workspace=tmp_path)
    with pytest.raises(OptionError, match="precision int8: needs real photos"):
        graph(tmp_path).calibration_file("int8")


def test_numbers_beyond_half_precision_are_named(tmp_path: Path) -> None:
    net = small_net()
    with torch.no_grad():
        net.head.bias.fill_(65504)
    assert make_graph(net, name="s", size=SIZE, workspace=tmp_path).beyond_half == ()
    with torch.no_grad():
        net.head.bias.fill_(-7e4)
    assert make_graph(net, name="s", size=SIZE, workspace=tmp_path).beyond_half == ("net.head.bias",)
