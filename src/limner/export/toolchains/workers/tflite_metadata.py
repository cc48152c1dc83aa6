"""Adds metadata to a .tflite file, as MediaPipe's tasks and Android's code generators read it; runs where LiteRT is.

    tflite_metadata.py MODEL.tflite ABOUT.json

ABOUT is an object: ``name``, ``description``, ``licence``, ``author``; ``input`` with ``name``, ``mean`` and ``std``
(one number or three, of pixels from 0 to 255); ``output`` with ``name``, ``labels`` (a list) and ``activation``
("none", "sigmoid" or "softmax", what is still to be done to its numbers). Field numbers are those of
metadata_schema.fbs and image_segmenter_metadata_schema.fbs of MediaPipe. The labels go into a zip archive behind the
model, not compressed.
"""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import tflite_file
from ai_edge_litert import schema_py_generated as schema

LABELS = "labels.txt"
_ACTIVATIONS = ("none", "sigmoid", "softmax")
_IMAGE, _NORMALIZATION, _AXIS_LABELS, _RGB, _FEATURE = 2, 1, 2, 1, 1
_PARSER, _SEGMENTER_PARSER = "1.5.0", "1.0.0"


def main(model: str, about: str) -> None:
    add(Path(model), json.loads(Path(about).read_text(encoding="utf-8")))


def add(path: Path, about: Mapping[str, Any]) -> None:
    """Put metadata in the place of what the file has."""
    model = tflite_file.read(path)
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(packed(about), np.uint8)
    model.buffers.append(buffer)
    entry = schema.MetadataT()
    entry.name, entry.buffer = b"TFLITE_METADATA", len(model.buffers) - 1
    model.metadata = [kept for kept in model.metadata or () if kept.name != entry.name] + [entry]
    tflite_file.write(model, path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(zipfile.ZipInfo(LABELS), "\n".join(about["output"]["labels"]))


def packed(about: Mapping[str, Any]) -> bytes:
    """The flatbuffer ``ModelMetadata``."""
    made = _Maker()
    source, result = about["input"], about["output"]
    color = made.table([(0, "byte", _RGB)])
    content = made.table([(0, "byte", _IMAGE), (1, "offset", color)])
    norm = made.table([(0, "offset", made.floats(source["mean"])), (1, "offset", made.floats(source["std"]))])
    unit = made.table([(0, "byte", _NORMALIZATION), (1, "offset", norm)])
    image = made.table(
        [(0, "offset", made.text(source["name"])), (3, "offset", content), (4, "offset", made.offsets([unit]))]
    )
    file = made.table([(0, "offset", made.text(LABELS)), (2, "byte", _AXIS_LABELS)])
    feature = made.table([(0, "byte", _FEATURE), (1, "offset", made.table([]))])
    mask = made.table(
        [(0, "offset", made.text(result["name"])), (3, "offset", feature), (6, "offset", made.offsets([file]))]
    )
    options = _Maker()
    activation = _ACTIVATIONS.index(result["activation"])
    segmenter = options.finish([(0, "byte", activation), (1, "offset", options.text(_SEGMENTER_PARSER))], b"V001")
    custom = made.table([(0, "offset", made.text("SEGMENTER_METADATA")), (1, "offset", made.data(segmenter))])
    graph = made.table(
        [
            (2, "offset", made.offsets([image])),
            (3, "offset", made.offsets([mask])),
            (9, "offset", made.offsets([custom])),
        ]
    )
    texts = ((0, "name"), (1, "description"), (4, "author"), (5, "licence"))
    fields = [(number, "offset", made.text(about[key])) for number, key in texts if about.get(key)]
    fields += [(3, "offset", made.offsets([graph])), (7, "offset", made.text(_PARSER))]
    return made.finish(fields, b"M001")


class _Maker:
    """Builds tables from (field's number, kind of value, value)."""

    def __init__(self) -> None:
        self._builder = flatbuffers.Builder(1024)

    def text(self, value: str) -> int:
        return int(self._builder.CreateString(value))

    def floats(self, values: Sequence[float]) -> int:
        return int(self._builder.CreateNumpyVector(np.array(values, np.float32)))

    def data(self, values: bytes) -> int:
        """Bytes at a multiple of 16, as the schema asks."""
        self._builder.Prep(16, len(values))
        return int(self._builder.CreateByteVector(values))

    def offsets(self, places: Sequence[int]) -> int:
        self._builder.StartVector(4, len(places), 4)
        for place in reversed(places):
            self._builder.PrependUOffsetTRelative(place)
        return int(self._builder.EndVector())

    def table(self, fields: Sequence[tuple[int, str, int]]) -> int:
        self._builder.StartObject(1 + max((number for number, _, _ in fields), default=0))
        for number, kind, value in fields:
            if kind == "byte":
                self._builder.PrependInt8Slot(number, value, 0)
            else:
                self._builder.PrependUOffsetTRelativeSlot(number, value, 0)
        return int(self._builder.EndObject())

    def finish(self, fields: Sequence[tuple[int, str, int]], identifier: bytes) -> bytes:
        self._builder.Finish(self.table(fields), file_identifier=identifier)
        return bytes(self._builder.Output())


if __name__ == "__main__":
    main(*sys.argv[1:])
