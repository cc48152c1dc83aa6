"""Graph models of TensorFlow.js compute in Chromium what PyTorch computes, and keep their weights and layout small."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from browsers import needs_browser
from limner.export.targets.tfjs import TfjsTarget
from limner.export.toolchains.known import TENSORFLOW
from limner.nets import make_net
from small_graphs import needs
from small_nets import small_net
from tensorflow_graphs import KINDS, STUMBLING_BLOCKS, graph, made_and_run, stumbling_block


def test_folders_are_named_after_their_precision() -> None:
    names = [TfjsTarget().file_name("fast", precision) for precision in TfjsTarget.precisions]
    assert names == ["fast.tfjs", "fast.fp16.tfjs", "fast.uint16.tfjs", "fast.uint8.tfjs"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_graph_becomes_a_graph_model(tmp_path: Path, kind: str) -> None:
    needs(TENSORFLOW)
    needs_browser()
    net, options = KINDS[kind]
    made = graph(tmp_path, small_net(**net), **options)
    assert max(made_and_run(TfjsTarget(), made, "fp32", tmp_path / "out.tfjs").values()) < 1e-5


@pytest.mark.slow
@pytest.mark.parametrize("case", STUMBLING_BLOCKS)
def test_operators_that_converters_stumble_over(tmp_path: Path, case: str) -> None:
    needs(TENSORFLOW)
    needs_browser()
    made = stumbling_block(tmp_path, case)
    assert made_and_run(TfjsTarget(), made, "fp32", tmp_path / "out.tfjs")["alpha"] < 1e-5


@pytest.mark.slow
def test_weights_of_graph_models_are_kept_small(tmp_path: Path) -> None:
    needs(TENSORFLOW)
    needs_browser()
    made, sizes, errors = graph(tmp_path, make_net("tiny"), (64, 64)), [], []
    for precision in TfjsTarget.precisions:
        out = tmp_path / precision
        errors.append(made_and_run(TfjsTarget(), made, precision, out)["alpha"])
        sizes.append(sum(path.stat().st_size for path in out.glob("*.bin")))
        signature = json.loads((out / "model.json").read_text())["signature"]
        assert (list(signature["inputs"]), list(signature["outputs"])) == (["image"], ["alpha"])
    for size, share in zip(sizes[1:], (2, 2, 4), strict=True):
        assert size == pytest.approx(sizes[0] / share, rel=0.02)
    fp32, fp16, uint16, uint8 = errors
    assert fp32 < 1e-5
    assert fp32 < fp16 < 1e-3
    assert fp32 < uint16 < 1e-3
    assert max(fp16, uint16) < uint8 < 3e-2


@pytest.mark.slow
def test_no_feature_map_is_turned_to_nchw_and_back(tmp_path: Path) -> None:
    """Versions of onnx2tf did that around each addition, which costs a third of the time."""
    needs(TENSORFLOW)
    TfjsTarget().convert(graph(tmp_path, make_net("tiny"), (64, 64)), "fp32", tmp_path / "out.tfjs")
    nodes = json.loads((tmp_path / "out.tfjs" / "model.json").read_text())["modelTopology"]["node"]
    assert len(nodes) > 100
    assert sum(node["op"] == "Transpose" for node in nodes) <= 2
