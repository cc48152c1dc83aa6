"""Sound in one line: what fits goes through untouched, gaps become silence, overlaps are cut."""

from __future__ import annotations

import numpy as np
import pytest

from limner.streams.parcel import SOUND_RATE
from limner.streams.soundtrack import EarlySound, Soundtrack

PIECE = 480
"""Samples of 10 ms."""


def piece(value: float = 1.0) -> np.ndarray:
    return np.full((2, PIECE), value, np.float32)


def test_pieces_that_follow_each_other_stay_as_they_are() -> None:
    track = Soundtrack(1.0)
    for index in range(5):
        samples, position = track.place(piece(), 1.0 + index / 100)
        assert (samples.shape[1], position) == (PIECE, SOUND_RATE + index * PIECE)
    assert track.silence == 0


@pytest.mark.parametrize("jitter", [0.02, -0.02])
def test_jitter_moves_nothing(jitter: float) -> None:
    track = Soundtrack(0.0)
    track.place(piece(), 0.0)
    samples, position = track.place(piece(), 0.01 + jitter)
    assert (samples.shape[1], position) == (PIECE, PIECE)


def test_a_gap_becomes_silence() -> None:
    track = Soundtrack(0.0)
    track.place(piece(), 0.0)
    samples, position = track.place(piece(), 1.0)
    assert position == PIECE
    assert position + samples.shape[1] == SOUND_RATE + PIECE
    assert not samples[:, :-PIECE].any()
    assert samples[:, -PIECE:].all()
    assert track.silence == pytest.approx(0.99)


def test_what_overlaps_is_cut_and_what_is_too_early_left_out() -> None:
    track = Soundtrack(1.0)
    assert track.place(piece(), 0.5)[0].shape[1] == 0
    samples, position = track.place(np.concatenate([np.zeros((2, SOUND_RATE)), piece()], axis=1), 0.0)
    assert (samples.shape[1], position) == (PIECE, SOUND_RATE)
    assert samples.all()


def test_silence_up_to_a_time() -> None:
    track = Soundtrack(0.0)
    samples, position = track.quiet_until(0.5)
    assert (samples.shape[1], position, track.seconds) == (SOUND_RATE // 2, 0, 0.5)
    assert track.quiet_until(0.2)[0].shape[1] == 0
    assert track.quiet_until(1e9)[0].shape[1] <= 30 * SOUND_RATE  # not all of the memory


def test_early_sound_waits_for_a_listener() -> None:
    early, heard = EarlySound(), []
    early(piece(), 0.0)
    early(piece(), 0.01)
    early.listen(lambda _, at: heard.append(at))
    early(piece(), 0.02)
    assert heard == [0.0, 0.01, 0.02]
