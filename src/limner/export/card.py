"""Writes the card of an exported net: what the net's own card says, where its photos came from, what it measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from limner.datasets.manifest import PhotoFolder
from limner.datasets.photo import Photo
from limner.evaluation.evaluate import evaluate, means
from limner.export.graphs.graph import IMAGE, PREVIOUS, STATE, Graph
from limner.export.source import Source
from limner.export.targets.base import Made
from limner.models.card import (
    PACKED,
    SEGMENT,
    Measurement,
    ModelCard,
    OutputSpec,
    StateSpec,
    Training,
    TrainingSet,
)
from limner.models.files import file_sha256
from limner.nets.deployed import BITS
from limner.tasks.card import net_card, procedure

PROTOCOL = (
    "means over images; resized to the net's input, wide photos to its other sizes, mask resized back, "
    "threshold 0.5; boundary band 2 % of the "
    "diagonal; percent, MAD in [0, 1]"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What a card says that the net does not know.

    Attributes:
        photos: of the data folder it was trained on; empty where that is not known.
        licence, origin: None is what the net's own card says.
        notes: added to its own.
    """

    photos: tuple[Photo, ...] = ()
    licence: str | None = None
    origin: str | None = None
    notes: tuple[str, ...] = ()


def make_card(source: Source, model: Path, provenance: Provenance, *, file: str, size: tuple[int, int]) -> ModelCard:
    """The card of the ONNX file that lies at ``model`` and will be called ``file``, without measurements.

    Args:
        source: what it was exported from.
        size: (height, width) of its input.
    """
    draft = draft_card(source, provenance, size=size)
    return replace(draft, name=Path(file).stem, file=file, sha256=file_sha256(model))


def draft_card(source: Source, provenance: Provenance, *, size: tuple[int, int]) -> ModelCard:
    """A card of the net as it is, fed NCHW floats in [0, 1], without a file. Arguments as of ``make_card``."""
    card = net_card(source.record, source.net, task=SEGMENT, size=size)
    known = source.card or card
    training = known.training
    if source.state is not None and source.recipe is not None:
        sets = training_sets(source.recipe.data.sets, provenance.photos)
        training = Training(data=sets, procedure=procedure(source.recipe, source.state.step, source.state.sessions))
    return replace(
        card,
        name=source.name,
        file=f"{source.name}.onnx",
        licence=provenance.licence or known.licence,
        origin=provenance.origin or known.origin,
        training=training,
        notes=(*known.notes, *provenance.notes),
    )


def graph_card(draft: ModelCard, graph: Graph) -> ModelCard:
    """The card of ``draft`` for files that compute ``graph`` under its own names, in its own layout.

    It names no net: batch norms are folded, so that none can be built again from such a file.
    """
    options = graph.options
    kind, net = options.output, graph.net
    packed = kind == PACKED
    return replace(
        draft,
        input=replace(
            draft.input,
            name=IMAGE,
            size=graph.size,
            layout=options.layout,
            channels=3,
            scale=1.0 if options.uint8_input else 1 / 255,
        ),
        output=OutputSpec(
            name=graph.output_names[0],
            kind=kind,
            person_class=net.person_class if kind in ("logits", "argmax") and net.classes > 1 else 1,
            width=graph.size[1] if packed else None,
            bits=BITS if packed else None,
        ),
        state=StateSpec(input=PREVIOUS, output=STATE) if net.in_channels == 4 else None,
        net=None,
    )


def file_card(card: ModelCard, made: Made, *, file: str, sha256: str) -> ModelCard:
    """``card`` for the file that a target made, whose names and layout may differ from the graph's."""

    def called(name: str) -> str:
        return made.names.get(name, name)

    state = card.state
    return replace(
        card,
        name=Path(file).stem,
        file=file,
        sha256=sha256,
        input=replace(card.input, name=called(card.input.name), layout=made.layout or card.input.layout),
        output=replace(card.output, name=called(card.output.name)),
        state=state and StateSpec(input=called(state.input), output=called(state.output)),
        notes=(*card.notes, *made.notes),
    )


def measure(model: Path, card: ModelCard, data: Path) -> tuple[Measurement, ...]:
    """Score the exported file on the val split, and on photos without people (which training has seen)."""
    from limner.segment.segmenter import Segmenter

    folder = PhotoFolder(data)
    segmenter = Segmenter(model, card=card, refine=False, softness=1.0, clean=False, tiles=False)  # the bare net
    found = []
    for split, photos in (
        ("val", list(folder.select(split="val"))),
        ("train", [photo for photo in folder.select(split="train") if photo.mask == "none"]),
    ):
        if photos:
            table = means(evaluate(lambda rgb: segmenter.matte(rgb).alpha, folder, photos))
            for name, row in table.items():
                metrics = {key: round(value, 4 if key == "mad" else 2) for key, value in row.items()}
                found.append(Measurement(on=f"{split}: {name}", protocol=PROTOCOL, metrics=metrics))
    return tuple(found)


def training_sets(sets: Collection[str], photos: Sequence[Photo]) -> tuple[TrainingSet, ...]:
    """The train photos of these sets, with the rights in them; "no_people" stands for all sets without people."""
    used = [
        photo
        for photo in photos
        if photo.split == "train" and (photo.set in sets or (photo.mask == "none" and "no_people" in sets))
    ]
    sources = {photo.set: photo.source for photo in used}
    return tuple(
        TrainingSet(name=name, photos=count, rights=f"source: {sources[name]}; on the terms of that source")
        for name, count in sorted(Counter(photo.set for photo in used).items())
    )
