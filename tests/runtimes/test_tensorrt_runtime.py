"""TensorRT: without its libraries, one line that says what is missing. It has not been run for lack of them."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from limner.errors import LimnerError, ModelError, OptionError
from limner.runtimes.loading import load_runtime


def test_missing_libraries_and_files(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read: No such file"):
        load_runtime(tmp_path / "none.engine")
    engine = tmp_path / "fast.engine"
    engine.write_bytes(b"not an engine")
    with pytest.raises(LimnerError) as told:
        load_runtime(engine, device="cuda")
    assert "\n" not in str(told.value)
    if importlib.util.find_spec("tensorrt") is None:
        assert isinstance(told.value, OptionError)
        assert "fast.engine needs tensorrt, which is not installed" in str(told.value)
    with pytest.raises(OptionError, match=r"runtime 'tensorrt' runs \.engine files"):
        load_runtime("fast.onnx", runtime="tensorrt", device="cuda")
