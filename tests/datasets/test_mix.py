"""A recipe's mix is checked where it is made, nested groups included, and the docs show a valid one."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from limner.augment.photometric import Look
from limner.augment.priors import Priors
from limner.datasets.mix import Mix
from limner.errors import LimnerError

PAGE = (Path(__file__).parents[2] / "docs" / "augmentation.md").read_text(encoding="utf-8")
FAST = Path(__file__).parents[2] / "recipes" / "from_nothing.yaml"


def _changed(*changes: str) -> Mix:
    pytest.importorskip("torch")
    from limner.tasks.recipes.recipe import load_recipe

    return load_recipe(FAST, changes=list(changes)).data


def test_recipes_reach_the_nested_groups() -> None:
    mix = _changed("data.look.lens=0.1", "data.priors.empty=0.4", "data.twins=true")
    assert mix.look == Look(lens=0.1)
    assert mix.priors == Priors(empty=0.4)
    assert mix.twins
    assert _changed("data.priors={}").priors == Priors()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("data.look.lenses=0.1", "data.look.lenses"),
        ("data.look.jpeg=2", r"data.look.jpeg must lie in \[0, 1\]"),
        ("data.priors.full=0.9", "data.priors: empty, full, other and far must not add up"),
        ("data.occluder=2", r"data.occluder must lie in \[0, 1\], not 2"),
    ],
)
def test_wrong_values_are_named(change: str, message: str) -> None:
    with pytest.raises(LimnerError, match=message):
        _changed(change)


def test_the_docs_show_a_valid_mix_and_name_every_field() -> None:
    yaml = pytest.importorskip("yaml")
    shown = yaml.safe_load(re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL).group(1))["data"]  # type: ignore[union-attr]
    assert Mix({"a": 1.0}, **{**shown, "look": Look(**shown["look"])}).look.lens == shown["look"]["lens"]
    for option in [*fields(Mix), *fields(Look)]:
        assert f"`{option.name}`" in PAGE or option.name == "sets", option.name
    for option in fields(Look):
        shown_default = re.search(rf"`{option.name}` ([0-9.]+)", PAGE)
        assert shown_default, option.name
        assert float(shown_default.group(1)) == option.default
