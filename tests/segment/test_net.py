"""Nets that others trained: every kind of input and output, with results known in closed form."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from limner.errors import ModelError
from limner.matte import Matte
from limner.media.images import read_image
from limner.models.card import ModelCard
from limner.models.catalogue import find_model
from limner.models.onnx_input_size import with_input_size
from limner.runtimes import onnx_runtime
from limner.samples import PORTRAIT
from limner.segment.segmenter import Segmenter

_FAST = find_model("fast").card

PERSON_15 = tuple(
    (20.0, 0.0, -20.0) if i == 15 else (-20.0, 0.0, 20.0) if i == 0 else (0.0, -99.0, 0.0) for i in range(21)
)
TWO = ((-10.0, 0.0, 10.0), (10.0, 0.0, -10.0))
PARTS = ((20.0, 0.0, -20.0), (0.0, 20.0, -20.0), (0.0, 0.0, 0.0))  # red, green: parts of the person; background
MASK_255 = ((255.0, 0.0, 0.0),)
DIVIDE = "divide by 255 in the model and say sigmoid"
BGR = ((-0.08, 0.0, 0.08),)

KINDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "sigmoid 256, RGB in [0, 1]": ({"size": (256, 256)}, {"input_size": [256, 256]}),
    "BGR with Caffe means": (
        {"weights": BGR, "bias": -0.08 * (123.68 - 103.94) * -1},
        {"input_color_order": "BGR", "input_scale": 1.0, "input_mean": [103.94, 116.78, 123.68]},
    ),
    "RGB in [-1, 1]": ({"weights": ((10.0, 0.0, -10.0),)}, {"input_mean": [0.5] * 3, "input_std": [0.5] * 3}),
    "two-class softmax": ({"weights": TWO, "end": "Softmax"}, {"output_kind": "softmax"}),
    "two-class softmax, NHWC": (
        {"weights": TWO, "end": "Softmax", "layout": "NHWC", "out_layout": "NHWC"},
        {"output_kind": "softmax", "input_layout": "NHWC"},
    ),
    "softmax NHWC out of an NCHW net": (
        {"weights": TWO, "end": "Softmax", "out_layout": "NHWC"},
        {"output_kind": "softmax"},
    ),
    "softmax, flattened": ({"weights": TWO, "end": "Softmax", "flatten": True}, {"output_kind": "softmax"}),
    "person is class 0": (
        {"weights": TWO[::-1], "end": "Softmax"},
        {"output_kind": "softmax", "output_person_class": 0},
    ),
    "logits of 3, two of them person, NHWC": (
        {"weights": PARTS, "end": None, "layout": "NHWC", "out_layout": "NHWC"},
        {"output_kind": "logits", "input_layout": "NHWC", "output_person_class": None, "output_background_class": 2},
    ),
    "logits of 3, two of them named": (
        {"weights": PARTS, "end": None},
        {"output_kind": "logits", "output_person_class": None, "output_person_classes": [0, 1]},
    ),
    "softmax of 3, two of them named": (
        {"weights": PARTS, "end": "Softmax"},
        {"output_kind": "softmax", "output_person_class": None, "output_person_classes": [0, 1]},
    ),
    "argmax of 3, two of them named": (
        {"weights": PARTS, "end": "ArgMax", "out_dtype": "int64"},
        {"output_kind": "argmax", "output_person_class": None, "output_person_classes": [0, 1]},
    ),
    "argmax of 21, int64": (
        {"weights": PERSON_15, "end": "ArgMax", "out_dtype": "int64"},
        {"output_kind": "argmax", "output_person_class": 15},
    ),
    "argmax of 21, float, no channel axis": (
        {"weights": PERSON_15, "end": "ArgMax", "out_dtype": "float32", "out_layout": "HW"},
        {"output_kind": "argmax", "output_person_class": 15},
    ),
    "logits of 21, an eighth of the size": (
        {"weights": PERSON_15, "end": None, "shrink": 8, "size": (256, 256)},
        {"output_kind": "logits", "output_person_class": 15, "input_size": [256, 256]},
    ),
    "logits, one channel": ({"end": None}, {"output_kind": "logits"}),
    "NHWC": ({"layout": "NHWC", "out_layout": "NHWC"}, {"input_layout": "NHWC"}),
    "uint8 input": (
        {"dtype": "uint8", "layout": "NHWC", "weights": ((20 / 255, 0.0, -20 / 255),)},
        {"input_scale": 1.0, "input_layout": "NHWC"},
    ),
    "float16 input": ({"dtype": "float16"}, {}),
    "open batch and size": ({"size": ("h", "w"), "batch": "n"}, {}),
    "second output by name": ({"extra_output": True}, {}),
    "first output by name": ({"extra_output": True}, {"output_name": "logits", "output_kind": "logits"}),
    "letterbox": ({}, {"input_resize": "letterbox"}),
    "wide input": ({"size": (32, 64)}, {"input_size": [32, 64]}),
}


def half_and_half(size: tuple[int, int]) -> np.ndarray:
    frame = np.zeros((*size, 3), np.uint8)
    frame[:, : size[1] // 2, 0] = 255
    frame[:, size[1] // 2 :, 2] = 255
    return frame


@pytest.fixture
def own(tmp_path: Path, make_onnx: Callable[..., Path], make_card: Callable[..., Path]) -> Callable[..., Path]:
    def make(model: dict[str, Any], card: dict[str, Any]) -> Path:
        path = make_onnx(tmp_path / "own.onnx", **model)
        make_card(path, **card)
        return path

    return make


@pytest.mark.parametrize("kind", KINDS)
def test_red_half_is_the_person(own: Callable[..., Path], kind: str) -> None:
    segmenter = Segmenter(own(*KINDS[kind]))
    alpha = segmenter.matte(half_and_half((120, 200))).alpha
    assert alpha.shape == (120, 200)
    assert alpha[:, :92].min() == 1.0
    assert alpha[:, 108:].max() == 0.0


@pytest.mark.parametrize("kind", [k for k in KINDS if "argmax" not in k])
def test_probability_is_the_formula(own: Callable[..., Path], kind: str) -> None:
    frame = np.full((40, 60, 3), (120, 70, 110), np.uint8)
    expected = 1 / (1 + np.exp(-20 * 10 / 255))
    if "21" in kind:
        powers = np.exp([20 * 10 / 255, -20 * 10 / 255] + [-99 * 70 / 255] * 19)
        expected = powers[0] / powers.sum()
    if "of 3" in kind:
        powers = np.exp([20 * 120 / 255 - 20 * 110 / 255, 20 * 70 / 255 - 20 * 110 / 255, 0.0])
        expected = 1 - powers[2] / powers.sum()
    if kind == "BGR with Caffe means":
        expected = 1 / (1 + np.exp(-0.08 * 10))
    inner = Segmenter(own(*KINDS[kind])).probability(frame)[2:-2, 2:-2]
    tolerance = 5e-3 if "float16" in kind else 1e-4
    np.testing.assert_allclose(inner, expected, atol=tolerance)


def test_fourth_channel_is_the_previous_mask(own: Callable[..., Path]) -> None:
    path = own({"weights": ((0.0, 0.0, 0.0, 20.0),), "bias": -10.0}, {"input_channels": 4})
    segmenter = Segmenter(path, softness=1.0)
    frame = np.random.default_rng(0).integers(0, 255, (64, 96, 3), dtype=np.uint8)
    assert segmenter.matte(frame).alpha.max() == 0.0
    mask = np.zeros((64, 96), np.float32)
    mask[:, 48:] = 1.0
    probability = segmenter.probability(frame, previous=Matte(mask))
    assert probability[:, :15].max() < 1e-3
    assert probability[:, 17:].min() > 1 - 1e-3


@pytest.mark.parametrize(("size", "axis"), [((60, 240), 0), ((240, 60), 1), ((100, 100), 0)])
def test_letterbox_keeps_the_place(own: Callable[..., Path], size: tuple[int, int], axis: int) -> None:
    frame = np.zeros((*size, 3), np.uint8)
    frame[: size[0] // 2, :, 0] = 255
    frame[size[0] // 2 :, :, 2] = 255
    path = own({"size": (64, 64)}, {"input_size": [64, 64], "input_resize": "letterbox"})
    segmenter = Segmenter(path, refine=False, softness=0.0)
    alpha = segmenter.matte(frame).alpha
    edge = int(alpha[:, size[1] // 2].sum())
    assert abs(edge - size[0] // 2) <= 2
    assert np.ptp(alpha.sum(axis=0)) <= 2


MISFITS: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("layout", {}, {"input_layout": "NHWC"}, r"input.layout is NHWC, but .* \(1, 3, 32, 32\) float32: that is NCHW"),
    ("size", {}, {"input_size": [64, 64]}, r"input.size is \[64, 64\] \(height, width\), but .*\(1, 3, 32, 32\)"),
    ("channels", {}, {"input_channels": 4}, r"input.channels is 4 .*\(1, 3, 32, 32\)"),
    ("input name", {}, {"input_name": "x"}, r"input.name is 'x', but the model's inputs are: 'image'"),
    ("output name", {}, {"output_name": "y"}, r"output.name is 'y', but the model's outputs are: 'alpha'"),
    ("batch", {"batch": 4}, {}, "a batch of 1"),
    ("softmax of one", {}, {"output_kind": "softmax"}, "softmax, which needs two classes or more"),
    ("argmax of two", {"weights": TWO, "end": None}, {"output_kind": "argmax"}, "argmax, which has one channel, but"),
    (
        "person class",
        {"weights": TWO, "end": "Softmax"},
        {"output_kind": "softmax", "output_person_class": 15},
        "output.person_class is 15, but output 'alpha' has only the classes 0 to 1",
    ),
    ("integer scale", {"dtype": "uint8"}, {}, "leave 1 steps of the model's uint8 input"),
    (
        "labels",
        {"weights": TWO, "end": "Softmax"},
        {"output_kind": "softmax", "output_labels": ["a", "b", "c"]},
        "output.labels are 3 names, but output 'alpha' has 2 classes",
    ),
    (
        "several of one",
        {},
        {"output_person_class": None, "output_person_classes": [0, 1]},
        "output.person_classes needs two classes or more, but",
    ),
    (
        "a classifier",
        {"weights": PARTS, "end": "Softmax", "shrink": 32},
        {"output_kind": "softmax"},
        r"output 'alpha' has the shape \(1, 3, 1, 1\), which is no map of a 32×32 input; name another output",
    ),
]


@pytest.mark.parametrize(("model", "card", "says"), [case[1:] for case in MISFITS], ids=[case[0] for case in MISFITS])
def test_a_card_that_does_not_fit_says_what_differs(
    own: Callable[..., Path], model: dict[str, Any], card: dict[str, Any], says: str
) -> None:
    path = own(model, card)
    with pytest.raises(ModelError, match=says):
        Segmenter(path)


def test_a_classifier_with_an_open_shape_is_no_map(own: Callable[..., Path]) -> None:
    model = {"weights": PARTS, "end": "Softmax", "shrink": 32, "flatten": True, "size": ("h", "w")}
    segmenter = Segmenter(own(model, {"output_kind": "softmax"}))
    with pytest.raises(ModelError, match=r"output 'alpha' has the shape \(1, 1, 3\), which is no map of a 32×32 input"):
        segmenter.matte(half_and_half((120, 200)))


MISREAD: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("0 to 255 as logits", {"weights": MASK_255, "end": None}, {"output_kind": "logits"}, f"0 to 255: .*{DIVIDE}"),
    ("0 to 255 as sigmoid", {"weights": MASK_255, "end": None}, {"output_kind": "sigmoid"}, f"0 to 255: .*{DIVIDE}"),
    (
        "0 to 255 in bytes as logits",
        {"weights": MASK_255, "end": None, "out_dtype": "uint8"},
        {"output_kind": "logits"},
        f"0 to 255: .*{DIVIDE}",
    ),
    ("probabilities as logits", {}, {"output_kind": "logits"}, r"from \S+ to 1: .* say sigmoid if that is what"),
    ("logits as sigmoid", {"end": None}, {}, "kind is sigmoid, .* from -20 to 20: .* say logits if that is what"),
    (
        "logits as softmax",
        {"weights": TWO, "end": None},
        {"output_kind": "softmax"},
        "kind is softmax, .* from -10 to 10: .* say logits if that is what",
    ),
    (
        "probabilities as argmax",
        {"weights": ((0.7, 0.0, 0.1),), "end": None},
        {"output_kind": "argmax"},
        "argmax means whole class numbers; say sigmoid if that is what",
    ),
    (
        "0 and 255 as argmax",
        {"weights": MASK_255, "end": None},
        {"output_kind": "argmax"},
        "a mask of 0 and 255 has no such class; say person_class 255",
    ),
]


@pytest.mark.parametrize(("model", "card", "says"), [case[1:] for case in MISREAD], ids=[case[0] for case in MISREAD])
def test_numbers_of_another_kind_are_refused(
    own: Callable[..., Path], model: dict[str, Any], card: dict[str, Any], says: str
) -> None:
    segmenter = Segmenter(own(model, card))
    with pytest.raises(ModelError, match=says):
        segmenter.matte(half_and_half((120, 200)))


@pytest.mark.parametrize("quantised", [False, True])
def test_tflite(
    tmp_path: Path, make_tflite: Callable[..., Path], make_card: Callable[..., Path], quantised: bool
) -> None:
    path = make_tflite(tmp_path / "own.tflite", quantised=quantised)
    make_card(path, file="own.tflite", input_layout="NHWC")
    segmenter = Segmenter(path, threads=1)
    assert segmenter.runtime.name == "litert"
    alpha = segmenter.matte(half_and_half((120, 200))).alpha
    assert alpha[:, :92].min() == 1.0
    assert alpha[:, 108:].max() == 0.0
    flat = segmenter.probability(np.full((40, 60, 3), (120, 70, 110), np.uint8))
    np.testing.assert_allclose(flat, 1 / (1 + np.exp(-20 * 10 / 255)), atol=1e-4)


def test_a_wide_frame_is_seen_at_a_size_of_its_own() -> None:
    photo = read_image(PORTRAIT).pixels
    wide = np.ascontiguousarray(photo[: photo.shape[1] * 9 // 16])
    segmenter = Segmenter("fast", runtime="onnxruntime")
    assert segmenter.size == (256, 256)
    assert segmenter.probability(photo[:, : photo.shape[0]].copy()).shape == (256, 256)
    said = segmenter.probability(wide)
    assert said.shape == (192, 336)
    squeezed = Segmenter("fast", runtime="onnxruntime", card=replace(_FAST, input=replace(_FAST.input, other_sizes=())))
    apart = np.abs(cv2.resize(said, (256, 256)) - squeezed.probability(wide))
    assert 1e-4 < apart.mean() < 0.1  # nearly the same person, seen another way
    again = Segmenter("fast", runtime="onnxruntime").probability(wide)
    np.testing.assert_array_equal(again, said)


def test_each_size_is_loaded_once_and_by_one_of_several_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[tuple[int, int]] = []

    def counted(model: bytes, **how: Any) -> bytes:
        sizes.append(how["new"])
        return with_input_size(model, **how)

    monkeypatch.setattr(onnx_runtime, "with_input_size", counted)
    segmenter = Segmenter("fast", runtime="onnxruntime", threads=1)
    wide, upright = np.zeros((90, 160, 3), np.uint8), np.zeros((160, 90, 3), np.uint8)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(segmenter.probability, [wide, upright, wide, wide, upright, wide]))
    assert sorted(sizes) == [(192, 336), (336, 192)]


@pytest.mark.parametrize(("runtime", "package"), [("openvino", "openvino"), ("torch", "torch")])
def test_every_runtime_of_onnx_files_has_the_sizes(runtime: str, package: str) -> None:
    pytest.importorskip(package)
    wide = np.ascontiguousarray(read_image(PORTRAIT).pixels[:405])
    said = Segmenter("fast", runtime=runtime, threads=1).probability(wide)
    assert said.shape == (192, 336)
    np.testing.assert_allclose(said, Segmenter("fast", runtime="onnxruntime").probability(wide), atol=0.01)


def test_files_of_one_size_squeeze_wide_frames() -> None:
    """The sizes that a card lists are those of a .onnx file."""
    pytest.importorskip("ai_edge_litert")
    path = Path(str(resources.files("limner"))) / "web/models/litert/fast.tflite"
    card = ModelCard.load(path.with_suffix(".json"))
    segmenter = Segmenter(path, card=replace(card, input=replace(card.input, other_sizes=((192, 336),))))
    assert segmenter.probability(np.zeros((90, 160, 3), np.uint8)).shape == (256, 256)


def test_a_file_that_went_away_before_its_other_size_was_wanted(tmp_path: Path) -> None:
    for suffix in (".onnx", ".json"):
        shutil.copy(find_model("fast").path.with_suffix(suffix), tmp_path)
    segmenter = Segmenter(tmp_path / "fast.onnx", runtime="onnxruntime")
    (tmp_path / "fast.onnx").unlink()
    with pytest.raises(ModelError, match=r"fast\.onnx: cannot be read: No such file"):
        segmenter.probability(np.zeros((90, 160, 3), np.uint8))


def test_of_parts_the_confidence_is_that_of_whole_people(own: Callable[..., Path]) -> None:
    """Nothing tells the two parts apart, and all tells them from the background."""
    parts = ((20.0, 0.0, -20.0), (20.0, 0.0, -20.0), (-20.0, 0.0, 20.0))
    labels = {"output_labels": ["hair", "face", "background"], "output_person_class": None}
    path = own({"weights": parts, "end": None}, {"output_kind": "logits", "output_background_class": 2, **labels})
    frame = half_and_half((120, 200))
    hair, whole = Segmenter(path, keep=("hair",), softness=1.0), Segmenter(path, softness=1.0)
    assert hair.matte(frame).alpha[:, :92].max() == pytest.approx(0.5, abs=1e-3)
    assert hair.matte(frame).confidence == pytest.approx(whole.matte(frame).confidence, abs=1e-6)
    assert hair.matte(frame).confidence > 0.9
