"""Checkpoints and weights come back as they were; damaged ones are refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from limner.errors import ModelError
from limner.weights.checkpoint import Checkpoint, load_weights, save_weights


def test_a_checkpoint_comes_back(tmp_path: Path) -> None:
    state = Checkpoint({"a": 1}, 7, {"w": torch.ones(2)}, {"w": torch.zeros(2)}, {}, [{"seconds": 1.5}])
    state.save(tmp_path / "run" / "last.pt")
    again = Checkpoint.load(tmp_path / "run" / "last.pt")
    assert (again.recipe, again.step, again.sessions) == ({"a": 1}, 7, [{"seconds": 1.5}])
    torch.testing.assert_close(again.ema["w"], torch.zeros(2))
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["last.pt"]


@pytest.mark.parametrize("content", [None, b"", b"text", b"PK\x03\x04 broken"])
def test_a_damaged_checkpoint_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "x.pt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match=r"x\.pt: (no such checkpoint|not a checkpoint)") as caught:
        Checkpoint.load(path)
    assert "\n" not in str(caught.value)


def test_a_checkpoint_without_later_fields_loads(tmp_path: Path) -> None:
    state = {"recipe": {}, "step": 3, "net": {}, "ema": {}, "optimizer": {}, "sessions": []}
    torch.save(state, tmp_path / "old.pt")
    assert Checkpoint.load(tmp_path / "old.pt").progress == {}


def test_weights_come_back(tmp_path: Path) -> None:
    weights = {"w": torch.rand(2, 3), "n": torch.tensor(4)}
    save_weights(tmp_path / "w.safetensors", weights)
    again = load_weights(tmp_path / "w.safetensors")
    assert again.keys() == weights.keys()
    torch.testing.assert_close(again["w"], weights["w"])
    assert (tmp_path / "w.safetensors").stat().st_mode & 0o044


@pytest.mark.parametrize(("content", "message"), [(None, "no such file"), (b"junk", "not a safetensors file")])
def test_wrong_weights_are_named(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "w.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match=message):
        load_weights(path)
