"""Mutants of a file: one small change each, made by mutmut's operators wherever the file computes something."""

from __future__ import annotations

import difflib
import random
from dataclasses import dataclass

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators


@dataclass(frozen=True, slots=True)
class Mutant:
    """A file with one change.

    Attributes:
        first: the first line of what is changed, from 1; ``last``: its last.
        change: the lines before and after, as ``- …`` and ``+ …``.
        code: the whole file with the change.
    """

    first: int
    last: int
    change: str
    code: str


def mutants(code: str, *, most: int | None = None, seed: int = 0) -> tuple[list[Mutant], int]:
    """Mutants of a file, in its order, and how many there are in all.

    Left alone are docstrings, annotations, names of types, decorators, assertions, `strict` of zip and imports: nothing
    that a test could notice. Of the operators on strings only the one that puts XX around them is used.

    Args:
        most: mutants to draw without putting back; all of them where it is None or there are no more.
        seed: of the draw.
    """
    wrapper = MetadataWrapper(cst.parse_module(code))
    places = _Places()
    wrapper.visit(places)
    changes = [
        (where, node, changed)
        for node, where in places.found
        for kind, operator in mutation_operators
        if isinstance(node, kind)
        for changed in operator(node)
        if not _only_case(node, changed)
    ]
    order = list(range(len(changes)))
    random.Random(seed).shuffle(order)
    lines, seen, found = code.splitlines(), {code}, []
    for index in order:
        if most is not None and len(found) == most:
            break
        where, node, changed = changes[index]
        made = wrapper.module.deep_replace(node, changed).code  # type: ignore[arg-type]
        if made not in seen and _compiles(made):
            seen.add(made)
            told = _change(lines, made.splitlines())
            found.append((index, Mutant(where.start.line, where.end.line, told, made)))
    return [mutant for _, mutant in sorted(found, key=lambda item: item[0])], len(changes)


class _Places(cst.CSTVisitor):
    """Collects the nodes that may be changed, in the order of the file."""

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[cst.CSTNode, CodeRange]] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, (cst.Annotation, cst.Decorator, cst.Import, cst.ImportFrom, cst.Assert)):
            return False
        if isinstance(node, cst.SimpleStatementLine) and _computes_nothing(node):
            return False
        if isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value == "cast":
            return False
        if isinstance(node, cst.Arg) and node.keyword is not None and node.keyword.value == "strict":
            return False
        where = self.get_metadata(PositionProvider, node, None)
        if where is not None:
            self.found.append((node, where))
        return True


def _computes_nothing(line: cst.SimpleStatementLine) -> bool:
    """Whether it is a docstring, the name of a type, or `__all__`."""
    statement = line.body[0]
    if isinstance(statement, cst.Expr):
        return isinstance(statement.value, (cst.SimpleString, cst.ConcatenatedString, cst.Ellipsis))
    if isinstance(statement, cst.Assign) and isinstance(statement.targets[0].target, cst.Name):
        name = statement.targets[0].target.value
        a_type = isinstance(statement.value, (cst.Subscript, cst.BinaryOperation)) and not name.isupper()
        return name == "__all__" or (a_type and name.lstrip("_")[:1].isupper())
    return False


def _only_case(before: cst.CSTNode, after: cst.CSTNode) -> bool:
    return (
        isinstance(before, cst.SimpleString)
        and isinstance(after, cst.SimpleString)
        and before.value.lower() == after.value.lower()
    )


def _compiles(code: str) -> bool:
    try:
        compile(code, "mutant", "exec")
    except (SyntaxError, ValueError):
        return False
    return True


def _change(before: list[str], after: list[str]) -> str:
    """The lines that differ, without what surrounds them."""
    told = difflib.unified_diff(before, after, lineterm="", n=0)
    return "\n".join(f"{line[0]} {line[1:].strip()}" for line in list(told)[2:] if line[0] in "+-")
