"""Packs a net's mask into bits inside its graph, in operators that every converter knows: clip, floor, convolution."""

from __future__ import annotations

import copy
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from limner.errors import OptionError
from limner.models.card import PACKED_BITS

Number = Literal["uint8", "int32", "float32"]
_NUMBERS: dict[Number, torch.dtype] = {"uint8": torch.uint8, "int32": torch.int32, "float32": torch.float32}


class PackedMask(nn.Module):
    """Person logits, float (N, 1, H, W), to packed bits, (N, 1, H, ceil(W / bits)); a pixel is 1 where its logit is
    at least 0. The format is that of ``limner.segment.packed``.

    The threshold is ``floor(clip(logit, -1, 0))``: 0 for a person, -1 for anything else, without booleans and without
    ceil, which mobile GPUs lack. Then one convolution of 1 × ``bits`` with that stride, whose weights are powers of two
    and whose bias is their sum, makes a number of each ``bits`` neighbours. Such sums are exact in float32 in any
    order, for 8 bits in float16 and bfloat16 too; not in int8: quantization must leave this module out.

    Args:
        width: W, where it is known; None pads every row, for graphs of open width.
        bits: 8 or 16 pixels a number.
        number: what the numbers are: "uint8" (8 bits only) where the target has it, else "int32" or "float32".

    Raises:
        OptionError: such bits, or such a number, are not offered.
    """

    def __init__(self, *, width: int | None = None, bits: int = 8, number: Number = "uint8") -> None:
        super().__init__()
        if bits not in PACKED_BITS:
            raise OptionError(f"packed masks: bits must be 8 or 16, not {bits}")
        if number not in _NUMBERS:
            raise OptionError(f"packed masks: numbers must be {', '.join(_NUMBERS)}, not {number!r}")
        if bits == 16 and number == "uint8":
            raise OptionError("packed masks: 16 bits do not fit in uint8; use int32 or float32, or 8 bits")
        self.bits, self.dtype = bits, _NUMBERS[number]
        # With bits - 1 more zeros a convolution's last window holds the last pixel of any width.
        self.padding = bits - 1 if width is None else -width % bits
        weights = 2.0 ** torch.arange(bits - 1, -1, -1)
        self.register_buffer("weights", weights.reshape(1, 1, 1, bits), persistent=False)
        self.register_buffer("bias", weights.sum()[None], persistent=False)

    def forward(self, logits: Tensor) -> Tensor:
        mask = torch.floor(torch.clamp(logits, -1.0, 0.0))
        if self.padding:
            mask = F.pad(mask, (0, self.padding), value=-1.0)
        numbers = F.conv2d(mask, self.get_buffer("weights"), self.get_buffer("bias"), stride=(1, self.bits))
        return numbers if self.dtype == torch.float32 else numbers.to(self.dtype)


def floats_only(module: nn.Module) -> nn.Module:
    """``module`` with its packed masks as float32 numbers, for targets that have no integers; a copy where it has any.

    The numbers are the same, and so is what the card says of them.
    """
    if not any(isinstance(part, PackedMask) for part in module.modules()):
        return module
    changed = copy.deepcopy(module)
    for part in changed.modules():
        if isinstance(part, PackedMask):
            part.dtype = torch.float32
    return changed
