"""ModelCard: everything needed to run a net and to know where it comes from, as validated JSON beside the weights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from limner.checking import check_fields
from limner.errors import ModelError
from limner.models.card_more import Constants, CropSpec, RecurrentSpec, read_constants
from limner.models.card_parts import (
    CLASS_KINDS as CLASS_KINDS,
)
from limner.models.card_parts import (
    COLOR_ORDERS as COLOR_ORDERS,
)
from limner.models.card_parts import (
    HARMONIZE as HARMONIZE,
)
from limner.models.card_parts import (
    KINDS as KINDS,
)
from limner.models.card_parts import (
    LAYOUTS as LAYOUTS,
)
from limner.models.card_parts import (
    MATTE_KINDS as MATTE_KINDS,
)
from limner.models.card_parts import (
    OUTPUT_KINDS as OUTPUT_KINDS,
)
from limner.models.card_parts import (
    PACKED as PACKED,
)
from limner.models.card_parts import (
    PACKED_BITS as PACKED_BITS,
)
from limner.models.card_parts import (
    REFINE as REFINE,
)
from limner.models.card_parts import (
    RESIZES as RESIZES,
)
from limner.models.card_parts import (
    SEGMENT as SEGMENT,
)
from limner.models.card_parts import (
    TASKS as TASKS,
)
from limner.models.card_parts import (
    InputSpec as InputSpec,
)
from limner.models.card_parts import (
    Measurement as Measurement,
)
from limner.models.card_parts import (
    NetSpec as NetSpec,
)
from limner.models.card_parts import (
    OutputSpec as OutputSpec,
)
from limner.models.card_parts import (
    StateSpec as StateSpec,
)
from limner.models.card_parts import (
    Training as Training,
)
from limner.models.card_parts import (
    TrainingSet as TrainingSet,
)
from limner.models.fields import Fields
from limner.models.files import model_sha256
from limner.whole_file import whole_text

SCHEMA = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """The card of one model file. JSON schema 1; see docs/model-cards.md.

    ``task`` is what the model is for: "segment" finds people, "harmonize" fits their colours to a background.
    ``state`` is the previous mask as an input of its own; ``states`` are those of a recurrent net, of any shapes;
    ``constants`` are inputs that are the same for every frame; ``crop`` is a model that finds people first.
    ``sha256`` may be None for a model of one's own; models that ship always have it.

    Raises:
        ModelError: from ``load`` and ``from_dict``, naming the file and the field that is missing, wrong or unknown.
    """

    name: str
    file: str
    input: InputSpec
    output: OutputSpec
    state: StateSpec | None = None
    states: tuple[RecurrentSpec, ...] = ()
    constants: Constants = field(default_factory=dict)
    crop: CropSpec | None = None
    task: str = SEGMENT
    sha256: str | None = None
    summary: str = ""
    licence: str = "unknown"
    origin: str = "unknown"
    net: NetSpec | None = None
    training: Training | None = None
    measured: tuple[Measurement, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        check_fields(self)
        # Cards made in code obey the same rules as cards read from files.
        self._parse(Fields(self.to_dict(), f"ModelCard {self.name!r}", ""))

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a card from a JSON file."""
        return cls.from_dict(read_json(Path(path)), source=str(path))

    @classmethod
    def from_dict(cls, data: object, *, source: str = "model card") -> Self:
        """Make a card from parsed JSON; ``source`` is what errors call it."""
        if not isinstance(data, Mapping):
            raise ModelError(f"{source}: a model card must be a JSON object, not {type(data).__name__}")
        return cls(**cls._parse(Fields(data, source, "")))

    @staticmethod
    def _parse(fields: Fields) -> dict[str, Any]:
        fields.choice("schema", (SCHEMA,))
        task = fields.choice("task", TASKS, default=SEGMENT)
        state, crop = fields.optional("state"), fields.optional("crop")
        net = fields.optional("net")
        training = fields.optional("training")
        values = {
            "name": fields.text("name"),
            "file": fields.text("file"),
            "input": InputSpec._read(fields.object("input")),
            "output": OutputSpec._read(fields.object("output"), KINDS[task]),
            "state": None if state is None else StateSpec._read(fields.object("state")),
            "states": tuple(RecurrentSpec._read(item) for item in fields.objects("states", default=())),
            "constants": read_constants(fields, "constants"),
            "crop": None if crop is None else CropSpec._read(fields.object("crop")),
            "task": task,
            "sha256": fields.sha256("sha256"),
            "summary": fields.text("summary", default=""),
            "licence": fields.text("licence", default="unknown"),
            "origin": fields.text("origin", default="unknown"),
            "net": None if net is None else NetSpec._read(fields.object("net")),
            "training": None if training is None else Training._read(fields.object("training")),
            "measured": tuple(Measurement.read(item) for item in fields.objects("measured", default=())),
            "notes": fields.texts("notes"),
        }
        fields.finish()
        _check_inputs(values, fields)
        return values

    def to_dict(self) -> dict[str, Any]:
        """The card as plain JSON values, in the order the file has them. Fields that say nothing are left out."""
        data: dict[str, Any] = {"schema": SCHEMA, "name": self.name, "file": self.file}
        if self.task != SEGMENT:
            data["task"] = self.task
        if self.sha256 is not None:
            data["sha256"] = self.sha256
        data |= {"summary": self.summary, "licence": self.licence, "origin": self.origin}
        data["input"] = {key: value for key, value in plain(self.input).items() if key != "other_sizes" or value}
        data["output"] = {key: value for key, value in plain(self.output).items() if value not in (None, [])}
        if self.state is not None:
            data["state"] = plain(self.state)
        if self.states:
            data["states"] = [
                {key: value for key, value in plain(state).items() if value is not None} for state in self.states
            ]
        if self.constants:
            data["constants"] = {
                name: list(values) if len(values) > 1 else values[0] for name, values in self.constants.items()
            }
        if self.crop is not None:
            data["crop"] = plain(self.crop)
        if self.net is not None:
            data["net"] = plain(self.net)
        if self.training is not None:
            data["training"] = plain(self.training)
        data["measured"] = [plain(item) for item in self.measured]
        data["notes"] = list(self.notes)
        return data

    def save(self, path: str | Path) -> None:
        """Write the card as JSON. The file appears whole or not at all."""
        path = Path(path)
        text = json.dumps(self.to_dict(), indent=2, ensure_ascii=False) + "\n"
        try:
            whole_text(path, text)
        except OSError as error:
            raise ModelError(f"{path}: cannot be written: {_reason(error)}") from None

    def verify(self, model_path: str | Path) -> None:
        """Check all files of a model against the card's sha256, where it has one.

        Raises:
            ModelError: a file of it cannot be read, or is not the one the card was written for.
        """
        path = Path(model_path)
        if self.sha256 is None:
            return
        found = model_sha256(path)
        if found != self.sha256:
            raise ModelError(
                f"{path}: sha256 is {found[:12]}…, but the card of {self.name!r} says {self.sha256[:12]}…: "
                "the file is damaged or is another version; fetch it again, or correct the card"
            )


