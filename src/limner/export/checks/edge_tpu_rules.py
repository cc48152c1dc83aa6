"""Conditions that the Edge TPU's list sets for single operators."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

Finding = tuple[str | None, str | None]
"""Why an operator falls back to the CPU, and what the list leaves open; None for neither."""

_FINE: Finding = (None, None)
_SOFTMAX_LIMIT = 16_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """One operator of a .tflite file.

    Attributes:
        kind: LiteRT's name of it.
        inputs, outputs: shapes; () for an input that is left out.
        options: its entry of the schema, or None.
        constant: values of an input by its place, flat, where they are in the file; None otherwise.
        zero_point: of an input by its place.
    """

    kind: str
    inputs: tuple[tuple[int, ...], ...]
    outputs: tuple[tuple[int, ...], ...]
    options: Any
    constant: Callable[[int], NDArray[Any] | None]
    zero_point: Callable[[int], int]


def _not_fused(operator: Operator) -> Finding:
    fused = getattr(operator.options, "fusedActivationFunction", 0)
    return ("an activation is fused into it", None) if fused else _FINE


def _concatenation(operator: Operator) -> Finding:
    reason, _ = _not_fused(operator)
    constants = [place for place in range(len(operator.inputs)) if operator.constant(place) is not None]
    if reason is None and constants:
        place = constants[0]
        values = operator.constant(place)
        if len(operator.inputs) != 2 or values is None or (values != operator.zero_point(place)).any():
            reason = "it joins constants other than one tensor of zeros"
    return reason, None


def _dilation(operator: Operator) -> Finding:
    options = operator.options
    same = options is None or options.dilationHFactor == options.dilationWFactor
    return _FINE if same else ("its dilation differs between height and width", None)


def _fully_connected(operator: Operator) -> Finding:
    if operator.options is not None and operator.options.weightsFormat:
        return "its weights are not in the default format", None
    flat = all(size == 1 for size in operator.outputs[0][:-1])
    return _FINE if flat else ("its output has more than one dimension", None)


def _lstm(operator: Operator) -> Finding:
    return None, "only unidirectional ones are mapped"


def _not_batch(operator: Operator) -> Finding:
    """Reductions, and splits and packs, over any axis but the first."""
    rank = len(operator.inputs[0])
    axes = _axes(operator)
    if axes is None:
        return "its axes are computed", None
    return ("it works across the batch", None) if any(axis % max(rank, 1) == 0 and rank > 3 for axis in axes) else _FINE


def _axes(operator: Operator) -> list[int] | None:
    if operator.kind == "PACK":
        return [int(operator.options.axis)]
    values = operator.constant(0 if operator.kind == "SPLIT" else 1)
    return None if values is None else [int(value) for value in values]


def _mean(operator: Operator) -> Finding:
    reason, _ = _not_batch(operator)
    shape = operator.inputs[0]
    across = reason is None and any(axis % len(shape) == len(shape) - 1 for axis in _axes(operator) or ())
    if across and shape[-1] % 4:
        reason = f"it averages over {shape[-1]} channels, which 4 does not divide"
    return reason, None


def _pad(operator: Operator) -> Finding:
    padding = operator.constant(1)
    if padding is None:
        return "its padding is computed", None
    batch = len(operator.inputs[0]) > 3 and padding[:2].any()
    return ("it pads the batch", None) if batch else _FINE


def _prelu(operator: Operator) -> Finding:
    flat = all(size == 1 for size in operator.inputs[1][:-1])
    return _FINE if flat else ("its slopes are not one a channel", None)


def _reshape(operator: Operator) -> Finding:
    return None, "not mapped where tensors are large"


def _resize(operator: Operator) -> Finding:
    return None, "not mapped at sizes where precision would be lost"


def _softmax(operator: Operator) -> Finding:
    shape = operator.inputs[0]
    if any(size != 1 for size in shape[:-1]):
        return "its input has more than one dimension", None
    return (f"it has more than {_SOFTMAX_LIMIT:,} elements", None) if shape[-1] > _SOFTMAX_LIMIT else _FINE


def _squeeze(operator: Operator) -> Finding:
    shape, squeezed = operator.inputs[0], [size for size in operator.inputs[0] if size != 1]
    leading = len(shape) - len(squeezed)
    return _FINE if list(shape[leading:]) == squeezed else ("it takes out axes that do not lead", None)


def _strided_slice(operator: Operator) -> Finding:
    strides, options = operator.constant(3), operator.options
    if strides is None or (strides != 1).any():
        return "its strides are not all 1", None
    masks = options is not None and (options.ellipsisMask or options.newAxisMask)
    return ("it has an ellipsis or a new axis", None) if masks else _FINE


RULES: dict[str, Callable[[Operator], Finding]] = {
    "AVERAGE_POOL_2D": _not_fused,
    "CONCATENATION": _concatenation,
    "CONV_2D": _dilation,
    "DEPTHWISE_CONV_2D": _dilation,
    "FULLY_CONNECTED": _fully_connected,
    "LSTM": _lstm,
    "MAX_POOL_2D": _not_fused,
    "MEAN": _mean,
    "PACK": _not_batch,
    "PAD": _pad,
    "PRELU": _prelu,
    "REDUCE_MAX": _not_batch,
    "REDUCE_MIN": _not_batch,
    "RESHAPE": _reshape,
    "RESIZE_BILINEAR": _resize,
    "RESIZE_NEAREST_NEIGHBOR": _resize,
    "SOFTMAX": _softmax,
    "SPLIT": _not_batch,
    "SQUEEZE": _squeeze,
    "STRIDED_SLICE": _strided_slice,
    "SUM": _not_batch,
}
"""Kind -> its condition. Kinds on the list that are not here have none."""
