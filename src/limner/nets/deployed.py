"""A net as a device runs it: with its activation, layout and preprocessing inside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from limner.errors import OptionError
from limner.nets.base import SegmentationNet, person_logits
from limner.nets.packing import PackedMask

BITS = 8
"""Pixels in each number of a packed mask."""
PACKING = "pack"
"""Attribute of ``Deployed`` that packs masks: what begins the names of its weights in exported files."""

OutputKind = Literal["logits", "sigmoid", "argmax", "packed"]
Layout = Literal["NCHW", "NHWC"]
Open = Literal["none", "batch", "size", "both"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphOptions:
    """What is asked of a graph.

    Attributes:
        output: "sigmoid" (the person's probability, one channel), "logits" (what the net says, all its classes),
            "argmax" (int32 class numbers, one channel; 1 is the person where the net has one channel) or "packed" (8
            pixels of a hard mask in each uint8, see ``limner.segment.packed``).
        layout: of images, masks and state alike.
        dynamic: which axes are open.
        uint8_input: the image is uint8, 0 to 255, and the graph scales it; otherwise float32 in [0, 1].
    """

    output: OutputKind = "sigmoid"
    layout: Layout = "NCHW"
    dynamic: Open = "none"
    uint8_input: bool = False

    def __post_init__(self) -> None:
        for option, value, known in (
            ("‹output›", self.output, get_args(OutputKind)),
            ("‹layout›", self.layout.lower(), tuple(name.lower() for name in get_args(Layout))),
            ("‹dynamic›", self.dynamic, get_args(Open)),
        ):
            if value not in known:
                raise OptionError(f"{option} {value}: must be one of {', '.join(known)}")


class Deployed(nn.Module):
    """A net as a device runs it: ``forward(image)``, or ``forward(image, previous)`` -> (output, state).

    Layouts and types are those of ``options``; see ``GraphOptions``. ``width`` is that of the image, where it is known
    (packed masks of an open width are padded).
    """

    def __init__(self, net: SegmentationNet, options: GraphOptions, *, width: int | None = None) -> None:
        super().__init__()
        self.net = net
        closed = options.dynamic in ("none", "batch")
        self.pack = PackedMask(width=width if closed else None, bits=BITS) if options.output == "packed" else None
        self.person_class = net.person_class
        self.options = options

    def forward(self, image: Tensor, previous: Tensor | None = None) -> Tensor | tuple[Tensor, Tensor]:
        x = self._planes(image)
        if self.options.uint8_input:
            x = x.to(torch.float32) * (1 / 255)
        if previous is not None:
            x = torch.cat([x, self._planes(previous)], dim=1)
        logits = self.net(x)
        assert isinstance(logits, Tensor)
        output = self._laid_out(self._activated(logits))
        if previous is None:
            return output
        # A tensor of its own even where the output is the same: converters drop outputs that are given twice, and the
        # one to half precision fails on an output that something else takes.
        state = 1 - torch.sigmoid(person_logits(logits, self.person_class) * -1)
        return output, self._laid_out(state)

    def _activated(self, logits: Tensor) -> Tensor:
        if self.options.output == "logits":
            return logits
        if self.options.output == "sigmoid":
            return torch.sigmoid(person_logits(logits, self.person_class))
        if self.pack is not None:
            packed: Tensor = self.pack(person_logits(logits, self.person_class))
            return packed
        classes = logits > 0 if logits.shape[1] == 1 else torch.argmax(logits, dim=1, keepdim=True)
        return classes.to(torch.int32)

    def _planes(self, x: Tensor) -> Tensor:
        return x.permute(0, 3, 1, 2) if self.options.layout == "NHWC" else x

    def _laid_out(self, x: Tensor) -> Tensor:
        return x.permute(0, 2, 3, 1) if self.options.layout == "NHWC" else x
