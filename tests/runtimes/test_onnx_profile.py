"""Reading ONNX Runtime's profile: means over the calls but the first, in the order of execution."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from limner.errors import OptionError
from limner.models.catalogue import find_model
from limner.runtimes.base import NodeTime, ProfilingRuntime
from limner.runtimes.loading import load_runtime
from limner.runtimes.onnx_profile import read_times

TINY = find_model("tiny").path


def run(at: int, *times: int) -> list[dict[str, Any]]:
    """Events of a call at this time whose two nodes take these times."""
    nodes = [
        {
            "cat": "Node",
            "name": f"{name}_kernel_time",
            "ts": at + 1 + index,
            "dur": time,
            "args": {"op_name": kind, "provider": "CPU"},
        }
        for index, (name, kind, time) in enumerate(zip("ab", ("Conv", "Add"), times, strict=True))
    ]
    return [*nodes, {"cat": "Session", "name": "model_run", "ts": at, "dur": 90, "args": {}}]


def test_the_first_call_is_not_counted() -> None:
    events = [*run(100, 50, 50), *run(300, 10, 2), *run(200, 20, 4)]
    assert read_times(events) == [NodeTime("a", "Conv", "CPU", 15.0), NodeTime("b", "Add", "CPU", 3.0)]
    assert read_times(run(100, 50, 40))[0].microseconds == 50.0
    assert read_times([]) == []


def test_of_a_real_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    runtime = load_runtime(TINY, runtime="onnxruntime", profile=True)
    assert isinstance(runtime, ProfilingRuntime)
    image = np.zeros((1, 3, 176, 176), np.float32)
    runtime.run({"image": image})
    runtime.run({"image": image}, laps=[])
    nodes = runtime.node_times()
    assert "Conv" in {node.kind for node in nodes}
    assert {node.how for node in nodes} == {"CPUExecutionProvider"}
    assert runtime.node_times() == nodes
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(OptionError, match="profile=True"):
        load_runtime(TINY, runtime="onnxruntime").node_times()  # type: ignore[attr-defined]
