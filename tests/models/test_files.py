"""A model may be one file, two, or a folder: its sha256 is over all of it, and its card is found beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from limner.errors import ModelError
from limner.models.card import ModelCard
from limner.models.catalogue import find_model
from limner.models.files import export_card, file_sha256, model_bytes, model_sha256
from limner.models.pair import publish, publish_export


def write(path: Path, content: str = "graph") -> Path:
    """A model of the kind that its suffix names."""
    if path.suffix == ".savedmodel":
        (path / "variables").mkdir(parents=True)
        (path / "saved_model.pb").write_text(content)
        (path / "variables/data").write_text("weights")
        return path
    path.write_text(content)
    if path.suffix in (".xml", ".param"):
        path.with_suffix(".bin").write_text("weights")
    return path


@pytest.mark.parametrize("name", ["net.onnx", "net.int8.xml", "net.ncnn.param", "net.savedmodel"])
def test_a_model_is_published_found_and_refused_when_any_part_differs(
    tmp_path: Path, card_json: Callable[..., dict[str, Any]], name: str
) -> None:
    for content in ("old", "new"):
        (tmp_path / content).mkdir()
        aside = write(tmp_path / content / name, content)
        card = ModelCard.from_dict({**card_json(), "sha256": model_sha256(aside), "summary": content})
        publish_export(aside, tmp_path / name, card)
    found = find_model(tmp_path / name)
    assert (found.card.summary, found.card.file) == ("new", "own.onnx")
    assert export_card(tmp_path / name).is_file()
    assert not list(tmp_path.glob("*.new"))
    parts = [tmp_path / name] if name.endswith(".onnx") else []
    parts += [path for path in tmp_path.rglob("*") if path.suffix == ".bin" or path.name == "data"]
    assert model_bytes(tmp_path / name) == len("new") + (0 if name.endswith(".onnx") else len("weights"))
    parts[0].write_text("other")
    with pytest.raises(ModelError, match="sha256 is"):
        find_model(tmp_path / name)


def test_a_renamed_model_keeps_its_sha256_and_one_file_has_its_own(tmp_path: Path) -> None:
    first, second = write(tmp_path / "a.xml"), write(tmp_path / "b.xml")
    assert model_sha256(first) == model_sha256(second)
    second.with_suffix(".bin").unlink()
    with pytest.raises(ModelError, match=r"b\.bin: cannot be read"):
        model_sha256(second)
    assert model_sha256(write(tmp_path / "a.onnx")) == file_sha256(tmp_path / "a.onnx")
    (tmp_path / "empty.tfjs").mkdir()
    with pytest.raises(ModelError, match="is an empty folder"):
        model_sha256(tmp_path / "empty.tfjs")


def test_each_file_of_a_stem_has_its_own_card(tmp_path: Path, card_json: Callable[..., dict[str, Any]]) -> None:
    publisher = {"net.onnx": publish, "net.tflite": publish_export}
    for name, put in publisher.items():
        aside = tmp_path / f".{name}"
        aside.write_text(name)
        put(aside, tmp_path / name, ModelCard.from_dict({**card_json(), "sha256": model_sha256(aside), "name": name}))
    assert {name: find_model(tmp_path / name).card.name for name in publisher} == {name: name for name in publisher}


def test_a_model_on_its_own_replaces_an_export_of_that_name(
    tmp_path: Path, card_json: Callable[..., dict[str, Any]]
) -> None:
    for put, summary in ((publish_export, "export"), (publish, "own")):
        aside = tmp_path / ".net.onnx"
        aside.write_text(summary)
        put(aside, tmp_path / "net.onnx", ModelCard.from_dict({**card_json(), "summary": summary}))
    assert find_model(tmp_path / "net.onnx").card.summary == "own"
