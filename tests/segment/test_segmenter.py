"""Segmenter: options, sizes, frames that are none, and what it must leave alone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import limner
from limner.errors import ArgumentError, ModelError, OptionError
from limner.segment.segmenter import Segmenter
from limner.segment.steady.temporal import TemporalSegmenter


@pytest.fixture(scope="module")
def default() -> Segmenter:
    return Segmenter("default", threads=1)


@pytest.fixture
def red(tmp_path: Path, make_onnx: Callable[..., Path], make_card: Callable[..., Path]) -> Path:
    """A net that takes red for person, softly: sigmoid of 20·(red − blue)."""
    path = make_onnx(tmp_path / "own.onnx", size=(64, 64))
    make_card(path, input_size=[64, 64])
    return path


def test_three_lines() -> None:
    segmenter = limner.Segmenter("default")
    matte = segmenter.matte(np.zeros((90, 160, 3), np.uint8))
    assert (matte.size, matte.alpha.dtype) == ((90, 160), np.float32)


def test_says_what_runs(default: Segmenter) -> None:
    assert (default.card.name, default.runtime.name, default.runtime.device) == ("fast", "onnxruntime", "cpu")
    assert default.runtime.threads == 1


@pytest.mark.parametrize(
    "size", [(1, 1), (1, 2), (2, 1), (3, 2000), (2000, 3), (31, 17), (97, 641), (480, 641), (1080, 1920), (3001, 4003)]
)
def test_any_size(default: Segmenter, size: tuple[int, int]) -> None:
    frame = np.random.default_rng(1).integers(0, 256, (*size, 3), dtype=np.uint8)
    before = frame.copy()
    matte = default.matte(frame)
    assert matte.size == size
    assert matte.alpha.flags.c_contiguous
    assert 0.0 <= matte.confidence <= 1.0
    np.testing.assert_array_equal(frame, before)


WRONG = {
    "float": np.zeros((8, 8, 3), np.float32),
    "grey": np.zeros((8, 8), np.uint8),
    "rgba": np.zeros((8, 8, 4), np.uint8),
    "empty": np.zeros((0, 8, 3), np.uint8),
    "strided": np.zeros((8, 16, 3), np.uint8)[:, ::2],
    "flipped": np.zeros((8, 8, 3), np.uint8)[..., ::-1],
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_frame(default: Segmenter, name: str) -> None:
    with pytest.raises(ValueError, match="a frame must be"):
        default.matte(WRONG[name])
    with pytest.raises(ArgumentError, match="frame must be a numpy array, not"):
        default.matte([[[0, 0, 0]]])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"threshold": 0.0}, "threshold must lie between 0 and 1, not 0.0"),
        ({"threshold": 1.5}, "threshold"),
        ({"threshold": float("nan")}, "threshold"),
        ({"softness": -0.1}, "softness must lie in 0"),
        ({"softness": 2.0}, "softness"),
        ({"on_fault": "ignore"}, "on_fault must be one of raise, hide, not 'ignore'"),
        ({"threads": 0}, "threads must be a whole number of at least 1, not 0"),
        ({"device": "tpu"}, "device 'tpu'.*available: cpu"),
        ({"runtime": "abacus"}, "runtime 'abacus' is not one of auto, onnxruntime, litert"),
        ({"runtime": "litert"}, "runs .tflite files"),
    ],
)
def test_options_that_cannot_be_used(options: dict[str, object], says: str) -> None:
    with pytest.raises(OptionError, match=says):
        Segmenter("default", **options)  # type: ignore[arg-type]


def ramp() -> np.ndarray:
    """Blue to red from left to right: the red net says 0 on the left, 1 on the right, 0.5 in the middle."""
    frame = np.zeros((64, 256, 3), np.uint8)
    frame[..., 0] = np.arange(256)
    frame[..., 2] = 255 - np.arange(256)
    return frame


def edge(alpha: np.ndarray) -> int:
    return int((alpha[32] < 0.5).sum())


@pytest.mark.parametrize("refine", [False, True])
def test_threshold_moves_the_edge(red: Path, refine: bool) -> None:
    at = {t: edge(Segmenter(red, threshold=t, refine=refine).matte(ramp()).alpha) for t in (0.1, None, 0.5, 0.9)}
    assert at[None] == at[0.5]
    assert abs(at[0.5] - 128) <= 3
    # sigmoid(20·(2x − 1)) is t at x = 0.5 + ln(t / (1 − t)) / 40
    assert abs(at[0.1] - 256 * (0.5 - np.log(9) / 40)) <= 4
    assert abs(at[0.9] - 256 * (0.5 + np.log(9) / 40)) <= 4


@pytest.mark.parametrize("refine", [False, True])
def test_softness_is_the_width_of_the_edge(red: Path, refine: bool) -> None:
    grey = [
        int(((alpha > 0) & (alpha < 1)).sum())
        for alpha in (Segmenter(red, softness=s, refine=refine).matte(ramp()).alpha for s in (0.0, 0.3, 0.6, 1.0))
    ]
    assert grey[0] == 0
    assert grey[0] < grey[1] < grey[2] < grey[3]


@pytest.mark.parametrize("refine", [False, True])
def test_largest_only(red: Path, refine: bool) -> None:
    frame = np.zeros((120, 240, 3), np.uint8)
    frame[..., 2] = 255
    frame[20:100, 20:100] = (255, 0, 0)
    frame[40:70, 160:200] = (255, 0, 0)
    both = Segmenter(red, refine=refine).matte(frame).alpha
    one = Segmenter(red, refine=refine, largest_only=True).matte(frame).alpha
    assert both[55, 180] == 1.0
    assert one[:, 130:].max() == 0.0
    np.testing.assert_allclose(one[:, :110], both[:, :110], atol=0.01)


def test_confidence(red: Path) -> None:
    segmenter = Segmenter(red)
    sure = segmenter.matte(np.full((64, 64, 3), (255, 0, 0), np.uint8)).confidence
    nobody = segmenter.matte(np.full((64, 64, 3), (0, 0, 255), np.uint8)).confidence
    torn = segmenter.matte(np.full((64, 64, 3), 128, np.uint8)).confidence
    assert sure > 0.99
    assert nobody > 0.99
    assert torn < 0.01


@pytest.fixture
def faulty(tmp_path: Path, make_onnx: Callable[..., Path], make_card: Callable[..., Path]) -> Path:
    """A net that takes everything red for person, and gives NaN where there is no red: 0 times infinity."""
    path = make_onnx(tmp_path / "own.onnx", weights=((float("inf"), 0.0, 0.0),))
    make_card(path)
    return path


RED, BLUE = np.full((40, 60, 3), (200, 0, 0), np.uint8), np.full((40, 60, 3), (0, 0, 200), np.uint8)


def test_numbers_that_are_not_finite_are_an_error(faulty: Path) -> None:
    segmenter = Segmenter(faulty)
    assert segmenter.matte(RED).alpha.min() == 1.0
    with pytest.raises(ModelError, match=r"model 'own': its output is not finite .* on onnxruntime, cpu; try another"):
        segmenter.matte(BLUE)
    assert segmenter.faults == 1


def test_a_frame_in_which_they_are_may_be_hidden_instead(faulty: Path) -> None:
    segmenter = Segmenter(faulty, on_fault="hide")
    with pytest.raises(ModelError, match="not finite"):
        segmenter.matte(BLUE)  # nothing good ever came of it
    assert not segmenter.matte(RED).hidden
    hidden = segmenter.matte(BLUE)
    assert (hidden.hidden, hidden.size, hidden.confidence) == (True, (40, 60), 0.0)
    assert not segmenter.matte(RED).hidden
    assert segmenter.faults == 2


def test_a_clip_goes_on_after_one(faulty: Path) -> None:
    clip = TemporalSegmenter(Segmenter(faulty, on_fault="hide"))
    assert [clip.matte(frame).hidden for frame in (RED, BLUE, RED)] == [False, True, False]


def test_clean_takes_the_island_and_not_the_second_person(red: Path) -> None:
    frame = np.zeros((128, 256, 3), np.uint8)
    frame[..., 2] = 255
    frame[20:120, 20:90] = (255, 0, 0)
    frame[30:120, 110:160] = (250, 0, 5)
    frame[40:80, 190:230] = (122, 0, 133)  # a ghost of about 0.3
    kept, cleaned = (Segmenter(red, softness=1.0, clean=clean).matte(frame).alpha for clean in (False, True))
    assert 0.2 < kept[60, 210] < 0.45
    assert cleaned[40:80, 190:230].max() < 0.02
    np.testing.assert_allclose(cleaned[:, :175], kept[:, :175], atol=0.02)


def test_same_frame_same_matte_from_many_threads(red: Path) -> None:
    segmenter = Segmenter(red)
    frames = [np.roll(ramp(), i * 16, axis=1).copy() for i in range(8)]
    expected = [segmenter.matte(frame).alpha for frame in frames]
    found: dict[int, np.ndarray] = {}

    def work(i: int) -> None:
        for _ in range(5):
            found[i] = segmenter.matte(frames[i]).alpha

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i, alpha in enumerate(expected):
        np.testing.assert_array_equal(found[i], alpha)


def test_a_file_that_is_not_the_cards_is_refused(red: Path, card_json: Callable[..., dict[str, object]]) -> None:
    card = limner.ModelCard.from_dict(card_json(input_size=[64, 64], sha256="0" * 64))
    with pytest.raises(ModelError, match=r"sha256 is .*the file is damaged or is another version"):
        Segmenter(red, card=card)


def test_finds_the_astronaut(default: Segmenter) -> None:
    data = pytest.importorskip("skimage.data")
    alpha = default.matte(data.astronaut()).alpha
    assert alpha[100:160, 195:255].mean() > 0.9, "her face"
    assert alpha[350:450, 150:250].mean() > 0.7, "her suit"
    assert alpha[20:120, 420:500].mean() < 0.1, "the shuttle behind her"
