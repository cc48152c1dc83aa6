"""The benchmark's table: what passes, how it prints, and that a group that cannot be measured says why."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import peer  # noqa: E402
from benchmarks.table import (  # noqa: E402
    Row,
    Surroundings,
    as_json,
    as_markdown,
    as_section,
    as_text,
    failed,
    sections,
    with_sections,
    write_section,
)

from limner.models.card import ModelCard  # noqa: E402

PLACE = Surroundings(
    date="2026-01-02 03:04 UTC",
    processor="a processor",
    cores=2,
    load=0.1,
    system="Linux x86_64",
    python="3.11.7",
    commit="abc",
    versions={"numpy": "2.0"},
)
ROWS = [
    Row(what="speed", target="≤ 1.00×", figure="0.97×", passed=True, values={"ratio": 0.97}),
    Row(what="start", target="≤ 1 s", figure="1.40 s", passed=False, detail="median of 5"),
    Row(what="other", target="", figure="7", passed=None),
    failed("memory", "flat", "RuntimeError:\n  no such file"),
]


def test_text_lines_up_and_says_the_verdict() -> None:
    text = as_text(ROWS, PLACE)
    lines = text.splitlines()
    column = lines[0].index("figure")
    assert [line[column:].split("  ")[0] for line in lines[2:6]] == ["0.97×", "1.40 s", "7", "not measured"]
    assert [line.split()[-1] for line in lines[2:6]] == ["pass", "FAIL", "-", "FAIL"]
    assert "memory: RuntimeError: no such file" in text
    assert "a processor, 2 cores" in text


def test_markdown_is_a_table_with_one_line_a_row() -> None:
    table = [line for line in as_markdown(ROWS, PLACE).splitlines() if line.startswith("|")]
    assert len(table) == 2 + len(ROWS)
    assert {line.count("|") for line in table} == {5}


def test_sections_are_replaced_and_the_rest_stays(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(as_markdown(ROWS, PLACE) + "\n## Other\n\nwords\n", encoding="utf-8")
    before = page.read_text(encoding="utf-8")
    for _ in range(2):
        write_section(page, "Live", as_section("Live", "make live", ROWS[:1], PLACE))
    text = page.read_text(encoding="utf-8")
    assert text.startswith(before.rstrip())
    assert text.count("## Live") == text.count("Made by `make live`") == 1
    assert list(sections(page)) == ["Other", "Live"]
    again = with_sections(as_markdown(ROWS[:2], PLACE), sections(page))
    assert (again.count("words"), again.count("## Live"), again.count("# Benchmarks")) == (1, 1, 1)


def test_json_keeps_the_numbers() -> None:
    told = json.loads(as_json(ROWS, PLACE))
    assert told["rows"][0]["values"] == {"ratio": 0.97}
    assert told["where"]["commit"] == "abc"


def test_surroundings_name_this_machine() -> None:
    here = Surroundings.here()
    assert here.cores >= 1
    assert here.processor
    assert here.versions["numpy"]


def test_the_peer_has_a_valid_card(tmp_path: Path) -> None:
    card = ModelCard.from_dict(peer._card(tmp_path / "mediapipe_selfie.tflite"), source="the benchmark")
    assert card.input.size == (256, 256)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(["--only", "speed"], "speed"), (["--data", "nowhere"], "manifest.csv")],
)
def test_wrong_options_are_refused(arguments: list[str], told: str) -> None:
    done = subprocess.run(
        [sys.executable, "benchmarks/run.py", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert told in done.stderr


def test_the_loader_is_measured_against_its_floor(data_folder: Path, tmp_path: Path) -> None:
    from benchmarks import loader

    from limner.datasets.mix import Mix
    from limner.datasets.photo_map import prepare

    mix = Mix({"faces_close_up": 0.5, "rendered_people": 0.5})
    row = loader.compare("a sample", prepare(data_folder, tmp_path), mix, 32, samples=4, rounds=2)
    assert row.passed is None
    assert row.values["ratio"] == pytest.approx(row.values["milliseconds"] / row.values["floor_milliseconds"])
    assert "the floor" in row.figure


@pytest.mark.slow
def test_a_group_runs_and_prints(tmp_path: Path) -> None:
    arguments = ["--only", "start", "--json", "--work", str(tmp_path), "--markdown", str(tmp_path / "page.md")]
    done = subprocess.run(
        [sys.executable, "benchmarks/run.py", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 1), done.stderr
    rows = json.loads(done.stdout)["rows"]
    assert [row["figure"] for row in rows if "s" not in row["figure"]] == []
    assert len(rows) == 3
    assert "| what |" in (tmp_path / "page.md").read_text(encoding="utf-8")


def test_the_table_of_quantization_goes_between_its_marks() -> None:
    from benchmarks import quantization

    figures = [quantization.Figures(miou=m, boundary_iou=b, bytes=n) for m, b, n in ((80, 50, None), (79.5, 49, 10**6))]
    record = quantization.Record(
        name="net",
        input=64,
        before=figures[0],
        after_training=figures[1],
        aware=figures[0],
        samples=1200,
        photos=9,
        measured="today",
    )
    made = quantization.table({"net": record})
    assert "| net | 64 | 80.00 / 50.00 | -0.50 / -1.00 | +0.00 / +0.00 | 1,200 | 1.00 / 0.00 |" in made
    page = f"head\n{quantization._BEGIN}old\n{quantization._END}tail\n"
    once = quantization.with_table(page, made)
    assert "old" not in once
    assert (once.startswith("head\n"), once.endswith("tail\n")) == (True, True)
    assert quantization.with_table(once, made) == once
    with pytest.raises(RuntimeError, match="no <!-- measured -->"):
        quantization.with_table("head\n", made)
    assert quantization.load().keys() == {
        path.stem for path in (ROOT / "benchmarks/results/quantization").glob("*.json")
    }


@pytest.mark.slow
def test_the_table_of_exports_comes_from_what_was_made(data_folder: Path) -> None:
    page = (ROOT / "docs/exports.md").read_text(encoding="utf-8")
    arguments = ["--data", str(data_folder), "--to", "openvino", "--photos", "2"]
    done = subprocess.run(
        [sys.executable, "benchmarks/exports.py", *arguments], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode in (0, 1), done.stderr
    rows = {line.split("|")[1].strip(): line for line in done.stdout.splitlines() if line.startswith("| ")}
    assert {"PyTorch", "fast.xml", "fast.fp16.xml"} <= rows.keys()
    assert rows["fast.xml"].rstrip("| ").endswith("openvino")
    assert "🔴" not in rows["fast.xml"] + rows["fast.fp16.xml"]
    assert (ROOT / "docs/exports.md").read_text(encoding="utf-8") == page
