"""Errors: the library names fields, the command line its flags."""

from __future__ import annotations

import ast
import pickle
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from limner.cli.flags import flag, told
from limner.errors import LimnerError, MissingExtraError, OptionError

HOME = Path(__file__).resolve().parents[1] / "src" / "limner"
COMMAND = re.compile(r"`[^`]*`|\(limner [^)]*\)|limner [a-z]+ (--[a-z-]+ ?\S*)+|see limner [a-z -]+")


@pytest.mark.parametrize(
    ("text", "plain", "shown", "fields"),
    [
        ("‹crf› 99 is too much", "crf 99 is too much", "--crf 99 is too much", ("crf",)),
        ("‹pick› and ‹keep_going›", "pick and keep_going", "--pick and --keep-going", ("pick", "keep_going")),
        ("a ‹file name› of ‹› somebody", "a ‹file name› of ‹› somebody", "a ‹file name› of ‹› somebody", ()),
        ("{crf} %s", "{crf} %s", "{crf} %s", ()),
    ],
)
def test_a_field_is_shown_as_whoever_shows_it_calls_it(
    text: str, plain: str, shown: str, fields: tuple[str, ...]
) -> None:
    error = OptionError(text)
    assert (str(error), told(error), error.fields) == (plain, shown, fields)
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), told(again)) == (OptionError, plain, shown)


def test_a_field_may_have_another_name_one_floor_up() -> None:
    error = OptionError("‹strength› 2 is out of range, unlike ‹width›").renamed({"strength": "blur_strength"})
    assert told(error) == "--blur-strength 2 is out of range, unlike --width"
    assert flag("uint8_input") == "--uint8-input"


def test_every_kind_has_a_text() -> None:
    assert str(MissingExtraError("reading x", "onnx", "inspect")).endswith("pip install 'limner[inspect]'")
    assert all(issubclass(kind, LimnerError) for kind in LimnerError.__subclasses__())


def texts(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Every string below a node with its line; what an f-string puts in is an x."""
    if isinstance(node, ast.JoinedStr):
        parts = [str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values]
        yield node.lineno, "".join(parts)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.lineno, node.value
    else:
        for child in ast.iter_child_nodes(node):
            yield from texts(child)


def flags_in_errors(path: Path) -> list[str]:
    """Every text of an error in this file that names a flag, whole commands left aside."""
    raised = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Raise)]
    found = [(line, COMMAND.sub("", text)) for node in raised for line, text in texts(node)]
    return [f"{path.name}:{line} {text}" for line, text in found if re.search(r"(^|\s)--[a-z]", text)]


def test_no_error_of_the_library_names_a_flag() -> None:
    library = [path for path in HOME.rglob("*.py") if not {"cli", "workers"} & set(path.parts)]
    assert len(library) > 200
    assert [line for path in library for line in flags_in_errors(path)] == []
