"""What a net costs is counted as by hand."""

from __future__ import annotations

from torch import nn

from limner.nets.blocks import count_macs


def test_macs_of_hand_counted_layers() -> None:
    layers = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.Conv2d(8, 8, 3, padding=1, groups=8))
    assert count_macs(layers, (16, 16)) == 8 * 8 * (8 * 3 * 9) + 8 * 8 * (8 * 9)


def test_macs_of_a_transposed_convolution() -> None:
    # every one of the 4 × 4 input pixels reaches 2 × 2 pixels of 5 channels from 3 channels
    assert count_macs(nn.ConvTranspose2d(3, 5, 2, stride=2), (4, 4)) == 4 * 4 * 3 * (5 * 2 * 2)
    # grouped: each of 6 channels goes to 1 channel of its group, 4 × 4 kernel
    assert count_macs(nn.ConvTranspose2d(6, 6, 4, stride=2, padding=1, groups=6), (4, 4), channels=6) == 4 * 4 * 6 * 16
