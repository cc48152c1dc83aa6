"""What is in a model file: inputs, outputs, operators, parameters, multiply-accumulates. Needs nothing to run it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from limner.errors import ModelError
from limner.inspect.inspect_onnx import inspect_onnx
from limner.inspect.inspect_tflite import inspect_tflite
from limner.inspect.report import Inspection, TensorReport
from limner.kinds import ONNX, TFLITE
from limner.suggestions import check_the_name

__all__ = ["Inspection", "TensorReport", "inspect_model", "read_model_file"]


def inspect_model(path: str | Path) -> Inspection:
    """Take a .onnx or .tflite file apart.

    Raises:
        ModelError: the file is missing, empty, damaged, or neither of the two.
        MissingExtraError: the package that reads this format is not installed.
    """
    path = Path(path)
    kind, data = read_model_file(path)
    if kind == "tflite":
        return inspect_tflite(path, data)
    return inspect_onnx(path, data)


def read_model_file(path: Path) -> tuple[Literal["onnx", "tflite"], bytes]:
    """Which of the two formats a file is of, and what is in it; ModelError where it can be neither."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise ModelError(f"{path}: no such file{check_the_name(path)}") from None
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror or error}") from None
    if not data:
        raise ModelError(f"{path}: is empty")
    suffix = path.suffix.lower()
    if data[4:8] == b"TFL3":
        return "tflite", data
    if suffix == TFLITE:
        raise ModelError(f"{path}: is not a .tflite model")
    if suffix != ONNX:
        raise ModelError(f"{path}: is neither a .onnx nor a .tflite file")
    return "onnx", data
