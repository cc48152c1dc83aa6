"""Mutants are one change each, where the code computes something, and the same ones from the same seed."""

from __future__ import annotations

import pytest

from tools.mutants import mutants

CODE = '''"""A module."""

from __future__ import annotations

import os
from functools import cache

Pair = tuple[int, int]
LIMIT = 3
__all__ = ["area"]


@cache
def area(size: Pair | None, *, least: int = 1) -> int:
    """The area."""
    assert size is not None
    if size[0] < LIMIT:
        return -1
    return size[0] * size[1] + least
'''


HEAD = "def area(size: Pair | None, *, least: int = 1) -> int:"


def changes(code: str) -> set[str]:
    found, count = mutants(code)
    assert len(found) <= count
    return {mutant.change for mutant in found}


def test_what_computes_is_changed_and_nothing_else() -> None:
    assert changes(CODE) == {
        "- LIMIT = 3\n+ LIMIT = 4",
        "- LIMIT = 3\n+ LIMIT = None",
        f"- {HEAD}\n+ {HEAD.replace('= 1', '= 2')}",
        "- if size[0] < LIMIT:\n+ if size[0] <= LIMIT:",
        "- if size[0] < LIMIT:\n+ if size[1] < LIMIT:",
        "- return -1\n+ return +1",
        "- return -1\n+ return -2",
        "- return size[0] * size[1] + least\n+ return size[0] / size[1] + least",
        "- return size[0] * size[1] + least\n+ return size[0] * size[1] - least",
        "- return size[0] * size[1] + least\n+ return size[1] * size[1] + least",
        "- return size[0] * size[1] + least\n+ return size[0] * size[2] + least",
    }


@pytest.mark.parametrize(
    ("line", "left_alone"),
    [
        ("for a, b in zip(x, y, strict=True): pass", "strict=False"),
        ("value = cast('int', other)", "cast(None"),
        ("x = 'Word'", "'word'"),
    ],
)
def test_what_no_test_could_notice_is_left_alone(line: str, left_alone: str) -> None:
    assert not [change for change in changes(line + "\n") if left_alone in change]


def test_each_is_the_whole_file_with_one_change() -> None:
    for mutant in mutants(CODE)[0]:
        compile(mutant.code, "mutant", "exec")
        assert mutant.code != CODE
        assert CODE.splitlines()[mutant.first - 1].strip() in mutant.change
        assert mutant.first <= mutant.last


def test_a_draw_is_part_of_all_and_the_same_again() -> None:
    everything = [mutant.code for mutant in mutants(CODE)[0]]
    drawn = [mutant.code for mutant in mutants(CODE, most=4, seed=3)[0]]
    assert len(drawn) == 4
    assert set(drawn) < set(everything)
    assert drawn == [mutant.code for mutant in mutants(CODE, most=4, seed=3)[0]]
    assert drawn != [mutant.code for mutant in mutants(CODE, most=4, seed=4)[0]]
    # A larger draw has the smaller one in it, so that a longer run goes on with a shorter one's results.
    assert set(drawn) < {mutant.code for mutant in mutants(CODE, most=8, seed=3)[0]}
