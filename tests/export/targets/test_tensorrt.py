"""TensorRT: what it says where it is not installed. Building engines needs an NVIDIA GPU and NVIDIA's libraries."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from limner.export.targets.base import NotMadeHereError, NotRunHereError
from limner.export.targets.tensorrt import TensorRtTarget
from small_graphs import small_graph


@pytest.fixture
def without_tensorrt(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine that lacks it."""
    monkeypatch.setitem(__import__("sys").modules, "tensorrt", None)


@pytest.mark.usefixtures("without_tensorrt")
def test_without_tensorrt_building_and_running_are_one_line(tmp_path: Path) -> None:
    graph = small_graph(tmp_path)
    with pytest.raises(NotMadeHereError, match=r"^to tensorrt: TensorRT is not installed; .*pip install tensorrt"):
        TensorRtTarget().convert(graph, "fp32", tmp_path / "small.engine")
    with pytest.raises(NotRunHereError, match="TensorRT is not installed"):
        TensorRtTarget().execute(tmp_path / "small.engine", [])


@pytest.mark.slow
def test_an_engine_agrees_with_pytorch(tmp_path: Path) -> None:
    pytest.importorskip("tensorrt", reason="TensorRT comes from NVIDIA's own index, for machines with its GPUs")
    graph, target = small_graph(tmp_path), TensorRtTarget()
    target.convert(graph, "fp32", tmp_path / "small.engine")
    feeds = {"image": np.random.default_rng(0).random((1, 3, 32, 48)).astype(np.float32)}
    (found,) = target.execute(tmp_path / "small.engine", [feeds]).outputs
    assert np.abs(found["alpha"] - graph.torch_outputs(feeds)["alpha"]).mean() < 1e-5
