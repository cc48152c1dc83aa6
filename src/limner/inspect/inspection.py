"""What is in a model file: inputs, outputs, operators, parameters, multiply-accumulates. Needs nothing to run it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from limner.errors import ModelError
from limner.kinds import ONNX, TFLITE


@dataclass(frozen=True, slots=True)
class TensorReport:
    """One input or output. ``shape`` has None where a size is open; ``channels`` are the last or first of four axes."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str


@dataclass(frozen=True, slots=True)
class Inspection:
    """A model file taken apart.

    Attributes:
        file: its path.
        format: "ONNX" or "TFLite".
        bytes: size on disk, without weights kept in other files.
        version: opset of ONNX, schema version of TFLite, in words.
        producer: what wrote it, as far as the file says.
        metadata: free text the file carries, name to value.
        inputs, outputs: in the file's order.
        operators: kind of operator to how many, most frequent first.
        parameters: numbers stored as weights.
        macs: multiply-accumulates for one image; None where shapes are open. Counts convolutions, transposed
            convolutions and matrix products.
        output_operators: output name to the kind of operator that makes its values, looking through those that only
            move, enlarge or convert them; "" where the file does not tell.
    """

    file: str
    format: str
    bytes: int
    version: str
    producer: str
    metadata: Mapping[str, str]
    inputs: tuple[TensorReport, ...]
    outputs: tuple[TensorReport, ...]
    operators: Mapping[str, int]
    parameters: int
    macs: int | None
    output_operators: Mapping[str, str]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def inspect_model(path: str | Path) -> Inspection:
    """Take a .onnx or .tflite file apart.

    Raises:
        ModelError: the file is missing, empty, damaged, or neither of the two.
        MissingExtraError: the package that reads this format is not installed.
    """
    path = Path(path)
    kind, data = read_model_file(path)
    if kind == "tflite":
        from limner.inspect.inspect_tflite import inspect_tflite

        return inspect_tflite(path, data)
    from limner.inspect.inspect_onnx import inspect_onnx

    return inspect_onnx(path, data)


def read_model_file(path: Path) -> tuple[Literal["onnx", "tflite"], bytes]:
    """Which of the two formats a file is of, and what is in it; ModelError where it can be neither."""
    try:
        data = path.read_bytes()
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


_MOVES = {
    *("Identity", "Transpose", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Cast", "Resize", "Upsample"),
    *("QuantizeLinear", "DequantizeLinear", "Slice", "Gather"),
    *("TRANSPOSE", "RESHAPE", "SQUEEZE", "EXPAND_DIMS", "CAST", "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"),
    *("QUANTIZE", "DEQUANTIZE", "SLICE", "STRIDED_SLICE"),
}

_Key = TypeVar("_Key", str, int)


def maker(value: _Key, makers: Mapping[_Key, tuple[str, _Key]]) -> str:
    """Kind of operator that makes ``value``; ``makers`` maps a value to its operator's kind and first input."""
    seen = set()
    while value in makers and value not in seen:
        seen.add(value)
        kind, source = makers[value]
        if kind not in _MOVES:
            return kind
        value = source
    return ""
