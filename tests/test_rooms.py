"""The rooms of the house: what each may import, lazy imports and registries of names included, and nothing else.

A room is a folder or a module of `src/limner`. Reading an import here is reading the code, not running it: nothing is
imported, so what a machine lacks changes nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parents[1] / "src" / "limner"

GROUND = frozenset(
    [
        "address",
        "adjustment",
        "cache",
        "charts",
        "checking",
        "children",
        "colors",
        "cores",
        "deprecation",
        "errors",
        "fitting",
        "frame",
        "heap",
        "kinds",
        "matte",
        "no_telemetry",
        "one_writer",
        "places",
        "proportions",
        "samples",
        "shipped_recipes",
        "silence",
        "suggestions",
        "threads",
        "version",
        "whole_file",
    ]
)
"""Single modules that know nobody but each other: every room may import them."""

ROOMS: dict[str, str] = {
    # ground floor
    "weights": "",
    "models": "weights",
    "media": "",
    # first floor
    "nets": "models weights",
    "runtimes": "nets models",
    "effects": "runtimes media models",
    "segment": "runtimes media models",
    "inspect": "segment runtimes models",
    # second floor
    "assembly": "segment effects media models",
    "processing": "assembly segment effects media models",
    "live": "processing assembly segment effects media",
    "augment": "",
    "datasets": "augment effects segment",
    "tasks": "datasets augment segment weights nets models",
    "training": "tasks datasets augment nets weights models",
    "evaluation": "tasks datasets effects segment nets models media",
    "export": "evaluation training tasks datasets segment inspect runtimes weights nets models",
    "bench": "segment runtimes media models",
    # third floor
    "web": "models",
    "review": "web datasets segment",
    "streams": "live processing assembly segment effects media models",
    "serve": "processing assembly segment effects media models",
    "batch": "processing assembly segment effects runtimes media models",
    "multistream": "streams live processing assembly segment effects media models",
    "demo": "processing segment effects media",
    "cli": "demo multistream review web serve streams batch bench export evaluation training tasks datasets augment "
    "live processing assembly inspect segment effects runtimes weights nets media models",
    # the doors: whoever comes in by them may go anywhere
    "__init__": "segment effects media models moved",
    "__main__": "cli",
    "moved": "",
}
"""Room -> the rooms it may import beside the ground floor, lower ones only."""

EXCEPTIONS: frozenset[tuple[str, str]] = frozenset()
"""What is still to be mended. It only shrinks."""


def modules() -> dict[str, Path]:
    """Every module's dotted name -> its file."""
    found = {}
    for path in sorted(HOME.rglob("*.py")):
        parts = path.relative_to(HOME.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def room(module: str) -> str:
    """The room that a module is in."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def imported(tree: ast.AST, known: Mapping[str, object]) -> Iterator[tuple[str, int]]:
    """Every module of ours that a file imports, or names in a string as registries do, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            for name in node.names:
                inner = f"{node.module}.{name.name}"
                yield from ((found, node.lineno) for found in (inner if inner in known else node.module,))
        elif isinstance(node, ast.Import):
            yield from ((name.name, node.lineno) for name in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            named = node.value.partition(":")[0]
            if named in known and "." in named:
                yield named, node.lineno


def ours(known: Mapping[str, Path]) -> list[tuple[str, str, int]]:
    """(importing module, imported module, line), of all that lies in the package."""
    return [
        (module, found, line)
        for module, path in known.items()
        for found, line in imported(ast.parse(path.read_text(encoding="utf-8")), known)
        if found.partition(".")[0] == "limner"
    ]


IMPORTS = [entry for entry in ours(MODULES) if entry[0] != "limner.moved"]


def test_every_room_is_in_the_table() -> None:
    assert {room(module) for module in MODULES} == GROUND | ROOMS.keys()


@pytest.mark.parametrize("name", sorted(GROUND | ROOMS.keys()))
def test_a_room_imports_what_the_table_allows(name: str) -> None:
    allowed = {name, *GROUND, *ROOMS.get(name, "").split()}
    allowed |= {target for source, target in EXCEPTIONS if source == name}
    wrong = [
        f"{module}:{line} imports {found}"
        for module, found, line in IMPORTS
        if room(module) == name and room(found) not in allowed
    ]
    assert wrong == []


def test_no_exception_is_left_over() -> None:
    used = {(room(module), room(found)) for module, found, _ in IMPORTS}
    assert sorted(EXCEPTIONS - used) == []


def test_the_table_has_no_circle() -> None:
    circle: list[str] = []
    try:
        TopologicalSorter({name: allowed.split() for name, allowed in ROOMS.items()}).prepare()
    except CycleError as error:
        circle = error.args[1]
    assert circle == []


def test_the_ground_floor_has_no_circle() -> None:
    graph: dict[str, set[str]] = {name: set() for name in GROUND}
    for module, found, _ in IMPORTS:
        if room(module) in GROUND and room(module) != room(found):
            graph[room(module)].add(room(found))
    TopologicalSorter(graph).prepare()


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("import limner.b", "limner.b"),
        ("from limner import b", "limner.b"),
        ("from limner.b import c", "limner.b"),
        ("def f():\n    from limner.b import c", "limner.b"),
        ("if TYPE_CHECKING:\n    from limner.b import c", "limner.b"),
        ("TABLE = {'c': 'limner.b:C'}", "limner.b"),
    ],
)
def test_the_reader_sees_imports_of_every_kind(line: str, found: str) -> None:
    assert [name for name, _ in imported(ast.parse(line), {"limner": None, "limner.b": None})] == [found]
