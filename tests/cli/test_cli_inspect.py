"""`limner inspect` as a user runs it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from limner.cli.app import main
from limner.model_card import ModelCard


def run(capsys: pytest.CaptureFixture[str], *args: str | Path) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main([str(arg) for arg in args])
    captured = capsys.readouterr()
    assert isinstance(stop.value.code, int)
    return stop.value.code, captured.out, captured.err


@pytest.mark.parametrize("kind", ["onnx", "tflite"])
def test_report(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    make_onnx: Callable[..., Path],
    make_tflite: Callable[..., Path],
    kind: str,
) -> None:
    path = {"onnx": make_onnx, "tflite": make_tflite}[kind](tmp_path / f"net.{kind}")
    code, out, err = run(capsys, "inspect", path)
    assert (code, err) == (0, "")
    assert all(word in out for word in ("image", "alpha", "float32", "parameters", "MACs", "input.color_order"))
    code, out, _ = run(capsys, "inspect", path, "--json")
    data = json.loads(out)
    assert (code, data["parameters"], data["macs"]) == (0, 4, 32 * 32 * 3)
    assert ModelCard.from_dict(data["card"]).output.kind == "sigmoid"
    assert "output.kind" in data["confirm"]


def test_card_out(capsys: pytest.CaptureFixture[str], tmp_path: Path, make_onnx: Callable[..., Path]) -> None:
    path, card = make_onnx(tmp_path / "net.onnx"), tmp_path / "net.json"
    assert run(capsys, "inspect", path, "--card-out", card)[0] == 0
    ModelCard.load(card).verify(path)
    code, _, err = run(capsys, "inspect", path, "--card-out", card)
    assert code == 2
    assert "exists already" in err
    assert run(capsys, "inspect", path, "--card-out", tmp_path / "no" / "net.json")[0] == 2


@pytest.mark.parametrize("content", [None, b"", b"no model at all"])
@pytest.mark.parametrize("name", ["net.onnx", "net.tflite", "net.txt"])
def test_no_model_is_one_line_and_2(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    code, out, err = run(capsys, "inspect", tmp_path / name)
    assert (code, out) == (2, "")
    assert err.startswith(f"limner: {tmp_path / name}: ")
    assert err.count("\n") == 1
