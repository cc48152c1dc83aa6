"""The names that modules had before: they import, they warn, and they are the same things."""

from __future__ import annotations

import importlib
import sys

import pytest

from limner.moved import MOVED


@pytest.mark.parametrize("old", MOVED)
def test_an_old_name_warns_and_gives_the_same_things(old: str) -> None:
    sys.modules.pop(old, None)
    with pytest.warns(DeprecationWarning, match=f"{old} is deprecated and goes with .*; use {MOVED[old]}"):
        moved = importlib.import_module(old)
    new = importlib.import_module(MOVED[old])
    own = {name: value for name, value in vars(new).items() if getattr(value, "__module__", None) == new.__name__}
    assert own or old == "limner.data"
    assert all(getattr(moved, name) is value for name, value in own.items())


def test_a_name_that_never_was_is_missing() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"limner\.pipelines"):
        importlib.import_module("limner.pipelines")
