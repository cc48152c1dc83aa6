"""The small nets of the study of moving data, and what a caller does with what each gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from limner.nets.base import SegmentationNet
from limner.nets.packing import PackedMask
from limner.nets.rebuild import model_net
from limner.segment.packed import unpack_mask

SIZE = 256
BITS = 16
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """A net to time.

    Attributes:
        name: in tables; names of files are made from it.
        module: (1, 3, H, W) float32 in [0, 1] to a mask in some form, with no batch norms.
        size: (height, width) of its input.
        to_mask: its output, (1, C, h, w) in any memory order, to the mask (H, W) bool.
    """

    name: str
    module: nn.Module
    size: tuple[int, int]
    to_mask: Callable[[NDArray[Any]], Mask]

    @property
    def stem(self) -> str:
        return "_".join("".join(c if c.isalnum() else " " for c in self.name).split())


class _Slice(nn.Module):
    """The first channel alone."""

    def forward(self, x: Tensor) -> Tensor:
        return x[:, :1]


class _Pad(nn.Module):
    """One channel made four, as mobile GPUs keep it."""

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.pad(x, (0, 0, 0, 0, 0, 3))


class _ReshapePack(nn.Module):
    """Packs as PackedMask does, by a reshape and a matrix product in the place of the strided convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("weights", (2.0 ** torch.arange(BITS - 1, -1, -1)).reshape(BITS, 1))

    def forward(self, x: Tensor) -> Tensor:
        mask = torch.floor(torch.clamp(x, -1.0, 0.0)) + 1.0
        numbers = mask.reshape(1, SIZE * SIZE // BITS, BITS) @ self.get_buffer("weights")
        return numbers.reshape(1, 1, SIZE, SIZE // BITS)


class _PackEach(nn.Module):
    """Each channel packed for itself."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        pack = PackedMask(width=SIZE, bits=BITS, number="float32")
        self.pack = nn.Conv2d(channels, channels, (1, BITS), stride=(1, BITS), groups=channels)
        with torch.no_grad():
            self.pack.weight.copy_(pack.get_buffer("weights").expand(channels, 1, 1, BITS))
            assert self.pack.bias is not None
            self.pack.bias.copy_(pack.get_buffer("bias").expand(channels))

    def forward(self, x: Tensor) -> Tensor:
        packed: Tensor = self.pack(torch.floor(torch.clamp(x, -1.0, 0.0)))
        return packed


class _Net(nn.Module):
    """A net of Limner's with its end: the sigmoid, or packing."""

    def __init__(self, net: SegmentationNet, end: nn.Module) -> None:
        super().__init__()
        self.net, self.end = net, end

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.end(self.net(x))
        return result


def small_nets() -> list[Experiment]:
    """The seven: one 3×3 convolution of 256×256 pixels, and what may come after it."""

    def net(channels: int, *after: nn.Module) -> nn.Module:
        convolution = nn.Conv2d(3, channels, 3, padding=1)
        generator = torch.Generator().manual_seed(0)
        with torch.no_grad():
            weights = torch.randn(convolution.weight.shape, generator=generator)
            convolution.weight.copy_(weights - weights.mean(dim=(1, 2, 3), keepdim=True))
            assert convolution.bias is not None
            convolution.bias.fill_(0.01)
        return nn.Sequential(convolution, *after).eval()

    def pack() -> PackedMask:
        return PackedMask(width=SIZE, bits=BITS, number="float32")

    made = [
        ("1 channel", net(1), _threshold(0.0)),
        ("4 channels", net(4), _threshold(0.0)),
        ("1 channel, padded to 4", net(1, _Pad()), _threshold(0.0)),
        ("1 channel, packed", net(1, pack()), _unpack(SIZE, BITS)),
        ("1 channel, reshaped and packed", net(1, _ReshapePack()), _unpack(SIZE, BITS)),
        ("4 channels, one sliced off and packed", net(4, _Slice(), pack()), _unpack(SIZE, BITS)),
        ("4 channels, each packed", net(4, _PackEach(4)), _unpack(SIZE, BITS)),
    ]
    return [Experiment(name=name, module=module, size=(SIZE, SIZE), to_mask=read) for name, module, read in made]


def whole_nets(model: str) -> list[Experiment]:
    """A model that ships, with its sigmoid and with a packed mask of 8 pixels a number."""
    from limner.export.graphs.folding import fold_batch_norms

    net, card = model_net(model)
    net = fold_batch_norms(net, torch.zeros(1, net.in_channels, *card.input.size))
    width = card.input.size[1]
    return [
        Experiment(
            name=f"{model}, alpha",
            module=_Net(net, nn.Sigmoid()).eval(),
            size=card.input.size,
            to_mask=_threshold(0.5),
        ),
        Experiment(
            name=f"{model}, packed",
            module=_Net(net, PackedMask(width=width)).eval(),
            size=card.input.size,
            to_mask=_unpack(width, 8),
        ),
    ]


def _threshold(level: float) -> Callable[[NDArray[Any]], Mask]:
    def read(output: NDArray[Any]) -> Mask:
        mask: Mask = output[0, 0] >= level
        return mask

    return read


def _unpack(width: int, bits: int) -> Callable[[NDArray[Any]], Mask]:
    return lambda output: unpack_mask(output[0, 0], width=width, bits=bits)
