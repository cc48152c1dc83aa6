"""A model and its card are replaced together, wherever it is interrupted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from limner.errors import ModelError
from limner.models.card import ModelCard
from limner.models.catalogue import find_model
from limner.models.files import file_sha256
from limner.models.pair import publish


@pytest.fixture
def prepare(tmp_path: Path, card_json: Callable[..., dict[str, Any]]) -> Callable[[str], tuple[Path, Path, ModelCard]]:
    """A new file aside, where it shall go, and its card, whose summary says which it is."""

    def make(content: str) -> tuple[Path, Path, ModelCard]:
        aside = tmp_path / ".net.1.onnx"
        aside.write_text(content)
        return aside, tmp_path / "net.onnx", ModelCard.from_dict(
            {**card_json(), "sha256": file_sha256(aside), "summary": content}
        )  # fmt: skip

    return make


class _Killed(BaseException):
    """Stands for the end of the process: nothing after it is done."""


@pytest.mark.parametrize("there", [False, True], ids=["first", "replaced"])
@pytest.mark.parametrize("step", [1, 2])
def test_whenever_it_is_killed_a_pair_can_be_loaded(
    tmp_path: Path, prepare: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, there: bool, step: int
) -> None:
    if there:
        publish(*prepare("old"))
    aside, model, card = prepare("new")
    renames = 0
    rename = Path.replace

    def killed(self: Path, target: Path) -> Path:
        nonlocal renames
        renames += self.suffix in (".onnx", ".new")
        if renames > step - 1 and self.suffix in (".onnx", ".new"):
            raise _Killed
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(_Killed):
        publish(aside, model, card)
    monkeypatch.undo()
    if step == 1 and not there:
        with pytest.raises(ModelError, match=r"net\.onnx: no such model file"):
            find_model(model)
    else:
        assert find_model(model).card.summary == model.read_text() == ("old" if step == 1 else "new")
    publish(*prepare("next"))
    assert find_model(model).card.summary == "next"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net.json", "net.onnx"]


def test_a_card_left_over_from_another_file_is_not_taken(prepare: Callable[..., Any]) -> None:
    publish(*prepare("old"))
    _, model, card = prepare("new")
    card.save(model.with_suffix(".json.new"))
    assert find_model(model).card.summary == "old"


def test_a_folder_in_the_way_is_named(tmp_path: Path, prepare: Callable[..., Any]) -> None:
    aside, model, card = prepare("new")
    model.mkdir()
    with pytest.raises(ModelError, match=r"net\.onnx: cannot be written"):
        publish(aside, model, card)
    assert not model.with_suffix(".json.new").exists()
