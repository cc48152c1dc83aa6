"""The parts of a model card: input, output, state, net, training and what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from limner.models.fields import Fields

LAYOUTS = ("NCHW", "NHWC")
COLOR_ORDERS = ("RGB", "BGR")
RESIZES = ("stretch", "letterbox")
SEGMENT, HARMONIZE, REFINE = "segment", "harmonize", "refine"
TASKS = (SEGMENT, HARMONIZE, REFINE)
PACKED = "packed"
CLASS_KINDS = ("logits", "sigmoid", "softmax", "argmax")
"""Those whose output may have classes."""
MATTE_KINDS = (*CLASS_KINDS, PACKED)
PACKED_BITS = (8, 16)
KINDS = {SEGMENT: MATTE_KINDS, HARMONIZE: ("adjustment",), REFINE: ("alpha",)}
"""Task -> kinds of output that its models may have."""
OUTPUT_KINDS = tuple(kind for kinds in KINDS.values() for kind in kinds)


@dataclass(frozen=True, slots=True, kw_only=True)
class InputSpec:
    """How a frame becomes the net's input: ``x = (pixel * scale - mean) / std``, in the net's colour order.

    Attributes:
        name: the input's name in the model file.
        size: (height, width) in pixels.
        layout: "NCHW" or "NHWC".
        channels: 3, or 4 where the fourth is a mask in [0, 1], which scale, mean and std do not touch: the previous
            one (zeros for the first frame), or, for the tasks "harmonize" and "refine", that of the person. 3 where the
            previous mask is an input of its own, see ``StateSpec``.
        color_order: "RGB" or "BGR"; mean and std are given in this order.
        scale: factor on pixel values 0 to 255.
        mean: three numbers, subtracted after scaling.
        std: three numbers above 0, divided by last.
        resize: "stretch" squeezes the frame into the input; "letterbox" keeps its shape, centred, the rest 0 after
            normalisation.
        other_sizes: further (height, width) that the net can be given, for frames of other proportions than ``size``:
            the sizes in the graph of a .onnx file scale with its input, see ``limner.models.onnx_input_size``. So do
            those of graph models of TensorFlow.js, in the browser. Other files have the size that they were made for.
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
    other_sizes: tuple[tuple[int, int], ...] = ()

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
            other_sizes=fields.sizes("other_sizes"),
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
            ``limner.adjustment.Adjustment``, and for "refine" "alpha", mattes that may reach a little beyond [0, 1].
        person_class: number of the class that is the person; not used where the output has one channel, except for
            "argmax". None where one of the next two is given.
        person_classes: for nets of several classes of which some are a person's (hair, face …): their numbers. Their
            probabilities are added, or, for "sigmoid", the largest counts. Empty where it is not given.
        background_class: for nets of several person classes (hair, skin, clothes …): the number of the one class that
            is not the person; all others are. None where it is not given.
        labels: what the classes are called, in their order; empty where nobody says. Their names are what
            ``--keep`` takes, see ``limner.models.parts``.
        width: pixels in a row of a packed mask; None for other kinds.
        bits: pixels in one number of a packed mask, 8 or 16; None for other kinds.
    """

    name: str
    kind: str
    person_class: int | None = None
    person_classes: tuple[int, ...] = ()
    background_class: int | None = None
    labels: tuple[str, ...] = ()
    width: int | None = None
    bits: int | None = None

    @classmethod
    def _read(cls, fields: Fields, kinds: tuple[str, ...]) -> Self:
        kind = fields.choice("kind", kinds)
        given = "person_class"
        if kind in CLASS_KINDS:
            said = [name for name in ("background_class", "person_classes") if fields.optional(name) is not None]
            given = said[0] if said else given
            for other in ("person_class", *said[1:]):
                if other != given:
                    fields.refuse(other, f"left out where output.{given} is given: it is one or the other")
        spec = cls(
            name=fields.text("name"),
            kind=kind,
            person_class=fields.integer("person_class", least=0) if given == "person_class" else None,
            person_classes=fields.integers("person_classes", least=0) if given == "person_classes" else (),
            background_class=fields.integer("background_class", least=0) if given == "background_class" else None,
            labels=fields.names("labels") if kind in CLASS_KINDS else (),
            width=fields.integer("width", least=1) if kind == PACKED else None,
            bits=fields.choice("bits", PACKED_BITS) if kind == PACKED else None,
        )
        fields.finish()
        if spec.labels and max(spec.picked) >= len(spec.labels):
            fields.refuse(
                "labels", f"names of all classes; {given} says that there is one of number {max(spec.picked)}"
            )
        return spec

    @property
    def picked(self) -> tuple[int, ...]:
        """Numbers of the classes that the card names: those of the person, or the one that is not."""
        if self.background_class is not None:
            return (self.background_class,)
        return self.person_classes or (self.person_class or 0,)


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
