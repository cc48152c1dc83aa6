"""DeepLabV3+: dilated MobileNet encoder, atrous spatial pyramid pooling, small decoder; or the LR-ASPP head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal, Self, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from limner.errors import OptionError
from limner.nets.backbones.mobile import Activation, MobileBackbone, conv, depthwise
from limner.nets.backbones.mobilenet_v2 import MobileNetV2
from limner.nets.backbones.mobilenet_v3 import MobileNetV3
from limner.nets.base import SegmentationNet
from limner.nets.blocks import init_weights

Backbone = Literal["mobilenet_v2", "mobilenet_v3_large", "mobilenet_v3_small"]
Head = Literal["aspp", "lr_aspp"]

_CHANNELS = 256
_LOW_LEVEL = 48
_LITE = 128
_RATES = (6, 12, 18)
_VOC_CLASSES, _VOC_PERSON = 21, 15


class DeepLabV3Plus(SegmentationNet):
    """DeepLabV3+ (Chen et al. 2018) for phones. Takes pictures of any size.

    All levels of features lie on pixels at multiples of their stride, and are enlarged so that they stay there. Sizes
    such as 257 and 513 (a multiple of the output stride, and one) lose nothing at the right and lower border.

    Args:
        in_channels: 3 for RGB, 4 for RGB and the previous mask.
        backbone: "mobilenet_v2", "mobilenet_v3_large" or "mobilenet_v3_small".
        width: width multiplier of the backbone, which others call depth multiplier.
        minimalistic: V3 without squeeze-excite, hard swish and 5×5 kernels.
        output_stride: 16 or 8; see ``with_output_stride``.
        head: "aspp", or "lr_aspp" for the lighter head of MobileNetV3 (Howard et al. 2019).
        rates: dilations of the pyramid's 3×3 convolutions at output stride 16, doubled at 8; an empty list turns them
            off. 6, 12 and 18 if None. Only for "aspp", as the next two.
        image_pooling: a branch of the pyramid that sees the mean of the whole picture; on if None.
        decoder: refine with features of stride 4; on if None.
        classes: 1 for person logits, or more for a softmax.
        person_class: which of them; if None 0 of 1, 15 of 21 (as Pascal VOC counts), 1 of any other number.
        quant_friendly: no batch norm or activation behind depthwise convolutions, ReLU for ReLU6 (Sheng et al. 2018),
            so that 8-bit quantization costs little.

    Raises:
        OptionError: an option has a value it cannot have.
    """

    size_divisor: ClassVar[int] = 1
    usual_size: ClassVar[int] = 257
    paper: ClassVar[str] = "Chen et al. 2018, on Sandler et al. 2018 or Howard et al. 2019"

    def __init__(
        self,
        *,
        in_channels: int = 3,
        backbone: Backbone = "mobilenet_v2",
        width: float = 0.5,
        minimalistic: bool = False,
        output_stride: int = 16,
        head: Head = "aspp",
        rates: Sequence[int] | None = None,
        image_pooling: bool | None = None,
        decoder: bool | None = None,
        classes: int = 1,
        person_class: int | None = None,
        quant_friendly: bool = False,
    ) -> None:
        super().__init__()
        self._options: dict[str, Any] = {
            name: value for name, value in locals().items() if name not in ("self", "__class__")
        }
        if output_stride not in (8, 16):
            raise OptionError(f"output_stride: must be 8 or 16, not {output_stride}")
        self.in_channels, self.classes = in_channels, classes
        self.person_class = _person(classes, person_class)
        self.backbone = _backbone(backbone, in_channels, width, minimalistic, output_stride, quant_friendly)
        _, c4, c8, _, c32 = self.backbone.channels
        if head == "lr_aspp":
            if (rates, image_pooling, decoder) != (None, None, None):
                raise OptionError("head: lr_aspp has no rates, image_pooling or decoder; leave them out")
            self.head: nn.Module = _LiteHead(c32, c8, classes)
        elif head == "aspp":
            self.head = _Head(
                c32,
                c4 if decoder is None or decoder else 0,
                classes,
                rates=[rate * 16 // output_stride for rate in (_RATES if rates is None else rates)],
                image_pooling=image_pooling is None or image_pooling,
                stride=output_stride,
                quant_friendly=quant_friendly,
            )
        else:
            raise OptionError(f"head: must be {' or '.join(get_args(Head))}, not {head!r}")
        self.head.apply(init_weights)

    def with_output_stride(self, output_stride: int) -> Self:
        """A copy with the same weights, mode and device at another output stride: train at 16, run at 8.

        At 8 the deep features are twice as dense; masks get finer and cost some two to three times as much.
        """
        other = type(self)(**{**self._options, "output_stride": output_stride})
        other.load_state_dict(self.state_dict())
        like = next(self.parameters())
        return other.to(like.device, like.dtype).train(self.training)

    def run(self, x: Tensor, *, heads: bool) -> tuple[Tensor, dict[str, Tensor]]:
        logits, stride = self.head(self.backbone(x))
        return _enlarge(logits, stride, x.shape[-2:]), {}


class _Pyramid(nn.Module):
    """Atrous spatial pyramid pooling: a 1×1 convolution, dilated separable ones, and the picture's mean."""

    def __init__(self, inputs: int, *, rates: Sequence[int], image_pooling: bool, quant_friendly: bool) -> None:
        super().__init__()
        act: Activation = "relu" if quant_friendly else "relu6"
        branches = [conv(inputs, _CHANNELS, act="relu")]
        for rate in rates:
            atrous = depthwise(inputs, dilation=rate, act=act, quant_friendly=quant_friendly)
            branches.append(nn.Sequential(atrous, conv(inputs, _CHANNELS, act="relu")))
        self.branches = nn.ModuleList(branches)
        # One value a picture and channel: batch norm would compare pictures, and fail with a single one.
        self.pooled: nn.Module | None = nn.Conv2d(inputs, _CHANNELS, 1) if image_pooling else None
        self.project = conv(_CHANNELS * (len(branches) + image_pooling), _CHANNELS, act="relu")

    def forward(self, x: Tensor) -> Tensor:
        seen = [branch(x) for branch in self.branches]
        if self.pooled is not None:
            mean = F.relu(self.pooled(F.adaptive_avg_pool2d(x, 1)))
            seen.append(mean.expand(-1, -1, *x.shape[-2:]))
        out: Tensor = self.project(torch.cat(seen, dim=1))
        return out


