"""The shipped models for the browser's other runtimes belong to the shipped ONNX files, and can be made again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from browsers import needs_browser
from limner.models.catalogue import find_model
from tools.make_web_models import NAMES, SHIPPED, TARGETS, made_from, make

EACH = [(name, target) for name in NAMES for target in TARGETS]


@pytest.mark.parametrize(("name", "target"), EACH)
def test_each_is_what_its_card_says_and_was_made_from_the_net_that_ships(name: str, target: str) -> None:
    model = find_model(SHIPPED / target / f"{name}{TARGETS[target]}")
    model.card.verify(model.path)
    source = find_model(name).card
    assert made_from(name) in model.card.notes, "make web-models, and commit what it makes"
    assert (model.card.name, model.card.licence) == (source.name, source.licence)
    assert model.card.input.size == source.input.size
    assert model.card.input.other_sizes == (source.input.other_sizes if target == "tfjs" else ())
    assert (model.card.output.kind, model.card.input.layout) == ("logits", "NHWC")
    assert (model.card.state is not None) == (source.input.channels == 4)
    (measured,) = model.card.measured
    assert measured.metrics["mean_difference"] <= 1e-3
    assert not any(note.startswith("fails:") for note in model.card.notes)


def test_no_file_ships_that_no_card_names() -> None:
    named = {f"{target}/{name}" for name, target in EACH} | {f"litert/{name}.sizes" for name in NAMES}
    named.add("litert/fast.squares")
    found = {f"{path.parent.name}/{path.stem}" for path in SHIPPED.glob("*/*")}
    assert found == named


@pytest.mark.slow
@pytest.mark.parametrize("target", list(TARGETS))
def test_they_can_be_made_again(target: str, tmp_path: Path) -> None:
    needs_browser()
    row = make("tiny", target, tmp_path)
    assert row.state == "checked", row.reason
    made, shipped = (json.loads((folder / "tiny.json").read_text()) for folder in (tmp_path, SHIPPED / target))
    assert {**made, "measured": None, "sha256": None} == {**shipped, "measured": None, "sha256": None}
    suffix = TARGETS[target]
    assert find_model(tmp_path / f"tiny{suffix}").card.sha256 == made["sha256"]
