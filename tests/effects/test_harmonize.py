"""Harmonize, with the weights that ship: nearer to the truth, steady in time, and nothing but the person changes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from limner import samples
from limner.augment.recolour import Changes, draw_recolouring
from limner.effects.harmonize import Harmonize
from limner.errors import ModelError, OptionError
from limner.matte import Matte
from limner.models.catalogue import find_model
from limner.segment.segmenter import Segmenter

Frame = np.ndarray


@pytest.fixture(scope="module")
def scene() -> tuple[Frame, Matte]:
    """The sample portrait, which is a rendered person, and its matte."""
    frame = cv2.cvtColor(cv2.imread(str(samples.PORTRAIT)), cv2.COLOR_BGR2RGB)
    frame = cv2.resize(frame, (288, 360), interpolation=cv2.INTER_AREA)
    return frame, Segmenter().matte(frame)


@pytest.fixture(scope="module")
def effect() -> Harmonize:
    return Harmonize()


def person_error(said: Frame, truth: Frame, matte: Matte) -> float:
    surely = matte.alpha > 0.95
    return float(np.square(said[surely].astype(float) - truth[surely]).mean())


def exposed(frame: Frame, matte: Matte, gains: tuple[float, float, float]) -> Frame:
    """The person in other light, the room as it was."""
    changed = (frame * np.float32(gains)).clip(0, 255)
    share = matte.alpha[..., None]
    return (changed * share + frame * (1 - share)).round().astype(np.uint8)


@pytest.mark.parametrize(
    "gains",
    [(0.5, 0.5, 0.5), (0.7, 0.55, 0.4), (0.45, 0.6, 0.8), (1.35, 1.3, 1.3)],
    ids=["dark", "warm", "cold", "bright"],
)
def test_a_recoloured_person_comes_nearer_to_the_truth(
    scene: tuple[Frame, Matte], effect: Harmonize, gains: tuple[float, float, float]
) -> None:
    truth, matte = scene
    composite = exposed(truth, matte, gains)
    said = effect(composite, matte)
    assert person_error(said, truth, matte) < 0.75 * person_error(composite, truth, matte)


def test_random_recolourings_come_nearer_on_average(scene: tuple[Frame, Matte], effect: Harmonize) -> None:
    truth, matte = scene
    share = matte.alpha[..., None]
    errors = []
    for seed in range(12):
        other = draw_recolouring(np.random.default_rng(seed), Changes()).apply(truth)
        composite = (other * share + truth * (1 - share)).round().astype(np.uint8)
        errors.append([person_error(frame, truth, matte) for frame in (composite, effect(composite, matte))])
    before, after = np.mean(errors, 0)
    assert after < 0.75 * before


def test_the_background_stays_and_inputs_are_not_written_to(scene: tuple[Frame, Matte], effect: Harmonize) -> None:
    frame, matte = scene
    dark = exposed(frame, matte, (0.5, 0.5, 0.5))
    frame_before, alpha_before = dark.copy(), matte.alpha.copy()
    said = effect(dark, matte)
    nobody = matte.alpha == 0
    np.testing.assert_array_equal(said[nobody], dark[nobody])
    assert (said[~nobody] != dark[~nobody]).any()
    np.testing.assert_array_equal(dark, frame_before)
    np.testing.assert_array_equal(matte.alpha, alpha_before)


def test_strength_is_the_share_of_the_change(scene: tuple[Frame, Matte], effect: Harmonize) -> None:
    frame, matte = scene
    dark = exposed(frame, matte, (0.5, 0.5, 0.5))
    np.testing.assert_array_equal(Harmonize(strength=0.0)(dark, matte), dark)
    surely = matte.alpha == 1
    half, full = (float(one(dark, matte)[surely].mean()) for one in (Harmonize(strength=0.5), effect))
    own = float(dark[surely].mean())
    assert own < half < full
    assert abs((half - own) / (full - own) - 0.5) < 0.15


def test_a_new_background_decides(scene: tuple[Frame, Matte], effect: Harmonize) -> None:
    """Before the same room in warm and in cold light the person is warmer and colder."""
    frame, matte = scene
    surely = matte.alpha == 1
    warmth = []
    for light in ((1.3, 0.9, 0.6), (0.5, 0.65, 0.9)):
        behind = (frame * np.float32(light)).clip(0, 255).astype(np.uint8)
        red, _, blue = effect.fit(frame, behind, matte)[surely].mean(0)
        warmth.append(red / blue)
    assert warmth[0] > warmth[1] + 0.02


def test_nobody_turns_green_on_a_lawn(scene: tuple[Frame, Matte], effect: Harmonize) -> None:
    frame, matte = scene
    surely = matte.alpha == 1
    own = frame[surely].mean(0)
    for colour in ((20, 160, 40), (255, 0, 255), (0, 0, 255), (255, 0, 0)):
        fitted = effect.fit(frame, np.full_like(frame, colour), matte)[surely].mean(0)
        assert np.abs((fitted / fitted.sum()) - (own / own.sum())).max() < 0.05


# ------------------------------------------------------------------ in time


def play(effect: Harmonize, frames: list[Frame], matte: Matte, rate: int = 25) -> list[Frame]:
    said = []
    for number, frame in enumerate(frames):
        effect.at(Fraction(number, rate))
        said.append(effect(frame, matte))
    return said


def test_a_still_scene_is_still(scene: tuple[Frame, Matte]) -> None:
    frame, matte = scene
    rng = np.random.default_rng(0)
    noisy = [(frame + rng.normal(0, 4, frame.shape)).clip(0, 255).astype(np.uint8) for _ in range(10)]
    surely = matte.alpha == 1
    means = np.array([said[surely].mean(0) for said in play(Harmonize(), noisy, matte)])
    assert np.abs(np.diff(means, axis=0)).max() < 0.4


def test_the_change_follows_the_light_smoothly(scene: tuple[Frame, Matte]) -> None:
    frame, matte = scene
    dark = exposed(frame, matte, (0.7, 0.7, 0.7))
    surely = matte.alpha == 1
    said = play(Harmonize(), [frame] * 3 + [dark] * 40, matte)
    gains = np.array(
        [now[surely].mean() / was[surely].mean() for now, was in zip(said, [frame] * 3 + [dark] * 40, strict=True)]
    )
    assert gains[-1] > gains[2] + 0.05
    assert np.diff(gains).max() < 0.35 * (gains[-1] - gains[2])
    np.testing.assert_allclose(gains[-3:], gains[-1], atol=0.01)


def test_a_cut_and_reset_begin_anew(scene: tuple[Frame, Matte]) -> None:
    frame, matte = scene
    alone = Harmonize()(frame, matte)
    effect = Harmonize()
    other = np.ascontiguousarray(255 - frame[::-1])
    np.testing.assert_array_equal(play(effect, [other] * 2 + [frame], matte)[-1], alone)
    effect.reset()
    effect.at(Fraction(9))
    np.testing.assert_array_equal(effect(frame, matte), alone)


def test_frames_without_a_time_stand_alone(scene: tuple[Frame, Matte], effect: Harmonize) -> None:
    frame, matte = scene
    dark = exposed(frame, matte, (0.5, 0.5, 0.5))
    first = effect(frame, matte)
    effect(dark, matte)
    np.testing.assert_array_equal(effect(frame, matte), first)


# ------------------------------------------------------------------ options and models


@pytest.mark.parametrize("strength", [-0.1, 1.1, float("nan")])
def test_a_wrong_strength_is_named(strength: float) -> None:
    with pytest.raises(OptionError, match=rf"harmonize strength {strength} is out of range: say 0 \(nothing\) to 1"):
        Harmonize(strength=strength)


def test_strength_from_text() -> None:
    assert Harmonize.from_text("0.8") == {"strength": 0.8}
    with pytest.raises(OptionError, match="harmonize strength 'much' is no number"):
        Harmonize.from_text("much")


def test_a_model_of_another_task_is_refused() -> None:
    with pytest.raises(
        ModelError, match="model 'fast' is for the task segment, not harmonize; those that are: harmonize"
    ):
        Harmonize(model="fast")
    with pytest.raises(
        ModelError, match=r"model .harmonize. is for the task harmonize, not segment; those that are: .*fast"
    ):
        Segmenter("harmonize")


def test_a_model_that_says_something_else_is_named(tmp_path: Path, make_onnx: Callable[..., Path]) -> None:
    path = make_onnx(tmp_path / "own.onnx", size=(64, 64), weights=((1.0, 0.0, 0.0, 0.0),))
    card = find_model("harmonize").card.to_dict()
    card |= {"name": "own", "file": "own.onnx"}
    del card["sha256"]
    card["input"] |= {"size": [64, 64], "name": "image"}
    card["output"]["name"] = "alpha"
    path.with_suffix(".json").write_text(json.dumps(card))
    frame, matte = np.zeros((32, 32, 3), np.uint8), Matte(np.ones((32, 32), np.float32))
    with pytest.raises(ModelError, match="card of 'own': the model gives no 84 numbers 'alpha'"):
        Harmonize(model=path)(frame, matte)
    card["input"]["channels"] = 3
    path.with_suffix(".json").write_text(json.dumps(card))
    with pytest.raises(ModelError, match="card of 'own': input: for harmonize it must be NCHW, RGB, 4 channels"):
        Harmonize(model=path)


def test_its_own_file_elsewhere_does_the_same(tmp_path: Path, scene: tuple[Frame, Matte], effect: Harmonize) -> None:
    found = find_model("harmonize")
    for suffix in (".onnx", ".json"):
        shutil.copy(found.path.with_suffix(suffix), tmp_path / f"mine{suffix}")
    frame, matte = scene
    np.testing.assert_array_equal(Harmonize(model=tmp_path / "mine.onnx")(frame, matte), effect(frame, matte))