class _Head(nn.Module):
    """Pyramid, decoder if ``low_level`` channels are given, and classifier. Gives logits and their stride."""

    def __init__(
        self,
        inputs: int,
        low_level: int,
        classes: int,
        *,
        rates: Sequence[int],
        image_pooling: bool,
        stride: int,
        quant_friendly: bool,
    ) -> None:
        super().__init__()
        self.stride = stride
        self.pyramid = _Pyramid(inputs, rates=rates, image_pooling=image_pooling, quant_friendly=quant_friendly)
        self.low_level: nn.Module | None = None
        if low_level:
            act: Activation = "relu" if quant_friendly else "relu6"
            self.low_level = conv(low_level, _LOW_LEVEL, act="relu")
            layers = []
            for channels in (_CHANNELS + _LOW_LEVEL, _CHANNELS):
                layers += [depthwise(channels, act=act, quant_friendly=quant_friendly)]
                layers += [conv(channels, _CHANNELS, act="relu")]
            self.refine = nn.Sequential(*layers)
        self.classify = nn.Conv2d(_CHANNELS, classes, 1)

    def forward(self, levels: tuple[Tensor, ...]) -> tuple[Tensor, int]:
        x = self.pyramid(levels[-1])
        if self.low_level is None:
            return self.classify(x), self.stride
        fine = levels[1]
        x = _enlarge(x, self.stride // 4, fine.shape[-2:])
        return self.classify(self.refine(torch.cat([x, self.low_level(fine)], dim=1))), 4


class _LiteHead(nn.Module):
    """LR-ASPP (Howard et al. 2019): deep features gated by the picture's mean, plus those of stride 8."""

    def __init__(self, inputs: int, low_level: int, classes: int) -> None:
        super().__init__()
        self.features = conv(inputs, _LITE, act="relu")
        self.gate = nn.Conv2d(inputs, _LITE, 1)
        self.classify = nn.Conv2d(_LITE, classes, 1)
        self.classify_fine = nn.Conv2d(low_level, classes, 1)

    def forward(self, levels: tuple[Tensor, ...]) -> tuple[Tensor, int]:
        deep, fine = levels[-1], levels[2]
        gate = torch.sigmoid(self.gate(F.adaptive_avg_pool2d(deep, 1)))
        x = self.classify(self.features(deep) * gate)
        if fine.shape != deep.shape:
            x = _enlarge(x, 2, fine.shape[-2:])
        return x + self.classify_fine(fine), 8


def _enlarge(x: Tensor, factor: int, size: Sequence[int]) -> Tensor:
    """Features on pixels at multiples of ``factor``, enlarged to ``size`` (height, width) so that they stay there.

    Between them they are interpolated, beyond the last one it is repeated.
    """
    grid = [(side - 1) * factor + 1 for side in x.shape[-2:]]
    if grid != list(x.shape[-2:]):
        x = F.interpolate(x, size=grid, mode="bilinear", align_corners=True)
    down, right = size[0] - grid[0], size[1] - grid[1]
    return F.pad(x, (0, right, 0, down), mode="replicate") if down or right else x


def _person(classes: int, person_class: int | None) -> int:
    if classes < 1:
        raise OptionError(f"classes: must be at least 1, not {classes}")
    if person_class is None:
        return {1: 0, _VOC_CLASSES: _VOC_PERSON}.get(classes, 1)
    if not 0 <= person_class < classes:
        raise OptionError(f"person_class: must be between 0 and {classes - 1}, not {person_class}")
    return person_class


def _backbone(
    name: Backbone, in_channels: int, width: float, minimalistic: bool, output_stride: int, quant_friendly: bool
) -> MobileBackbone:
    if name not in get_args(Backbone):
        raise OptionError(f"backbone: must be one of {', '.join(get_args(Backbone))}, not {name!r}")
    if name == "mobilenet_v2":
        if minimalistic:
            raise OptionError("minimalistic: is a variant of MobileNetV3; mobilenet_v2 has none")
        return MobileNetV2(
            in_channels=in_channels, width=width, output_stride=output_stride, quant_friendly=quant_friendly
        )
    return MobileNetV3(
        in_channels=in_channels,
        size="large" if name == "mobilenet_v3_large" else "small",
        minimalistic=minimalistic,
        width=width,
        output_stride=output_stride,
        quant_friendly=quant_friendly,
    )
