"""Drafts for the nets that people bring: small ones with their signatures, drafted and run as they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from limner.cli.app import main
from limner.errors import ModelError
from limner.inspect.drafting import Draft, draft_card
from limner.inspect.families import ATR, CELEBA, LIP, PASCAL_PARTS
from limner.inspect.inspection import inspect_model
from limner.media.images import read_image, write_image
from limner.segment.segmenter import Segmenter
from nets_of_others import GraphMaker, one_picture, rvm_like, six_class_tflite

IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
BGR = tuple(values[::-1] for values in IMAGENET)
HALF, HALF_ONE = ((0.5,) * 3, (0.5,) * 3), ((0.5,) * 3, (1.0,) * 3)
COLOR = np.array([200, 90, 60]) / 255
WEIGHTS = (1.5, -0.4, -0.9)
"""Of a net whose logit tells how each channel was normalised, and which is which."""


def classes(count: int, person: int) -> list[tuple[float, float, float]]:
    """A convolution for so many classes: class 0 is blue, ``person`` is red, the others never win."""
    rows = [(-9.0, 0.0, -9.0)] * count
    rows[0], rows[person] = (-1.0, 0.0, 1.0), (1.0, 0.0, -1.0)
    return rows


FAMILIES: dict[str, tuple[dict[str, Any], str, Any, str]] = {
    "MODNet": (
        {"image": "input", "outputs": ["output"], "size": ("height", "width"), "instance_norm": True},
        "MODNet", HALF, "RGB",
    ),
    "U²-Net": (
        {"image": "input.1", "outputs": [f"19{place}" for place in range(59, 66)], "size": (320, 320)},
        "U²-Net", IMAGENET, "RGB",
    ),
    "ISNet": ({"image": "input_image", "outputs": ["output"], "size": (1024, 1024)}, "IS-Net", HALF_ONE, "RGB"),
    "BiRefNet": (
        {"image": "input_image", "outputs": ["output_image"], "size": (1024, 1024), "end": None},
        "BiRefNet", IMAGENET, "RGB",
    ),
}  # fmt: skip

PARSING: dict[str, tuple[dict[str, Any], tuple[str, ...], str]] = {
    "SCHP, LIP": ({"image": "input.1", "size": (473, 473)}, LIP, "BGR"),
    "SCHP, ATR": ({"image": "input.1", "size": (512, 512), "shrink": 4}, ATR, "BGR"),
    "SCHP, Pascal": ({"image": "input.1", "size": (512, 512), "shrink": 4}, PASCAL_PARTS, "BGR"),
    "SegFormer": ({"image": "pixel_values", "size": ("height", "width")}, ATR, "RGB"),
    "BiSeNet": ({"image": "input", "size": (512, 512)}, CELEBA, "RGB"),
}


def drafted(path: Path) -> Draft:
    draft = draft_card(inspect_model(path))
    draft.card.save(path.with_suffix(".json"))
    return draft


def logit(norm: Any) -> float:
    return float(np.dot(WEIGHTS, (COLOR - np.array(norm[0])) / np.array(norm[1])))


def flat() -> np.ndarray:
    return np.full((40, 40, 3), np.round(COLOR * 255), np.uint8)


@pytest.mark.parametrize("family", FAMILIES)
def test_mattes_of_one_channel(tmp_path: Path, family: str) -> None:
    graph, name, norm, _ = FAMILIES[family]
    path = one_picture(tmp_path / "own.onnx", weights=(WEIGHTS,), **graph)
    draft = drafted(path)
    assert draft.guesses[0] == ("everything", f"it looks like {name}, and is prepared as its authors do")
    assert draft.card.output.name == graph["outputs"][0]
    said = Segmenter(path).probability(flat())
    np.testing.assert_allclose(said, 1 / (1 + np.exp(-logit(norm))), atol=2e-3)


@pytest.mark.parametrize("family", PARSING)
def test_parsing(tmp_path: Path, family: str) -> None:
    graph, labels, order = PARSING[family]
    hair = labels.index("hair") if "hair" in labels else 1
    weights = classes(len(labels), hair)
    weights[hair], weights[0] = WEIGHTS, (0.0, 0.0, 0.0)
    rows = [row[::-1] for row in weights] if order == "BGR" else weights
    path = one_picture(tmp_path / "own.onnx", outputs=["output"], weights=rows, end=None, bias=None, **graph)
    card = drafted(path).card
    assert (card.input.color_order, card.output.labels, card.output.background_class) == (order, labels, 0)
    powers = np.exp([np.dot(row, (COLOR - IMAGENET[0]) / np.array(IMAGENET[1])) for row in weights])
    said = Segmenter(path, keep=(labels[hair],)).probability(flat())
    np.testing.assert_allclose(said, powers[hair] / powers.sum(), atol=2e-3)
    np.testing.assert_allclose(Segmenter(path).probability(flat()), 1 - powers[0] / powers.sum(), atol=2e-3)


def test_robust_video_matting(tmp_path: Path) -> None:
    path = rvm_like(tmp_path / "rvm.onnx")
    card = drafted(path).card
    assert (card.input.name, card.input.size, card.output.name) == ("src", (288, 512), "pha")
    assert [(state.input, state.output) for state in card.states] == [(f"r{n}i", f"r{n}o") for n in (1, 2, 3, 4)]
    assert card.constants == {"downsample_ratio": (1.0,)}
    segmenter = Segmenter(path)
    assert segmenter.probability(np.zeros((90, 160, 3), np.uint8)).shape == (288, 512)
    assert segmenter.probability(np.zeros((160, 90, 3), np.uint8)).shape == (512, 288)


def test_selfie_multiclass(tmp_path: Path) -> None:
    card = drafted(six_class_tflite(tmp_path / "six.tflite")).card
    assert card.output.labels == ("background", "hair", "body-skin", "face-skin", "clothes", "others")
    assert (card.output.kind, card.output.background_class) == ("logits", 0)


@pytest.mark.parametrize("family", ["MODNet", "RVM", "SCHP, LIP", "six"])
def test_drafts_run_from_the_command_line(tmp_path: Path, family: str) -> None:
    """inspect writes the card, image uses it; the red half of the photo is the person."""
    if family == "six":
        path = six_class_tflite(tmp_path / "own.tflite")
    elif family == "RVM":
        path = rvm_like(tmp_path / "own.onnx")
    elif family == "MODNet":
        path = one_picture(tmp_path / "own.onnx", **FAMILIES[family][0])
    else:
        rows = [row[::-1] for row in classes(20, 2)]
        path = one_picture(tmp_path / "own.onnx", outputs=["output"], weights=rows, end=None, **PARSING[family][0])
    photo = np.zeros((64, 96, 3), np.uint8)
    photo[:, :48, 0], photo[:, 48:, 2] = 255, 255
    write_image(tmp_path / "photo.png", photo)
    for arguments in (
        ["inspect", path, "--card-out", path.with_suffix(".json")],
        ["image", tmp_path / "photo.png", "-o", tmp_path / "o.png", "-e", "mask", "--model", path],
    ):
        with pytest.raises(SystemExit) as stop:
            main([str(argument) for argument in arguments])
        assert not stop.value.code
    matte = read_image(tmp_path / "o.png").pixels[..., 0]
    assert matte[:, :40].min() > 250
    assert matte[:, 56:].max() < 5


def several(path: Path, inputs: dict[str, list[Any]], outputs: dict[str, list[Any]]) -> Path:
    make = GraphMaker()
    image = next(iter(inputs))
    for name in outputs:
        make.convolution(image, [WEIGHTS], to=name)
    return make.save(path, inputs, dict(outputs))


SIDE = [1, 3, 32, 32]


@pytest.mark.parametrize(
    ("inputs", "outputs", "states", "state", "constants"),
    [
        ({"x": SIDE, "h_in": [1, 8, 4, 4]}, ["y", "h_out"], [("h_in", "h_out")], None, []),
        ({"x": SIDE, "h0": [1, 8], "c0": [1, 8]}, ["hn", "cn", "y"], [("h0", "hn"), ("c0", "cn")], None, []),
        ({"x": SIDE, "state.input": [1, 9]}, ["y", "state.output"], [("state.input", "state.output")], None, []),
        ({"x": SIDE, "hidden": [1, 4, 32, 32]}, ["hidden_out", "y"], [("hidden", "hidden_out")], None, []),
        ({"x": SIDE, "previous": [1, 1, 32, 32]}, ["y"], [], ("previous", "y"), []),
        ({"x": SIDE, "prev_mask": [1, 1, 32, 32]}, ["y", "next_mask"], [], ("prev_mask", "next_mask"), []),
        ({"x": SIDE, "ratio": [1], "scale": []}, ["y"], [], None, ["ratio", "scale"]),
    ],
)
def test_what_inputs_are_for(
    tmp_path: Path,
    inputs: dict[str, list[Any]],
    outputs: list[str],
    states: list[tuple[str, str]],
    state: tuple[str, str] | None,
    constants: list[str],
) -> None:
    path = several(tmp_path / "own.onnx", inputs, {name: [1, 1, 32, 32] for name in outputs})
    card = draft_card(inspect_model(path)).card
    assert [(item.input, item.output) for item in card.states] == states
    assert (None if card.state is None else (card.state.input, card.state.output)) == state
    assert list(card.constants) == constants
    assert card.output.name == ("y" if "y" in outputs else outputs[0])


@pytest.mark.parametrize(
    ("inputs", "says"),
    [
        (
            {"src": SIDE, "bgr": SIDE},
            "it takes several pictures, and Limner has one; its inputs are 'src' (1, 3, 32, 32)",
        ),
        (
            {"x": SIDE, "trimap": [1, 2, 32, 32]},
            "it has an input 'trimap' that is no picture, no number and no output's",
        ),
        ({"x": [1, 32, 32]}, "it has no input for a picture, of four axes, one of them with 3 or 4 channels"),
    ],
)
def test_nets_that_limner_cannot_feed(tmp_path: Path, inputs: dict[str, list[Any]], says: str) -> None:
    make = GraphMaker()
    make.add("Identity", next(iter(inputs)), to="y")
    with pytest.raises(ModelError) as caught:
        draft_card(inspect_model(make.save(tmp_path / "own.onnx", inputs, {"y": None})))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-1.0, 1.0), (0.0, 255.0)])
def test_quantized_inputs_are_fed_what_they_stand_for(
    tmp_path: Path, make_tflite: Callable[..., Path], low: float, high: float
) -> None:
    path = make_tflite(tmp_path / "own.tflite", quantised=True, low=low, high=high)
    draft = drafted(path)
    assert ("input.scale, mean, std" in dict(draft.told), "input.scale, mean, std" in dict(draft.guesses)) == (
        True,
        False,
    )
    pixels = np.full((40, 40, 3), (120, 70, 110), np.uint8)
    step = (high - low) / 255
    said = Segmenter(path).probability(pixels)
    np.testing.assert_allclose(said, 1 / (1 + np.exp(-20 * 10 * step)), atol=1e-3)
