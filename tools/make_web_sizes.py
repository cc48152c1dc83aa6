"""Writes down how the browser's .tflite models become nets for wide and for tall frames: python tools/make_web_sizes.py

Such a file holds the size of every array in it as plain numbers, and the weights are the same for every size. Beside
each model lies <name>.sizes.json: for every other input size, which numbers of the file change. So the page loads one
file and has a net of the frame's own proportions: the same weights, fewer pixels, and no squashed people. Beside the
default model, <name>.squares.json has the same for square inputs, at which the page of measurements runs it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from limner.models.card import ModelCard
from limner.models.files import file_sha256

SHIPPED = Path(__file__).resolve().parents[1] / "src" / "limner" / "web" / "models" / "litert"
NAMES = {"fast": True, "tiny": False, "video": True}
"""Models -> whether they have other sizes. `tiny` has few pixels as it is, and finds less with fewer."""
SQUARES = {"fast": (128, 192, 320, 384, 512)}
"""Models -> sides of square inputs for measurements; as SIDES in web/lib/src/bench.ts."""
LEVELS = 5
"""Sizes in a net: its input's, and four times the half."""
STEP = 2 ** (LEVELS - 1)
_VECTOR_SHAPE, _VECTOR_SIGNATURE, _BUFFER_DATA = 4, 18, 4  # places of fields in the tables of TensorFlow Lite's schema


def other_sizes(side: int) -> list[tuple[int, int]]:
    """Heights and widths for wide and for tall frames, of about 16:9, for a net with a square input of this side."""
    short = round(side * 9 / 16 / STEP) * STEP
    return [(short, side), (side, short)]


def resized(model: bytes, numbers: Sequence[int]) -> bytes:
    """A model with numbers put in: place and value, place and value, …"""
    changed = bytearray(model)
    for at, value in zip(numbers[::2], numbers[1::2], strict=True):
        changed[at : at + 4] = int(value).to_bytes(4, "little", signed=True)
    return bytes(changed)


def changes(model: bytes, side: int, size: tuple[int, int]) -> list[int]:
    """What ``resized`` takes to make a net with a square input of ``side`` one of ``size`` (height, width)."""
    found: dict[int, int] = {}  # some constants belong to several arrays
    for at, before in _vectors(model):
        after = scaled(before, side, size)
        found |= {at + 4 * index: new for index, new in enumerate(after) if new != before[index]}
    return [number for at in sorted(found) for number in (at, found[at])]


def scaled(numbers: Sequence[int], side: int, size: tuple[int, int]) -> list[int]:
    """Shapes, and sizes of enlargements, with height and width for another input; all others as they are."""
    height, width = size
    sides = [side >> level for level in range(LEVELS)]
    made = list(numbers)
    half, area = side // 2, (side // 2) ** 2
    shuffled = {  # on the way of a pixel shuffle
        (1, 2, half, side): [1, 2, height // 2, width],
        (1, half, 2, side): [1, height // 2, 2, width],
        (1, 2, 2, area): [1, 2, 2, height * width // 4],
        (1, 2, area, 2): [1, 2, height * width // 4, 2],
    }
    if tuple(made) in shuffled:
        return shuffled[tuple(made)]
    for axis in [0] if len(made) == 2 else [1, 2] if len(made) == 4 and made[0] == 1 else []:
        if made[axis] == made[axis + 1] and made[axis] in sides:
            made[axis : axis + 2] = [made[axis] * height // side, made[axis] * width // side]
            break
    return made


def _vectors(model: bytes) -> Iterator[tuple[int, list[int]]]:
    """Where shapes and constants of whole numbers lie in a file, and what they are."""
    root = schema.Model.GetRootAs(model)
    for number in range(root.SubgraphsLength()):
        subgraph = root.Subgraphs(number)
        for index in range(subgraph.TensorsLength()):
            tensor = subgraph.Tensors(index)
            for field in (_VECTOR_SHAPE, _VECTOR_SIGNATURE):
                if offset := tensor._tab.Offset(field):
                    at, count = tensor._tab.Vector(offset), tensor._tab.VectorLen(offset)
                    yield at, np.frombuffer(model, "<i4", count, at).tolist()
            buffer = root.Buffers(tensor.Buffer())
            if tensor.Type() == schema.TensorType.INT32 and (offset := buffer._tab.Offset(_BUFFER_DATA)):
                at, count = buffer._tab.Vector(offset), buffer._tab.VectorLen(offset) // 4
                yield at, np.frombuffer(model, "<i4", count, at).tolist()


def write_down(model: Path, sizes: Sequence[tuple[int, int]], *, kind: str = "sizes") -> Path:
    """Write <name>.<kind>.json beside a .tflite model with a square input and its card: how it gets ``sizes``."""
    data = model.read_bytes()
    side = _side(model)
    found = [{"size": list(size), "numbers": changes(data, side, size)} for size in sizes]
    told = {"file": model.name, "sha256": file_sha256(model), "sizes": found}
    path = model.with_suffix(f".{kind}.json")
    path.write_text(json.dumps(told, separators=(",", ":")) + "\n", encoding="utf-8")
    return path


def _side(model: Path) -> int:
    return ModelCard.load(model.with_suffix(".json")).input.size[0]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--models", type=Path, default=SHIPPED, help="the folder with the .tflite models")
    options = parser.parse_args(arguments)
    for name, others in NAMES.items():
        model = options.models / f"{name}.tflite"
        print(write_down(model, other_sizes(_side(model)) if others else ()), file=sys.stderr)
    for name, sides in SQUARES.items():
        squares = [(side, side) for side in sides]
        print(write_down(options.models / f"{name}.tflite", squares, kind="squares"), file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
