"""The rarer parts of a model card: states of recurrent nets, constant inputs, and a model that finds people first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from limner.models.fields import Fields

DEFAULT_MARGIN, _MOST_MARGIN = 0.25, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurrentSpec:
    """One state of a recurrent net: an output that is an input of the next frame.

    Attributes:
        input, output: their names in the model file.
        shape: of the zeros that the first frame of a clip is given. None is the input's own shape, with 1 where the
            file leaves a size open, as Robust Video Matting takes it.
    """

    input: str
    output: str
    shape: tuple[int, ...] | None = None

    @classmethod
    def _read(cls, fields: Fields) -> Self:
        given = fields.optional("shape") is not None
        spec = cls(
            input=fields.text("input"),
            output=fields.text("output"),
            shape=fields.sides("shape") if given else None,
        )
        fields.finish()
        return spec


@dataclass(frozen=True, slots=True, kw_only=True)
class CropSpec:
    """A model that finds people first: the net of the card sees the part of the frame that they are in.

    Attributes:
        model: its name, or its file relative to the card's model. It is for the task "segment".
        margin: what is seen beside the people, as a share of the longer side of their box, 0 to 2.
    """

    model: str
    margin: float = DEFAULT_MARGIN

    @classmethod
    def _read(cls, fields: Fields) -> Self:
        margin = fields.within("margin", 0, _MOST_MARGIN, default=DEFAULT_MARGIN)
        spec = cls(model=fields.text("model"), margin=margin)
        fields.finish()
        return spec


Constants = Mapping[str, tuple[float, ...]]
"""Name of an input -> its numbers, one or as many as it has."""


def read_constants(fields: Fields, key: str) -> dict[str, tuple[float, ...]]:
    """An object of numbers or lists of numbers; empty where it is absent."""
    inside = fields.inside(key)
    return {name: inside.floats(name) for name in fields.mapping(key)}
