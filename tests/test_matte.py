"""Matte: what it refuses, what it tells."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from limner.errors import ArgumentError
from limner.matte import Matte, hidden_matte


@pytest.mark.parametrize(
    ("alpha", "confidence", "says"),
    [
        (np.zeros((2, 2)), 1.0, "must be a non-empty .* float64 array of shape"),
        (np.zeros((2, 2, 1), np.float32), 1.0, "must be a non-empty"),
        (np.zeros((0, 2), np.float32), 1.0, "must be a non-empty"),
        (np.zeros((4, 4), np.float32)[:, ::2], 1.0, "C-contiguous"),
        (np.full((2, 2), 1.01, np.float32), 1.0, r"must lie in \[0, 1\]"),
        (np.full((2, 2), -0.01, np.float32), 1.0, r"must lie in \[0, 1\]"),
        (np.array([[0, np.nan]], np.float32), 1.0, r"must lie in \[0, 1\]"),
        (np.zeros((2, 2), np.float32), 1.5, "confidence"),
        (np.zeros((2, 2), np.float32), float("nan"), "confidence"),
    ],
)
def test_breaches(alpha: Any, confidence: float, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Matte(alpha, confidence)


def test_what_is_no_array_or_number_is_named() -> None:
    with pytest.raises(ArgumentError, match="alpha must be a numpy array, not"):
        Matte([[0.0]])  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="confidence must be a number, not 'high'"):
        Matte(np.zeros((2, 2), np.float32), "high")  # type: ignore[arg-type]


def test_size_and_coverage() -> None:
    matte = Matte(np.array([[0, 1, 1], [0, 0, 1]], np.float32))
    assert (matte.size, matte.coverage, matte.confidence) == ((2, 3), 0.5, 1.0)


def test_a_hidden_frame_has_nobody_in_it() -> None:
    assert not Matte(np.zeros((2, 2), np.float32)).hidden
    hidden = hidden_matte((2, 3))
    assert (hidden.size, hidden.coverage, hidden.confidence, hidden.hidden) == ((2, 3), 0.0, 0.0, True)
    with pytest.raises(ValueError, match="hidden"):
        Matte(np.full((2, 2), 0.1, np.float32), hidden=True)
