"""Advice that fits the machine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from limner.bench.advice import advise
from limner.bench.running import BF16, Run
from limner.bench.surroundings import look_around
from limner.runtimes import loading


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
    assert "litert is not installed" not in text
    assert "litert takes" not in text
    assert "--model tiny" in text
    assert "--to litert" in text
    assert "--precision int8" not in text  # which is not what is best here
    assert "--runtime openvino:precision=bf16 takes 0.70" in text
    assert "GPU" not in "\n".join(advise(replace(place, devices={"onnxruntime": ("cuda", "cpu")}), []))
