"""What a .tflite file's metadata says of its inputs and outputs: TensorFlow Lite's schema 1.5, and MediaPipe's own.

The metadata is a second flatbuffer inside the file (``ModelMetadata``, identifier M001); the lists of labels that it
names are files of a zip archive behind the model. Read field by field, by the numbers that metadata_schema.fbs and
image_segmenter_metadata_schema.fbs of MediaPipe give them: LiteRT's package has classes for neither.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np

from limner.inspect.report import TensorHints

ENTRY, SEGMENTER = "TFLITE_METADATA", "SEGMENTER_METADATA"
"""Names of the entry that holds the metadata, and of MediaPipe's inside of it."""
_ACTIVATIONS = ("none", "sigmoid", "softmax")
_NORMALIZATION, _AXIS_LABELS, _VALUE_LABELS, _IMAGE = 1, 2, 3, 2
"""Numbers in unions and enumerations: of a process unit, of associated files, and of contents."""
_COLORS = {1: "RGB", 2: "GRAYSCALE"}
_MOST_LABELS = 1 << 20
"""Bytes of a list of labels at most."""
_MODEL = {"name": 0, "description": 1, "version": 2, "author": 4, "license": 5}


def read_metadata(metadata: bytes, file: bytes) -> tuple[dict[str, str], list[TensorHints], list[TensorHints]]:
    """What the metadata says of the model as text, name to value; of its inputs; and of its outputs.

    Args:
        metadata: the flatbuffer.
        file: the whole .tflite file, which holds the lists of labels.

    Raises:
        Exception: of any kind, where the metadata is damaged.
    """
    model = _root(metadata)
    facts = {name: text for name, field in _MODEL.items() if (text := model.text(field))}
    for graph in model.tables(3):
        activation = next((_activation(entry) for entry in graph.tables(9) if entry.text(0) == SEGMENTER), "")
        inputs = [_hints(tensor, file) for tensor in graph.tables(2)]
        return facts, inputs, [_hints(tensor, file, activation) for tensor in graph.tables(3)]
    return facts, [], []


def _hints(tensor: _Table, file: bytes, activation: str = "") -> TensorHints:
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    for unit in tensor.tables(4):
        options = unit.table(1)
        if unit.byte(0) == _NORMALIZATION and options is not None:
            mean, std = options.floats(0), options.floats(1)
    content = tensor.table(3)
    image = content.table(1) if content is not None and content.byte(0) == _IMAGE else None
    labels = [entry.text(0) for entry in tensor.tables(6) if entry.byte(2) in (_AXIS_LABELS, _VALUE_LABELS)]
    return TensorHints(
        name=tensor.text(0),
        description=tensor.text(1),
        mean=mean,
        std=std,
        color=_COLORS.get(image.byte(0), "") if image is not None else "",
        labels=read_labels(file, labels[0]) if labels else (),
        activation=activation,
    )


def read_labels(file: bytes, name: str) -> tuple[str, ...]:
    """The lines of a file of the archive behind a model; empty where there is none of that name, or no such archive."""
    try:
        with zipfile.ZipFile(io.BytesIO(file)) as archive:
            entry = archive.getinfo(name)
            if entry.file_size > _MOST_LABELS:
                return ()
            lines = archive.read(entry).decode("utf-8", "replace").splitlines()
    except (zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError, OSError, ValueError, EOFError):
        return ()
    return tuple(line.strip() for line in "\n".join(lines).rstrip().splitlines())


def _activation(entry: _Table) -> str:
    number = _root(entry.bytes(1)).byte(0)
    return _ACTIVATIONS[number] if number < len(_ACTIVATIONS) else ""


class _Table:
    """A table of a flatbuffer; fields are asked for by their number, and have their defaults where they are absent."""

    def __init__(self, table: Any) -> None:
        self._table = table

    def _place(self, field: int) -> int:
        offset: int = self._table.Offset(4 + 2 * field)
        return offset

    def text(self, field: int) -> str:
        place = self._place(field)
        return self._table.String(self._table.Pos + place).decode("utf-8", "replace") if place else ""

    def byte(self, field: int) -> int:
        place = self._place(field)
        return int(self._table.Bytes[self._table.Pos + place]) if place else 0

    def bytes(self, field: int) -> bytes:
        start, count = self._vector(field)
        return bytes(self._table.Bytes[start : start + count])

    def floats(self, field: int) -> tuple[float, ...]:
        start, count = self._vector(field)
        values = np.frombuffer(bytes(self._table.Bytes[start : start + 4 * count]), "<f4")
        if len(values) != count:
            raise ValueError("it ends in the middle of a vector")
        return tuple(float(value) for value in values)

    def table(self, field: int) -> _Table | None:
        place = self._place(field)
        if not place:
            return None
        return self._at(self._table.Indirect(self._table.Pos + place))

    def tables(self, field: int) -> Iterator[_Table]:
        start, count = self._vector(field)
        for index in range(count):
            yield self._at(self._table.Indirect(start + 4 * index))

    def _vector(self, field: int) -> tuple[int, int]:
        """Where its items begin, and how many there are."""
        place = self._place(field)
        return (self._table.Vector(place), self._table.VectorLen(place)) if place else (0, 0)

    def _at(self, place: int) -> _Table:
        from flatbuffers.table import Table

        return _Table(Table(self._table.Bytes, place))


def _root(data: bytes) -> _Table:
    from flatbuffers.table import Table

    return _Table(Table(data, int.from_bytes(data[:4], "little")))
