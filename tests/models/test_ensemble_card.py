"""Cards of ensembles: round trip, and errors that name the field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from limner.errors import ModelError
from limner.models.ensemble_card import EnsembleCard, MemberSpec

PAIR: dict[str, Any] = {"schema": 1, "name": "pair", "members": [{"model": "fast"}, {"model": "x.onnx", "share": 2.5}]}


def test_round_trip(tmp_path: Path) -> None:
    card = EnsembleCard.from_dict(PAIR)
    assert card.members == (MemberSpec(model="fast"), MemberSpec(model="x.onnx", share=2.5, finds="person"))
    card.save(tmp_path / "pair.json")
    assert EnsembleCard.load(tmp_path / "pair.json") == card
    assert card.task == "segment"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"members": None}, "pair.json: members must be a list of objects, not null"),
        ({"members": []}, 'pair.json: members must be a list of models of which one at least finds "person"'),
        ({"members": [{"model": "a", "finds": "objects"}]}, "pair.json: members must be a list of models of which one"),
        ({"members": [{"share": 1}]}, "pair.json: members[0].model is missing; it must be a non-empty string"),
        ({"members": [{"model": "a", "share": 0}]}, "pair.json: members[0].share must be a number above 0, not 0"),
        (
            {"members": [{"model": "a", "finds": "cats"}]},
            "pair.json: members[0].finds must be person or objects or presence",
        ),
        ({"members": [{"model": "a", "weight": 1}]}, "pair.json: members[0].weight is not a field of a model card"),
        ({"file": "a.onnx"}, "pair.json: file is not a field of a model card; known: schema, name, members"),
        ({"schema": 2}, "pair.json: schema must be 1, not 2"),
    ],
)
def test_wrong_fields_name_themselves(change: dict[str, Any], says: str) -> None:
    with pytest.raises(ModelError) as error:
        EnsembleCard.from_dict(PAIR | change, source="pair.json")
    assert str(error.value).startswith(says)


def test_a_card_that_is_no_object() -> None:
    with pytest.raises(ModelError, match="an ensemble card must be a JSON object, not list"):
        EnsembleCard.from_dict([])
