"""The benchmark's table: what passes, how it prints, and that a group that cannot be measured says why."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.table import (
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
