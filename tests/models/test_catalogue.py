"""Finding models: shipped names, aliases, paths, cards beside and elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from limner.errors import ModelError
from limner.models import find_model, list_models, model_names
from limner.models.card import ModelCard
from limner.models.catalogue import weights_path


def test_every_shipped_model_has_a_true_card() -> None:
    assert "fast" in model_names()
    for model in list_models():
        assert model.card.name == model.path.stem
        assert model.card.sha256 is not None
        assert model.card.licence != "unknown"
        model.card.verify(model.path)


def test_default_is_an_alias() -> None:
    assert find_model("default") == find_model("fast")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("fats", "no model 'fats'; did you mean 'fast'.*known names: default, edges, fast"),
        ("xyz", "no model 'xyz'; known names: default, edges, fast"),
        ("", "no model ''; known names"),
        ("none.onnx", "none.onnx: no such model file"),
    ],
)
def test_unknown(name: str, says: str) -> None:
    with pytest.raises(ModelError, match=says):
        find_model(name)


def test_a_folder_and_another_file_are_no_models(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").mkdir()
    with pytest.raises(ModelError, match="is not a file"):
        find_model(tmp_path / "net.onnx")
    (tmp_path / "net.h5").write_bytes(b"x")
    with pytest.raises(ModelError, match=r"is none of the kinds of model files: \.onnx, \.tflite"):
        find_model(tmp_path / "net.h5")


def test_own(tmp_path: Path, make_card: Callable[..., Path]) -> None:
    weights = tmp_path / "own.onnx"
    weights.write_bytes(b"x")
    with pytest.raises(ModelError, match=r"has no card own\.json beside it; draft one with `limner inspect"):
        find_model(weights)
    card = make_card(weights)
    assert find_model(weights).card.name == "own"
    elsewhere = tmp_path / "elsewhere.json"
    card.rename(elsewhere)
    assert find_model(str(weights), card=elsewhere).card.name == "own"
    assert find_model(weights, card=ModelCard.load(elsewhere)).path == weights
    with pytest.raises(ModelError, match="no such model card"):
        find_model(weights, card=tmp_path / "none.json")


def test_a_damaged_file_is_refused(tmp_path: Path, make_card: Callable[..., Path]) -> None:
    weights = tmp_path / "own.onnx"
    weights.write_bytes(b"x")
    make_card(weights, sha256="1" * 64)
    with pytest.raises(ModelError, match="damaged or is another version"):
        find_model(weights)
    assert find_model(weights, verify=False).path == weights


def test_a_name_of_weights_means_the_file_that_ships() -> None:
    assert weights_path("default") == weights_path("fast") == find_model("fast").path


@pytest.mark.parametrize("name", ["w.onnx", "w.safetensors", "w.pt"])
def test_a_path_of_weights_means_itself(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelError, match=f"{name}: no such file"):
        weights_path(str(tmp_path / name))
    (tmp_path / name).touch()
    assert weights_path(str(tmp_path / name)) == tmp_path / name


def test_an_unknown_name_of_weights_lists_the_known() -> None:
    with pytest.raises(ModelError, match=r"huge: no shipped model has weights of that name \(there are: .*fast"):
        weights_path("huge")
