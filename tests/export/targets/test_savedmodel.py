"""SavedModels compute what PyTorch computes, under the graph's names, in NHWC."""

from __future__ import annotations

from pathlib import Path

import pytest

from limner.errors import OptionError
from limner.export.targets.base import make_target
from limner.export.targets.savedmodel import SavedModelTarget
from limner.export.toolchains.known import TENSORFLOW
from small_graphs import needs
from small_nets import small_net
from tensorflow_graphs import KINDS, STUMBLING_BLOCKS, graph, made_and_run, stumbling_block


@pytest.mark.parametrize("name", ["savedmodel", "tfjs"])
@pytest.mark.parametrize("opened", ["size", "both"])
def test_open_sizes_are_refused_in_one_line(tmp_path: Path, name: str, opened: str) -> None:
    with pytest.raises(OptionError, match=rf"^dynamic {opened}: files of TensorFlow have a fixed size"):
        make_target(name).convert(graph(tmp_path, dynamic=opened), "fp32", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_its_folder_is_named_after_the_net() -> None:
    assert SavedModelTarget().file_name("fast", "fp32") == "fast.savedmodel"


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_graph_becomes_a_saved_model(tmp_path: Path, kind: str) -> None:
    needs(TENSORFLOW)
    net, options = KINDS[kind]
    made = graph(tmp_path, small_net(**net), **options)
    assert max(made_and_run(SavedModelTarget(), made, "fp32", tmp_path / "out.savedmodel").values()) < 1e-5


@pytest.mark.slow
@pytest.mark.parametrize("case", STUMBLING_BLOCKS)
def test_operators_that_converters_stumble_over(tmp_path: Path, case: str) -> None:
    needs(TENSORFLOW)
    made = stumbling_block(tmp_path, case)
    assert made_and_run(SavedModelTarget(), made, "fp32", tmp_path / "out.savedmodel")["alpha"] < 1e-5
