"""Frames of other proportions than the net's square get a size of their own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from limner.models.catalogue import find_model
from limner.segment.proportions import best_size

FAST = find_model("fast").card.input


@pytest.mark.parametrize(
    ("frame", "size"),
    [
        ((1080, 1920), (192, 336)),  # 16:9
        ((1200, 1920), (208, 320)),  # 16:10
        ((800, 1200), (208, 320)),  # 3:2
        ((480, 640), (224, 288)),  # 4:3
        ((500, 600), (256, 256)),
        ((500, 500), (256, 256)),
        ((640, 480), (256, 256)),  # such nets see these best squeezed
        ((1200, 800), (256, 256)),
        ((1920, 1080), (336, 192)),
        ((100, 1000), (192, 336)),
    ],
)
def test_the_size_for_a_frame(frame: tuple[int, int], size: tuple[int, int]) -> None:
    assert best_size(FAST, frame) == size


def test_a_net_of_one_size() -> None:
    assert best_size(replace(FAST, other_sizes=()), (1080, 1920)) == (256, 256)
