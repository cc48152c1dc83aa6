"""What the doctor says: packages and their extras, what really ran, advice that fits the machine."""

from __future__ import annotations

import json
import platform
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import pytest

from limner import samples
from limner.bench.advice import advise
from limner.bench.packages import packages
from limner.bench.running import BF16, Run, runs
from limner.bench.surroundings import look_around
from limner.cli.app import main
from limner.media.images import read_image
from limner.runtimes import loading


def test_packages() -> None:
    found = {item.name: item for item in packages()}
    assert found["numpy"].version == metadata.version("numpy")
    assert found["numpy"].extras == ()
    assert "litert" in found["ai-edge-litert"].extras
    assert "pytest" not in found  # for who works on Limner


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


def test_surroundings() -> None:
    place = look_around()
    assert place.python == platform.python_version()
    assert place.cores >= place.threads >= 1
    assert "cpu" in place.devices["onnxruntime"]
    assert place.encoders["h264"]


def test_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    here = property(lambda entry: entry.package not in ("openvino", "ncnn"))
    monkeypatch.setattr(loading.Entry, "installed", here)
    place = replace(look_around(), nvidia=True, devices={"onnxruntime": ("cpu",)})
    text = "\n".join(
        advise(
            place,
            [
                Run(model="fast.onnx", runtime="onnxruntime", ratio=1.0),
                Run(model="fast.onnx", runtime="litert", ratio=0.97),
                Run(model="fast.onnx", runtime=BF16, ratio=0.7),
            ],
        )
    )
    assert "onnxruntime-gpu" in text
    assert "openvino is not installed (runs .xml, .onnx): pip install 'limner[openvino]'" in text
    assert "ncnn is not installed" in text
    assert "litert" not in text
    assert "--runtime openvino:precision=bf16 takes 0.70" in text
    assert "GPU" not in "\n".join(advise(replace(place, devices={"onnxruntime": ("cuda", "cpu")}), []))


def test_the_command_says_what_libraries_would_send(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading.Entry, "installed", property(lambda entry: entry.package == "onnxruntime"))
    with pytest.raises(SystemExit):
        main(["doctor", "tiny", "--json"])
    told = json.loads(capsys.readouterr().out)["telemetry"]
    assert {"ONNX Runtime", "openvino-telemetry", "NNCF"} <= {item["name"] for item in told}
    assert next(item for item in told if item["name"] == "ONNX Runtime")["off"] is True