def _check_inputs(values: Mapping[str, Any], fields: Fields) -> None:
    """What the rarer parts of a card say fits together; ModelError where it does not."""
    fed = [values["input"].name, *([] if values["state"] is None else [values["state"].input])]
    for key, names in (("states", [state.input for state in values["states"]]), ("constants", values["constants"])):
        for name in names:
            if name in fed:
                fields.refuse(key, f"of inputs that nothing else is for, and {name!r} is named twice")
            fed.append(name)
    if values["crop"] is not None:
        if values["task"] != SEGMENT:
            fields.refuse("crop", f"left out of a card of the task {values['task']}")
        if values["state"] is not None or values["states"] or values["input"].channels == 4:
            fields.refuse("crop", "left out where the net is told what came before: its crop moves")


def read_json(path: Path) -> Any:
    """What a card's file holds, parsed but not checked; ModelError where it cannot be."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ModelError(f"{path}: no such model card") from None
    except UnicodeDecodeError:
        raise ModelError(f"{path}: is no model card, which is JSON text; is another file meant?") from None
    except OSError as error:
        raise ModelError(f"{path}: cannot be read as a model card: {_reason(error)}") from None
    try:
        return json.loads(text)
    except ValueError as error:
        raise ModelError(f"{path}: is damaged or no model card: it is not valid JSON ({error})") from None


def plain(value: Any) -> Any:
    """Dataclasses, tuples and mappings as JSON values."""
    if hasattr(value, "__dataclass_fields__"):
        return {name: plain(getattr(value, name)) for name in value.__dataclass_fields__}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    return value


def _reason(error: Exception) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
