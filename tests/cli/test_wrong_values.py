"""Every option of every command with a value that it cannot have: one line that names it, exit code 2, no file."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from limner import samples
from limner.assembly.effect import setting_owners
from limner.cli import app

COMMANDS = {
    "demo": "-o out",
    "image": "p.jpg -o out.png",
    "batch": "p.jpg --to out",
    "video": "c.mp4 -o out.mp4",
    "camera": "--no-window --seconds 1 -d c.mp4",
    "stream": "c.mp4 --to out.mp4",
    "models": "",
    "models show": "fast",
    "models fetch": "studio",
    "inspect": "fast",
    "data import": "photos",
    "data check": "photos",
    "data stats": "photos",
    "data split": "listed --no-twins",
    "data crop": "listed -o made",
    "data resize": "listed -o made",
    "data composite": "listed -o made",
    "data review": "listed --port 0",
    "data filter": "listed -o made -f warm",
    "data video": "listed -o made",
    "data remask": "photos -o made",
    "data label": "--teacher fast -o masks",
    "data relabel": "--teacher fast -o masks",
    "data prepare": "",
    "data pack": "listed -o made.pack",
    "data sheet": "recipe.yaml",
    "nets": "fast",
    "train": "recipe.yaml",
    "average": "a.pt b.pt -o c.pt",
    "prune": "fast --recipe recipe.yaml -o run --macs 0.5",
    "quantize": "fast --recipe quantize -o run",
    "eval": "fast",
    "export": "fast -o out",
    "bench": "fast",
    "doctor": "fast",
    "toolchains": "",
    "multistream": "streams.yaml",
    "web": "",
    "serve": "--port 0",
}
"""Every command with what it needs, so that only the option at hand is wrong."""
WORDS = {
    "--source", "--rights", "--note", "--origin", "--licence", "--name", "--label",  # any words
    "--output", "-o", "--to", "--data", "--cache",  # paths that are made, or that say so themselves
    "--folder", "--camera",
    "--host", "--virtual-device",  # looked up when the command runs
}  # fmt: skip
RECIPE = """
net: {name: fast}
input_size: 32
data: {sets: {fashion_full_body: 1.0}}
samples: 40
batch: 4
phases: [{size: 32, share: 1.0}]
optimizer: {lr: 0.003}
"""


def options(command: str) -> Iterator[Any]:
    first, *rest = command.split()
    parser: Any = get_command(app._load(first))
    for name in rest:
        parser = parser.commands[name]
    yield from (item for item in parser.params if item.param_type_name == "option" and not item.is_flag)


def cases() -> Iterator[tuple[str, str, str]]:
    for command in COMMANDS:
        for option in options(command):
            flag = max(option.opts, key=len)
            kind = option.type.name  # "int range", "float", "path", "str", …
            numbers = ["many", "-1", "nan"] if "float" in kind else ["many", "-1", "1.5"] if "int" in kind else []
            words = [] if numbers or flag in WORDS or "path" in kind else ["no such"]
            for value in ("", *numbers, *words):
                if value or flag not in ("--source", "--rights", "--note", "--origin", "--licence"):
                    yield command, flag, value


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("here")
    shutil.copy(samples.PORTRAIT, folder / "p.jpg")
    shutil.copy(samples.CLIP, folder / "c.mp4")
    (folder / "photos").mkdir()
    shutil.copy(samples.PORTRAIT, folder / "photos")
    (folder / "listed/own/images").mkdir(parents=True)
    shutil.copy(samples.PORTRAIT, folder / "listed/own/images")
    row = f"own,{samples.PORTRAIT.stem},train,none,1,1,me"
    (folder / "listed/manifest.csv").write_text(f"set,stem,split,mask,width,height,source\n{row}\n")
    (folder / "recipe.yaml").write_text(RECIPE)
    (folder / "streams.yaml").write_text("streams: {a: {from: c.mp4, json: a.jsonl}}")
    return folder


def test_every_command_is_swept() -> None:
    assert {name.partition(" ")[0] for name in COMMANDS} == set(app.COMMANDS)


@pytest.mark.parametrize(("command", "flag", "value"), list(cases()))
def test_a_wrong_value_is_one_line_that_names_its_option(
    command: str, flag: str, value: str, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(here)
    owners = setting_owners(flag.removeprefix("--").replace("-", "_"))
    effect = ["-e", owners[0]] if owners else []
    if owners and owners[0] in ("replace", "frame_in_frame") and flag not in ("--background", "--presentation"):
        effect += ["--background" if owners[0] == "replace" else "--presentation", "red"]
    before = sorted(here.rglob("*"))
    with pytest.raises(SystemExit) as ended:
        app.main([*command.split(), *COMMANDS[command].split(), *effect, f"{flag}={value}"])
    told = capsys.readouterr().err
    assert (ended.value.code, told.count("\n"), told.startswith("limner: ")) == (2, 1, True), told
    assert flag in told or (value and value in told), told
    assert sorted(here.rglob("*")) == before


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("image p.jpg -o o.png --threads 0", "--threads 0: must be 1 or more"),
        ("image p.jpg -o o.png -q best", "--quality best: must be a whole number"),
        ("image p.jpg -o o.png -e blur:9", "--effect blur:9: blur strength 9.0 is out of range"),
        ("image p.jpg -o o.png -e blur:much", "--effect blur:much: blur strength 'much' is no number"),
        ("image p.jpg -o o.png -e smoothstep:9-3,color:red", "--effect smoothstep:9-3: "),
        ("image p.jpg -o o.png -e replace:none.jpg", "--effect replace:none.jpg: background none.jpg: no such file"),
        ("image p.jpg -o o.png --blur-strength 9", "blur --blur-strength 9.0 is out of range"),
        ("image p.jpg -o o.png -e light_wrap,color:red --wrap-width 9", "light_wrap --wrap-width 9.0 is out of range"),
        ("image p.jpg -o o.png -e bokeh:0.1 --highlights 3", "--highlights 3.0 is out of range"),
        ("image p.jpg -o o.png -e blur:0.2 --blur-strength 0.3", "--effect blur:0.2 already says its strength"),
        ("image p.jpg -o o.png --runtime magic", "--runtime 'magic' is not one of auto"),
        ("image p.jpg -o o.png --device tpu", "--device 'tpu': this ONNX Runtime has no such device"),
        ("image", "PHOTOS is missing; see limner image --help"),
        ("average a.pt b.pt", "--output is missing; see limner average --help"),
        ("models show", "NAME is missing; see limner models show --help"),
        ("image p.jpg --hlp", "no such option: --hlp (Possible options: --help); see limner image --help"),
        ("xyz", "no such command 'xyz'; see limner --help"),
    ],
)
def test_what_is_said(command: str, told: str, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.chdir(here)
    with pytest.raises(SystemExit) as ended:
        app.main(command.split())
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith(f"limner: {told}")
