"""Every recipe that ships is valid, and every way to get one wrong is named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from limner.errors import LimnerError
from limner.models.card import SEGMENT
from limner.models.catalogue import list_models
from limner.nets import NETS, make_net
from limner.tasks.loss.criterion import Criterion
from limner.tasks.recipes.reading import read_recipe
from limner.tasks.recipes.recipe import from_dict, load_recipe, recorded, to_dict
from limner.tasks.recipes.schedules import Poly

RECIPES = [  # those of the task harmonize have a test of their own
    path for path in sorted((Path(__file__).parents[3] / "recipes").glob("*.yaml")) if "task" not in read_recipe(path)
]
FAST = next(path for path in RECIPES if path.name == "from_nothing.yaml")


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_recipes_that_ship_are_valid(path: Path) -> None:
    """The net can be made, takes every size of the recipe, and has what the terms of the loss need."""
    recipe = load_recipe(path)
    net = make_net(recipe.net.name, **recipe.net.options)
    Criterion(recipe, net)
    for phase in recipe.phases:
        net.check_size(phase.size, phase.size)
    assert recipe.phases[-1].size == recipe.input_size
    assert from_dict(to_dict(recipe), source="again") == recipe


def test_every_net_has_a_recipe() -> None:
    assert set(NETS) == {load_recipe(path).net.name for path in RECIPES}


def test_every_model_that_ships_for_segmentation_has_a_recipe() -> None:
    shipped = {model.card.name for model in list_models(SEGMENT)} - {"selfie"}  # which was not trained here
    assert shipped <= {path.stem for path in RECIPES}


def test_a_recipe_may_be_like_another(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(FAST.read_text())
    (tmp_path / "mine.yaml").write_text("like: base.yaml\nsamples: 48\ndata: {distractor: 0}\nschedule: {kind: poly}\n")
    mine, fast = load_recipe(tmp_path / "mine.yaml", changes=["ema=0.9"]), load_recipe(FAST)
    assert (mine.samples, mine.data.distractor, mine.schedule, mine.ema) == (48, 0, Poly(), 0.9)
    assert (mine.data.sets, mine.net, mine.optimizer) == (fast.data.sets, fast.net, fast.optimizer)


@pytest.mark.parametrize("like", ["none.yaml", "mine.yaml"])
def test_the_recipe_it_is_like_must_be_another_one(tmp_path: Path, like: str) -> None:
    (tmp_path / "mine.yaml").write_text(f"like: {like}\n")
    with pytest.raises(LimnerError, match=f"like: there is no other recipe .*{like}"):
        load_recipe(tmp_path / "mine.yaml")


def test_changes_apply() -> None:
    recipe = load_recipe(FAST, changes=["optimizer.lr=3e-4", "samples=48", "data.distractor=0", "precision=bf16"])
    assert (recipe.optimizer.lr, recipe.samples, recipe.data.distractor) == (3e-4, 48, 0)
    assert recipe.precision == "bf16"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("optimizer.lr", "write it as field=value"),
        ("=3", "write it as field=value"),
        ("optimizer.lr=[", "what follows the = is no YAML value"),
        ("optimizer.momentum=1", "optimizer.momentum: a recipe has no such field"),
        ("data.replace_hands=1", "data.replace_hands: "),
        ("samples=many", "samples: "),
        ("samples=0", "samples: must be greater than 0"),
        ("freeze={}", "freeze: .*names nothing to freeze"),
        ("own_priors=0.5", "own_priors: needs previous frames and masks; set data.previous"),
        ("ema=1", "ema: "),
        ("optimizer.kind=lion", "optimizer: .*'lion'.*'adamw'"),
        ("optimizer.nesterov=true", "optimizer.nesterov: a recipe has no such field"),
        ("schedule.power=2", "schedule.power: a recipe has no such field"),
        ("schedule={kind: plateau}", "schedule.kind: listens to validations; set validate_every"),
        ("early_stop={patience: 3}", "early_stop: listens to validations; set validate_every"),
        ("early_stop={patience: 0}", "early_stop.patience: "),
        ("freeze={encoder_until: 2}", "freeze.encoder_until: "),
        ("accumulate=25", "accumulate: a batch of 24 has no 25 parts"),
        ("teacher={models: []}", "teacher: .*at least one teacher"),
        ("precision=fp8", "precision: "),
        ("data.replace_hand=2", r"data.replace_hand must lie in \[0, 1\]"),
        ("phases=[{size: 64, share: 0.4}]", "phases: their shares must add up to 1"),
        ("net.name.first=1", "name holds no fields"),
    ],
)
def test_wrong_changes_are_named(change: str, message: str) -> None:
    with pytest.raises(LimnerError, match=message):
        load_recipe(FAST, changes=[change])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "no such recipe"),
        ("", "a recipe is a mapping of fields, and it is empty"),
        ("a: [1", "is no YAML"),
        ("- 1\n", "a recipe is a mapping of fields, and this is a list"),
        ("net: {name: fast}\n", "input_size: "),
    ],
)
def test_wrong_files_are_named(tmp_path: Path, text: str | None, message: str) -> None:
    path = tmp_path / "r.yaml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(LimnerError, match=message) as caught:
        load_recipe(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_record_is_read_without_its_loss() -> None:
    """What a checkpoint trained on matters no more once it is trained, in whatever words it was written down."""
    recipe = load_recipe(FAST)
    old = {**to_dict(recipe), "loss": {"edge": 3.0, "coarse_share": 0.3}}
    read = recorded(old, source="old.pt")
    assert (read.net, read.phases, read.optimizer) == (recipe.net, recipe.phases, recipe.optimizer)


def test_phases_follow_each_other() -> None:
    phases = "phases=[{size: 64, share: 0.5}, {size: 96, share: 0.5}]"
    recipe = load_recipe(FAST, changes=["samples=240", "batch=24", phases])
    assert [recipe.size_at(step) for step in range(recipe.steps)] == [64] * 5 + [96] * 5


def test_a_recipe_may_be_like_one_that_ships(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text("like: from_nothing.yaml\nsamples: 48\n")
    assert load_recipe(Path("mine.yaml")) == replace(load_recipe(FAST), samples=48)
    assert load_recipe(Path("from_nothing")) == load_recipe(FAST)


@pytest.mark.parametrize(
    ("other", "told"), [("a", r"there is no other recipe .*a\.yaml"), ("b", "is itself like this")]
)
def test_recipes_that_are_like_each_other_are_refused(tmp_path: Path, other: str, told: str) -> None:
    (tmp_path / "a.yaml").write_text(f"like: {other}.yaml\n")
    (tmp_path / "b.yaml").write_text("like: a.yaml\n")
    with pytest.raises(LimnerError, match=told):
        load_recipe(tmp_path / "a.yaml")


def test_a_missing_recipe_is_told_the_names_of_those_that_ship(tmp_path: Path) -> None:
    with pytest.raises(LimnerError, match="quantise: no such recipe; did you mean 'quantize'"):
        load_recipe(Path("quantise"))
    with pytest.raises(LimnerError, match=r"none\.yaml: no such recipe; the shipped ones are .*fast, .*video"):
        load_recipe(tmp_path / "none.yaml")
