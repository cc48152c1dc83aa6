"""Reads the trainable weights that Limner's own ONNX files hold under the names of the net's tensors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limner.errors import MissingExtraError, ModelError
from limner.suggestions import check_the_name


def read_onnx_weights(path: Path) -> dict[str, NDArray[np.float32]]:
    """Every floating-point tensor stored in the file, by name, as float32.

    Names with a slash in front are left out: `limner export` gives them to constants that are not the net's.

    Raises:
        ModelError: missing, damaged, or not a .onnx file with weights of its own.
        MissingExtraError: the package onnx is not installed.
    """
    try:
        import onnx
    except ImportError:
        raise MissingExtraError("reading the weights of a .onnx file", "onnx", "train") from None
    if not path.is_file():
        raise ModelError(f"{path}: no such file{check_the_name(path)}")
    try:
        graph = onnx.load_model(path, load_external_data=False).graph
        arrays = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
    except Exception:  # protobuf's error is not importable by a stable name; truncated tensors raise others
        raise ModelError(f"{path}: is not a .onnx model with its weights inside, or is damaged") from None
    found = {
        name: array.astype(np.float32) for name, array in arrays.items() if array.dtype.kind == "f" and name[:1] != "/"
    }
    if not found:
        raise ModelError(f"{path}: holds no weights")
    return found
