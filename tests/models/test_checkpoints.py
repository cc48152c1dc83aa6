"""Checkpoints carry their card; one of before they did is described by its recipe."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from limner.errors import ModelError  # noqa: E402
from limner.models.card import HARMONIZE, SEGMENT, NetSpec  # noqa: E402
from limner.models.catalogue import find_model  # noqa: E402
from limner.models.checkpoints import recipe_card, trained_card  # noqa: E402
from limner.weights.checkpoint import Checkpoint  # noqa: E402
from limner.weights.record import NetRecord  # noqa: E402

VIDEO = {"net": {"name": "fast", "options": {"in_channels": 4}}, "input_size": 96, "seed": 3}


def saved(path: Path, card: dict[str, object] | None = None) -> Path:
    Checkpoint(VIDEO, 5, {}, {}, {}, card=card).save(path)
    return path


def test_a_checkpoint_without_a_card_gets_one_from_its_recipe(tmp_path: Path) -> None:
    found = find_model(saved(tmp_path / "own.pt"), task=SEGMENT)
    card = found.card
    assert (card.name, card.file, card.task) == ("own", "own.pt", SEGMENT)
    assert (card.input.size, card.input.channels, card.input.layout) == ((96, 96), 4, "NCHW")
    assert card.net == NetSpec(name="fast", options={"in_channels": 4})


def test_its_own_card_comes_first_under_the_name_of_the_file(tmp_path: Path) -> None:
    card = trained_card(NetRecord("tiny", {}, 64), name="tiny", file="tiny.pt", task=SEGMENT, channels=3)
    found = find_model(saved(tmp_path / "best.pt", card.to_dict())).card
    assert (found.name, found.file) == ("best", "best.pt")
    assert (found.input.size, found.net) == ((64, 64), NetSpec(name="tiny"))


def test_a_harmonizer_takes_four_channels_and_gives_numbers() -> None:
    card = recipe_card({**VIDEO, "task": HARMONIZE}, name="h", file="h.pt", source="test")
    assert (card.task, card.input.channels, card.output.kind) == (HARMONIZE, 4, "adjustment")


@pytest.mark.parametrize("recipe", [{}, {"net": "fast", "input_size": 8}, {"net": {"name": "fast"}}])
def test_a_recipe_without_its_net_is_named(recipe: dict[str, object]) -> None:
    with pytest.raises(ModelError, match=r"own\.pt: its recipe names no net"):
        recipe_card(recipe, name="h", file="h.pt", source="own.pt")


def test_a_damaged_card_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"card in .*own\.pt"):
        find_model(saved(tmp_path / "own.pt", {"schema": 1}))
