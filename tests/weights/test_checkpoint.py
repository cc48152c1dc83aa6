"""Checkpoints and weights come back as they were; damaged ones are refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from limner.errors import MediaError, ModelError
from limner.weights.checkpoint import Checkpoint, load_weights, save_weights

FULL = Path("/dev/full")


def test_a_checkpoint_comes_back(tmp_path: Path) -> None:
    state = Checkpoint({"a": 1}, 7, {"w": torch.ones(2)}, {"w": torch.zeros(2)}, {}, [{"seconds": 1.5}])
    state.save(tmp_path / "run" / "last.pt")
    again = Checkpoint.load(tmp_path / "run" / "last.pt")
    assert (again.recipe, again.step, again.sessions) == ({"a": 1}, 7, [{"seconds": 1.5}])
    torch.testing.assert_close(again.ema["w"], torch.zeros(2))
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["last.pt"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "no such checkpoint"),
        (b"", "is empty; name another"),
        (b"text", "is no checkpoint of `limner train`; name one"),
        (b"PK\x03\x04 broken", "is damaged or cut off; get a whole copy"),
    ],
)
def test_what_is_no_checkpoint_is_named(tmp_path: Path, content: bytes | None, told: str) -> None:
    path = tmp_path / "x.pt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match=rf"x\.pt: {told}") as caught:
        Checkpoint.load(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("fault", ["cut", "a bit", "other"])
def test_a_damaged_checkpoint_is_never_taken(tmp_path: Path, fault: str) -> None:
    path = tmp_path / "x.pt"
    if fault == "other":
        torch.save({"model": {"w": torch.ones(2)}}, path)
    else:
        weights = {"w": torch.rand(4000)}
        Checkpoint({"a": 1}, 7, weights, weights, {}).save(path)
        content = bytearray(path.read_bytes())
        if fault == "a bit":
            content[len(content) // 2] ^= 1  # within the weights
        path.write_bytes(content[: len(content) // 2] if fault == "cut" else content)
    told = "is no checkpoint of `limner train`" if fault == "other" else "is damaged or cut off"
    with pytest.raises(ModelError, match=rf"x\.pt: {told}"):
        Checkpoint.load(path)


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


@pytest.mark.parametrize(("content", "message"), [(None, "no such file"), (b"junk", "is no .safetensors file; get a")])
def test_wrong_weights_are_named(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "w.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match=message):
        load_weights(path)


@pytest.mark.skipif(not FULL.exists(), reason="a device that is always full")
def test_a_full_disk_is_one_line_that_says_so() -> None:
    weights = {"w": torch.ones(1000)}
    with pytest.raises(MediaError, match=r"^/dev/full: cannot be written: No space left on device; free some space"):
        Checkpoint({}, 1, weights, weights, {}).save(FULL)
    with pytest.raises(MediaError, match=r"^/dev/full: cannot be written: No space left on device; free some space"):
        save_weights(FULL, weights)
