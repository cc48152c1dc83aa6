"""Weights whose products add up without overflow in every 8-bit kernel.

Kernels of x86 processors without VNNI multiply unsigned activations by signed weights two at a time, and hold the sum
of the two products in 16 bits: above 32767 it saturates, in silence. With activations of at most 255 it cannot where
the weights of a pair that have one sign add up to at most 128. Halving all weights (7 bits, "reduce range") sees to
that too, but wastes a bit where no pair needs it.
"""

from __future__ import annotations

import torch
from torch import Tensor

MOST = 128
"""What the weights of a pair that have one sign may add up to, as integers."""
_ROUNDING = 1


def pair_bound(weight: Tensor, axis: int = 0) -> Tensor:
    """The value of each output channel that is to become the integer 127, so that no pair of integers overflows.

    Pairs are neighbours in the order in which kernels take the inputs of a channel: channel by channel at each place of
    the window, with or without a zero behind an odd number of channels, or place by place in each channel. Depthwise
    convolutions, whose kernels add no pairs, keep their largest weight.

    Args:
        weight: (out, in, height, width) of a convolution, or (out, in) of a matrix.
        axis: which axis is the output channels'.

    Returns:
        float (out,), at least each channel's largest absolute weight.
    """
    largest = weight.detach().movedim(axis, 0).abs().flatten(1).amax(1)
    sums = [_largest_sum(rows) * (127 / (MOST - _ROUNDING)) for rows in _orders(weight, axis)]
    return torch.stack([largest, *sums]).amax(0)


def overflows(weight: Tensor, axis: int = 0) -> bool:
    """Whether a pair of integer weights may overflow; arguments as of ``pair_bound``."""
    return any(bool((_largest_sum(rows.to(torch.int32)) > MOST).any()) for rows in _orders(weight, axis))


def _orders(weight: Tensor, axis: int) -> list[Tensor]:
    """The weights of each output channel as rows, in every order of the inputs that kernels take; none of depthwise."""
    values = weight.detach().movedim(axis, 0)
    if values.ndim > 2 and values.shape[1] == 1:
        return []
    orders = [values.flatten(1)]
    if values.ndim == 4:
        places = values.permute(0, 2, 3, 1)
        orders.append(places.flatten(1))
        orders.append(torch.nn.functional.pad(places, (0, places.shape[3] % 2)).flatten(1))
    return orders


def _largest_sum(rows: Tensor) -> Tensor:
    """The largest sum of two neighbours' positive, or negative, parts in each row."""
    if rows.shape[1] % 2:
        rows = torch.nn.functional.pad(rows, (0, 1))
    pairs = rows.reshape(len(rows), -1, 2)
    return torch.maximum(pairs.clamp(min=0).sum(2).amax(1), (-pairs).clamp(min=0).sum(2).amax(1))
