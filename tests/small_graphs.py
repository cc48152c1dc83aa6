"""Graphs of the small net for tests of targets, and how far a target's files are from PyTorch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from limner.errors import ToolchainError
from limner.export.graphs.graph import Graph, make_graph
from limner.export.toolchains.environments import Toolchain
from limner.nets.deployed import GraphOptions
from small_nets import small_net

SIZE = (32, 48)


def small_graph(workspace: Path, *, options: GraphOptions | None = None, **net: int) -> Graph:
    """The small net at 32 × 48, with calibration on 12 smooth pictures."""
    options = options or GraphOptions()
    graph = make_graph(small_net(**net), name="small", size=SIZE, workspace=workspace, options=options)
    rng = np.random.default_rng(1)
    graph.calibration = [
        {
            name: (255 * values if tensor.dtype.itemsize == 1 else values).astype(tensor.numpy().dtype)
            for name, tensor in graph.inputs.items()
            for values in [rng.random(tuple(tensor.shape)) * rng.random()]
        }
        for _ in range(12)
    ]
    return graph


def needs(toolchain: Toolchain) -> None:
    """Make the toolchain, or skip the test where it cannot be had (no network, no room)."""
    try:
        toolchain.ensure()
    except ToolchainError as error:
        pytest.skip(str(error))
