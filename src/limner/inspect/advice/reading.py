"""Reads the layers of a model file, whichever its format."""

from __future__ import annotations

from pathlib import Path

from limner.inspect.advice.layers import LayerGraph
from limner.inspect.advice.onnx_layers import read_onnx_layers
from limner.inspect.advice.tflite_layers import read_tflite_layers
from limner.inspect.inspection import read_model_file


def read_layers(path: str | Path, *, size: tuple[int, int] | None = None) -> LayerGraph:
    """The layers of a .onnx or .tflite file.

    Args:
        size: (height, width) of the input image, for files that leave it open.

    Raises:
        ModelError: the file is missing, empty, damaged, or neither of the two.
        MissingExtraError: the package that reads this format is not installed.
    """
    path = Path(path)
    kind, data = read_model_file(path)
    if kind == "onnx":
        return read_onnx_layers(path, data, size)
    return read_tflite_layers(path, data)
