"""What it gives to see wide and tall frames in about their own proportions, instead of squeezed into a square.

    python -m benchmarks.proportions --data <folder> [--models fast,quality] [--write]

Val photos of people, as they are and cut to the proportions of videos around the head, through the same nets with and
without the other input sizes of their cards.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.datasets.manifest import PhotoFolder
from limner.evaluation.evaluate import score_photo
from limner.models.catalogue import find_model
from limner.segment.segmenter import Segmenter

PAGE = Path(__file__).resolve().parents[1] / "docs" / "masks.md"
BEGIN, END = "<!-- proportions -->", "<!-- /proportions -->"
CUTS = {"16:9": 16 / 9, "16:10": 16 / 10, "3:2": 3 / 2, "4:3": 4 / 3, "9:16": 9 / 16}
WHOLE = "`wild`, wide photos as they are"
_ABOVE = 0.12
"""Share of a cut's height above the head."""

View = tuple[str, NDArray[np.uint8], NDArray[np.uint8]]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", default="fast,quality,tiny")
    parser.add_argument("--write", action="store_true", help=f"into {PAGE.name}")
    options = parser.parse_args(arguments)
    text = table(PhotoFolder(options.data), options.models.split(","))
    print(text)
    if options.write:
        page = PAGE.read_text("utf-8")
        before, _, rest = page.partition(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.partition(END)[2]}", "utf-8")
    return 0


def table(folder: PhotoFolder, models: Sequence[str]) -> str:
    """mIoU / Boundary IoU of each net, squeezed and in own proportions, by kind of picture."""
    nets = {name: (net(name, squeezed=True), net(name, squeezed=False)) for name in models}
    scores: dict[tuple[str, str, int], list[tuple[float, float]]] = defaultdict(list)
    for photo in folder.select(split="val"):
        if photo.set == "people_with_animals" or photo.mask == "none":
            continue
        for kind, rgb, mask in views(photo.set, *folder.load(photo)):
            for name, pair in nets.items():
                for way, each in enumerate(pair):
                    said = cv2.resize(each.probability(rgb), mask.shape[::-1], interpolation=cv2.INTER_LINEAR)
                    values = score_photo(np.asarray(said, np.float32), mask, photo).values
                    scores[kind, name, way].append((values["miou"], values["boundary_iou"]))
    lines = [
        f"| picture | number |{''.join(f' `{name}` squeezed | own |' for name in models)}",
        "|---|--:|" + "---|---|" * len(models),
    ]
    for kind in (WHOLE, *CUTS):
        cells = [_cell(scores[kind, name, way]) for name in models for way in (0, 1)]
        lines.append(f"| {kind} | {len(scores[kind, models[0], 0])} | {' | '.join(cells)} |")
    return "\n".join(lines)


def net(name: str, *, squeezed: bool) -> Segmenter:
    """The bare net, with or without the other sizes of its card."""
    found = find_model(name)
    card: Any = found.card
    if squeezed:
        card = replace(card, input=replace(card.input, other_sizes=()))
    return Segmenter(found.path, card=card, runtime="onnxruntime", threads=1, tiles=False)


def views(name: str, rgb: NDArray[np.uint8], mask: NDArray[np.uint8]) -> Iterator[View]:
    """The photo as it is, if it is wide and of the set wild, and what is cut out of it."""
    height, width = mask.shape
    if name == "wild" and width > 1.25 * height:
        yield WHOLE, rgb, mask
    rows, columns = np.flatnonzero((mask > 127).any(1)), np.flatnonzero((mask > 127).any(0))
    for kind, ratio in CUTS.items():
        high, wide = (round(width / ratio), width) if ratio > 1 else (height, round(height * ratio))
        if len(rows) and high <= height and wide <= width and (high, wide) != (height, width):
            top = int(np.clip(rows[0] - _ABOVE * high, 0, height - high)) if ratio > 1 else 0
            left = int(np.clip((columns[0] + columns[-1] - wide) / 2, 0, width - wide)) if ratio < 1 else 0
            part = (slice(top, top + high), slice(left, left + wide))
            yield kind, np.ascontiguousarray(rgb[part]), np.ascontiguousarray(mask[part])


def _cell(values: Sequence[tuple[float, float]]) -> str:
    return "{:.1f} / {:.1f}".format(*np.mean(values, axis=0)) if values else "–"


if __name__ == "__main__":
    sys.exit(main())
