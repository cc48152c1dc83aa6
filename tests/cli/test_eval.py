"""`limner eval` as a user types it: several models, the report, the CSV, the clips, and what is refused."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from limner.cli.app import main


@pytest.fixture
def models(tmp_path: Path, make_onnx: Callable, make_card: Callable) -> list[str]:
    """Two nets that find what is bright; the second one looks at the matte before."""
    names = []
    for name, weights, channels in (
        ("calm.onnx", ((9.0, 9.0, 9.0),), 3),
        ("video.onnx", ((9.0, 9.0, 9.0, 4.0),), 4),
    ):
        names.append(str(make_onnx(tmp_path / name, weights=weights, bias=-15.0)))
        make_card(Path(names[-1]), input_channels=channels)
    return names


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main(["eval", *map(str, arguments)])
    out, err = capsys.readouterr()
    return int(stop.value.code or 0), out, err


def test_everything_at_once(
    models: list[str], data_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(
        capsys, *models, "--data", data_folder, "--split", "all", "--limit", 3, "--all-metrics", "--clips", 2,
        "--report", tmp_path / "r.html", "--csv", tmp_path / "r.csv", "--sheet", tmp_path / "r.png", "--worst", 2,
        "--json",
    )  # fmt: skip
    assert code == 0, err
    results = json.loads(out)
    assert list(results) == models
    row = results[models[0]]["fashion + faces"]
    assert row["photos"] == 6
    assert row["miou"] > 80
    assert {"boundary_f", "connectivity", "miou_accumulated"} <= set(row)
    assert results[models[0]]["clips"]["clips"] == 2
    assert "recovery" not in results[models[0]]
    assert [case["prior"] for case in results[models[1]]["recovery"]] == ["empty", "full", "shifted", "someone else"]
    assert "calm.onnx" in (tmp_path / "r.html").read_text(encoding="utf-8")
    with (tmp_path / "r.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 2 * 21
    assert (tmp_path / "r.png").stat().st_size > 1000


def test_the_printed_table(models: list[str], data_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, *models, "--data", data_folder, "--split", "all", "--limit", 2, "--clips", 1)
    assert code == 0
    lines = [line.split() for line in out.splitlines()]
    assert lines[0][:3] == ["model", "set", "photos"]
    assert sum(line[:1] == ["calm.onnx"] for line in lines) == 9 + 1
    assert "flicker" in out
    assert "wrong prior shifted: outgrown after" in out


def test_models_with_cards_need_no_torch(models: list[str], data_folder: Path) -> None:
    code = (
        "import sys\nfrom limner.cli.app import main\ntry:\n"
        f"    main(['eval', {models[0]!r}, '--data', {str(data_folder)!r}, '--limit', '1', '--json'])\n"
        "except SystemExit as stop:\n    print(stop.code, 'torch' in sys.modules, file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == "0 False"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--split", "best"), "must be val, train, test or all"),
        (("--report", "none/r.html"), "--report none/r.html: the folder none does not exist"),
        (("--csv", "none/r.csv"), "--csv none/r.csv: the folder none does not exist"),
        (("--sets", "no_people_rooms", "--split", "train", "--clips", "2"), "there are none"),
        (("--sets", "faces"), "there is no set 'faces'"),
        (("--split", "test"), "no photo of this split"),
    ],
)
def test_what_is_refused(
    arguments: tuple[str, ...], message: str, models: list[str], data_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run(capsys, models[0], "--data", data_folder, *arguments)
    assert code == 2
    assert message in err
