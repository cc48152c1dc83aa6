"""EnsembleCard: a model that is the weighted mean of several others, as validated JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from limner.errors import ModelError
from limner.models.card import SCHEMA, SEGMENT, Measurement, plain, read_json
from limner.models.fields import Fields
from limner.whole_file import whole_text

PERSON, OBJECTS, PRESENCE = "person", "objects", "presence"
FINDS = (PERSON, OBJECTS, PRESENCE)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberSpec:
    """One model of an ensemble.

    Attributes:
        model: a model's name, or the path of a model file with its card, relative to the ensemble's own card.
        share: weight in the mean, above 0; shares need not add up to 1. Not used where it finds "presence".
        finds: "person"; or "objects" for a net that masks whatever stands out: it only counts where a net of people
            sees somebody; or "presence" for a net that is not in the mean, but drops regions in which it sees nobody.
    """

    model: str
    share: float = 1.0
    finds: str = PERSON

    @classmethod
    def _read(cls, fields: Fields) -> Self:
        spec = cls(
            model=fields.text("model"),
            share=fields.number("share", above=0.0, default=1.0),
            finds=fields.choice("finds", FINDS, default=PERSON),
        )
        fields.finish()
        return spec


@dataclass(frozen=True, slots=True, kw_only=True)
class EnsembleCard:
    """The card of an ensemble. JSON schema 1; see docs/model-cards.md.

    Raises:
        ModelError: from ``load`` and ``from_dict``, naming the file and the field that is missing, wrong or unknown.
    """

    name: str
    members: tuple[MemberSpec, ...]
    summary: str = ""
    licence: str = "unknown"
    origin: str = "unknown"
    measured: tuple[Measurement, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self._parse(Fields(self.to_dict(), f"EnsembleCard {self.name!r}", ""))

    @property
    def task(self) -> str:
        """What the model is for: "segment"."""
        return SEGMENT

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a card from a JSON file."""
        return cls.from_dict(read_json(Path(path)), source=str(path))

    @classmethod
    def from_dict(cls, data: object, *, source: str = "ensemble card") -> Self:
        """Make a card from parsed JSON; ``source`` is what errors call it."""
        if not isinstance(data, Mapping):
            raise ModelError(f"{source}: an ensemble card must be a JSON object, not {type(data).__name__}")
        return cls(**cls._parse(Fields(data, source, "")))

    @staticmethod
    def _parse(fields: Fields) -> dict[str, Any]:
        fields.choice("schema", (SCHEMA,))
        values: dict[str, Any] = {
            "name": fields.text("name"),
            "members": tuple(MemberSpec._read(item) for item in fields.objects("members")),
            "summary": fields.text("summary", default=""),
            "licence": fields.text("licence", default="unknown"),
            "origin": fields.text("origin", default="unknown"),
            "measured": tuple(Measurement.read(item) for item in fields.objects("measured", default=())),
            "notes": fields.texts("notes"),
        }
        if all(member.finds != PERSON for member in values["members"]):
            fields.refuse("members", 'a list of models of which one at least finds "person"')
        fields.finish()
        return values

    def to_dict(self) -> dict[str, Any]:
        """The card as plain JSON values, in the order the file has them."""
        data: dict[str, Any] = {"schema": SCHEMA, "name": self.name, "summary": self.summary}
        data |= {"licence": self.licence, "origin": self.origin, "members": plain(self.members)}
        return data | {"measured": plain(self.measured), "notes": list(self.notes)}

    def save(self, path: str | Path) -> None:
        """Write the card as JSON. The file appears whole or not at all."""
        try:
            whole_text(path, json.dumps(self.to_dict(), indent=2, ensure_ascii=False) + "\n")
        except OSError as error:
            raise ModelError(f"{path}: cannot be written: {error.strerror or error}") from None
