"""Targets by name, their files' names, and lists of names on the command line."""

from __future__ import annotations

import pytest

from limner.errors import OptionError
from limner.export.targets.base import PRECISIONS, TARGETS, Target, chosen, make_target


@pytest.mark.parametrize("name", TARGETS)
def test_every_target_can_be_had_and_names_its_files(name: str) -> None:
    target = make_target(name)
    assert target.name == name
    assert set(target.precisions) <= set(PRECISIONS)
    files = [target.file_name("net", precision) for precision in target.precisions]
    assert len(set(files)) == len(files)
    assert all(file.startswith("net.") and file.endswith(target.suffix) for file in files)


def test_fp32_is_not_mentioned() -> None:
    target: Target = make_target("onnx")
    assert [target.file_name("net", precision) for precision in ("fp32", "int8")] == ["net.onnx", "net.int8.onnx"]


def test_lists_of_names() -> None:
    known = ("a", "b", "c")
    assert chosen("c, a,c", known, option="--to") == ("c", "a")
    assert chosen("b,all", known, option="--to") == known
    for text, message in (("d", "--to d: not known; there are a, b, c and all"), (" ,", "--to: names nothing")):
        with pytest.raises(OptionError, match=message):
            chosen(text, known, option="--to")
    with pytest.raises(OptionError, match="to x: not a known target; there are onnx"):
        make_target("x")
