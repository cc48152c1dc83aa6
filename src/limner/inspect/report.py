"""What a model file is made of, as a report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeVar


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorHints:
    """What a file says of an input or output beside its shape.

    Attributes:
        name, description: for people.
        mean, std: ``x = (pixel - mean) / std`` with pixels from 0 to 255; one number, or one a channel; empty where the
            file does not say.
        color: "RGB", "GRAYSCALE" or "".
        labels: what the classes are called, in their order; empty where the file does not say.
        activation: what is still to be done to the output: "none", "sigmoid", "softmax"; "" where it does not say.
        low, high: the real numbers that the least and the largest integer of a quantized tensor stand for.
    """

    name: str = ""
    description: str = ""
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    color: str = ""
    labels: tuple[str, ...] = ()
    activation: str = ""
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class TensorReport:
    """One input or output. ``shape`` has None where a size is open; ``hints`` is None where the file has none."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str
    hints: TensorHints | None = None


@dataclass(frozen=True, slots=True)
class Inspection:
    """A model file taken apart.

    Attributes:
        file: its path.
        format: "ONNX" or "TFLite"; of TensorFlow's, what it is in words.
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


_MOVES = {
    *("Identity", "Transpose", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Cast", "Resize", "Upsample"),
    *("QuantizeLinear", "DequantizeLinear", "Slice", "Gather"),
    *("ResizeBilinear", "ResizeNearestNeighbor", "ExpandDims"),
    *("TRANSPOSE", "RESHAPE", "SQUEEZE", "EXPAND_DIMS", "CAST", "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"),
    *("QUANTIZE", "DEQUANTIZE", "SLICE", "STRIDED_SLICE"),
}

_Key = TypeVar("_Key", str, int)


def maker(value: _Key, makers: Mapping[_Key, tuple[str, _Key]]) -> str:
    """Kind of operator that makes ``value``; ``makers`` maps a value to its operator's kind and first input."""
    made = made_value(value, makers)
    return "" if made is None else makers[made][0]


def made_value(value: _Key, makers: Mapping[_Key, tuple[str, _Key]]) -> _Key | None:
    """The value of which ``value`` is only a moved, enlarged or converted copy; None where the file does not tell."""
    seen = set()
    while value in makers and value not in seen:
        seen.add(value)
        kind, source = makers[value]
        if kind not in _MOVES:
            return value
        value = source
    return None
