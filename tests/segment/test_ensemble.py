"""Ensembles: the arithmetic of the mean, nets of objects held back, and everything a segmenter does with them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from limner import Segmenter, TemporalSegmenter
from limner.errors import ModelError, OptionError
from limner.models.ensemble_card import EnsembleCard, MemberSpec
from limner.segment.ensemble import combine, drop_unseen

PERSON, OTHER = MemberSpec(model="a"), MemberSpec(model="b", share=3)
OBJECTS = MemberSpec(model="c", finds="objects")
RED, GREEN = ((20.0, 0.0, -20.0),), ((0.0, 20.0, -20.0),)


def full(value: float, size: tuple[int, int] = (2, 2)) -> np.ndarray:
    return np.full(size, value, np.float32)


def test_the_mean_has_the_shares_and_the_largest_size() -> None:
    result = combine([full(0.4), full(0.8, (4, 6))], [PERSON, OTHER])
    assert (result.shape, result.dtype) == ((4, 6), np.float32)
    np.testing.assert_allclose(result, 0.7)


@pytest.mark.parametrize(
    ("people", "objects", "expected"),
    [
        ((0.0, 0.0), 1.0, 0.0),  # nobody there: an animal or a chair adds nothing
        ((0.1, 0.1), 1.0, 0.4 / 3),
        ((0.3, 0.1), 1.0, 0.8 / 3),
        ((0.9, 0.5), 1.0, 2.4 / 3),
        ((0.9, 0.9), 0.0, 1.8 / 3),
        ((1.0, 1.0), 1.0, 1.0),
    ],
)
def test_a_net_of_objects_counts_where_people_are_seen(
    people: tuple[float, float], objects: float, expected: float
) -> None:
    maps = [full(people[0]), full(people[1]), full(objects)]
    np.testing.assert_allclose(combine(maps, [PERSON, PERSON, OBJECTS]), expected, atol=1e-6)


def test_a_region_that_the_witness_does_not_know_is_dropped_with_its_soft_edge() -> None:
    person = np.zeros((96, 96), np.float32)
    person[10:40, 10:40], person[60:90, 60:90] = 0.9, 0.8
    person[60:90, 57:60] = 0.4  # the soft edge of the second
    witness = np.zeros_like(person)
    witness[36:40, 10:40] = 0.9  # 4 of 30 rows of the first
    alone = drop_unseen(person, witness)
    np.testing.assert_array_equal(alone[:50], person[:50])
    assert alone[50:].max() == 0
    witness[38:40] = 0  # 2 of 30 rows
    assert drop_unseen(person, witness).max() == 0
    assert drop_unseen(person, np.ones_like(person)) is person
    members = [PERSON, MemberSpec(model="w", finds="presence", share=9)]
    np.testing.assert_allclose(combine([person, np.ones((4, 4), np.float32)], members), person)  # not in the mean
    assert combine([person, np.zeros((4, 4), np.float32)], members).max() == 0


@pytest.fixture
def make(tmp_path: Path, make_onnx: Callable[..., Path], make_card: Callable[..., Path]) -> Callable[..., Path]:
    """Two nets, one of red and one of green pixels, at two sizes, and the card of an ensemble of them."""

    def build(*members: dict[str, Any]) -> Path:
        for name, weights, side in (("red", RED, 32), ("green", GREEN, 64)):
            path = make_onnx(tmp_path / f"{name}.onnx", weights=weights, size=(side, side))
            make_card(path, name=name, file=path.name, input_size=[side, side])
        card = {
            "schema": 1,
            "name": "both",
            "members": list(members or ({"model": "red.onnx"}, {"model": "green.onnx"})),
        }
        (tmp_path / "both.json").write_text(json.dumps(card))
        return tmp_path / "both.json"

    return build


def colours(height: int = 80, width: int = 120) -> np.ndarray:
    """Red, yellow, green and blue columns."""
    frame = np.zeros((height, width, 3), np.uint8)
    quarter = width // 4
    for column, colour in enumerate([(255, 0, 0), (255, 255, 0), (0, 255, 0), (0, 0, 255)]):
        frame[:, column * quarter : (column + 1) * quarter] = colour
    return frame


def columns(alpha: np.ndarray) -> list[float]:
    step = alpha.shape[1] // 4
    return [float(alpha[:, step * index + step // 2].mean()) for index in range(4)]


def test_a_segmenter_takes_an_ensemble_by_its_card(make: Callable[..., Path]) -> None:
    segmenter = Segmenter(make(), threads=1)
    assert isinstance(segmenter.card, EnsembleCard)
    assert (segmenter.card.name, segmenter.size, segmenter.takes_previous) == ("both", (64, 64), False)
    assert (segmenter.runtime.name, segmenter.runtime.device, segmenter.runtime.threads) == ("onnxruntime", "cpu", 1)
    probability = segmenter.probability(colours())
    assert probability.shape == (64, 64)
    np.testing.assert_allclose(columns(probability), [0.75, 1, 0.75, 0], atol=1e-3)


def test_shares_and_objects_reach_the_matte(make: Callable[..., Path]) -> None:
    shares = make({"model": "red.onnx", "share": 3}, {"model": "green.onnx"})
    np.testing.assert_allclose(columns(Segmenter(shares).probability(colours())), [0.875, 1, 0.625, 0], atol=1e-3)
    held = make({"model": "red.onnx"}, {"model": "green.onnx", "finds": "objects"})
    # Where the net of people says 0.5 (on green, which it does not know), the other counts whole; on blue neither does.
    np.testing.assert_allclose(columns(Segmenter(held).probability(colours())), [0.75, 1, 0.75, 0], atol=1e-3)
    frame = np.full((40, 40, 3), (0, 255, 12), np.uint8)  # the net of people: sigmoid(-20 · 12 / 255) = 0.28
    assert Segmenter(held).probability(frame).max() == pytest.approx((0.28 + 0.56) / 2, abs=0.01)


@pytest.mark.parametrize("refine", [True, False])
def test_edges_threshold_and_region_work_as_ever(make: Callable[..., Path], refine: bool) -> None:
    alpha = Segmenter(make(), refine=refine).matte(colours()).alpha
    assert alpha.shape == (80, 120)
    assert columns(alpha)[1] == 1.0
    assert columns(alpha)[3] == 0.0
    strict = columns(Segmenter(make(), refine=refine, threshold=0.95, softness=0.0).matte(colours()).alpha)
    assert (strict[0], strict[1], strict[3]) == (0, 1, 0)


def test_in_a_clip(make: Callable[..., Path]) -> None:
    clip = TemporalSegmenter(Segmenter(make()))
    assert [columns(clip.matte(colours()).alpha)[1] for _ in range(3)] == [1.0, 1.0, 1.0]


def test_a_fault_of_one_member_is_a_fault_of_all(
    make: Callable[..., Path], make_onnx: Callable[..., Path], tmp_path: Path
) -> None:
    card = make()
    make_onnx(tmp_path / "red.onnx", bias=float("nan"))
    with pytest.raises(ModelError, match="its output is not finite"):
        Segmenter(card).matte(colours())


def test_what_cannot_be_an_ensemble(make: Callable[..., Path], tmp_path: Path) -> None:
    card = make({"model": "red.onnx"}, {"model": "none.onnx"})
    with pytest.raises(ModelError, match=r"none\.onnx: no such model file"):
        Segmenter(card)
    with pytest.raises(ModelError, match="model 'studio' is an ensemble, and one model file is needed here"):
        Segmenter(make({"model": "studio"}))
    with pytest.raises(ModelError, match=r"red\.json: is the card of one model, not of an ensemble; name the model's"):
        Segmenter(tmp_path / "red.json")
    with pytest.raises(ModelError, match="members have cards of their own; leave card out"):
        Segmenter(make(), card=tmp_path / "red.json")
    with pytest.raises(OptionError, match=r"runtime 'ncnn' runs \.param files"):
        Segmenter(make(), runtime="ncnn")
    with pytest.raises(ModelError, match="is for the task harmonize, not segment"):
        Segmenter(make({"model": "harmonize"}))


def test_a_runtime_is_for_the_members_that_it_runs(
    make: Callable[..., Path], make_card: Callable[..., Path], make_tflite: Callable[..., Path], tmp_path: Path
) -> None:
    pytest.importorskip("ai_edge_litert")
    card = make({"model": "red.onnx"}, {"model": "lite.tflite"})
    lite = make_tflite(tmp_path / "lite.tflite")
    from limner.inspect.drafting import draft_card
    from limner.inspect.inspection import inspect_model

    draft_card(inspect_model(lite)).card.save(tmp_path / "lite.json")
    segmenter = Segmenter(card, runtime="onnxruntime", threads=1)
    assert segmenter.runtime.name == "onnxruntime + litert"
    np.testing.assert_allclose(columns(segmenter.probability(colours())), [1, 1, 0.5, 0], atol=1e-3)
