"""ModelCard: everything needed to run a net and to know where it comes from, as validated JSON beside the weights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from limner.errors import ModelError
from limner.models.fields import Fields
from limner.models.files import model_sha256
from limner.whole_file import whole_text

SCHEMA = 1
LAYOUTS = ("NCHW", "NHWC")
COLOR_ORDERS = ("RGB", "BGR")
RESIZES = ("stretch", "letterbox")
SEGMENT, HARMONIZE = "segment", "harmonize"
TASKS = (SEGMENT, HARMONIZE)
PACKED = "packed"
CLASS_KINDS = ("logits", "sigmoid", "softmax", "argmax")
"""Those whose output may have classes."""
MATTE_KINDS = (*CLASS_KINDS, PACKED)
PACKED_BITS = (8, 16)
OUTPUT_KINDS = (*MATTE_KINDS, "adjustment")


@dataclass(frozen=True, slots=True, kw_only=True)
class InputSpec:
    """How a frame becomes the net's input: ``x = (pixel * scale - mean) / std``, in the net's colour order.

    Attributes:
        name: the input's name in the model file.
        size: (height, width) in pixels.
        layout: "NCHW" or "NHWC".
        channels: 3, or 4 where the fourth is a mask in [0, 1], which scale, mean and std do not touch: the previous
            one (zeros for the first frame), or, for the task "harmonize", that of the person. 3 where the previous
            mask is an input of its own, see ``StateSpec``.
        color_order: "RGB" or "BGR"; mean and std are given in this order.
        scale: factor on pixel values 0 to 255.
        mean: three numbers, subtracted after scaling.
        std: three numbers above 0, divided by last.
        resize: "stretch" squeezes the frame into the input; "letterbox" keeps its shape, centred, the rest 0 after
            normalisation.
    """

    name: str
    size: tuple[int, int]
    layout: str
    channels: int
    color_order: str
    scale: float
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    resize: str

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the input for one picture, in its layout."""
        axes = {"N": 1, "C": self.channels, "H": self.size[0], "W": self.size[1]}
        return tuple(axes[axis] for axis in self.layout)

    @classmethod
    def _read(cls, fields: Fields) -> Self:
        spec = cls(
            name=fields.text("name"),
            size=fields.size("size"),
            layout=fields.choice("layout", LAYOUTS),
            channels=fields.choice("channels", (3, 4)),
            color_order=fields.choice("color_order", COLOR_ORDERS),
            scale=fields.number("scale", above=0.0),
            mean=fields.triple("mean"),
            std=fields.triple("std", above=0.0),
            resize=fields.choice("resize", RESIZES),
        )
        fields.finish()
        return spec


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputSpec:
    """What the net's output means.

    Attributes:
        name: the output's name in the model file.
        kind: "sigmoid" (probabilities), "logits" (one channel: before the sigmoid; several: before the softmax),
            "softmax" (class probabilities), "argmax" (class numbers) or "packed" (a hard mask, several pixels in each
            number, see ``limner.segment.packed``); for the task "harmonize" it is "adjustment", the numbers of
            ``limner.adjustment.Adjustment``.
        person_class: number of the class that is the person; not used where the output has one channel, except for
            "argmax". None where ``background_class`` is given.
        background_class: for nets of several person classes (hair, skin, clothes …): the number of the one class that
            is not the person; all others are. None where ``person_class`` is given.
        width: pixels in a row of a packed mask; None for other kinds.
        bits: pixels in one number of a packed mask, 8 or 16; None for other kinds.
    """

    name: str
    kind: str
    person_class: int | None = None
    background_class: int | None = None
    width: int | None = None
    bits: int | None = None

    @classmethod
    def _read(cls, fields: Fields, kinds: tuple[str, ...]) -> Self:
        kind = fields.choice("kind", kinds)
        several = kind in CLASS_KINDS and fields.optional("background_class") is not None
        if several:
            fields.refuse("person_class", "left out where output.background_class is given: it is one or the other")
        spec = cls(
            name=fields.text("name"),
            kind=kind,
            person_class=None if several else fields.integer("person_class", least=0),
            background_class=fields.integer("background_class", least=0) if several else None,
            width=fields.integer("width", least=1) if kind == PACKED else None,
            bits=fields.choice("bits", PACKED_BITS) if kind == PACKED else None,
        )
        fields.finish()
        return spec


