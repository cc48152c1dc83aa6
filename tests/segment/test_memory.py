"""Recurrent nets: states begin at zeros, go from frame to frame, and begin again; constants are fed as they are."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from limner.errors import ModelError
from limner.matte import Matte
from limner.models.card import ModelCard
from limner.runtimes.base import TensorInfo
from limner.segment.memory import Memory, MoreInputs
from limner.segment.segmenter import Segmenter
from limner.segment.steady.temporal import TemporalSegmenter
from nets_of_others import rvm_like

LOGIT = 20 * 10 / 255
GREY = np.full((48, 64, 3), (120, 70, 110), np.uint8)
OTHER = np.zeros((48, 64, 3), np.uint8)
OTHER[:, :, 0], OTHER[:24, :, 1] = 30, 255


def rvm_card(**changes: Any) -> dict[str, Any]:
    data: dict[str, Any] = {
        "name": "rvm",
        "file": "rvm.onnx",
        "input_name": "src",
        "input_size": [32, 48],
        "output_name": "pha",
        "states": [{"input": f"r{place}i", "output": f"r{place}o"} for place in (1, 2, 3, 4)],
        "constants": {"downsample_ratio": 0.5},
    }
    return data | changes


@pytest.fixture
def rvm(tmp_path: Path, make_card: Callable[..., Path]) -> Path:
    path = rvm_like(tmp_path / "rvm.onnx")
    make_card(path, **rvm_card())
    return path


def level(matte: Matte) -> float:
    return float(np.median(matte.alpha))


def expected(frame: int) -> float:
    return float(1 / (1 + np.exp(-LOGIT * (frame + 1))))


def bare(path: Path, **more: Any) -> Segmenter:
    return Segmenter(path, refine=False, softness=1.0, clean=False, **more)


@pytest.mark.parametrize("temporal", ["off", "light"])
def test_states_go_from_frame_to_frame_until_reset(rvm: Path, temporal: str) -> None:
    segmenter = bare(rvm)
    assert segmenter.takes_previous
    clip = TemporalSegmenter(segmenter, temporal=temporal, gate=False)
    raw = [clip.matte(GREY) for _ in range(3)]
    if temporal == "off":
        assert [level(matte) for matte in raw] == pytest.approx([expected(n) for n in (1, 2, 3)], abs=1e-3)
    else:  # averaged
        assert expected(1) < level(raw[1]) < expected(2) + 1e-3
    states = raw[-1].memory.states
    assert {name: state.shape for name, state in states.items()} == {
        "r1i": (1, 16, 8, 12), "r2i": (1, 20, 4, 6), "r3i": (1, 40, 2, 3), "r4i": (1, 64, 1, 2)
    }  # fmt: skip
    assert float(states["r1i"].mean()) == pytest.approx(3 * LOGIT, abs=1e-3)
    clip.reset()
    assert level(clip.matte(GREY)) == pytest.approx(expected(1), abs=1e-3)


@pytest.mark.parametrize("temporal", ["off", "light"])
def test_a_cut_and_another_size_begin_anew(rvm: Path, temporal: str) -> None:
    clip = TemporalSegmenter(bare(rvm), temporal=temporal, gate=False)
    for _ in range(2):
        clip.matte(GREY)
    for frame in (OTHER, GREY, np.ascontiguousarray(GREY[:30])):
        first = bare(rvm).matte(frame)
        np.testing.assert_allclose(clip.matte(frame).alpha, first.alpha, atol=1e-3)
    assert clip.cuts == 2


def test_two_clips_and_photos_do_not_know_of_each_other(rvm: Path) -> None:
    segmenter = bare(rvm)
    one, other = (TemporalSegmenter(segmenter, temporal="off") for _ in range(2))
    one.matte(GREY)
    assert level(other.matte(GREY)) == pytest.approx(expected(1), abs=1e-3)
    assert level(segmenter.matte(GREY)) == pytest.approx(expected(1), abs=1e-3)


def test_a_net_that_several_streams_share_keeps_them_apart(rvm: Path) -> None:
    segmenter = bare(rvm, batch=4)
    one, other = (TemporalSegmenter(segmenter, temporal="off") for _ in range(2))
    assert [level(one.matte(GREY)) for _ in range(2)] == pytest.approx([expected(1), expected(2)], abs=1e-3)
    assert level(other.matte(GREY)) == pytest.approx(expected(1), abs=1e-3)


def test_a_file_with_an_open_size_is_loaded_once_for_all_sizes(rvm: Path, make_card: Callable[..., Path]) -> None:
    card = rvm_card(input_other_sizes=[[32, 64]])
    make_card(rvm, **card)
    segmenter = bare(rvm)
    assert segmenter.probability(GREY).shape == (32, 48)
    assert segmenter.probability(np.ascontiguousarray(GREY[:30])).shape == (32, 64)


def test_an_ensemble_keeps_the_states_of_its_members(tmp_path: Path, rvm: Path, make_onnx: Any, make_card: Any) -> None:
    make_card(make_onnx(tmp_path / "own.onnx", bias=-100.0), input_size=[32, 32])
    card = {"schema": 1, "name": "both", "members": [{"model": "own.onnx"}, {"model": "rvm.onnx"}]}
    path = tmp_path / "both.ensemble.json"
    path.write_text(json.dumps(card))
    clip = TemporalSegmenter(bare(path), temporal="off")
    said = [level(clip.matte(GREY)) for _ in range(3)]
    assert said == pytest.approx([expected(n) / 2 for n in (1, 2, 3)], abs=2e-3)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"constants": {}}, "the model has more inputs than the card names (downsample_ratio); Limner feeds an image"),
        ({"states": []}, "the model has more inputs than the card names (r1i, r2i, r3i, r4i)"),
        ({"constants": {"ratio": 1}}, "constants names 'ratio', but the model's inputs are: src, r1i"),
        (
            {"constants": {"downsample_ratio": [1, 2]}},
            "constants.downsample_ratio has 2 numbers, but the input takes 1",
        ),
        (
            {"states": [{"input": "r1i", "output": "r9o"}], "constants": {}},
            "states.output is 'r9o', but the model's outputs are",
        ),
        (
            {"states": [{"input": "r1i", "output": "r1o", "shape": [1, 16]}]},
            "states.shape of 'r1i' is [1, 16], but it has (?, ?, ?, ?)",
        ),
        ({"states": [{"input": "x", "output": "r1o"}]}, "states names 'x', but the model's inputs are: src"),
    ],
)
def test_a_card_that_does_not_fit_says_what_differs(
    rvm: Path, make_card: Callable[..., Path], changes: dict[str, Any], says: str
) -> None:
    make_card(rvm, **rvm_card(**changes))
    with pytest.raises(ModelError) as caught:
        Segmenter(rvm)
    assert says in str(caught.value)
    assert str(caught.value).startswith("card of 'rvm': ")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"states": {}}, "states must be a list of objects"),
        ({"states": [{"input": "r1i"}]}, "states[0].output is missing"),
        ({"states": [{"input": "r1i", "output": "r1o", "shape": [0]}]}, "states[0].shape must be a shape"),
        (
            {"constants": {"downsample_ratio": "half"}},
            "constants.downsample_ratio must be a number or a list of numbers",
        ),
        ({"constants": {"downsample_ratio": []}}, "constants.downsample_ratio must be a number or a list of numbers"),
        ({"constants": [1]}, "constants must be an object"),
        ({"constants": {"src": 1}}, "constants must be of inputs that nothing else is for, and 'src' is named twice"),
        ({"constants": {"r1i": 1}}, "'r1i' is named twice"),
    ],
)
def test_wrong_cards(card_json: Callable[..., Any], changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ModelError) as caught:
        ModelCard.from_dict(card_json(**rvm_card(**changes)), source="rvm.json")
    assert says in str(caught.value)


def test_cards_round_trip(card_json: Callable[..., Any]) -> None:
    states = [{"input": "r1i", "output": "r1o", "shape": [1, 16, 8, 12]}, {"input": "r2i", "output": "r2o"}]
    data = card_json(**rvm_card(states=states, constants={"downsample_ratio": 0.5, "bias": [1, 2]}))
    saved = ModelCard.from_dict(data).to_dict()
    assert saved["states"] == states
    assert saved["constants"] == {"downsample_ratio": 0.5, "bias": [1.0, 2.0]}
    assert ModelCard.from_dict(saved) == ModelCard.from_dict(data)


def test_first_states_and_constants_have_the_types_and_shapes_of_the_inputs(card_json: Callable[..., Any]) -> None:
    states = [{"input": "a", "output": "a2"}, {"input": "b", "output": "b2", "shape": [1, 2, 3]}]
    card = ModelCard.from_dict(card_json(states=states, constants={"c": 7, "d": [1, 2, 3], "e": [1, 2]}))
    infos = [
        TensorInfo("a", (None, 4, None), np.dtype(np.float16)),
        TensorInfo("b", (1, None, None), np.dtype(np.float32)),
        TensorInfo("c", (2, 2), np.dtype(np.int64)),
        TensorInfo("d", (None,), np.dtype(np.float32)),
        TensorInfo("e", (1, 2), np.dtype(np.float32)),
    ]
    feeds = MoreInputs(card, infos).feeds(None)
    assert {name: (value.shape, value.dtype.name) for name, value in feeds.items()} == {
        "a": ((1, 4, 1), "float16"), "b": ((1, 2, 3), "float32"), "c": ((2, 2), "int64"), "d": ((3,), "float32"),
        "e": ((1, 2), "float32"),
    }  # fmt: skip
    assert (feeds["a"].any(), feeds["c"].tolist(), feeds["d"].tolist()) == (False, [[7, 7], [7, 7]], [1, 2, 3])
    more = MoreInputs(card, infos)
    kept = more.keep({"a2": np.ones((1, 4, 5)), "b2": np.ones((1, 2, 3))})
    assert isinstance(kept, Memory)
    assert more.feeds(kept)["a"].dtype == np.float16
    assert more.feeds(kept)["b"].all()
    assert not more.feeds(Memory(kept.states, (1, 1)))["b"].any()  # of another input size
    assert not more.feeds("something else")["b"].any()


def test_openvino_needs_the_sizes_of_the_first_states(rvm: Path, make_card: Callable[..., Path]) -> None:
    pytest.importorskip("openvino")
    with pytest.raises(ModelError, match=r"openvino may need them: give states of the card of 'rvm' their shape"):
        bare(rvm, runtime="openvino").matte(GREY)
    sizes = ((16, 8, 12), (20, 4, 6), (40, 2, 3), (64, 1, 2))
    states = [
        {"input": f"r{place}i", "output": f"r{place}o", "shape": [1, *shape]} for place, shape in enumerate(sizes, 1)
    ]
    make_card(rvm, **rvm_card(states=states))
    clip = TemporalSegmenter(bare(rvm, runtime="openvino"), temporal="off")
    assert [level(clip.matte(GREY)) for _ in range(2)] == pytest.approx([expected(1), expected(2)], abs=2e-3)
