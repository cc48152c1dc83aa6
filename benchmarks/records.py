"""What is known of a net for docs/results.md: measured from its weights, or kept from when they were at hand."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import latency
from limner.datasets.manifest import PhotoFolder
from limner.evaluation.clips import clip_photos, pictures
from limner.evaluation.contenders import Contender, contender
from limner.evaluation.evaluate import Score, evaluate_all, means
from limner.evaluation.flicker import measure_flicker, measure_recovery
from limner.inspect.inspection import inspect_model
from limner.models.card import ModelCard
from limner.whole_file import whole_file

SETS = ("wild", "fashion + faces", "fashion_full_body", "faces_close_up", "people_with_animals")
NOBODY = "all without people"
EMPTY_PHOTOS = 60
"""Photos of each set without people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A net's figures.

    Attributes:
        name: of the net.
        what: the card's summary.
        origin: "ships", "trained here" or "peer".
        input: width × height × channels.
        parameters, macs, bytes: of the model file; None where the file does not tell.
        quality: set -> "miou" and "boundary_iou", percent, means over images of the split val.
        false_area: set without people -> percent of the picture taken for a person.
        clips: flicker, dtSSD, MESSDdt.
        recovery: wrong prior -> percent of clips in which it is outgrown within three frames; empty for three channels.
        latency: as in ``benchmarks.latency.compare``, against MediaPipe.
        training: in words, from the card.
        sets: photos it was trained on, by set.
        measured: when, on what and at which commit.
    """

    name: str
    what: str
    origin: str
    input: str
    parameters: int | None
    macs: int | None
    bytes: int
    quality: dict[str, dict[str, float]]
    false_area: dict[str, float]
    clips: dict[str, float]
    recovery: dict[str, float]
    latency: dict[str, float]
    training: str
    sets: dict[str, int] = field(default_factory=dict)
    measured: dict[str, str] = field(default_factory=dict)

    @property
    def trained(self) -> str:
        """The training in a few words: samples and minutes, where the card's procedure says them."""
        samples = [int(number.replace(",", "")) for number in re.findall(r"([\d,]+) samples", self.training)[:1]]
        minutes = [int(number) for number in re.findall(r"(\d+) minutes on", self.training)]
        parts = [f"{number / 1000:.0f} k samples" for number in samples]
        parts += [f"{sum(minutes)} min"] if minutes else []
        return ", ".join(parts) or self.training or "?"

    def save(self, folder: Path) -> None:
        """Write ``folder/<name>.json``, whole or not at all."""
        folder.mkdir(parents=True, exist_ok=True)
        with whole_file(folder / f"{self.name}.json") as file:
            file.write((json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n").encode())


def load_records(folder: Path) -> dict[str, Record]:
    """The records kept in ``folder``, by name.

    Raises:
        RuntimeError: one of them is damaged or of another version.
    """
    records = {}
    for path in sorted(folder.glob("*.json")):
        try:
            record = Record(**json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, TypeError) as error:
            raise RuntimeError(f"{path}: is no record of this version ({error}); measure the net again") from None
        records[record.name] = record
    return records


@dataclass(frozen=True, slots=True)
class Model:
    """A model file to measure."""

    name: str
    path: Path
    origin: str

    @property
    def card(self) -> ModelCard:
        """The card beside it."""
        return ModelCard.load(self.path.with_suffix(".json"))


def measure(
    models: list[Model], data: Path, peer: Path, *, measured: dict[str, str], limit: int | None = None, clips: int = 24
) -> list[Record]:
    """Measure all models on the same photos and clips, each of them against the peer's latency.

    Args:
        models: with cards beside them.
        data: the data folder.
        peer: MediaPipe's model.
        measured: when and where, for the records.
        limit: at most this many photos of each set.
        clips: photos that clips are made from.
    """
    folder = PhotoFolder(data)
    val = _limited(list(folder.select(split="val")), limit)
    empty = _limited([photo for photo in folder.photos if photo.mask == "none"], limit or EMPTY_PHOTOS)
    playing = list(pictures(folder, clip_photos(val, clips)))
    makers = {model.name: contender(str(model.path), label=model.name) for model in models}
    scores = evaluate_all({name: maker.matte for name, maker in makers.items()}, folder, val + empty)
    calm = measure_flicker({name: maker.matte for name, maker in makers.items()}, playing)
    records = []
    for model in models:
        clip = calm[model.name].to_dict()
        record = _record(model, scores[model.name], clip, _recovery(makers[model.name], playing))
        times = latency.compare(model.path, peer)
        records.append(Record(**record, latency=_rounded(times), measured=measured))
    return records


def _record(model: Model, scores: list[Score], clips: dict[str, float], recovery: dict[str, float]) -> dict[str, Any]:
    card, file = model.card, inspect_model(model.path)
    table = means(scores)
    training = card.training
    return {
        "name": model.name,
        "what": card.summary,
        "origin": model.origin,
        "input": f"{card.input.size[1]}×{card.input.size[0]}×{card.input.channels}",
        "parameters": file.parameters or None,
        "macs": file.macs,
        "bytes": file.bytes,
        "quality": {
            name: {key: round(table[name][key], 2) for key in ("photos", "miou", "boundary_iou")}
            for name in SETS
            if name in table
        },
        "false_area": {name: round(row["false_area"], 2) for name, row in table.items() if "false_area" in row},
        "clips": _rounded(clips),
        "recovery": recovery,
        "training": training.procedure if training else "",
        "sets": {item.name: item.photos for item in training.data} if training else {},
    }


def _recovery(maker: Contender, playing: list[Any]) -> dict[str, float]:
    if not maker.temporal:
        return {}
    return {row.prior: round(row.in_time, 1) for row in measure_recovery(maker.matte, playing)}


def _limited(photos: list[Any], limit: int | None) -> list[Any]:
    """At most ``limit`` of each set, evenly spread."""
    if limit is None:
        return photos
    chosen = []
    for name in dict.fromkeys(photo.set for photo in photos):
        rows = [photo for photo in photos if photo.set == name]
        step = max(1, len(rows) / limit)
        chosen += [rows[int(index * step)] for index in range(min(limit, len(rows)))]
    return chosen


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 3) for name, value in values.items()}