@dataclass(frozen=True, slots=True, kw_only=True)
class StateSpec:
    """What a net carries from frame to frame, as an input and an output of their own.

    Attributes:
        input: name of the input that takes the previous mask: one channel in [0, 1] of the image's size and layout,
            zeros for the first frame.
        output: name of the output that gives it for the next frame.
    """

    input: str
    output: str

    @classmethod
    def _read(cls, fields: Fields) -> Self:
        spec = cls(input=fields.text("input"), output=fields.text("output"))
        fields.finish()
        return spec


@dataclass(frozen=True, slots=True, kw_only=True)
class NetSpec:
    """The net of ``limner.nets`` that a model is, so that it can be built again and trained on.

    Attributes:
        name: in ``limner.nets.NETS``.
        options: what ``limner.nets.make_net`` takes beside it, as JSON values.
    """

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def _read(cls, fields: Fields) -> Self:
        spec = cls(name=fields.text("name"), options=fields.mapping("options"))
        fields.finish()
        return spec


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSet:
    """One set of photos a net was trained on, and the rights in it."""

    name: str
    photos: int
    rights: str

    @classmethod
    def _read(cls, fields: Fields) -> Self:
        item = cls(name=fields.text("name"), photos=fields.integer("photos", least=0), rights=fields.text("rights"))
        fields.finish()
        return item


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """How a net came to be: its data sets and, in words, the procedure."""

    data: tuple[TrainingSet, ...]
    procedure: str

    @classmethod
    def _read(cls, fields: Fields) -> Self:
        training = cls(
            data=tuple(TrainingSet._read(item) for item in fields.objects("data")), procedure=fields.text("procedure")
        )
        fields.finish()
        return training


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """Figures measured on one set of photos under one protocol; metrics map a name to a number."""

    on: str
    protocol: str
    metrics: Mapping[str, float]

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """From parsed JSON."""
        item = cls(on=fields.text("on"), protocol=fields.text("protocol"), metrics=fields.numbers("metrics"))
        fields.finish()
        return item


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """The card of one model file. JSON schema 1; see docs/model-cards.md.

    ``task`` is what the model is for: "segment" finds people, "harmonize" fits their colours to a background.
    ``sha256`` may be None for a model of one's own; models that ship always have it.

    Raises:
        ModelError: from ``load`` and ``from_dict``, naming the file and the field that is missing, wrong or unknown.
    """

    name: str
    file: str
    input: InputSpec
    output: OutputSpec
    state: StateSpec | None = None
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
        state = fields.optional("state")
        net = fields.optional("net")
        training = fields.optional("training")
        values = {
            "name": fields.text("name"),
            "file": fields.text("file"),
            "input": InputSpec._read(fields.object("input")),
            "output": OutputSpec._read(fields.object("output"), MATTE_KINDS if task == SEGMENT else ("adjustment",)),
            "state": None if state is None else StateSpec._read(fields.object("state")),
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
        return values

    def to_dict(self) -> dict[str, Any]:
        """The card as plain JSON values, in the order the file has them. Fields that say nothing are left out."""
        data: dict[str, Any] = {"schema": SCHEMA, "name": self.name, "file": self.file}
        if self.task != SEGMENT:
            data["task"] = self.task
        if self.sha256 is not None:
            data["sha256"] = self.sha256
        data |= {"summary": self.summary, "licence": self.licence, "origin": self.origin}
        data["input"] = plain(self.input)
        data["output"] = {key: value for key, value in plain(self.output).items() if value is not None}
        if self.state is not None:
            data["state"] = plain(self.state)
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


def read_json(path: Path) -> Any:
    """What a card's file holds, parsed but not checked; ModelError where it cannot be."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ModelError(f"{path}: no such model card") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{path}: cannot be read as a model card: {_reason(error)}") from None
    try:
        return json.loads(text)
    except ValueError as error:
        raise ModelError(f"{path}: is not valid JSON: {error}") from None


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
