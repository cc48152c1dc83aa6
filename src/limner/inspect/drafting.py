"""Drafts a card for a model nobody wrote one for: what the file says, and guesses marked as such."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from limner.errors import ModelError
from limner.inspect.report import Inspection, TensorReport
from limner.models.card import PACKED, PACKED_BITS, InputSpec, ModelCard, OutputSpec

_FACTORY = {
    "Sigmoid": ("sigmoid", "its last operator is a sigmoid"),
    "LOGISTIC": ("sigmoid", "its last operator is a sigmoid"),
    "HardSigmoid": ("sigmoid", "its last operator is a hard sigmoid"),
    "Softmax": ("softmax", "its last operator is a softmax"),
    "SOFTMAX": ("softmax", "its last operator is a softmax"),
    "ArgMax": ("argmax", "its last operator is an argmax"),
    "ARG_MAX": ("argmax", "its last operator is an argmax"),
}
_VOC_CLASSES, _VOC_PERSON = 21, 15


@dataclass(frozen=True, slots=True)
class Draft:
    """A card that may run already, and what a human must confirm: (field, value and why) in the order of the card."""

    card: ModelCard
    guesses: tuple[tuple[str, str], ...]


def draft_card(report: Inspection) -> Draft:
    """Guess a card from what the file says.

    Raises:
        ModelError: the model has no input an image could go into, or several inputs.
    """
    path = Path(report.file)
    guesses: list[tuple[str, str]] = []
    images = [tensor for tensor in report.inputs if len(tensor.shape) == 4]
    if len(report.inputs) != 1 or not images:
        found = ", ".join(f"{tensor.name!r} {show_shape(tensor.shape)}" for tensor in report.inputs)
        raise ModelError(f"{path}: no card can be drafted: it must have one input of four axes, but has {found}")
    spec = _draft_input(images[0], guesses)
    output = _draft_output(report, spec.size, guesses)
    guesses.append(("licence, origin", "unknown: the file does not say; find out before you ship it"))
    card = ModelCard(
        name=path.stem,
        file=path.name,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        input=spec,
        output=output,
        notes=("Drafted by `limner inspect`. Confirm: " + "; ".join(f"{field} ({why})" for field, why in guesses),),
    )
    return Draft(card, tuple(guesses))


def _draft_input(tensor: TensorReport, guesses: list[tuple[str, str]]) -> InputSpec:
    shape = tensor.shape
    if shape[1] in (3, 4) and shape[3] not in (3, 4):
        layout = "NCHW"
    elif shape[3] in (3, 4) and shape[1] not in (3, 4):
        layout = "NHWC"
    else:
        raise ModelError(f"no card can be drafted: the input {show_shape(shape)} has 3 or 4 channels on no one axis")
    axes = dict(zip(layout, shape, strict=True))
    size = (axes["H"] or 256, axes["W"] or 256)
    if None in (axes["H"], axes["W"]):
        guesses.append(("input.size", f"{list(size)}: the file leaves it open; use the size it was trained at"))
    integer = "int" in tensor.dtype
    guesses.append(("input.color_order", "RGB: most nets; nets from Caffe and OpenCV take BGR"))
    if integer:
        scale = 1.0
        guesses.append(("input.scale, mean, std", f"raw pixels: the input is {tensor.dtype}"))
    else:
        scale = 1 / 255
        guesses.append(
            ("input.scale, mean, std", "pixels to [0, 1]: most nets; others take [-1, 1] or ImageNet's mean and std")
        )
    guesses.append(("input.resize", "stretch: most nets; letterbox if it was trained on padded photos"))
    if axes["C"] == 4:
        guesses.append(("input.channels", "4: the fourth is fed with the previous mask"))
    return InputSpec(
        name=tensor.name,
        size=size,
        layout=layout,
        channels=axes["C"] or 3,
        color_order="RGB",
        scale=scale,
        mean=(0.0, 0.0, 0.0),
        std=(1.0, 1.0, 1.0),
        resize="stretch",
    )


def _draft_output(report: Inspection, size: tuple[int, int], guesses: list[tuple[str, str]]) -> OutputSpec:
    tensor = report.outputs[0]
    if len(report.outputs) > 1:
        names = ", ".join(other.name for other in report.outputs)
        guesses.append(("output.name", f"{tensor.name}: the first of {names}"))
    bits = _packed_bits(tensor, size)
    if bits is not None:
        guesses.append(("output.kind", f"packed: it has every row of the input and 1 number for {bits} of its columns"))
        return OutputSpec(name=tensor.name, kind=PACKED, person_class=1, width=size[1], bits=bits)
    classes = _classes(tensor)
    maker = report.output_operators.get(tensor.name, "")
    if maker in _FACTORY:
        kind, why = _FACTORY[maker]
    elif "int" in tensor.dtype and classes == 1:
        kind, why = "argmax", f"it is one channel of {tensor.dtype}"
    else:
        kind, why = "logits", f"no sigmoid, softmax or argmax ends the net (its last operator is {maker or 'unknown'})"
    guesses.append(("output.kind", f"{kind}: {why}"))
    if 2 < classes < _VOC_CLASSES:
        why = f"0: {classes} classes, so everything but the background; person_class instead where one is the person"
        guesses.append(("output.background_class", why))
        return OutputSpec(name=tensor.name, kind=kind, background_class=0)
    person = 1
    if classes > 1 or kind == "argmax":
        person = _VOC_PERSON if classes == _VOC_CLASSES else 1
        guesses.append(("output.person_class", f"{person}: {classes} classes" if classes > 1 else f"{person}: unknown"))
    return OutputSpec(name=tensor.name, kind=kind, person_class=person)


def _packed_bits(tensor: TensorReport, size: tuple[int, int]) -> int | None:
    """Pixels in each number, where the output's shape is that of a packed mask of the input's size."""
    sizes = [axis for axis in tensor.shape if axis != 1]
    return next((bits for bits in PACKED_BITS if sizes == [size[0], -(-size[1] // bits)]), None)


def _classes(tensor: TensorReport) -> int:
    """Channels of an output of four axes: of the two ends the smaller one; 1 where it cannot be told."""
    if len(tensor.shape) != 4:
        return 1
    return min(size for size in (tensor.shape[1] or 1 << 30, tensor.shape[3] or 1 << 30, 1 << 29)) % (1 << 29) or 1


def show_shape(shape: tuple[int | None, ...]) -> str:
    """(1, 3, ?, ?)."""
    return f"({', '.join('?' if size is None else str(size) for size in shape)})"
