"""Options work under the names that they had in 0.1, with one line that says the new one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from limner.cli.app import COMMANDS, _load, main
from limner.cli.old_options import RENAMED, translated


@pytest.mark.parametrize(
    ("command", "given", "meant"),
    [
        ("train", "fast --out runs/a --set seed=2", "fast --output runs/a --set seed=2"),
        ("train", "fast --out=runs/a", "fast --output=runs/a"),
        ("data", "sheet fast --out a.png", "sheet fast --output a.png"),
        ("data", "import mine --set own", "import mine --name own"),
        ("eval", "fast --set faces --set rooms", "fast --sets faces --sets rooms"),
        ("export", "fast --out x --output argmax", "fast --output x --output-kind argmax"),
        ("export", "fast -o x --output=packed", "fast -o x --output-kind=packed"),
        ("export", "fast --output x --output argmax", "fast --output x --output-kind argmax"),
        ("camera", "--device 1", "--camera 1"),
        ("camera", "--device /dev/video2 --run-on gpu", "--camera /dev/video2 --device gpu"),
        ("camera", "--device=clip.mp4", "--camera=clip.mp4"),
    ],
)
def test_an_old_option_is_read_as_the_new_one(command: str, given: str, meant: str) -> None:
    told: list[str] = []
    assert translated(command, given.split(), told.append) == meant.split()
    changed = [a for a, b in zip(given.split(), meant.split(), strict=True) if a != b]
    assert len(told) == len(changed)
    for old, text in zip(changed, told, strict=True):
        assert text.startswith(f"{old.partition('=')[0]} is deprecated and goes with 0.")


@pytest.mark.parametrize(
    ("command", "given"),
    [
        ("train", "fast -o runs/a --output runs/b --set out=1"),
        ("image", "a.jpg --out b.jpg"),
        ("average", "a.pt -- --out"),
        ("export", "fast --output argmax"),
        ("export", "fast -o x --output-kind argmax"),
        ("camera", "--device cpu"),
        ("camera", "--device GPU.1"),
        ("camera", "--device cuda:1 --camera 0"),
        ("data", ""),
    ],
)
def test_what_is_not_old_stays(command: str, given: str) -> None:
    told: list[str] = []
    assert translated(command, given.split(), told.append) == given.split()
    assert told == []


def test_a_command_says_it_in_one_line_and_works(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["average", "none.pt", "--out", str(tmp_path / "x.onnx")])
    assert stop.value.code == 2
    first, second = capsys.readouterr().err.splitlines()
    assert first == "limner: --out is deprecated and goes with 0.3; use --output"
    assert "--output" in second
    assert "a checkpoint ends in .pt" in second


def flags(command: str) -> str:
    """The help of a command."""
    name, *rest = command.split()
    os.environ["COLUMNS"] = "200"
    return CliRunner().invoke(_load(name), [*rest, "--help"]).output


@pytest.mark.parametrize("command", RENAMED)
def test_the_new_names_are_options_and_the_old_ones_are_not(command: str) -> None:
    words = flags(command).replace(",", " ").split()
    assert [new for new in RENAMED[command].values() if new not in words] == []
    meant_otherwise = {"--device"}
    assert [old for old in RENAMED[command] if old in words and old not in meant_otherwise] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_one_word_has_one_meaning(command: str) -> None:
    """--output is a path, --size WxH, --device where the net runs; there is no --out."""
    subs = ["prepare", "sheet", "import", "relabel"] if command == "data" else [""]
    for sub in subs:
        for line in flags(f"{command} {sub}").splitlines():
            words = line.replace(",", " ").split()
            if not words or not words[0].startswith("-"):
                continue
            assert "--out" not in words
            if "--output" in words:
                assert words[0] == "-o"
                assert {"<path>", "OUT"} & set(words)
            if "--size" in words:
                assert "WxH" in words or "square" in line
            if "--device" in words:
                assert "run" in line or "cuda" in line
