"""What is in a model file: inputs, outputs, operators, parameters, multiply-accumulates. Needs nothing to run it.

Models of TensorFlow and TensorFlow.js are read as well, without either of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from limner.errors import ModelError
from limner.inspect.inspect_onnx import inspect_onnx
from limner.inspect.inspect_tensorflow import SAVED_FILE, inspect_graph, inspect_saved_model
from limner.inspect.inspect_tfjs import MODEL_FILE, inspect_tfjs
from limner.inspect.inspect_tflite import inspect_tflite
from limner.inspect.report import Inspection, TensorReport
from limner.kinds import GRAPH, ONNX, TFLITE
from limner.suggestions import check_the_name

__all__ = ["Inspection", "TensorReport", "inspect_model", "read_model_file"]


def inspect_model(path: str | Path) -> Inspection:
    """Take a .onnx or .tflite file apart, a frozen TensorFlow graph (.pb), or the folder of a SavedModel or of
    TensorFlow.js, or its model.json.

    Raises:
        ModelError: the file is missing, empty, damaged, or none of these.
        MissingExtraError: the package that reads this format is not installed.
    """
    path = Path(path)
    if path.is_dir():
        return _inspect_folder(path)
    if path.suffix.lower() in (GRAPH, ".json"):
        data = _read(path)
        return inspect_graph(path, data) if path.suffix.lower() == GRAPH else inspect_tfjs(path, data)
    kind, data = read_model_file(path)
    if kind == "tflite":
        return inspect_tflite(path, data)
    return inspect_onnx(path, data)


def _inspect_folder(path: Path) -> Inspection:
    for name, inspect in ((SAVED_FILE, inspect_saved_model), (MODEL_FILE, inspect_tfjs)):
        if (path / name).is_file():
            return inspect(path if name == SAVED_FILE else path / name, _read(path / name))
    raise ModelError(
        f"{path}: is a folder, and neither {SAVED_FILE} of TensorFlow nor {MODEL_FILE} of TensorFlow.js is in it"
    )


def _read(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise ModelError(f"{path}: no such file{check_the_name(path)}") from None
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror or error}") from None
    if not data:
        raise ModelError(f"{path}: is empty")
    return data


def read_model_file(path: Path) -> tuple[Literal["onnx", "tflite"], bytes]:
    """Which of the two formats a file is of, and what is in it; ModelError where it can be neither."""
    data = _read(path)
    suffix = path.suffix.lower()
    if data[4:8] == b"TFL3":
        return "tflite", data
    if suffix == TFLITE:
        raise ModelError(f"{path}: is not a .tflite model")
    if suffix == GRAPH:
        raise ModelError(f"{path}: is TensorFlow's; make a .onnx file of it first, with limner export --from {path}")
    if suffix != ONNX:
        raise ModelError(f"{path}: is neither a .onnx nor a .tflite file")
    return "onnx", data
