"""Packing in the graph: exact against numpy in PyTorch and in ONNX Runtime, and run by `limner image` as a model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from limner.errors import OptionError
from limner.nets.packing import PackedMask, floats_only
from limner.segment.packed import numbers_in_row, pack_mask, unpack_mask
from limner.segment.segmenter import Segmenter

NUMBERS = [(8, "uint8"), (8, "int32"), (8, "float32"), (16, "int32"), (16, "float32")]


def random_logits(width: int) -> torch.Tensor:
    """(1, 1, 6, width): ordinary logits, zeros, tiny and huge ones."""
    logits = torch.randn(1, 1, 6, width, generator=torch.Generator().manual_seed(width)) * 8
    logits[0, 0, 0, ::3] = 0.0
    logits[0, 0, 1, ::2] = -1e-30
    logits[0, 0, 2, ::2] = float("inf")
    return logits


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(("bits", "number"), NUMBERS)
@pytest.mark.parametrize("width", [1, 15, 16, 17, 40])
def test_the_graph_packs_like_numpy(width: int, bits: int, number: Any, known: bool) -> None:
    logits = random_logits(width)
    packed = PackedMask(width=width if known else None, bits=bits, number=number)(logits)
    assert packed.dtype == getattr(torch, number)
    assert packed.shape == (1, 1, 6, numbers_in_row(width, bits))
    mask = (logits >= 0).numpy()[0, 0]
    np.testing.assert_array_equal(packed.numpy()[0, 0], pack_mask(mask, bits=bits))
    np.testing.assert_array_equal(unpack_mask(packed.numpy()[0, 0], width=width, bits=bits), mask)


def test_targets_without_integers_get_the_same_numbers_as_floats() -> None:
    net, logits = nn.Sequential(nn.Identity(), PackedMask(width=40)), random_logits(40)
    changed = floats_only(net)
    assert (net(logits).dtype, changed(logits).dtype) == (torch.uint8, torch.float32)
    np.testing.assert_array_equal(changed(logits).numpy(), net(logits).numpy())
    plain = nn.Sequential(nn.Identity())
    assert floats_only(plain) is plain


def test_what_cannot_be_packed_is_refused() -> None:
    for options, says in (
        ({"bits": 16}, "16 bits do not fit in uint8"),
        ({"bits": 4}, "8 or 16, not 4"),
        ({"number": "int64"}, "not 'int64'"),
    ):
        with pytest.raises(OptionError, match=says):
            PackedMask(**options)


@pytest.mark.parametrize(("bits", "number"), [(8, "uint8"), (16, "int32")])
def test_a_packed_model_gives_the_same_mask(
    tmp_path: Path, make_onnx: Callable[..., Path], make_card: Callable[..., Path], bits: int, number: Any
) -> None:
    """Red is the person: the model of the other tests, with packed bits in the place of probabilities."""
    size = (24, 36)
    head = nn.Conv2d(3, 1, 1)
    with torch.no_grad():
        head.weight[0, :, 0, 0] = torch.tensor([20.0, 0.0, -20.0])
        head.bias.zero_()  # type: ignore[union-attr]
    net = nn.Sequential(head, PackedMask(width=size[1], bits=bits, number=number)).eval()
    packed = tmp_path / "packed.onnx"
    torch.onnx.export(net, (torch.zeros(1, 3, *size),), packed, input_names=["image"], output_names=["mask"])
    make_card(
        packed,
        file="packed.onnx",
        input_size=list(size),
        output_name="mask",
        output_kind="packed",
        output_width=size[1],
        output_bits=bits,
    )
    plain = make_onnx(tmp_path / "plain.onnx", size=size)
    make_card(plain, file="plain.onnx", input_size=list(size))
    frame = np.random.default_rng(0).integers(0, 255, (*size, 3), dtype=np.uint8)
    expected = Segmenter(plain).probability(frame) >= 0.5
    np.testing.assert_array_equal(Segmenter(packed).probability(frame), expected)
    assert Segmenter(packed).matte(frame).alpha.shape == size
