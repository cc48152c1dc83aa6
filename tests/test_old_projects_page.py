"""docs/from-the-old-projects.md: every command on it is one that the real command line reads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from command_lines import parse
from limner.effects import make_effect
from limner.samples import BACKGROUND
from limner.shipped_recipes import names

PAGE = (Path(__file__).resolve().parents[1] / "docs/from-the-old-projects.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (.+?) \| .+? \| `(limner .+)` \|$", PAGE, re.MULTILINE)
COMMANDS = [command for _, command in ROWS] + re.findall(r"^    (limner .+)$", PAGE, re.MULTILINE)


def test_every_row_ends_in_a_command() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and "what it does" not in line]
    assert len(rows) == len(ROWS) >= 40


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_read(command: str) -> None:
    parse(command)


@pytest.mark.parametrize(
    "command",
    ["limner segment x", "limner image x.jpg -o y.jpg --efect blur", "limner data crop photos", "limner data corp x"],
)
def test_one_that_there_is_not_would_be_noticed(command: str) -> None:
    with pytest.raises(Exception, match=r"(?i)no command|no such|missing"):
        parse(command)


def test_recipes_and_effects_are_there() -> None:
    text = " ".join(COMMANDS)
    recipes = {name for pair in re.findall(r"limner (?:train|data sheet) (\w+)|--recipe (\w+)", text) for name in pair}
    assert recipes - {""} <= set(names())
    for effect in set(re.findall(r"--effect (\S+)", text)) - {"replace", "color"}:
        make_effect(effect.replace("beach.jpg", str(BACKGROUND)))


@pytest.mark.parametrize("section", PAGE.split("\n## ")[1:3], ids=("portraits", "deeplab"))
def test_each_script_is_in_one_row(section: str) -> None:
    named = [name for row in ROWS if row[1] in section for name in re.findall(r"`([\w/]+\.(?:py|sh|ipynb))`", row[0])]
    own = [name for name in named if f"`{name}`" in section]
    assert len(own) > 10
    assert {name for name in own if section.count(f"`{name}`") > 1} <= {"segvideo.py"}
