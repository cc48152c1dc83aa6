"""`limner inspect` as a user runs it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from limner.cli.app import main
from limner.models.card import ModelCard


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


def test_a_model_that_ships_is_read_by_name_for_a_chip_too(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "inspect", "fast", "--edge-tpu")
    assert (code, out) == (2, "")
    assert "fast.onnx: is not a .tflite model" in err


def test_advise_on_a_model_that_ships(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "inspect", "tiny", "--advise")
    assert (code, err) == (1, "")  # the means of the selfie net and its padding are worth changing
    assert all(word in out for word in ("channels", "mobile GPU", "Edge TPU", "WebGPU", "fp16", "sample portrait"))


def test_advice_exits_with_1_where_something_is_worth_changing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, make_onnx: Callable[..., Path]
) -> None:
    path = make_onnx(tmp_path / "net.onnx", weights=((1e5, 0.0, -1e5),), size=("h", "w"))
    code, out, _ = run(capsys, "inspect", path, "--advise", "--json")
    findings = {item["topic"]: item for item in json.loads(out)["findings"] if item["level"] == "change"}
    assert code == 1
    assert set(findings) == {"fp16"}
    assert findings["fp16"]["layers"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--photo", "nothing.jpg"], "--photo: is what --advise measures activations on"),
        (["--advise", "--card-out", "card.json"], "--card-out: --advise drafts no card"),
        (["--advise", "--photo", "nothing.jpg"], "nothing.jpg"),
    ],
)
def test_options_of_advice_that_do_not_fit(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, make_onnx: Callable[..., Path], arguments: list[str], told: str
) -> None:
    code, out, err = run(capsys, "inspect", make_onnx(tmp_path / "net.onnx"), *arguments)
    assert (code, out) == (2, "")
    assert told in err
    assert err.count("\n") == 1
