"""Inputs of a net beside the picture and the mask before: the states of recurrent nets, and constants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from limner.errors import ModelError
from limner.models.card import ModelCard
from limner.runtimes.base import Array, TensorInfo


@dataclass(frozen=True, slots=True, eq=False)
class Memory:
    """What a recurrent net said of a frame for the next one.

    Attributes:
        states: input -> array.
        size: (height, width) of the input that it saw; a net that is given another one begins anew.
    """

    states: Mapping[str, Array]
    size: tuple[int, int]


class MoreInputs:
    """Makes them. Holds no state of frames.

    Args:
        card: names them.
        inputs: of the model, as its runtime reports them.

    Raises:
        ModelError: the model has no such input, or one of another shape.
    """

    def __init__(self, card: ModelCard, inputs: Sequence[TensorInfo]) -> None:
        infos = {info.name: info for info in inputs}
        self._size = card.input.size
        self._start: dict[str, Array] = {}
        self._next = {state.output: state.input for state in card.states}
        for state in card.states:
            info = _named(card, "states", state.input, infos)
            self._start[state.input] = np.zeros(_first_shape(card, info, state.shape), info.dtype)
        self._constants = {
            name: _constant(card, _named(card, "constants", name, infos), values)
            for name, values in card.constants.items()
        }

    def feeds(self, memory: object) -> dict[str, Array]:
        """All of them by name, for the frame after ``memory``; zeros for the first frame of a clip."""
        known = isinstance(memory, Memory) and memory.size == self._size and memory.states.keys() == self._start.keys()
        states = memory.states if known and isinstance(memory, Memory) else self._start
        return {**states, **self._constants}

    def keep(self, outputs: Mapping[str, Array]) -> Memory | None:
        """What the net's outputs say for the next frame; None for a net without states."""
        if not self._next:
            return None
        kept = {
            name: outputs[output].astype(self._start[name].dtype, copy=False) for output, name in self._next.items()
        }
        return Memory(kept, self._size)


def _named(card: ModelCard, field: str, name: str, infos: Mapping[str, TensorInfo]) -> TensorInfo:
    if name not in infos:
        raise ModelError(
            f"card of {card.name!r}: {field} names {name!r}, but the model's inputs are: {', '.join(infos)}"
        )
    return infos[name]


def _first_shape(card: ModelCard, info: TensorInfo, asked: tuple[int, ...] | None) -> tuple[int, ...]:
    if asked is None:
        return tuple(size or 1 for size in info.shape)
    fits = len(asked) == len(info.shape) and all(
        has in (None, size) for has, size in zip(info.shape, asked, strict=True)
    )
    if not fits:
        has = ", ".join("?" if size is None else str(size) for size in info.shape)
        raise ModelError(f"card of {card.name!r}: states.shape of {info.name!r} is {list(asked)}, but it has ({has})")
    return asked


def _constant(card: ModelCard, info: TensorInfo, values: tuple[float, ...]) -> Array:
    """The numbers in the input's type and shape: one number fills it, open sizes are 1, or as many as there are."""
    shape = tuple(size or 1 for size in info.shape)
    if len(values) > 1 and info.shape.count(None) == 1:
        rest = int(np.prod([size for size in info.shape if size is not None]))
        shape = tuple(size or max(1, len(values) // rest) for size in info.shape)
    count = int(np.prod(shape))
    if len(values) not in (1, count):
        raise ModelError(
            f"card of {card.name!r}: constants.{info.name} has {len(values)} numbers, but the input takes {count}"
        )
    return np.broadcast_to(np.array(values, info.dtype).reshape(shape if len(values) == count else ()), shape).copy()
