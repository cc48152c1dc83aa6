"""`limner bench`: tables, JSON, files, and faults in one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from limner.cli.app import main


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    told = capsys.readouterr()
    return int(stop.value.code or 0), told.out, told.err


def test_bench_prints_a_table_a_profile_and_a_picture(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    picture = tmp_path / "flame.svg"
    code, out, err = run(
        capsys, *("bench", "tiny", "--runtime", "onnxruntime", "--threads", "1", "--rounds", "2", "--no-memory"),
        *("--profile", "--profile-out", str(picture)),
    )  # fmt: skip
    assert code == 0, err
    assert out.splitlines()[0].split()[:5] == ["model", "runtime", "device", "threads", "batch"]
    assert out.splitlines()[1].split()[:5] == ["tiny.onnx", "onnxruntime", "cpu", "1", "1"]
    assert "tiny.onnx, onnxruntime, 1 thread: " in out
    assert picture.read_text().startswith("<svg")


def test_bench_json_and_batches_that_do_not_fit(capsys: pytest.CaptureFixture[str]) -> None:
    fast = ("bench", "tiny", "--runtime", "onnxruntime", "--rounds", "1")
    code, out, err = run(capsys, *fast, "--batch", "1,4", "--json", "--profile")
    told = json.loads(out)
    assert (code, len(told["rows"])) == (0, 1)
    assert told["rows"][0]["nodes"][0]["kind"]
    assert "left out: --batch 4: tiny.onnx takes 1 at a time in onnxruntime" in err
    assert told["left_out"] == [err.splitlines()[0].removeprefix("limner: left out: ")]
    code, _, err = run(capsys, *fast, "--batch", "4")
    assert (code, err.count("\n")) == (2, 1)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nonsuch"], "no model 'nonsuch'"),
        (["--runtime", "fastest"], "--runtime fastest: is not one of auto, all"),
        (["--runtime", ","], "names nothing"),
        (["--runtime", "litert"], "does not run fast"),
        (["--threads", "0"], "--threads 0: takes whole numbers"),
        (["--batch", "x"], "--batch x: takes whole numbers"),
        (["--device", "cuda:9"], "device 'cuda:9'"),
        (["--input", "none.jpg"], "none.jpg"),
        (["--profile-out", "x.svg"], "--profile-out x.svg: is drawn from --profile"),
        (["--profile", "--profile-out", "x.png"], "--profile-out x.png: must end in .svg"),
        (["--profile", "--profile-out", "none/x.svg"], "the folder none does not exist"),
        (["--profile", "--runtime", "torch"], "--profile: torch does not tell the time of operators"),
    ],
)
def test_bench_faults(capsys: pytest.CaptureFixture[str], arguments: list[str], says: str) -> None:
    code, out, err = run(capsys, "bench", *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert says in err
