"""Which models of the page's measurements are still to be made."""

from __future__ import annotations

from pathlib import Path

from benchmarks.browser_models import missing


def test_what_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "fast-128.onnx").touch()
    (tmp_path / "fast-128.fp16.tfjs").mkdir()
    wanted = dict(missing(tmp_path, "fast-128", ("onnx", "litert", "tfjs"), integers=False))
    assert wanted == {"onnx": ("fp16",), "litert": ("fp32", "fp16"), "tfjs": ("fp32", "uint8")}


def test_integers_are_made_where_there_are_photos_to_calibrate_on(tmp_path: Path) -> None:
    for file in ("tiny-128.onnx", "tiny-128.fp16.onnx"):
        (tmp_path / file).touch()
    assert list(missing(tmp_path, "tiny-128", ("onnx",), integers=False)) == []
    assert list(missing(tmp_path, "tiny-128", ("onnx",), integers=True)) == [("onnx", ("int8",))]
