"""The clips that steadiness is measured on: cut-out people over rooms, with exact truth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from limner import samples
from limner.datasets.manifest import PhotoFolder
from limner.datasets.moving_clips import Cutout, MovingClip, Span, make_moving_clip
from limner.datasets.photo import Photo

PEOPLE = Path(__file__).parent / "people"
FLICKER = 0.02
"""Standard deviation of each frame's exposure, in stops."""
SPANS = (
    Span(frames=20),
    Span(frames=16, person="sway"),
    Span(frames=10, person="fast"),
    Span(frames=14),
    Span(frames=10, pan=0.004),
    Span(frames=10, person="fast", pan=0.006),
    Span(frames=12, light=0.25),
    Span(frames=12, cut=True),
)
"""Sitting, talking, rushing, sitting, a moving camera, both, a step of the exposure, and a cut to somebody else."""
BRISK = tuple(replace(span, frames=span.frames // 2) for span in SPANS)
"""The same in half of the time: for what is slow to try, on more clips."""
SHORT = (Span(frames=10), Span(frames=8, person="fast"), Span(frames=10, person="sway"), Span(frames=8, cut=True))


def rendered() -> list[Cutout]:
    """The rendered people beside this file."""
    return [_cutout(np.asarray(Image.open(path).convert("RGBA"))) for path in sorted(PEOPLE.glob("*.webp"))]


def lakes() -> list[np.ndarray]:
    """Two backgrounds from the sample: the lake, and its other side by a warmer light."""
    lake = np.asarray(Image.open(samples.BACKGROUND).convert("RGB"))
    warm = np.clip(lake[:700, ::-1] * np.array([1.3, 1.0, 0.7]) + 25, 0, 255).astype(np.uint8)
    return [np.ascontiguousarray(lake), np.ascontiguousarray(warm)]


def clips(
    count: int,
    *,
    data: Path | None = None,
    spans: tuple[Span, ...] = SPANS,
    size: tuple[int, int] = (360, 640),
) -> Iterator[MovingClip]:
    """Some clips; with a data folder, of hand-cut people from its val photos in its rooms, else of rendered ones."""
    people, rooms = (rendered(), lakes()) if data is None else _from(PhotoFolder(data), count)
    for index in range(count):
        yield make_moving_clip(
            people[index % len(people) :] + people[: index % len(people)],
            rooms[index % len(rooms) :] + rooms[: index % len(rooms)],
            spans,
            size=size,
            seed=index,
            flicker=FLICKER,
        )


def _from(folder: PhotoFolder, count: int) -> tuple[list[Cutout], list[np.ndarray]]:
    faces = _spread(list(folder.select(split="val", sets=("faces_close_up",))), count)
    houses = _spread(list(folder.select(sets=("no_people_houses",))), count)
    people = [Cutout(rgb, (mask / np.float32(255)).astype(np.float32)) for rgb, mask in map(folder.load, faces)]
    return people, [folder.load(photo)[0] for photo in houses]


def _spread(photos: list[Photo], count: int) -> list[Photo]:
    return [photos[i] for i in np.linspace(0, len(photos) - 1, count + 1).astype(int)]


def _cutout(rgba: np.ndarray) -> Cutout:
    return Cutout(np.ascontiguousarray(rgba[..., :3]), (rgba[..., 3] / np.float32(255)).astype(np.float32))
