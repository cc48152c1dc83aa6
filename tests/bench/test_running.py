"""What really ran, and in which precision."""

from __future__ import annotations

from pathlib import Path

import pytest

from limner import samples
from limner.bench.running import BF16, runs
from limner.media.images import read_image
from limner.runtimes import loading


def test_what_really_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = property(lambda entry: entry.package in ("onnxruntime", "openvino"))
    monkeypatch.setattr(loading.Entry, "installed", here)
    rows = {run.runtime: run for run in runs(["tiny"], read_image(samples.PORTRAIT).pixels, threads=1, bf16=True)}
    assert next(iter(rows)) == "onnxruntime"
    first = rows["onnxruntime"]
    assert (first.problem, first.device, first.ratio) == ("", "cpu", 1)
    assert first.nodes.keys() == {"CPUExecutionProvider"}
    assert first.nodes["CPUExecutionProvider"] > 20
    pytest.importorskip("openvino")
    assert rows["openvino"].facts["precision"] == "f32"
    assert "f32" in rows["openvino"].nodes
    # bf16 is what ran, or is said not to run: nothing in between.
    half = rows[BF16]
    assert ("bf16" in half.nodes) != ("would compute in f32" in half.problem)
