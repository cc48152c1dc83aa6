"""The record of a net: what it takes to build it again, before its weights are loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from limner.errors import ModelError


@dataclass(frozen=True, slots=True)
class NetRecord:
    """What a checkpoint says of its net.

    Attributes:
        name, options: as in ``limner.nets.NETS``.
        size: pixels, square, of the pictures that it is made for.
        quantize: how it is quantized, fields of ``limner.nets.quantized.options.QuantizeRecipe``; or None.
    """

    name: str
    options: Mapping[str, Any]
    size: int
    quantize: Mapping[str, Any] | None = None

    @classmethod
    def of(cls, recipe: Mapping[str, Any], *, source: str) -> Self:
        """The record in a recipe, given as plain data.

        Raises:
            ModelError: it names no net or no size.
        """
        net, size = recipe.get("net"), recipe.get("input_size")
        if not isinstance(net, Mapping) or not isinstance(net.get("name"), str) or not isinstance(size, int):
            raise ModelError(f"{source}: its recipe names no net with its input size; is it a checkpoint of Limner's?")
        return cls(net["name"], net.get("options") or {}, size, recipe.get("quantize"))
