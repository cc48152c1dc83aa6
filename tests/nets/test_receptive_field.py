"""The receptive field is that of the textbook formula, and of the dependence on real pixels."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from limner.nets import make_net
from limner.nets.receptive_field import receptive_field


def _same(kernel: int, *, stride: int = 1, dilation: int = 1, inputs: int = 3) -> nn.Conv2d:
    return nn.Conv2d(inputs, 3, kernel, stride, dilation * (kernel // 2), dilation)


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ([_same(1)], 1),
        ([_same(3), nn.ReLU(), _same(3)], 5),
        ([_same(3, dilation=6)], 13),
        # every other row of a transposed convolution sees two rows of what it enlarges, here 5 and 7 of the picture
        ([_same(3), _same(3, stride=2), nn.ConvTranspose2d(3, 3, 3, 2, 1, 1)], 7),
        ([nn.MaxPool2d(2), _same(3), nn.Upsample(scale_factor=2)], 6),
        # strides multiply the steps of what follows: 1 + 2·1 + 2·2 + 4·4
        ([_same(3, stride=2), _same(3, stride=2), nn.BatchNorm2d(3), _same(5), nn.Upsample(scale_factor=4)], 23),
    ],
)
def test_it_is_the_textbook_formula(layers: list[nn.Module], expected: int) -> None:
    assert receptive_field(nn.Sequential(*layers), step=4) == expected


class _Looks(nn.Module):
    """Looks as far as 9 rows, but its terms cancel, saturate, or hide behind a gate."""

    def __init__(self) -> None:
        super().__init__()
        self.near, self.far = _same(3), _same(9)

    def forward(self, x: Tensor) -> Tensor:
        far = torch.sigmoid(-(self.far(x) * 1000).abs())
        return self.near(x) - far * nn.functional.relu6(self.near(x) + 100)


def test_nothing_hides_a_dependence() -> None:
    assert receptive_field(_Looks()) == 9


@pytest.mark.parametrize(("reach", "field"), [(254, 509), (255, 511), (256, 513), (600, 1201), (2000, 4001)])
def test_far_looks_are_measured_on_taller_strips(reach: int, field: int) -> None:
    assert receptive_field(nn.Conv2d(3, 1, 3, 1, reach, reach), step=2) == field


def test_leaps_out_of_a_strip_are_not_forgotten() -> None:
    """Two leaps of 200 rows: what lies between them is in the first strip, and where they lead is not."""
    assert receptive_field(nn.Sequential(_same(3, dilation=200), _same(3, dilation=200))) == 801
    assert receptive_field(_same(3, dilation=3000)) is None


class _Unused(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.near = _same(3)

    def forward(self, x: Tensor) -> Tensor:
        nn.functional.adaptive_avg_pool2d(x, 1).mean()
        return self.near(x)


def test_a_mean_that_nobody_uses_does_not_count() -> None:
    assert receptive_field(_Unused()) == 3


def test_groups_are_followed_apart() -> None:
    """The second of two groups looks far, and only the first is asked."""

    class First(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.near, self.far = _same(3), _same(9)
            self.apart = nn.Conv2d(6, 4, 3, 1, 1, groups=2)

        def forward(self, x: Tensor) -> Tensor:
            return self.apart(torch.cat([self.near(x), self.far(x)], 1))[:, :2]

    assert receptive_field(First()) == 5
    assert receptive_field(nn.Sequential(nn.ConvTranspose2d(4, 4, 2, 2, groups=2), _same(3, inputs=4)), channels=4) == 2


class _Mean(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x - x.mean((2, 3), keepdim=True)


def test_who_pools_globally_sees_the_whole_picture() -> None:
    assert receptive_field(_Mean()) is None
    assert receptive_field(make_net("deeplab_v3plus", width=0.35)) is None


def test_pixels_beyond_it_change_nothing_in_a_real_net() -> None:
    """MobileUNet on small MobileNetV3, where nothing pools globally: outside the field a logit is deaf."""
    torch.manual_seed(0)
    net = make_net("mobile_unet", encoder="mobilenet_v3_small", minimalistic=True, width=0.5).eval()
    field = receptive_field(net)
    assert field is not None
    assert net.training is False
    assert all(parameter.grad is None for parameter in net.parameters())
    middle = field + 32 - field % 32
    picture = torch.rand(1, 3, 2 * middle, 32, requires_grad=True)
    logits = net(picture)
    assert isinstance(logits, Tensor)
    logits[0, 0, middle, 16].backward()
    assert picture.grad is not None
    rows = picture.grad.abs().sum((0, 1, 3)).nonzero().flatten()
    assert field / 4 < rows[-1] - rows[0] + 1 <= field
