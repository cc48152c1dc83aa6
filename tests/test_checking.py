"""Arguments are checked against their annotations, with one sentence that names the argument."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Literal, Protocol

import numpy as np
import pytest
from numpy.typing import NDArray

from limner.checking import check_arguments, check_fields, checked, fits, words
from limner.errors import ArgumentError, LimnerError


class Reads(Protocol):
    name: str

    def read(self) -> bytes: ...


class Reader:
    name = "r"

    def read(self) -> bytes:
        return b""


@pytest.mark.parametrize(
    ("hint", "good", "bad"),
    [
        (int, [1, np.int64(2)], [1.0, True, "1", None]),
        (float, [1, 1.5, np.float32(2), Fraction(1, 2)], [True, "1", None]),
        (bool, [True, np.bool_(False)], [0, "yes", None]),
        (str, ["", "x"], [b"x", Path("x"), None]),
        (bytes, [b"", bytearray(b"x"), memoryview(b"x")], ["x", None]),
        (Path, [Path("x")], ["x", None]),
        (str | Path, ["x", Path("x")], [b"x", 1]),
        (int | None, [1, None], [1.5]),
        (Fraction | None, [Fraction(1, 3), 2, 0.5, None], ["1", True]),
        (Literal["a", "b"], ["a", "c"], [1]),  # which one is for the function to check
        (tuple[int, int], [(1, 2), [1, 2]], [(1,), (1, 2, 3), ("a", 1), "ab"]),
        (tuple[str, ...], [(), ("a",), ["a"]], ["a", ("a", 1)]),
        (Sequence[str], [["a"], ("a",), []], ["a", [1], {"a"}]),
        (Mapping[str, int], [{}, {"a": 1}], [{"a": "b"}, {1: 1}, [("a", 1)]]),
        (Iterable[int], [[1], range(3), iter([1])], [1, "12"]),
        (Callable[[int], int], [len, Reader], [1, "len"]),
        (NDArray[np.uint8], [np.zeros(3)], [[1, 2], None]),
        (Reads, [Reader()], [Reader, object()]),
        (Annotated[int, "x"], [1], ["1"]),
        (BinaryIO, [BytesIO()], [b"x", None]),
        (Any, [1, None, object()], []),
        (Reader, [Reader()], [object(), Reader]),
    ],
)
def test_what_fits_an_annotation(hint: Any, good: list[Any], bad: list[Any]) -> None:
    assert [fits(value, hint) for value in good] == [True] * len(good)
    assert [fits(value, hint) for value in bad] == [False] * len(bad)


@pytest.mark.parametrize(
    ("hint", "said"),
    [
        (int | None, "a whole number or None"),
        (str | Path, "a text (str) or a path (pathlib.Path)"),
        (tuple[int, int], "a tuple of a whole number, a whole number"),
        (Mapping[str, int], "a mapping of a whole number"),
        (Callable[[int], int] | Reads, "a function or a Reads"),
        (NDArray[np.uint8], "a numpy array"),
        (Fraction, "a number"),
        (ArgumentError, "an ArgumentError"),
        (BinaryIO, "a binary file"),
        (Literal["a", "b"], "'a' or 'b'"),
    ],
)
def test_annotations_in_words(hint: Any, said: str) -> None:
    assert words(hint) == said


@checked
def scaled(size: tuple[int, int], *, factor: float = 1.0, name: str | None = None, **more: Any) -> float:
    return size[0] * factor


def test_a_checked_function_is_told_what_is_wrong() -> None:
    assert scaled((2, 3), factor=2, more="x") == 4
    assert (scaled.__name__, pickle.loads(pickle.dumps(scaled))) == ("scaled", scaled)
    for arguments, told in (
        ({"size": 3}, "size must be a tuple of a whole number, a whole number, not 3 (int)"),
        ({"size": (1, 2), "factor": "2"}, "factor must be a number, not '2' (str)"),
        ({"size": (1, 2), "name": b"x"}, "name must be a text (str) or None, not b'x'"),
        ({"size": (1, 2), "factor": float("nan")}, "factor must be a number, not nan (float)"),
        ({"size": (1, 2), "factor": None}, "factor must be a number, not None"),
        ({"size": (1, 2), "factor": object()}, "factor must be a number, not an object"),
        ({"size": (1, 2), "factor": Reader}, "factor must be a number, not the class Reader"),
    ):
        with pytest.raises(ArgumentError) as caught:
            scaled(**arguments)  # type: ignore[arg-type]
        assert str(caught.value) == told
        assert isinstance(caught.value, (TypeError, LimnerError))
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        scaled()  # type: ignore[call-arg]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    name: str
    count: int | None = None

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class MoreOptions(Options):
    share: float = 0.5


def test_fields_are_checked_those_of_a_base_too() -> None:
    MoreOptions(name="a", count=3, share=1)
    for wrong, named in (({"name": 1}, "name"), ({"name": "a", "count": 1.5}, "count"),
                         ({"name": "a", "share": "x"}, "share")):  # fmt: skip
        with pytest.raises(ArgumentError) as caught:
            MoreOptions(**wrong)  # type: ignore[arg-type]
        assert caught.value.fields == (named,)


def test_options_by_name() -> None:
    check_arguments(scaled, {"factor": 2, "other": 1}, of="scaled")
    with pytest.raises(ArgumentError, match=r"^reader has no option 'x': it has none$"):
        check_arguments(Reader.__init__, {"x": 1}, of="reader")
    with pytest.raises(ArgumentError, match=r"^options has no option 'x': it has name, count$"):
        check_arguments(Options.__init__, {"x": 1}, of="options")
    with pytest.raises(ArgumentError, match=r"^count must be a whole number or None"):
        check_arguments(Options.__init__, {"count": "1"}, of="options")
