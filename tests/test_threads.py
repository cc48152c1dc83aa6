"""Threads are the budget of a run: OpenCV's one number is that of the thriftiest run, and is given back."""

from __future__ import annotations

import cv2
import pytest

from limner.cores import usable_cores
from limner.threads import decoder_threads, opencv_threads, stage_threads


@pytest.fixture
def before() -> int:
    cv2.setNumThreads(3)
    return cv2.getNumThreads()


def test_a_run_gives_back_what_was_set(before: int) -> None:
    with opencv_threads(1):
        assert cv2.getNumThreads() == 1
    assert cv2.getNumThreads() == before


def test_runs_at_once_get_the_least_that_one_of_them_asks_for(before: int) -> None:
    first, second = opencv_threads(2), opencv_threads(1)
    with first:
        assert cv2.getNumThreads() == 2
        with second:
            assert cv2.getNumThreads() == 1
        assert cv2.getNumThreads() == 2
    assert cv2.getNumThreads() == before


def test_a_run_that_fails_gives_back_too(before: int) -> None:
    def fail() -> None:
        with opencv_threads(1):
            raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        fail()
    assert cv2.getNumThreads() == before


def test_a_stage_has_its_share_and_never_none() -> None:
    assert 1 <= stage_threads(2) <= stage_threads() <= usable_cores()
    assert stage_threads(1000) == 1


def test_a_decoder_leaves_cores_to_the_rest() -> None:
    assert 1 <= decoder_threads() <= min(8, max(1, usable_cores() // 2))
