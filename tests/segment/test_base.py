"""Work done ahead changes no matte: what needs no frame before is done while the one before is being finished."""

from __future__ import annotations

import threading
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from limner.effects.mask import Mask
from limner.errors import ArgumentError
from limner.frame import TimedFrame
from limner.matte import Matte
from limner.processing.pipeline import PipelineStats, run_pipeline
from limner.segment.base import Foresighted
from limner.segment.privacy.guard import ERROR, PrivacyGuard
from limner.segment.relay import Relay
from limner.segment.segmenter import Segmenter
from limner.segment.steady.temporal import REFRESH, SETTLE, TemporalSegmenter


def frames(count: int, *, still: bool = False) -> list[np.ndarray]:
    """A bright square that wanders over noise."""
    rng = np.random.default_rng(3)
    clip = []
    for index in range(count):
        picture = cv2.resize(np.random.default_rng(5).uniform(40, 120, (9, 16, 3)), (160, 90))
        left = 30 if still else 30 + 4 * (index % 20)
        picture[20:70, left : left + 40] += 100
        clip.append(np.clip(picture + rng.normal(0, 2, picture.shape), 0, 255).astype(np.uint8))
    return clip


class Half:
    """What `Counted` has begun."""

    small = None

    def __init__(self, frame: np.ndarray) -> None:
        self.frame = frame


class Counted:
    """A segmenter in two parts that knows who called what."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.finished: list[str] = []
        self.whole = 0
        self.fail = False

    def begin(self, frame: np.ndarray) -> Half:
        self.begun.append(threading.current_thread().name)
        if self.fail:
            raise RuntimeError("the net is broken")
        return Half(frame)

    def finish(self, begun: Half, *, previous: Matte | None = None) -> Matte:
        self.finished.append(threading.current_thread().name)
        return Matte((begun.frame[..., 0] > 128).astype(np.float32))

    def matte(self, frame: np.ndarray, *, previous: Matte | None = None) -> Matte:
        self.whole += 1
        if self.fail:
            raise RuntimeError("the net is broken")
        return self.finish(Half(frame), previous=previous)


@pytest.fixture
def segmenter(
    tmp_path: Path, make_onnx: Callable[..., Path], make_card: Callable[..., Path], request: pytest.FixtureRequest
) -> Segmenter:
    """Bright is person; one with four channels also likes what was person before."""
    channels = request.param
    weights = (2.0, 2.0, 2.0, 1.5)[:channels]
    path = make_onnx(tmp_path / "own.onnx", weights=(weights,), bias=-3.5)
    make_card(path, input_channels=channels)
    return Segmenter(path)


@pytest.mark.parametrize("segmenter", [3, 4], indirect=True)
@pytest.mark.parametrize("temporal", ["off", "light"])
@pytest.mark.parametrize("look_ahead", [0, 2])
def test_it_changes_no_matte(segmenter: Segmenter, temporal: str, look_ahead: int) -> None:
    if temporal == "off" and look_ahead:
        pytest.skip("look-ahead needs the filter")
    clip = frames(12) + frames(4 + SETTLE + REFRESH, still=True) + [np.ascontiguousarray(f[:80]) for f in frames(4)]

    def mattes(distance: int) -> tuple[list[np.ndarray], int, int]:
        stream = TemporalSegmenter(segmenter, temporal=temporal, look_ahead=look_ahead)
        done = []
        for index in range(len(clip) + distance):
            if distance and index < len(clip):
                stream.ahead(clip[index])
            if index >= distance:
                done += stream.push(clip[index - distance])
        done += stream.flush()
        assert [frame is source for (_, frame, _), source in zip(done, clip, strict=True)] == [True] * len(clip)
        return [matte.alpha for *_, matte in done], stream.skipped, stream.cuts

    plain, *counts = mattes(0)
    assert max(float(alpha.max()) for alpha in plain) > 0.85
    for distance in (1, 3):
        early, *others = mattes(distance)
        assert all(np.array_equal(a, b) for a, b in zip(plain, early, strict=True))
        assert others == counts


def test_the_pipeline_calls_it_beside_the_rest() -> None:
    source, stats = Counted(), PipelineStats()
    out: list[TimedFrame] = []
    run_pipeline(
        (TimedFrame(frame, Fraction(i, 30)) for i, frame in enumerate(frames(40))),
        segment=PrivacyGuard(TemporalSegmenter(source, gate=False)),
        effect=Mask(),
        sink=out.append,
        stats=stats,
    )
    assert len(out) == 40
    assert source.begun == ["limner-decode"] * 40
    assert source.finished == ["limner-segment"] * 40
    assert source.whole == 0
    assert stats.ahead > 0
    assert stats.spent["segment"] > max(stats.ahead, stats.busy["segment"])


def test_a_net_that_rests_is_not_run_ahead() -> None:
    source = Counted()
    stream = TemporalSegmenter(source)
    clip = frames(SETTLE + REFRESH, still=True)
    for frame in clip:
        stream.ahead(frame)
        stream.push(frame)
    assert stream.skipped > REFRESH / 2
    runs = len(clip) - stream.skipped
    assert runs <= len(source.begun) + source.whole <= runs + 1  # one in vain: the first that could rest


def test_what_fails_ahead_fails_where_it_is_guarded() -> None:
    source = Counted()
    guard = PrivacyGuard(TemporalSegmenter(source, gate=False))
    clip = frames(12)
    hidden = []
    for index, frame in enumerate(clip):
        source.fail = index in (6, 7)
        guard.ahead(frame)
        ((_, _, matte),) = guard.push(frame)
        hidden.append(matte.hidden)
    assert not hidden[5]
    assert hidden[6]
    assert hidden[7]
    assert not hidden[-1]
    assert guard.hidden[ERROR] == 2


def test_reset_holds_for_frames_that_were_seen_already() -> None:
    source = Counted()
    stream = TemporalSegmenter(source, temporal="strong", gate=False)
    clip = frames(10, still=True)
    for frame in clip[:6]:
        stream.ahead(frame)
        stream.push(frame)
    stream.ahead(clip[6])
    stream.reset()
    ((_, _, matte),) = stream.push(clip[6])
    assert np.array_equal(matte.alpha, (clip[6][..., 0] > 128).astype(np.float32))
    assert stream.cuts == 0


@pytest.mark.parametrize("wrong", [None, np.zeros((4, 5), np.uint8), np.zeros((4, 5, 4), np.uint8)])
def test_a_wrong_frame_is_told_when_it_is_pushed(wrong: object) -> None:
    stream = TemporalSegmenter(Counted())
    stream.ahead(wrong)  # type: ignore[arg-type]
    with pytest.raises((ValueError, ArgumentError), match="frame must be"):
        stream.push(wrong)  # type: ignore[arg-type]


def test_relays_pass_it_on_where_somebody_listens() -> None:
    source = Counted()
    frame = frames(1)[0]
    Relay(source).ahead(frame)
    assert source.begun == []
    Relay(Relay(TemporalSegmenter(source))).ahead(frame)
    assert len(source.begun) == 1
    assert isinstance(Relay(source), Foresighted)
