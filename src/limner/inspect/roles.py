"""What each input and output of a model file is for: the picture, the mask before, states, numbers, the result."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from limner.errors import ModelError
from limner.inspect.report import Inspection, TensorReport
from limner.models.card import StateSpec
from limner.models.card_more import RecurrentSpec

_RESULTS = ("pha", "alpha", "matte", "mask", "segmentation", "person")
"""Names that outputs have whose other outputs are something else."""
_COLORS = (3, 4)
_NO_PICTURE = "has no input for a picture, of four axes, one of them with 3 or 4 channels"


@dataclass(frozen=True, slots=True)
class Roles:
    """Attributes:
    image: takes the picture.
    layout: of it, "NCHW" or "NHWC".
    result: gives the mask or the classes.
    others: outputs of which ``result`` was chosen, without those of states.
    state: takes the mask before, where that is an input of its own.
    states: take what outputs said of the frame before.
    constants: take numbers.
    """

    image: TensorReport
    layout: str
    result: TensorReport
    others: tuple[TensorReport, ...]
    state: StateSpec | None = None
    states: tuple[RecurrentSpec, ...] = ()
    constants: tuple[str, ...] = field(default=())


def find_roles(report: Inspection) -> Roles:
    """
    Raises:
        ModelError: an input is for nothing that Limner feeds, or there is no picture among them.
    """
    images = [(tensor, layout) for tensor in report.inputs if (layout := _layout(tensor)) is not None]
    if len(images) > 1:
        images = [(tensor, layout) for tensor, layout in images if _said_before(tensor, report) is None]
    if len(images) != 1:
        raise _refused(report, "takes several pictures, and Limner has one" if images else _NO_PICTURE)
    image, layout = images[0]
    state, states, constants = None, list[RecurrentSpec](), list[str]()
    for tensor in report.inputs:
        if tensor is image:
            continue
        output = _said_before(tensor, report)
        if _count(tensor) == 1 and output is None:
            constants.append(tensor.name)
        elif state is None and _is_mask(tensor, image, layout):
            state = StateSpec(input=tensor.name, output=(output or _result(report.outputs)).name)
        elif output is not None:
            states.append(RecurrentSpec(input=tensor.name, output=output.name))
        else:
            raise _refused(report, f"has an input {tensor.name!r} that is no picture, no number and no output's next")
    carried = {item.output for item in states} | ({state.output} if state is not None else set())
    others = [tensor for tensor in report.outputs if tensor.name not in carried] or list(report.outputs)
    return Roles(image, layout, _result(others), tuple(others), state, tuple(states), tuple(constants))


def show_shape(shape: tuple[int | None, ...]) -> str:
    """(1, 3, ?, ?)."""
    return f"({', '.join('?' if size is None else str(size) for size in shape)})"


def classes_of(tensor: TensorReport) -> int:
    """Channels of an output of four axes: of the two ends the smaller one; 1 where it cannot be told."""
    if len(tensor.shape) != 4:
        return 1
    ends = [size for size in (tensor.shape[1], tensor.shape[3]) if size is not None]
    return min(ends, default=1)


def _refused(report: Inspection, why: str) -> ModelError:
    found = ", ".join(f"{tensor.name!r} {show_shape(tensor.shape)}" for tensor in report.inputs)
    path = Path(report.file)
    return ModelError(f"{path}: no card can be drafted: it {why}; its inputs are {found}")


def _layout(tensor: TensorReport) -> str | None:
    """Of an input that takes a picture; None of others."""
    shape = tensor.shape
    if len(shape) != 4 or (shape[1] in _COLORS) == (shape[3] in _COLORS):
        return None
    return "NCHW" if shape[1] in _COLORS else "NHWC"


def _count(tensor: TensorReport) -> int | None:
    return None if None in tensor.shape else math.prod(size for size in tensor.shape if size is not None)


def _is_mask(tensor: TensorReport, image: TensorReport, layout: str) -> bool:
    """One channel of the picture's size."""
    if len(tensor.shape) != 4:
        return False
    own, sides = dict(zip(layout, tensor.shape, strict=True)), dict(zip(layout, image.shape, strict=True))
    return own["C"] == 1 and (own["H"], own["W"]) == (sides["H"], sides["W"])


def _said_before(tensor: TensorReport, report: Inspection) -> TensorReport | None:
    """The output that an input takes in the next frame, by its name."""
    outputs = {output.name: output for output in report.outputs}
    return next((outputs[name] for name in _next_names(tensor.name) if name in outputs), None)


def _next_names(name: str) -> Iterator[str]:
    """What the output may be called: r1i and r1o, h_in and h_out, x.input and x.output, h0 and hn, h and h_out."""
    for into, out in (
        ("input", "output"),
        ("in", "out"),
        ("i", "o"),
        ("0", "n"),
        ("prev", "next"),
        ("previous", "next"),
    ):
        changed = re.sub(rf"(?<![a-z]){into}(?![a-z])|(?<=\d){into}$|(?<=[a-z]){into}$", out, name)
        if changed != name:
            yield changed
    yield from (f"{name}_out", f"{name}_next", f"new_{name}", f"next_{name}", f"out_{name}")


def _result(outputs: tuple[TensorReport, ...] | list[TensorReport]) -> TensorReport:
    """The output that is the mask: by its name, else the first that is no picture."""
    named = [tensor for tensor in outputs if tensor.name.casefold() in _RESULTS]
    maps = [tensor for tensor in outputs if classes_of(tensor) != 3]
    return (named or maps or list(outputs))[0]
