"""Do the numbers a net gives fit the kind of output on its card? Finds maps whose range belongs to another kind."""

from __future__ import annotations

import math

import numpy as np

from limner.errors import ModelError
from limner.models.card import ModelCard
from limner.runtimes.base import Array

_OVERSHOOT = 0.5
"""How far probabilities may leave [0, 1]: quantized or bicubically enlarged maps do by a little."""
_LEAST_SPREAD = 0.5
_FAR_BEYOND = 64.0
"""The sigmoid of this is 1 to the last bit. No net needs logits as large without negative ones beside them."""
_NEAR_ZERO, _LEAST_SHARE = 2.0, 0.01
_BYTE = 255


def check_values(output: Array, card: ModelCard, *, classes: bool) -> None:
    """Raise ModelError where an output's numbers cannot be what ``output.kind`` says.

    Only what is beyond doubt is an error, so a frame without a person may pass: probabilities, or a mask of 0 to 255,
    taken for logits have no negative number, but some next to 0 and some far from it; logits or 0 to 255 taken for
    probabilities leave [0, 1]; class numbers are whole. An output that is not finite passes: that is another fault.

    Args:
        output: as the runtime gives it.
        classes: it has several channels.
    """
    kind = card.output.kind
    if output.size == 0 or (np.issubdtype(output.dtype, np.integer) and kind in ("sigmoid", "softmax")):
        return  # integers are a share of the type's largest
    low, high = float(output.min()), float(output.max())
    if not math.isfinite(high - low):
        return
    problem = ""
    if kind in ("sigmoid", "softmax"):
        if low < -_OVERSHOOT or high > 1 + _OVERSHOOT:
            problem = f"{kind} means probabilities, from 0 to 1; {_advice(low, high, 'logits')}"
    elif kind == "logits" and not classes:
        if low >= 0 and high - low > _LEAST_SPREAD and (high <= 1 or _is_scaled(output, high)):
            problem = f"before a sigmoid the background is negative; {_advice(low, high, 'sigmoid')}"
    elif kind == "argmax":
        problem = _odd_classes(output, low, high, card)
    if problem:
        raise ModelError(
            f"card of {card.name!r}: output.kind is {kind}, but output {card.output.name!r} has numbers from "
            f"{low:.3g} to {high:.3g}: {problem}"
        )


def _is_scaled(output: Array, high: float) -> bool:
    """Whether numbers none of which is negative look like a mask of 0 to 255 or 0 to 100, not like logits."""
    return high > _FAR_BEYOND and float(np.mean(output < _NEAR_ZERO)) >= _LEAST_SHARE


def _odd_classes(output: Array, low: float, high: float, card: ModelCard) -> str:
    if np.issubdtype(output.dtype, np.floating) and np.abs(output - np.rint(output)).max() > 0.01:
        other = "sigmoid" if low >= 0 and high <= 1 else "logits"
        return f"argmax means whole class numbers; {_advice(low, high, other)}"
    if high == _BYTE and _BYTE not in card.output.picked and bool(np.all((output == 0) | (output == _BYTE))):
        return "a mask of 0 and 255 has no such class; say person_class 255"
    return ""


def _advice(low: float, high: float, other: str) -> str:
    if low >= 0 and high > _FAR_BEYOND:
        return "if it is a mask of 0 to 255, divide by 255 in the model and say sigmoid"
    return f"say {other} if that is what the model gives"
