"""The models that the page can load, and the index of them."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from conftest import build_onnx, build_tflite, card_dict, save_card
from limner.errors import OptionError
from limner.models.catalogue import find_model, list_models
from limner.models.files import model_sha256
from limner.web.shelf import Shelf, shelve


def index(shelf: Shelf) -> dict[str, Any]:
    data = shelf.files["index.json"]
    assert isinstance(data, bytes)
    return json.loads(data)  # type: ignore[no-any-return]


def content(shelf: Shelf, path: str) -> bytes:
    form = shelf.files[path]
    return form if isinstance(form, bytes) else form.read_bytes()


def graph_model(folder: Path, *names: str) -> Path:
    """A folder as `limner export --to tfjs` makes it, with its card; what it computes is nobody's matter here."""
    folder.mkdir()
    for name in names:
        (folder / name).write_bytes(name.encode() * 10)
    (folder / "model.json").write_text(json.dumps({"weightsManifest": [{"paths": list(names)}]}))
    card = card_dict(file=folder.name, input_layout="NHWC")
    folder.with_name(f"{folder.name}.json").write_text(json.dumps(card))
    return folder


def test_the_shipped_models_are_there_once_the_default_first() -> None:
    shelf = shelve()
    models = index(shelf)["models"]
    assert [model["name"] for model in models] == [
        "fast",
        *sorted({m.card.name for m in list_models("segment")} - {"fast"}),
    ]
    for model in models:
        found = find_model(model["name"])
        assert shelf.files[model["model"]] == found.path  # not a copy
        assert json.loads(content(shelf, model["card"]))["file"] == model["model"]
        assert (model["width"], model["height"]) == tuple(reversed(found.card.input.size))
        assert model["bytes"] == found.path.stat().st_size
        assert model["sha256"] == found.card.sha256 == hashlib.sha256(content(shelf, model["model"])).hexdigest()
    mine = {name for name in shelf.files if not name.startswith(("litert/", "tfjs/"))}
    assert mine == {"index.json", *(m["model"] for m in models), *(m["card"] for m in models)}


@pytest.mark.parametrize("name", ["fast", "tiny", "video"])
def test_shipped_models_are_there_for_the_other_runtimes_too(name: str) -> None:
    shelf = shelve()
    (entry,) = (model for model in index(shelf)["models"] if model["name"] == name)
    assert entry["formats"] == ["onnx", "tflite", "tfjs"]
    card = json.loads(content(shelf, f"litert/{name}.json"))
    assert card["file"] == f"{name}.tflite"
    assert card["sha256"] == hashlib.sha256(content(shelf, f"litert/{name}.tflite")).hexdigest()
    assert json.loads(content(shelf, f"litert/{name}.sizes.json"))["sha256"] == card["sha256"]
    assert json.loads(content(shelf, f"tfjs/{name}.json"))["file"] == f"{name}.tfjs"
    graph = json.loads(content(shelf, f"tfjs/{name}.tfjs/model.json"))
    for group in graph["weightsManifest"]:
        assert all(content(shelf, f"tfjs/{name}.tfjs/{path}") for path in group["paths"])


def test_models_of_a_folder_are_added_under_their_file_names(tmp_path: Path) -> None:
    path = build_onnx(tmp_path / "my model é.fp16.onnx")
    save_card(path, name="mine", file="renamed-since.onnx")
    graph_model(tmp_path / "graph.tfjs", "group1-shard1of1.bin")
    (tmp_path / "notes.txt").write_text("private")
    os.mkfifo(tmp_path / "pipe.onnx")
    (tmp_path / ".hidden.onnx").write_bytes(b"")
    shelf = shelve(tmp_path)
    assert shelf.notices == ()
    entries = {model["name"]: model for model in index(shelf)["models"] if model["name"].startswith("own/")}
    assert list(entries) == ["own/graph.tfjs", "own/my model é.fp16.onnx"]
    mine = entries["own/my model é.fp16.onnx"]
    assert (mine["format"], mine["model"]) == ("onnx", "own/my%20model%20%C3%A9.fp16.onnx")
    card = json.loads(content(shelf, "own/my model é.fp16.onnx.json"))
    assert (card["file"], card["sha256"]) == ("my model é.fp16.onnx", model_sha256(path))
    graph = entries["own/graph.tfjs"]
    assert (graph["model"], graph["sha256"]) == ("own/graph.tfjs/model.json", model_sha256(tmp_path / "graph.tfjs"))
    assert [file["path"] for file in graph["files"]] == [
        "own/graph.tfjs/model.json",
        "own/graph.tfjs/group1-shard1of1.bin",
    ]
    assert sum(file["bytes"] for file in graph["files"]) == graph["bytes"]
    for file in graph["files"]:
        assert hashlib.sha256(content(shelf, file["path"])).hexdigest() == file["sha256"]
    card = json.loads(content(shelf, "own/graph.tfjs.json"))
    assert (card["file"], card["sha256"]) == ("graph.tfjs/model.json", graph["files"][0]["sha256"])
    assert not any("notes" in name or "hidden" in name for name in shelf.files)


def test_a_tflite_model_is_added(tmp_path: Path) -> None:
    path = build_tflite(tmp_path / "small.tflite")
    save_card(path, file="small.tflite", input_layout="NHWC")
    shelf = shelve(tmp_path)
    assert index(shelf)["models"][-1]["format"] == "tflite"
    assert shelf.files["own/small.tflite"] == path


def test_what_a_page_cannot_run_is_left_out_and_said(tmp_path: Path) -> None:
    save_card(build_onnx(tmp_path / "good.onnx"))
    build_onnx(tmp_path / "no-card.onnx")
    save_card(build_onnx(tmp_path / "damaged.onnx"), sha256="0" * 64)
    save_card(build_onnx(tmp_path / "100%.onnx"))
    harmonize = find_model("harmonize").path
    shutil.copy(harmonize, tmp_path / "harmonize.onnx")
    shutil.copy(harmonize.with_suffix(".json"), tmp_path / "harmonize.json")
    graph_model(tmp_path / "away.tfjs", "gone.bin")
    (tmp_path / "away.tfjs/gone.bin").unlink()
    graph_model(tmp_path / "up.tfjs")
    (tmp_path / "up.tfjs/model.json").write_text('{"weightsManifest": [{"paths": ["../good.json"]}]}')
    graph_model(tmp_path / "odd.tfjs")
    (tmp_path / "odd.tfjs/model.json").write_text("[]")
    shelf = shelve(tmp_path)
    assert [name for name in shelf.names if name.startswith("own/")] == ["own/good.onnx"]
    told = "\n".join(shelf.notices)
    assert len(shelf.notices) == 7
    for part in (
        "no-card.onnx: has no card no-card.json beside it",
        "damaged.onnx: sha256 is",
        "100%.onnx: has a name that no address can have",
        "is for the task harmonize",
        "away.tfjs/model.json: names weights 'gone.bin'",
        "up.tfjs/model.json: names weights '../good.json'",
        "odd.tfjs/model.json: is no graph model",
    ):
        assert part in told


@pytest.mark.parametrize("make", [lambda path: None, lambda path: path.mkdir(), lambda path: path.write_text("")])
def test_a_folder_without_models_is_refused(tmp_path: Path, make: Any) -> None:
    make(tmp_path / "models")
    with pytest.raises(OptionError, match=r"models .*/models: (cannot be read|holds no model)"):
        shelve(tmp_path / "models")
