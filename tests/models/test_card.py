"""ModelCard: every wrong, missing or unknown field names itself; files are written whole; weights are verified."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from limner.errors import ModelError
from limner.models.card import ModelCard
from limner.models.files import file_sha256

FULL = {
    "sha256": "ab" * 32,
    "summary": "A net.",
    "licence": "Apache-2.0",
    "origin": "trained here",
    "net": {"name": "fast", "options": {"width": 0.5, "pruned": {"stem": [3, 16]}}},
    "training": {"data": [{"name": "faces", "photos": 900, "rights": "research"}], "procedure": "20 epochs"},
    "measured": [{"on": "val", "protocol": "threshold 0.5", "metrics": {"miou": 92.0, "boundary_iou": 68}}],
    "notes": ["Trained on adults."],
}

WRONG: list[tuple[str, Any, str]] = [
    ("schema", 2, "fast.json: schema must be 1, not 2"),
    ("schema", True, "fast.json: schema must be 1, not true"),
    ("name", "", "fast.json: name must be a non-empty string, not ''"),
    ("file", 3, "fast.json: file must be a non-empty string, not 3"),
    ("sha256", "ABC", "fast.json: sha256 must be 64 lower-case hex digits, not 'ABC'"),
    ("summary", 1, "fast.json: summary must be a string, not 1"),
    ("input", [], "fast.json: input must be an object, not []"),
    ("input.size", [256], "fast.json: input.size must be [height, width] in pixels, each from 1 to 8192, not [256]"),
    ("input.size", [0, 4], "fast.json: input.size must be"),
    ("input.size", [9.5, 4], "fast.json: input.size must be"),
    ("input.size", "256", "fast.json: input.size must be"),
    ("input.layout", "CHW", "fast.json: input.layout must be NCHW or NHWC, not 'CHW'"),
    ("input.layout", ["NCHW"], "fast.json: input.layout must be NCHW or NHWC"),
    ("input.channels", 5, "fast.json: input.channels must be 3 or 4, not 5"),
    ("input.color_order", "GBR", "fast.json: input.color_order must be RGB or BGR, not 'GBR'"),
    ("input.scale", 0, "fast.json: input.scale must be a number above 0, not 0"),
    ("input.scale", float("inf"), "fast.json: input.scale must be a number above 0"),
    ("input.mean", [0, 0], "fast.json: input.mean must be three numbers, not [0, 0]"),
    ("input.mean", [0, 0, float("nan")], "fast.json: input.mean must be three numbers"),
    ("input.std", [1, 1, 0], "fast.json: input.std must be three numbers above 0, not [1, 1, 0]"),
    ("input.resize", "crop", "fast.json: input.resize must be stretch or letterbox, not 'crop'"),
    ("input.std_dev", 1, "fast.json: input.std_dev is not a field of a model card; known: name, size, layout"),
    (
        "output.kind",
        "tanh",
        "fast.json: output.kind must be logits or sigmoid or softmax or argmax or packed, not 'tanh'",
    ),
    ("output.person_class", -1, "fast.json: output.person_class must be a whole number, at least 0, not -1"),
    ("output.person_class", 1.5, "fast.json: output.person_class must be a whole number"),
    (
        "output.background_class",
        0,
        "fast.json: output.person_class must be left out where output.background_class is given: it is one or",
    ),
    (
        "output.person_classes",
        [1, 2],
        "fast.json: output.person_class must be left out where output.person_classes is given: it is one or",
    ),
    ("output.labels", ["hair", "Hair"], "fast.json: output.labels must be a list of names, none empty and none twice"),
    ("output.labels", "hair", "fast.json: output.labels must be a list of names"),
    (
        "output.labels",
        ["background"],
        "fast.json: output.labels must be names of all classes; person_class says that there is one of number 1, not",
    ),
    ("input.other_sizes", [[192]], "fast.json: input.other_sizes must be a list of [height, width] in pixels"),
    ("net", "fast", "fast.json: net must be an object, not 'fast'"),
    ("net.name", "", "fast.json: net.name must be a non-empty string, not ''"),
    ("net.options", [], "fast.json: net.options must be an object, not []"),
    ("net.width", 0.5, "fast.json: net.width is not a field of a model card; known: name, options"),
    ("training.data", {}, "fast.json: training.data must be a list of objects"),
    ("training.data.0.photos", "many", "fast.json: training.data[0].photos must be a whole number"),
    ("training.data.0", "faces", "fast.json: training.data[0] must be an object, not 'faces'"),
    ("measured.0.metrics.miou", "92", "fast.json: measured[0].metrics.miou must be a number, not '92'"),
    ("notes", "one", "fast.json: notes must be a list of strings, not 'one'"),
    ("extra", 1, "fast.json: extra is not a field of a model card"),
]
REQUIRED = ["schema", "name", "file", "input", "output", "output.name", "output.kind", "output.person_class"] + [
    f"input.{field}"
    for field in ("name", "size", "layout", "channels", "color_order", "scale", "mean", "std", "resize")
]


def at(data: Any, path: str) -> tuple[Any, Any]:
    *parents, last = path.split(".")
    for key in parents:
        data = data[int(key) if key.isdigit() else key]
    return data, int(last) if last.isdigit() else last


@pytest.mark.parametrize(("path", "value", "says"), WRONG)
def test_wrong_fields_name_themselves(card_json: Callable[..., Any], path: str, value: Any, says: str) -> None:
    data = json.loads(json.dumps({**card_json(), **FULL}))
    holder, key = at(data, path)
    holder[key] = value
    with pytest.raises(ModelError) as error:
        ModelCard.from_dict(data, source="fast.json")
    assert str(error.value).startswith(says)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("path", REQUIRED)
def test_missing_fields_name_themselves(card_json: Callable[..., Any], path: str) -> None:
    data = card_json()
    holder, key = at(data, path)
    del holder[key]
    with pytest.raises(ModelError) as error:
        ModelCard.from_dict(data, source="fast.json")
    assert str(error.value).startswith(f"fast.json: {path} is missing; it must be ")


@pytest.mark.parametrize("extra", [{}, FULL])
def test_round_trip(tmp_path: Path, card_json: Callable[..., Any], extra: dict[str, Any]) -> None:
    card = ModelCard.from_dict({**card_json(), **extra})
    path = tmp_path / "own.json"
    card.save(path)
    assert ModelCard.load(path) == card
    assert ModelCard.from_dict(card.to_dict()) == card
    assert [entry.name for entry in tmp_path.iterdir()] == ["own.json"]
    for key, value in extra.items():
        assert card.to_dict()[key] == value


def test_a_card_made_in_code_obeys_the_same_rules(card_json: Callable[..., Any]) -> None:
    card = ModelCard.from_dict(card_json())
    with pytest.raises(ModelError, match="ModelCard 'own': sha256 must be 64"):
        ModelCard(name="own", file="own.onnx", input=card.input, output=card.output, sha256="no")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is not valid JSON"),
        (b"{", "is not valid JSON"),
        (b"[]", "must be a JSON object, not list"),
        (b"\xff\xfe\x00", "is no model card, which is JSON text"),
    ],
)
def test_files_that_are_no_card(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "own.json"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=says) as error:
        ModelCard.load(path)
    assert str(path) in str(error.value)


def test_no_such_card(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such model card"):
        ModelCard.load(tmp_path / "none.json")
    with pytest.raises(ModelError, match="cannot be read as a model card"):
        ModelCard.load(tmp_path)


def test_saving_where_nothing_can_be(tmp_path: Path, card_json: Callable[..., Any]) -> None:
    card = ModelCard.from_dict(card_json())
    with pytest.raises(ModelError, match="cannot be written"):
        card.save(tmp_path / "no" / "own.json")
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(ModelError, match="cannot be written"):
        card.save(tmp_path / "folder.json")
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder.json"]


def test_verify(tmp_path: Path, card_json: Callable[..., Any]) -> None:
    weights = tmp_path / "own.onnx"
    weights.write_bytes(b"weights")
    right = file_sha256(weights)
    ModelCard.from_dict(card_json(sha256=right)).verify(weights)
    ModelCard.from_dict(card_json()).verify(weights)
    with pytest.raises(ModelError, match=r"own\.onnx: sha256 is .* but the card of 'own' says 000000000000"):
        ModelCard.from_dict(card_json(sha256="0" * 64)).verify(weights)
    with pytest.raises(ModelError, match="cannot be read"):
        ModelCard.from_dict(card_json(sha256=right)).verify(tmp_path / "none.onnx")


def test_a_card_of_several_person_classes_names_the_background(card_json: Callable[..., Any]) -> None:
    data = card_json(output_kind="logits", output_background_class=0)
    del data["output"]["person_class"]
    card = ModelCard.from_dict(data)
    assert (card.output.person_class, card.output.background_class) == (None, 0)
    assert card.to_dict()["output"] == {"name": "alpha", "kind": "logits", "background_class": 0}
    data["output"]["background_class"] = -1
    with pytest.raises(ModelError, match=r"output\.background_class must be a whole number, at least 0, not -1"):
        ModelCard.from_dict(data)
    data["output"] |= {"kind": "packed", "width": 8, "bits": 8, "person_class": 1, "background_class": 0}
    with pytest.raises(ModelError, match=r"output\.background_class is not a field"):
        ModelCard.from_dict(data)


def test_other_sizes_are_kept_and_left_out_where_there_are_none(card_json: Callable[..., Any]) -> None:
    data = card_json()
    assert "other_sizes" not in ModelCard.from_dict(data).to_dict()["input"]
    data["input"]["other_sizes"] = [[192, 336], [336, 192]]
    card = ModelCard.from_dict(data)
    assert card.input.other_sizes == ((192, 336), (336, 192))
    assert card.to_dict()["input"]["other_sizes"] == [[192, 336], [336, 192]]


@pytest.mark.parametrize(
    ("classes", "says"),
    [
        ([], "output.person_classes must be a list of whole numbers, at least 0, none twice, not []"),
        ([1, 1], "output.person_classes must be a list of whole numbers"),
        ([True], "output.person_classes must be a list of whole numbers"),
        (1, "output.person_classes must be a list of whole numbers"),
    ],
)
def test_several_person_classes_are_whole_numbers(card_json: Callable[..., Any], classes: Any, says: str) -> None:
    data = card_json(output_kind="softmax", output_person_classes=classes)
    del data["output"]["person_class"]
    with pytest.raises(ModelError) as caught:
        ModelCard.from_dict(data)
    assert says in str(caught.value)


def test_several_person_classes_and_labels_round_trip(tmp_path: Path, card_json: Callable[..., Any]) -> None:
    labels = ["background", "hair", "face"]
    data = card_json(output_kind="softmax", output_person_classes=[1, 2], output_labels=labels)
    del data["output"]["person_class"]
    card = ModelCard.from_dict(data)
    card.save(tmp_path / "own.json")
    assert ModelCard.load(tmp_path / "own.json") == card
    assert (card.output.picked, card.output.labels) == ((1, 2), tuple(labels))
    plain = ModelCard.from_dict(card_json()).to_dict()["output"]
    assert plain == {"name": "alpha", "kind": "sigmoid", "person_class": 1}
