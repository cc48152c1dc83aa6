"""Fine edges: a net that draws the matte anew along the edge, from the picture itself, so that hair is kept."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.errors import ModelError, OptionError
from limner.models.card import REFINE, ModelCard
from limner.models.catalogue import find_model
from limner.runtimes.base import Array
from limner.runtimes.loading import AUTO, load_runtime, runs
from limner.segment.edge import DEFAULT_SOFTNESS, EDGES
from limner.segment.net import not_finite
from limner.segment.postprocess import is_sound
from limner.segment.pyramid import Pyramid
from limner.segment.refine import enlarge, refine, soften

Float32 = NDArray[np.float32]

DEFAULT_MODEL = "edges"
UNSURE = 0.03
"""A rough matte is unsure from here on, and up to as far below 1."""
REACH = 12
"""Pixels of the small frame around where the rough matte is unsure that the net draws."""
_TOLD = 0.3
"""Share of a piece that was told to be person from which it is no piece of its own."""
_BESIDE = 17
"""Pixels across within which a piece belongs to what is beside it."""
_AROUND = 7
"""Pixels across within which what surrounds an island goes with it."""
_MARGIN = 16
"""Pixels that the net sees beyond the part that is kept."""


class NotFiniteError(ModelError):
    """The net that draws edges gave NaN or infinity, as after a fault of the device."""


class FinerWhenAsked:
    """The net of fine edges of a segmenter and of those that share its net, loaded when one of them draws with it.

    Args:
        runtime: the segmenter's; where that cannot run the net, it gets what "auto" takes.
        device, threads: the segmenter's.
    """

    def __init__(self, *, runtime: str, device: str, threads: int | None) -> None:
        self._runtime, self._device, self._threads = runtime, device, threads
        self._lock = threading.Lock()
        self._loaded: FineEdges | None = None

    def of(self, edges: str, *, refine: bool) -> FineEdges | None:
        """The net that draws such edges; None for those that need none.

        Raises:
            OptionError: ``edges`` is not one of `EDGES`.
        """
        if edges not in EDGES:
            raise OptionError(f"‹edges› must be one of {', '.join(EDGES)}, not {edges!r}")
        if edges != "fine" or not refine:
            return None
        with self._lock:
            if self._loaded is None:
                fits = runs(self._runtime, find_model(DEFAULT_MODEL, task=REFINE).path)
                # PyTorch is given an .onnx file's net again, and knows those that find people alone.
                runtime = self._runtime if fits and self._runtime != "torch" else AUTO
                self._loaded = FineEdges(runtime=runtime, device=self._device, threads=self._threads)
            return self._loaded


def near_edge(rough: Float32) -> NDArray[np.uint8]:
    """Where the net draws: 1 within 12 pixels of where a rough matte, float32 (h, w), is unsure; uint8 (h, w)."""
    unsure = ((rough > UNSURE) & (rough < 1 - UNSURE)).astype(np.uint8)
    return np.asarray(cv2.dilate(unsure, np.ones((2 * REACH + 1, 2 * REACH + 1), np.uint8)), np.uint8)


class FineEdges:
    """A model of the task "refine".

    Args:
        model: a shipped model's name, or a .onnx or .tflite file with its card.
        runtime, device, threads: as for ``limner.Segmenter``.

    Raises:
        ModelError: the model or its card cannot be used, or it is for another task.
        OptionError, MissingExtraError: as for ``limner.Segmenter``.
    """

    def __init__(
        self,
        model: str | Path = DEFAULT_MODEL,
        *,
        runtime: str = "auto",
        device: str = "cpu",
        threads: int | None = None,
    ) -> None:
        found = find_model(model, task=REFINE)
        self.card: ModelCard = found.card
        spec = found.card.input
        if (spec.channels, spec.layout, spec.color_order) != (4, "NCHW", "RGB") or spec.size[0] != spec.size[1]:
            raise ModelError(f"card of {found.card.name!r}: input: must be square, NCHW, RGB, 4 channels")
        if spec.size[0] <= 2 * _MARGIN:
            raise ModelError(f"card of {found.card.name!r}: input.size must be above {2 * _MARGIN}")
        self._side, self._core = spec.size[0], spec.size[0] - 2 * _MARGIN
        self._scale = np.float32(spec.scale) / np.array(spec.std, np.float32)
        self._shift = np.array(spec.mean, np.float32) / np.array(spec.std, np.float32)
        self._runtime = load_runtime(
            found.path, runtime=runtime, device=device, threads=threads, example=lambda _: self._example()
        )

    def draw(self, probability: Float32, pyramid: Pyramid, *, softness: float = DEFAULT_SOFTNESS) -> Float32:
        """A matte at frame size.

        Args:
            probability: (h, w) float32 in [0, 1] at any size, showing the same view as ``pyramid.small``.
            pyramid: the frame.
            softness: 0.6 and above leave the edges as the net draws them; below, they are steeper, 0 makes them hard.

        Returns:
            (H, W) float32 in [0, 1], C-contiguous.

        Raises:
            NotFiniteError: the net's output is not finite.
            ModelError: it is not what its card says.
        """
        small = pyramid.small
        rough = refine(probability, Pyramid(small, small, 1), softness=1.0)
        alpha = enlarge(self.redraw(small, rough), pyramid)
        return soften(alpha, min(1.0, softness / DEFAULT_SOFTNESS))

    def redraw(self, picture: NDArray[np.uint8], rough: Float32) -> Float32:
        """The matte of a small picture drawn anew near where it is unsure.

        Args:
            picture: RGB uint8 (h, w, 3).
            rough: float32 (h, w) in [0, 1], as soft as the net that found the person says.

        Returns:
            float32 (h, w) in [0, 1]; far from the edge it is ``rough`` at the default softness.
        """
        alpha = soften(rough, DEFAULT_SOFTNESS).copy()
        near = near_edge(rough)
        if not near.any():
            return alpha
        border = (_MARGIN, _MARGIN + self._core, _MARGIN, _MARGIN + self._core)
        wide: Any = cv2.copyMakeBorder(picture, *border, cv2.BORDER_REPLICATE)
        told: Any = cv2.copyMakeBorder(rough, *border, cv2.BORDER_REPLICATE)
        for top, left in self._places(near):
            kept = (slice(top, top + self._core), slice(left, left + self._core))
            seen = (slice(top, top + self._side), slice(left, left + self._side))
            said = self._run(wide[seen], told[seen])[_MARGIN:-_MARGIN, _MARGIN:-_MARGIN]
            target = alpha[kept]
            np.copyto(target, said[: target.shape[0], : target.shape[1]], where=near[kept] > 0)
        return without_islands(alpha, rough)

    def _places(self, near: NDArray[Any]) -> list[tuple[int, int]]:
        """(top, left) of the parts that the net draws: in rows of parts, each beginning where there is something to
        draw."""
        places = []
        rows = np.flatnonzero(near.any(1))
        top = -1
        for row in rows.tolist():
            if top >= 0 and row < top + self._core:
                continue
            top = row
            reached = -1
            for column in np.flatnonzero(near[top : top + self._core].any(0)).tolist():
                if column >= reached:
                    places.append((top, column))
                    reached = column + self._core
        return places

    def _run(self, picture: NDArray[np.uint8], rough: Float32) -> Float32:
        planes = np.empty((1, 4, self._side, self._side), np.float32)
        planes[0, :3] = (picture * self._scale - self._shift).transpose(2, 0, 1)
        planes[0, 3] = rough
        said = self._runtime.run({self.card.input.name: planes}).get(self.card.output.name)
        if said is None or said.size != self._side * self._side:
            raise ModelError(f"card of {self.card.name!r}: the model gives no map {self.card.output.name!r}")
        if not is_sound(said):
            raise NotFiniteError(*not_finite(self.card.name, self._runtime).args)
        return np.clip(said.reshape(self._side, self._side), 0, 1)

    def _example(self) -> dict[str, Array]:
        """A disc before a slope of grey: what the net is fed where it is only measured."""
        side = self._side
        rows, columns = np.mgrid[:side, :side].astype(np.float32) / side
        planes = np.empty((1, 4, side, side), np.float32)
        planes[0, :3] = rows
        planes[0, 3] = np.clip((0.3 - np.hypot(rows - 0.5, columns - 0.5)) * 20 + 0.5, 0, 1)
        return {self.card.input.name: planes}


def without_islands(alpha: Float32, rough: Float32) -> Float32:
    """``alpha`` without pieces that the net of edges made solid by itself, apart from the person: there it is at most
    what was told. Locks of hair that come apart lie near enough to stay."""
    solid = (alpha > 0.5).astype(np.uint8)
    count, labels = cv2.connectedComponents(solid, connectivity=8)
    area, told = np.bincount(labels.ravel(), minlength=count), np.bincount(labels[rough > 0.5], minlength=count)
    known = told >= _TOLD * area
    known[0] = False
    if known.sum() == count - 1:
        return alpha
    beside: Any = cv2.dilate(known[labels].astype(np.uint8), np.ones((_BESIDE, _BESIDE), np.uint8))
    known[np.unique(labels[beside > 0])] = True
    known[0] = True
    if known.all():
        return alpha
    island: Any = cv2.dilate((~known[labels]).astype(np.uint8), np.ones((_AROUND, _AROUND), np.uint8))
    return np.where(island > 0, np.minimum(alpha, soften(rough, DEFAULT_SOFTNESS)), alpha)
