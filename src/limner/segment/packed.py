"""Packed masks: one bit a pixel, as `limner export --output-kind packed` makes them; 32 times less than floats.

The wire format: a mask of H rows and W columns is H rows of ceil(W / bits) numbers. Each number holds ``bits`` (8 or
16) neighbours of a row, the leftmost in its most significant bit; 1 is person. The last number of a row is filled up
with zeros on the right. Numbers come as uint8 (8 bits), or as any type that holds them: uint16, int32, float32.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from limner.checking import checked
from limner.errors import OptionError
from limner.runtimes.base import Array


def numbers_in_row(width: int, bits: int) -> int:
    """How many numbers hold a row of ``width`` pixels."""
    return -(-width // bits)


@checked
def pack_mask(mask: NDArray[np.bool_], *, bits: int = 8) -> Array:
    """(H, W) bool to (H, ceil(W / bits)) uint8 for 8 bits, uint16 for 16.

    Raises:
        ArgumentError: an argument is of another type.
        OptionError: there are no numbers of so many bits.
        ValueError: the mask is not (H, W).
    """
    _check(mask, bits)
    row = numbers_in_row(mask.shape[1], bits)
    padded = np.zeros((mask.shape[0], row * bits), np.bool_)
    padded[:, : mask.shape[1]] = mask
    return np.packbits(padded, axis=1).view(f">u{bits // 8}").astype(f"u{bits // 8}")


@checked
def unpack_mask(numbers: Array, *, width: int, bits: int = 8) -> NDArray[np.bool_]:
    """The mask, (H, width) bool and C-contiguous, from (H, ceil(width / bits)) numbers of any type.

    What is no such number, NaN above all, is nobody.

    Raises:
        ArgumentError: an argument is of another type.
        OptionError: there are no numbers of so many bits, or rows of numbers that are not ceil(width / bits) long.
        ValueError: the numbers have not two axes.
    """
    _check(numbers, bits)
    if width < 1 or numbers.shape[1] != numbers_in_row(width, bits):
        raise OptionError(f"‹width› {width}: {numbers.shape[1]} numbers of {bits} bits are no row of so many pixels")
    if numbers.dtype.kind == "f":
        sound = (numbers > -0.5) & (numbers < 2**bits - 0.5)
        numbers = np.rint(np.where(sound, numbers, 0))
    octets = numbers.astype(f">u{bits // 8}", order="C", copy=False).view(np.uint8)
    return np.unpackbits(octets, axis=1, count=width).view(np.bool_)


def _check(array: Array, bits: int) -> None:
    if bits not in (8, 16):
        raise OptionError(f"‹bits› must be 8 or 16, not {bits}")
    if array.ndim != 2:
        raise ValueError(f"a mask must have two axes, not the shape {array.shape}")
