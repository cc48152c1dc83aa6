"""Where results go, in every command that writes one: faults come before the work, and no input is replaced.

The model or the data of these commands does not exist either. That the place of the result is what is told shows that
it was looked at before.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from limner import samples
from limner.cli import app
from limner.models.catalogue import find_model

RECIPE = """
net: {name: fast}
input_size: 32
data: {sets: {fashion_full_body: 1.0}}
samples: 40
batch: 4
phases: [{size: 32, share: 1.0}]
optimizer: {lr: 0.003}
"""
KEPT = (
    "is read as well|which is read|is a photo to read|is the clip itself|photos and masks themselves|would replace it"
)


def ends(command: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Exit code and the last line of stderr."""
    with pytest.raises(SystemExit) as ended:
        app.main(command.split())
    return int(str(ended.value.code)), capsys.readouterr().err.strip().splitlines()[-1]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    shutil.copy(samples.PORTRAIT, "p.jpg")
    shutil.copy(samples.CLIP, "c.mp4")
    return tmp_path


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("image p.jpg -m none.onnx -o file/", "file: is a file"),
        ("image p.jpg -m none.onnx -o file/a/", "file/a: "),
        ("image . -m none.onnx -o file/a/b", "file/a/b: "),
        ("image p.jpg -m none.onnx -o file/p.png", "file: is a file"),
        ("batch p.jpg -m none.onnx --to file", "--to file: is a file"),
        ("batch p.jpg -m none.onnx --to file/a", "--to file/a: "),
        ("batch p.jpg -m none.onnx --to file/a-%d.tar", "--to file: is a file"),
        ("batch p.jpg -m none.onnx --to out --state file/a", "--state file/a: "),
        ("video c.mp4 -m none.onnx -o file/c.mp4", "file/c.mp4: file is not a folder"),
        ("video c.mp4 -m none.onnx -o none/c.mp4", "none/c.mp4: the folder none does not exist"),
        ("video c.mp4 -m none.onnx -o file --codec png", "file: is a file"),
        ("video c.mp4 -m none.onnx -o file/a_%d.png", "file: is a file"),
        ("video none.mp4 -m none.onnx --preview file/a.png", "file/a.png: file is not a folder"),
        ("video none.mp4 -m none.onnx --preview a.foo", "--preview a.foo: .foo is no format"),
        ("camera -d none.mp4 --no-window --record file/c.mp4", "file/c.mp4: file is not a folder"),
        ("train recipe.yaml --data none -o file", "--output file: is a file"),
        ("train recipe.yaml --data none -o file/run", "--output file/run: "),
        ("prune fast --recipe recipe.yaml --data none --macs 0.5 -o file/run", "--output file/run: "),
        ("quantize fast --recipe recipe.yaml --data none -o file/run", "--output file/run: "),
        ("average none.pt none.pt -o file/l.pt", "--output file/l.pt: file is not a folder"),
        ("export none.pt -o file/l.onnx", "--output file/l.onnx: file is not a folder"),
        ("export fast --data none -o file/l", "--output file/l: "),
        ("eval none.onnx --data none --csv file/a.csv", "--csv file/a.csv: "),
        ("eval none.onnx --data none --report file/a.html", "--report file/a.html: "),
        ("eval none.onnx --data none --sheet file/a.png", "--sheet file/a.png: "),
        ("data sheet none.yaml --data none -o file/a.png", "--output file/a.png: "),
        ("data check none --report file/a.html", "--report file/a.html: "),
        ("data import . -o file/data --name own", "file/data: "),
        ("data relabel --teacher fast --data none -o file/masks", "--output file/masks: "),
        ("inspect fast --card-out file/c.json", "--card-out file/c.json: "),
        ("bench none.onnx --profile --profile-out file/p.svg", "--profile-out file/p.svg: "),
    ],
)
def test_a_place_that_cannot_be_written_is_told_before_the_work(
    command: str, told: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(here.rglob("*"))
    code, line = ends(command, capsys)
    assert (code, line.startswith(f"limner: {told}")) == (2, True), line
    assert sorted(here.rglob("*")) == before


@pytest.mark.parametrize(
    ("command", "kept"),
    [
        ("average l.pt l.pt -o l.pt", "l.pt"),
        ("average l.pt ./l.pt -o link.pt", "l.pt"),
        ("export m.onnx -o m.onnx", "m.onnx"),
        ("export m.onnx -o . --name m", "m.onnx"),
        ("export m.onnx -o link.onnx", "m.onnx"),
        ("export fast -o package.onnx", "package.json"),
        ("prune run/run.onnx --recipe recipe.yaml --macs 0.5 -o run", "run/run.onnx"),
        ("eval m.onnx --data . --csv m.json", "m.json"),
        ("eval m.onnx --data . --csv manifest.csv", "manifest.csv"),
        ("eval m.onnx --data . --report m.onnx", "m.onnx"),
        ("eval m.onnx --data . --sheet p.jpg", "p.jpg"),
        ("data sheet recipe.yaml --data . -o p.jpg", "p.jpg"),
        ("data relabel --teacher fast --data . -o .", "manifest.csv"),
        ("image p.jpg -o p.jpg", "p.jpg"),
        ("batch p.jpg --to .", "p.jpg"),
        ("video c.mp4 -o c.mp4", "c.mp4"),
    ],
)
def test_no_command_replaces_what_it_reads(
    command: str, kept: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for suffix in (".onnx", ".json"):
        shutil.copy(find_model("fast").path.with_suffix(suffix), f"m{suffix}")
    (here / "run").mkdir()
    shutil.copy("m.onnx", "run/run.onnx")
    Path("l.pt").write_bytes(b"a checkpoint, as far as its name goes")
    Path("link.pt").symlink_to("l.pt")
    Path("link.onnx").symlink_to("m.onnx")
    Path("package.json").write_text('{"name": "mine"}')
    Path("manifest.csv").write_text("set,stem,split,mask,width,height,source\nown,p,val,hand,1,1,me\n")
    before, content = sorted(here.rglob("*")), Path(kept).read_bytes()
    code, line = ends(command, capsys)
    assert (code, bool(re.search(KEPT, line))) == (2, True), line
    assert Path(kept).read_bytes() == content
    assert sorted(here.rglob("*")) == before
