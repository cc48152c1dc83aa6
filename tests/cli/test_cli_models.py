"""`limner models` as a user runs it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from limner.cli.app import main


def run(capsys: pytest.CaptureFixture[str], *args: str | Path) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main([str(arg) for arg in args])
    captured = capsys.readouterr()
    assert isinstance(stop.value.code, int)
    return stop.value.code, captured.out, captured.err


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "models")
    assert (code, err) == (0, "")
    assert "fast, default" in out


def test_list_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "models", "--json")
    assert code == 0
    cards = {card["name"]: card for card in json.loads(out)}
    assert cards["fast"]["bytes"] < 4_000_000
    assert cards["fast"]["input"]["layout"] == "NCHW"


def test_show(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "models", "show", "default")
    assert code == 0
    assert all(word in out for word in ("fast", "sha256", "licence", "input", "output"))
    code, out, _ = run(capsys, "models", "show", "default", "--json")
    assert json.loads(out)["name"] == "fast"


def test_show_own(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, make_onnx: Callable[..., Path], make_card: Callable[..., Path]
) -> None:
    path = make_onnx(tmp_path / "own.onnx")
    code, _, err = run(capsys, "models", "show", path)
    assert code == 2
    assert "has no card own.json beside it" in err
    make_card(path, input_layout="CHW")
    code, _, err = run(capsys, "models", "show", path)
    assert code == 2
    assert err == f"limner: {tmp_path / 'own.json'}: input.layout must be NCHW or NHWC, not 'CHW'\n"
    make_card(path)
    assert run(capsys, "models", "show", path)[0] == 0


def test_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "models", "show", "slow")
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert "known names: default, fast" in err
