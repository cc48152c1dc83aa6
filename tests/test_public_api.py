"""docs/api.md is the list of public names: all of them exist, and the documentation imports no others."""

from __future__ import annotations

import ast
import importlib
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

import limner

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCED = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"(?:^    .*\n|^\n(?=    ))+", re.MULTILINE)
ROW = re.compile(r"^\| `(limner[\w.]*)` \| (.+) \|$", re.MULTILINE)
DOTTED = re.compile(r"`(limner(?:\.[a-z_]\w*)+(?:\.[A-Z]\w*)?)")


def listed() -> dict[str, list[str]]:
    """Public module -> its public names, as docs/api.md lists them."""
    text = (ROOT / "docs/api.md").read_text(encoding="utf-8")
    return {module: re.findall(r"`(\w+)`", names) for module, names in ROW.findall(text)}


PUBLIC = listed()


def code_of(page: Path) -> Iterator[str]:
    """Every block of Python on a page: the fenced ones, and the indented ones that import something of ours."""
    text = page.read_text(encoding="utf-8")
    yield from FENCED.findall(text)
    for block in INDENTED.findall(re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)):
        if re.search(r"^    (?:import limner|from limner)", block, re.MULTILINE):
            yield textwrap.dedent(block)


def used(code: str) -> Iterator[tuple[str, str]]:
    """(module, name) of everything of ours that a block of Python imports or reads from a module."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "limner":
            for name in node.names:
                whole = f"{node.module}.{name.name}"
                yield (whole, "") if whole in PUBLIC else (node.module or "", name.name)
        elif isinstance(node, ast.Import):
            yield from ((name.name, "") for name in node.names if name.name.split(".")[0] == "limner")
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "limner":
            yield "limner", node.attr


USED = sorted({(page.relative_to(ROOT), *use) for page in PAGES for code in code_of(page) for use in used(code)})


def resolve(dotted: str) -> object:
    """The module, or the attribute of one, of that dotted name."""
    try:
        return importlib.import_module(dotted)
    except ModuleNotFoundError:
        parent, _, name = dotted.rpartition(".")
        return getattr(resolve(parent), name)


def test_the_list_is_read() -> None:
    assert len(PUBLIC) >= 30
    assert sum(map(len, PUBLIC.values())) >= 100
    assert all(PUBLIC.values())
    assert set(PUBLIC["limner"]) == set(limner.__all__)


@pytest.mark.parametrize("module", PUBLIC)
def test_every_listed_name_exists(module: str) -> None:
    there = importlib.import_module(module)
    assert [name for name in PUBLIC[module] if not hasattr(there, name)] == []


def test_the_documentation_imports_listed_names_only() -> None:
    assert len(USED) >= 25
    foreign = [use for use in USED if use[1] not in PUBLIC or (use[2] and use[2] not in PUBLIC[use[1]])]
    assert foreign == [], "list it in docs/api.md, or import it from a public module"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_names_in_prose_exist(page: Path) -> None:
    for name in DOTTED.findall(page.read_text(encoding="utf-8")):
        resolve(name)


def test_a_name_that_is_gone_or_not_listed_is_noticed() -> None:
    """The reader of blocks sees each way to name something."""
    code = "import limner\nfrom limner.effects import Chain as C\nfrom limner.evaluation import metrics\nlimner.gone()"
    assert set(used(code)) == {
        ("limner", ""),
        ("limner.effects", "Chain"),
        ("limner.evaluation.metrics", ""),
        ("limner", "gone"),
    }
