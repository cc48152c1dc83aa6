"""MobileUNet keeps the contract of nets in both its kinds and has the published sizes."""

from __future__ import annotations

from typing import Any

import pytest

from limner.errors import OptionError
from limner.nets.blocks import count_parameters
from limner.nets.mobile_unet import MobileUNet
from nets.net_tester import NetTester


class TestMobileUNet(NetTester):
    name = "mobile_unet"
    sizes = ((64, 64), (128, 160))


class TestBilinearV3(NetTester):
    name = "mobile_unet"
    options = {"encoder": "mobilenet_v3_small", "width": 0.5, "upsampling": "bilinear"}  # noqa: RUF012
    sizes = ((64, 64), (64, 96))


@pytest.mark.parametrize(
    ("options", "published"),
    [
        ({}, 3.6e6),
        ({"encoder": "mobilenet_v3_small", "minimalistic": True}, 2.55e6),
        ({"encoder": "mobilenet_v3_small", "minimalistic": True, "width": 0.5}, 1.19e6),
    ],
)
def test_sizes_are_the_published_ones(options: dict[str, Any], published: float) -> None:
    assert count_parameters(MobileUNet(**options)) == pytest.approx(published, rel=0.1)


def test_both_kinds_of_decoder_hold_the_same_number_of_weights() -> None:
    assert count_parameters(MobileUNet(upsampling="bilinear")) == count_parameters(MobileUNet())


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"upsampling": "nearest"}, "upsampling: must be transposed or bilinear, not 'nearest'"),
        ({"dropout": 1.0}, "dropout: must be at least 0 and below 1"),
        ({"encoder": "vgg"}, "encoder: must be one of mobilenet_v2, .*not 'vgg'"),
        ({"minimalistic": True}, "minimalistic: is a variant of MobileNetV3"),
    ],
)
def test_wrong_options_are_named(options: dict[str, Any], told: str) -> None:
    with pytest.raises(OptionError, match=told):
        MobileUNet(**options)
