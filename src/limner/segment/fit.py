"""Does the card fit the model? Compares it with the inputs and outputs the runtime reports."""

from __future__ import annotations

from limner.errors import ModelError
from limner.models.card import ModelCard
from limner.runtimes.base import Runtime, TensorInfo
from limner.segment.memory import MoreInputs
from limner.segment.postprocess import read_shape


def check_fit(card: ModelCard, runtime: Runtime) -> TensorInfo:
    """The model's image input, after checking that names, layout, channels, size and classes are what the card says.

    Sizes the model leaves open are not compared.

    Raises:
        ModelError: says which field of the card differs, and what the model has instead.
    """
    tensor = _named(card, "input.name", card.input.name, runtime.inputs)
    _check_input(card, tensor, card.input.channels)
    fed = [tensor]
    if card.state is not None:
        previous = _named(card, "state.input", card.state.input, runtime.inputs)
        _check_input(card, previous, 1)
        _named(card, "state.output", card.state.output, runtime.outputs)
        fed.append(previous)
    MoreInputs(card, runtime.inputs)
    for state in card.states:
        _named(card, "states.output", state.output, runtime.outputs)
    known = {*(info.name for info in fed), *(state.input for state in card.states), *card.constants}
    others = ", ".join(info.name for info in runtime.inputs if info.name not in known)
    if others:
        raise ModelError(
            f"card of {card.name!r}: the model has more inputs than the card names ({others}); Limner feeds an image "
            "and, as state.input, the mask before, as states what a recurrent net said of the frame before, and "
            "as constants numbers"
        )
    output = _named(card, "output.name", card.output.name, runtime.outputs)
    shape = output.shape
    if shape and shape[0] is None and len(shape) > 2:
        shape = (1, *shape[1:])
    sizes = [size for size in shape if size is not None]
    if len(sizes) == len(shape):
        read_shape(sizes, card)
    return tensor


def _named(card: ModelCard, field: str, name: str, infos: tuple[TensorInfo, ...]) -> TensorInfo:
    for info in infos:
        if info.name == name:
            return info
    has = ", ".join(f"{info.name!r} {describe(info)}" for info in infos)
    kind = "outputs" if "output" in field else "inputs"
    raise ModelError(f"card of {card.name!r}: {field} is {name!r}, but the model's {kind} are: {has}")


def describe(info: TensorInfo) -> str:
    """Shape and type in short: "(1, 3, ?, ?) float32"."""
    return f"({', '.join('?' if size is None else str(size) for size in info.shape)}) {info.dtype}"


def _check_input(card: ModelCard, tensor: TensorInfo, channels: int) -> None:
    spec = card.input
    has = f"the model's input {tensor.name!r} is {describe(tensor)}"
    if len(tensor.shape) != 4:
        raise ModelError(f"card of {card.name!r}: {has}; Limner feeds batches of one image, with four axes")
    by_layout = {"NCHW": (1, channels, *spec.size), "NHWC": (1, *spec.size, channels)}
    if _matches(by_layout[spec.layout], tensor):
        return
    for layout, wanted in by_layout.items():
        if layout != spec.layout and _matches(wanted, tensor):
            raise ModelError(f"card of {card.name!r}: input.layout is {spec.layout}, but {has}: that is {layout}")
    axes = dict(zip(spec.layout, tensor.shape, strict=True))
    if axes["N"] not in (None, 1):
        raise ModelError(f"card of {card.name!r}: {has}; Limner needs a batch of 1 or an open one")
    if axes["C"] not in (None, channels):
        raise ModelError(f"card of {card.name!r}: input.channels is {channels} and layout {spec.layout}, but {has}")
    raise ModelError(f"card of {card.name!r}: input.size is {list(spec.size)} (height, width), but {has}")


def _matches(wanted: tuple[int, ...], tensor: TensorInfo) -> bool:
    return all(has is None or has == size for has, size in zip(tensor.shape, wanted, strict=True))
