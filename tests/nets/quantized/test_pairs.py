"""No sum of two products of 8-bit weights overflows, in any order in which kernels take them, and no bit is wasted."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from limner.nets.quantized.pairs import overflows, pair_bound


def integers(weight: Tensor) -> Tensor:
    bound = pair_bound(weight)
    return torch.round(weight / (bound / 127).reshape(-1, *[1] * (weight.ndim - 1))).to(torch.int8)


def saturating(inputs: Tensor, weights: Tensor) -> Tensor:
    """Inputs (K,) u8 by weights (out, K) s8 as x86 kernels without VNNI do it: sums of two products clip at 16 bits."""
    rows = np.pad(weights.numpy().astype(np.int32), ((0, 0), (0, weights.shape[1] % 2)))
    column = np.pad(inputs.numpy().astype(np.int32), (0, weights.shape[1] % 2))
    pairs = (rows * column).reshape(len(rows), -1, 2).sum(2)
    return torch.from_numpy(np.clip(pairs, -32768, 32767).sum(1))


@pytest.mark.parametrize(
    ("rows", "bound"),
    [
        ([[1.0, 0.0, 1.0, 0.0]], [1.0]),  # no pair of neighbours
        ([[1.0, -1.0, 0.5, 0.2]], [1.0]),  # signs that cancel
        ([[1.0, 1.0, 0.0, 0.0]], [2.0]),
        ([[0.2, -0.6, -0.9, -0.3], [0.1, 0.1, 0.1, 0.0]], [1.2, 0.2]),  # a pair of -0.9 and -0.3
        ([[0.5, 0.5, 1.0]], [1.0]),  # an odd one stands alone
    ],
)
def test_the_bound_is_what_the_worst_pair_needs(rows: list[list[float]], bound: list[float]) -> None:
    torch.testing.assert_close(pair_bound(torch.tensor(rows)), torch.tensor(bound))


def test_kernels_that_saturate_give_the_exact_sum() -> None:
    torch.manual_seed(0)
    weight, brightest = torch.randn(64, 48), torch.full((48,), 255, dtype=torch.uint8)
    plain = torch.round(weight / (weight.abs().amax(1, keepdim=True) / 127)).to(torch.int8)
    for rows, right in ((integers(weight), True), (plain, False)):
        exact = rows.to(torch.int64) @ brightest.to(torch.int64)
        assert torch.equal(saturating(brightest, rows).to(torch.int64), exact) is right
        assert overflows(rows) is not right
    assert int(integers(weight).abs().max()) > 90  # halving all weights would leave 64


@pytest.mark.parametrize("channels", [3, 4, 16])
def test_all_orders_of_a_window_are_safe(channels: int) -> None:
    torch.manual_seed(1)
    whole = integers(torch.randn(32, channels, 3, 3))
    orders = [whole.flatten(1), whole.permute(0, 2, 3, 1).flatten(1)]
    orders.append(torch.nn.functional.pad(whole.permute(0, 2, 3, 1), (0, channels % 2)).flatten(1))
    for rows in orders:
        brightest = torch.full((rows.shape[1],), 255, dtype=torch.uint8)
        assert torch.equal(saturating(brightest, rows).to(torch.int64), rows.to(torch.int64).sum(1) * 255)
    assert not overflows(whole)


def test_depthwise_weights_keep_all_their_bits() -> None:
    weight = torch.ones(4, 1, 3, 3) * torch.tensor([0.5, 1.0, 2.0, 3.0])[:, None, None, None]
    torch.testing.assert_close(pair_bound(weight), torch.tensor([0.5, 1.0, 2.0, 3.0]))
    assert not overflows(torch.full((4, 1, 3, 3), 127, dtype=torch.int8))


def test_output_channels_may_lie_on_another_axis() -> None:
    weight = torch.randn(6, 5, 2, 2)
    torch.testing.assert_close(pair_bound(weight, 1), pair_bound(weight.transpose(0, 1)))
