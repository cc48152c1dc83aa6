"""Harmonizer: sees a composite and who was pasted, says how the pasted person's light and colour must change."""

from __future__ import annotations

import functools
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from limner.adjustment import GRID, KNOTS, SMOOTH
from limner.errors import OptionError
from limner.nets.blocks import ConvBN, GlobalContext, InvertedResidual, init_weights, round_channels

_SLOPE, _BLACK, _MIXTURE, _LIGHT = 1.3, 0.25, 0.6, 0.7
_STATISTICS = 32


class Harmonizer(nn.Module):
    """From composites to the numbers of an ``Adjustment``.

    ``net(x)`` gives float (N, COUNT) for x float (N, 4, S, S): RGB in [0, 1] of the composite and the person's matte in
    [0, 1]. As in Harmonizer (Ke et al. 2022) the net regresses arguments of filters and paints no pixels, so that they
    apply at any size, and the person stays who they are: curves can only rise (no colour turns over), the channels'
    mixture keeps greys grey, all within bounds, and nets of zeros change nothing.

    What the person and the background look like on average is compared twice: as a soft histogram of colours (1×1
    convolutions, averaged inside and outside the matte) and as what the encoder sees in them, so that skin is told from
    a red shirt. The encoder is that of ``FastNet``, whose weights it can start from.

    Args:
        width: multiplier of the encoder's channel counts.
        hidden: units of the two layers between the averages and the numbers.
    """

    in_channels: ClassVar[int] = 4
    size_divisor: ClassVar[int] = 64
    encoder_modules: ClassVar[tuple[str, ...]] = ("stem", "stage4", "stage8", "stage16", "stage32", "context")
    paper: ClassVar[str] = "Limner, after Ke et al. 2022"

    def __init__(self, *, width: float = 0.75, hidden: int = 192) -> None:
        super().__init__()
        stem, c4, c8, c16, c32 = (round_channels(c * width) for c in (16, 24, 40, 80, 128))
        self.stem = ConvBN(self.in_channels, stem, stride=2)
        self.stage4 = nn.Sequential(
            InvertedResidual(stem, c4, expansion=3, stride=2), InvertedResidual(c4, c4, expansion=2)
        )
        self.stage8 = _stage(c4, c8, expansions=(3, 3, 3), kernels=(5, 3, 3))
        self.stage16 = _stage(c8, c16, expansions=(4, 3, 3, 3, 3), kernels=(5,) * 5)
        self.stage32 = _stage(c16, c32, expansions=(4, 3), kernels=(5, 5))
        self.context = GlobalContext(c32)
        self.histogram = nn.Sequential(
            nn.Conv2d(3, _STATISTICS, 1), nn.ReLU(), nn.Conv2d(_STATISTICS, 2 * _STATISTICS, 1), nn.ReLU()
        )
        told = 2 * (2 * _STATISTICS + 9 + c8 + c16 + c32)
        self.think = nn.Sequential(nn.Linear(told, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU())
        self.say = nn.Linear(hidden, 3 * KNOTS + 6)
        self.place = ConvBN(c16 + c32, 48, kernel=1, act=False)
        self.place_all = nn.Linear(hidden, 48)
        self.say_light = nn.Conv2d(48, 3, 1)
        self.apply(init_weights)
        for layer in (self.say, self.say_light):
            nn.init.normal_(layer.weight, std=0.01)
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        x8 = self.stage8(self.stage4(self.stem(x)))
        x16 = self.stage16(x8)
        x32 = self.context(self.stage32(x16))
        mask16 = F.avg_pool2d(x[:, 3:], 16)
        mask = {8: F.avg_pool2d(x[:, 3:], 8), 16: mask16, 32: F.avg_pool2d(mask16, 2)}
        told = [self._colours(x), _both(x8, mask[8]), _both(x16, mask[16]), _both(x32, mask[32])]
        thought = self.think(torch.cat(told, 1))
        curves, mixture = torch.split(self.say(thought), [3 * KNOTS, 6], 1)
        side = x16.shape[-1] // GRID
        local = torch.cat([x16, F.interpolate(x32, scale_factor=2.0, mode="nearest")], 1)
        local = F.avg_pool2d(self.place(local * mask16), side) + self.place_all(thought)[:, :, None, None]
        light = torch.tanh(self.say_light(F.relu(local))) * _LIGHT
        return torch.cat([_curves(curves), _matrix(mixture), light.flatten(1)], 1)

    def _colours(self, x: Tensor) -> Tensor:
        """Soft histogram, mean, and mean products of the colours, inside and outside the matte."""
        small = F.avg_pool2d(x, 4)
        rgb, mask = small[:, :3], small[:, 3:]
        red, green, blue = torch.split(rgb, 1, 1)
        products = torch.cat([rgb * rgb, red * green, green * blue, blue * red], 1)
        return _both(torch.cat([self.histogram(rgb * 2 - 1), rgb, products], 1), mask)

    def check_size(self, height: int, width: int) -> None:
        """Raise OptionError unless the net takes pictures of this size; the message names the next size it takes."""
        step = self.size_divisor
        if height % step or width % step or height <= 0 or width <= 0:
            fit = "x".join(str(max(1, -(-side // step)) * step) for side in (width, height))
            raise OptionError(
                f"Harmonizer takes sizes divisible by {step}, not {width}x{height} (width x height); choose {fit}"
            )


def adjust(images: Tensor, numbers: Tensor) -> Tensor:
    """What ``limner.adjustment.Adjustment.apply`` does, so that gradients pass.

    Args:
        images: float (N, 3, H, W) in [0, 1].
        numbers: float (N, COUNT).

    Returns:
        float (N, 3, H, W), not clipped.
    """
    curves, matrix, light = torch.split(numbers, [3 * KNOTS, 9, 3 * GRID * GRID], 1)
    count = len(images)
    hats = F.relu(1 - (images[:, None] * (KNOTS - 1) - _knots(images)).abs())  # how near each level is to each knot
    toned = torch.einsum("nkchw,nck->nchw", hats, curves.view(count, 3, KNOTS))
    mixed = torch.einsum("nchw,ndc->ndhw", toned, matrix.view(count, 3, 3))
    field = light.view(count, 3, GRID, GRID).exp()
    field = F.interpolate(field, size=(SMOOTH, SMOOTH), mode="bicubic", align_corners=False)
    size = (images.shape[2], images.shape[3])
    return mixed * F.interpolate(field, size=size, mode="bilinear", align_corners=False)


def _knots(images: Tensor) -> Tensor:
    return torch.arange(KNOTS, dtype=images.dtype, device=images.device).view(1, KNOTS, 1, 1, 1)


def _stage(inputs: int, outputs: int, *, expansions: tuple[int, ...], kernels: tuple[int, ...]) -> nn.Sequential:
    """Inverted residuals with squeeze-excite; the first one halves the size."""
    block = functools.partial(InvertedResidual, attention=True)
    return nn.Sequential(
        *(
            block(outputs if i else inputs, outputs, expansion=expansion, stride=1 if i else 2, kernel=kernel)
            for i, (expansion, kernel) in enumerate(zip(expansions, kernels, strict=True))
        )
    )


def _both(x: Tensor, mask: Tensor) -> Tensor:
    """Means of x (N, C, h, w) inside and outside the mask (N, 1, h, w): (N, 2 C)."""
    area = mask.mean((2, 3)) + 1e-4
    inside = (x * mask).mean((2, 3))
    return torch.cat([inside / area, (x.mean((2, 3)) - inside) / (1 - area + 2e-4)], 1)


def _curves(said: Tensor) -> Tensor:
    """Rising curves: where black goes, and the slope of each piece."""
    said = said.view(-1, 3, KNOTS)
    black = torch.tanh(said[..., :1]) * _BLACK
    pieces = torch.exp(torch.tanh(said[..., 1:]) * _SLOPE) / (KNOTS - 1)
    return torch.cat([black, black + torch.cumsum(pieces, -1)], -1).flatten(1)


def _matrix(said: Tensor) -> Tensor:
    """Mixtures of the channels whose rows sum to 1: (N, 6) what each takes of the two others -> (N, 9)."""
    a, b, c, d, e, f = torch.split(torch.tanh(said) * _MIXTURE, 1, 1)
    return torch.cat([1 - a - b, a, b, c, 1 - c - d, d, e, f, 1 - e - f], 1)
