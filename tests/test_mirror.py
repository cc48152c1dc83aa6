"""The tests mirror the code: whoever looks for what tests a file, or for what a test tests, knows where it is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent
MIRRORED = {"benchmarks": ROOT / "benchmarks", "tools": ROOT / "tools"}
"""Folders of tests whose code lies beside the package; all others mirror the package."""

EXCEPTIONS: dict[str, str] = {
    # The repository as a whole, or the package.
    "test_damaged_bytes.py": "photos, cards and requests with changed bytes, in all their readers",
    "test_house.py": "make, CI, the licence, the wheel's contents, the samples, the links",
    "test_import.py": "what `import limner` costs",
    "test_mirror.py": "this list",
    "test_misuse.py": "every public name, given wrong things",
    "test_one_line.py": "adding a net, an effect, a runtime or a target",
    "test_rooms.py": "what may import what",
    "test_wheel.py": "the wheel in an environment of its own",
    # Pages.
    "test_evaluation_page.py": "docs/evaluation.md",
    "test_old_projects_page.py": "docs/from-the-old-projects.md",
    "test_public_api.py": "docs/api.md",
    "test_readme.py": "README.md",
    "test_serve_page.py": "docs/serve.md, and deploy/",
    "test_tutorial_notebook.py": "docs/tutorial.ipynb",
    # Ways through several commands or rooms.
    "cli/test_outputs.py": "where results go, in every command",
    "cli/test_wrong_values.py": "every option of every command",
    "cli/test_harmonize_commands.py": "train, export, eval and image for harmonization",
    "cli/test_training_commands.py": "data, train, eval, export and image",
    "processing/test_hdr.py": "HDR from the file through an effect to the file",
    "review/test_page.py": "the page in review/page in Chromium",
    "serve/test_page.py": "the page in serve/page in Chromium",
    "web/test_page.py": "the page in web/page in Chromium",
    "web/test_other_browsers.py": "the page in Firefox and WebKit",
    "web/test_runtimes.py": "the library in web/lib in a real browser",
    "web/test_units.py": "the types and units of web/, by TypeScript and Vitest",
    "web/test_webgpu.py": "its runtime and renderer of WebGPU there",
    "segment/test_wrong_prior.py": "a property of the net `video` that ships",
}
"""Tests without a file of their name -> what they test. It only shrinks, unless there is a good reason."""


def mirrored(test: Path) -> Iterator[Path]:
    """The files that a test's place and name stand for: the module, or the package's own `__init__.py`."""
    place = test.relative_to(TESTS)
    first = place.parts[0]
    home, inner = (MIRRORED[first], place.relative_to(first)) if first in MIRRORED else (ROOT / "src/limner", place)
    name = test.stem.removeprefix("test_")
    yield home / inner.parent / f"{name}.py"
    if name == inner.parent.name:
        yield home / inner.parent / "__init__.py"


def all_tests() -> list[Path]:
    return sorted(TESTS.rglob("test_*.py"))


def test_every_test_mirrors_a_file_or_is_a_named_exception() -> None:
    alone = {str(test.relative_to(TESTS)) for test in all_tests() if not any(path.is_file() for path in mirrored(test))}
    assert sorted(alone - EXCEPTIONS.keys()) == [], "move or rename it after what it tests"
    assert sorted(EXCEPTIONS.keys() - alone) == [], "no exception any more: take it off the list"


def test_a_file_without_code_of_its_name_would_be_noticed() -> None:
    assert [path.relative_to(ROOT).as_posix() for path in mirrored(TESTS / "effects/test_effects.py")] == [
        "src/limner/effects/effects.py",
        "src/limner/effects/__init__.py",
    ]
    assert not any(path.exists() for path in mirrored(TESTS / "effects/test_no_such_effect.py"))


def test_every_other_file_is_a_part_that_tests_import() -> None:
    """Parts that several tests share lie beside them, and one that no test uses any more goes."""
    used = {"conftest"}
    for path in TESTS.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module is not None:
                used.add(node.module)
            elif isinstance(node, ast.Import):
                used.update(name.name for name in node.names)
    parts = {path for path in TESTS.rglob("*.py") if not path.name.startswith("test_")}
    assert (
        sorted(str(path) for path in parts if ".".join(path.relative_to(TESTS).with_suffix("").parts) not in used) == []
    )


@pytest.mark.parametrize("name", sorted(MIRRORED))
def test_the_other_homes_are_there(name: str) -> None:
    assert any(MIRRORED[name].glob("*.py"))
    assert any((TESTS / name).glob("test_*.py"))


def test_tests_that_pages_name_are_there() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "Makefile"]
    named = {name for page in pages for name in re.findall(r"tests/[\w/]+\.py", page.read_text(encoding="utf-8"))}
    assert len(named) > 3
    assert sorted(name for name in named if not (ROOT / name).is_file()) == []
