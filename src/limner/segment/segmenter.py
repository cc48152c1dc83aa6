"""Segmenter: frame in, matte out. Loads a model, holds no state of frames."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.checking import checked, wrong
from limner.deprecation import deprecated
from limner.errors import ModelError, OptionError
from limner.matte import Matte, hidden_matte
from limner.models.card import SEGMENT, ModelCard
from limner.models.catalogue import ModelFile, find_any
from limner.models.ensemble_card import EnsembleCard
from limner.models.parts import parts_of
from limner.segment.batched import MOST_FRAMES, BatchCounts, Batched
from limner.segment.clean import clean
from limner.segment.cropped import Cropped, load_net
from limner.segment.edge import DEFAULT_SOFTNESS, Edge
from limner.segment.ensemble import Ensemble
from limner.segment.fine import FinerWhenAsked, NotFiniteError
from limner.segment.keying import key
from limner.segment.net import PersonNet, RuntimeFacts, Seen, not_finite
from limner.segment.people.subject import largest_region
from limner.segment.postprocess import confidence, recentre
from limner.segment.pyramid import Pyramid, build_pyramid, crop
from limner.segment.refine import refine, soften
from limner.segment.tiles import blend, cut, is_long

FAULTS = ("raise", "hide")


@dataclass(frozen=True, slots=True, eq=False)
class Begun:
    """A frame that the net has seen, or, where it needs the matte before, has yet to see."""

    pyramid: Pyramid
    seen: Seen | None

    @property
    def small(self) -> NDArray[np.uint8] | None:
        """See ``limner.segment.base.Begun``; None where the frame has a border for its size's sake."""
        return self.pyramid.small if self.pyramid.whole == self.pyramid.size else None


class Segmenter:
    """Finds the person in every pixel of a frame.

    >>> import numpy as np
    >>> import limner
    >>> matte = limner.Segmenter("default").matte(np.zeros((90, 160, 3), np.uint8))
    >>> matte.alpha.shape
    (90, 160)

    Args:
        model: a name from ``limner models`` ("default" is the best for its speed), a .onnx or .tflite file, or the card
            (.json) of an ensemble of several.
        card: the model's card, or its path; None is ``<stem>.json`` beside the file.
        runtime: "onnxruntime", "openvino", "litert", … with options of its own after a colon; or "auto": the fastest of
            those installed that run the file, measured once for this machine and remembered (see docs/runtimes.md).
        device: "cpu", or what the runtime offers ("cuda"); never replaced by another. See ``runtime.device``.
        threads: threads the net uses; None is the number of physical cores, at most four.
        refine: draw the edges at full size from the frame itself; False enlarges the net's mask.
        edges: how they are drawn: "guided", by a filter, or "fine", by a net that keeps more of the hair and takes
            longer, see `limner.segment.fine`. It runs as the model does: ``runtime``, where that can run it,
            ``device`` and ``threads``. "key" keys a green or blue screen, or another plain and colourful backdrop,
            see `limner.segment.keying`; where there is none it is as "guided".
        threshold, softness: the edge that mattes have unless somebody asks for another, see ``Edge``. The default
            softness halves the mean error of soft edges on hand-made masks and leaves no haze.
        largest_only: keep the largest connected region, with its soft edge.
        clean: take faint islands away and close false holes in people, see `limner.segment.clean`. Parts have true
            holes, as hair has a face in it: with ``keep`` nothing is cleaned.
        keep: parts of people that the matte is of, such as ("hair", "face"), by the labels of the model's card, see
            `limner.models.parts`. None keeps whole people.
        tiles: cut pictures of 2:1 and longer, wide or tall, into overlapping near-square tiles, see
            `limner.segment.tiles`. False squeezes them into the net's input, as nets that are told the matte before
            always do.
        on_fault: what becomes of a frame for which the net gives numbers that are not finite, as after a fault of the
            device: "raise" a ModelError, or, for video, "hide" it: its matte is a hidden one. A net that has not
            given a finite result yet raises in any case.
        batch: frames, of as many threads that call ``matte`` at the same time, that may go through the net at once, see
            `limner.segment.batched`. More than 1 is for several streams that share a net.

    Raises:
        OptionError: an option cannot be used.
        ModelError: the model or its card cannot be used.
        MissingExtraError: the runtime is not installed.
    """

    @checked
    def __init__(
        self,
        model: str | Path = "default",
        *,
        card: ModelCard | str | Path | None = None,
        runtime: str = "auto",
        device: str = "cpu",
        threads: int | None = None,
        refine: bool = True,
        edges: str = "guided",
        threshold: float | None = None,
        softness: float = DEFAULT_SOFTNESS,
        largest_only: bool = False,
        clean: bool = True,
        keep: tuple[str, ...] | None = None,
        tiles: bool = True,
        on_fault: str = "raise",
        batch: int = 1,
    ) -> None:
        self._edge = Edge(threshold=threshold, softness=softness)
        if on_fault not in FAULTS:
            raise OptionError(f"on_fault must be one of {', '.join(FAULTS)}, not {on_fault!r}")
        if not 1 <= batch <= MOST_FRAMES:
            raise OptionError(f"‹batch› must be 1 to {MOST_FRAMES} frames, not {batch}")
        self._refine, self._largest_only, self._parts = refine, largest_only, bool(keep)
        self._clean = clean and not keep
        self._on_fault, self._sound, self.faults = on_fault, False, 0
        found = find_any(model, card=card, task=SEGMENT)
        if keep:
            found = parts_of(found, keep)
        if not isinstance(found, ModelFile):
            self._net: PersonNet = Ensemble(found, runtime=runtime, device=device, threads=threads, batch=batch)
        else:
            self._net = load_net(found, runtime=runtime, device=device, threads=threads, batch=batch)
        self._finer = FinerWhenAsked(runtime=runtime, device=device, threads=threads)
        self._fine = self._finer.of(edges, refine=refine)
        self._keys = self._keyed(edges, refine=refine)
        self._tiles = tiles and not self._net.takes_previous

    @property
    def card(self) -> ModelCard | EnsembleCard:
        """The model's card."""
        return self._net.card

    @property
    def runtime(self) -> RuntimeFacts:
        """What runs the net: its name, device and threads are what really runs."""
        return self._net.runtime

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels that the net sees, of wide or tall frames perhaps another of its card; of an
        ensemble the largest."""
        return self._net.size

    @property
    def takes_previous(self) -> bool:
        """Whether the net looks at the matte of the frame before."""
        return self._net.takes_previous

    @property
    def batches(self) -> BatchCounts:
        """How many frames went through the net together so far; zeros where ``batch`` is 1."""
        return self._net.counts if isinstance(self._net, Batched | Cropped | Ensemble) else BatchCounts()

    @property
    def edge(self) -> Edge:
        """The edge of mattes for which nobody asks for another."""
        return self._edge

    @property
    def threshold(self) -> float | None:
        """Of ``edge``. Setting it is deprecated: a segmenter may serve several streams, each with its own ``edge``."""
        return self._edge.threshold

    @threshold.setter
    def threshold(self, value: float | None) -> None:
        deprecated("setting Segmenter.threshold", "TemporalSegmenter.edge, or give matte() an edge")
        self._edge = replace(self._edge, threshold=value)

    def sharing_net(
        self,
        *,
        edge: Edge | None = None,
        refine: bool = True,
        edges: str = "guided",
        largest_only: bool = False,
        clean: bool = True,
        tiles: bool = True,
    ) -> Segmenter:
        """A segmenter with other options and the same net, which is not loaded again. Arguments as of the class.

        Both may be called from several threads at once.
        """
        made = copy.copy(self)
        made._fine = self._finer.of(edges, refine=refine)
        made._keys = self._keyed(edges, refine=refine)
        made._edge, made._refine, made._largest_only = edge or Edge(), refine, largest_only
        made._clean = clean and not self._parts
        made._tiles = tiles and not self._net.takes_previous
        return made

    @checked
    def probability(self, frame: NDArray[np.uint8], *, previous: Matte | None = None) -> NDArray[np.float32]:
        """What the net says, untouched: probability of person, (h, w) float32 in [0, 1], at the net's own output size.

        It shows the whole frame, whatever its shape; of one that is cut into tiles it is their maps, blended. Numbers
        that are not finite are 0. Arguments and errors as for ``matte``.
        """
        check_frame(frame)
        return self._see(build_pyramid(frame), previous).probability

    @checked
    def matte(self, frame: NDArray[np.uint8], *, previous: Matte | None = None, edge: Edge | None = None) -> Matte:
        """The matte of one frame, at its size.

        Args:
            frame: RGB uint8 (H, W, 3), C-contiguous, of any size from 1×1. It is not changed.
            previous: the matte of the frame before, for nets with a fourth channel; others do not look at it.
            edge: instead of the segmenter's own.

        Returns:
            Matte with ``confidence`` as in ``limner.segment.postprocess.confidence``.

        Raises:
            ArgumentError: an argument is of another type.
            ValueError: the frame is another array.
            ModelError: the net's output is not what its card says, or not finite (see ``on_fault``).
        """
        return self.finish(self.begin(frame), previous=previous, edge=edge)

    def begin(self, frame: NDArray[np.uint8]) -> Begun:
        """The first part of ``matte``: all that needs no matte before. Arguments and errors as there."""
        check_frame(frame)
        pyramid = build_pyramid(frame)
        return Begun(pyramid, None if self._net.takes_previous else self._see(pyramid, None))

    def finish(self, begun: Begun, *, previous: Matte | None = None, edge: Edge | None = None) -> Matte:
        """The rest of ``matte``. It runs the net only where ``begin`` could not."""
        pyramid = begun.pyramid
        seen = self._see(pyramid, previous) if begun.seen is None else begun.seen
        if not seen.sound:
            return self._faulty(pyramid, not_finite(self._net.card.name, self._net.runtime))
        self._sound = True
        probability = seen.probability
        sure = confidence(probability) if seen.confidence is None else seen.confidence
        if self._clean:
            probability = clean(probability, pyramid.small)
        edge = edge or self._edge
        if edge.threshold is not None:
            probability = recentre(probability, edge.threshold)
        if self._largest_only:
            probability = largest_region(probability)
        if self._fine is not None:
            try:
                alpha = self._fine.draw(probability, pyramid, softness=edge.softness)
            except NotFiniteError as error:
                return self._faulty(pyramid, error)
        elif self._refine:
            alpha = refine(probability, pyramid, softness=edge.softness)
        else:
            alpha = _enlarge(probability, pyramid, edge.softness)
        if self._keys:
            keyed = key(pyramid.frame, alpha)
            alpha = alpha if keyed is None else keyed
        return Matte(alpha, sure, memory=seen.memory)

    def _keyed(self, edges: str, *, refine: bool) -> bool:
        if edges == "key" and self._parts:
            raise OptionError("‹edges› key draws the outline of whole people, and ‹keep› takes parts; leave one out")
        return edges == "key" and refine

    def _faulty(self, pyramid: Pyramid, error: ModelError) -> Matte:
        self.faults += 1
        if self._on_fault == "hide" and self._sound:
            return hidden_matte(pyramid.size)
        raise error

    def _see(self, pyramid: Pyramid, previous: Matte | None) -> Seen:
        """What the net says of the whole frame, tile by tile where that is long."""
        size = (pyramid.small.shape[0], pyramid.small.shape[1])
        if not (self._tiles and is_long(size)):
            return self._net.see(pyramid, previous)
        tiles = cut(size)
        seen = [self._net.see(crop(pyramid, tile), previous) for tile in tiles]
        return Seen(blend([part.probability for part in seen], tiles, size), all(part.sound for part in seen))


def check_frame(frame: NDArray[np.uint8]) -> None:
    """A frame is RGB uint8 (H, W, 3), C-contiguous and not empty.

    Raises:
        ArgumentError: it is no array.
        ValueError: it is another one.
    """
    if not isinstance(frame, np.ndarray):
        raise wrong("frame", frame, np.ndarray)
    if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3 or frame.size == 0:
        raise ValueError(f"a frame must be RGB uint8 (H, W, 3) and not empty, not {frame.dtype} {frame.shape}")
    if not frame.flags.c_contiguous:
        raise ValueError("a frame must be C-contiguous: pass numpy.ascontiguousarray(frame)")


def _enlarge(probability: NDArray[np.float32], pyramid: Pyramid, softness: float) -> NDArray[np.float32]:
    """The net's map at frame size, without refinement."""
    alpha = cv2.resize(probability, pyramid.whole[::-1], interpolation=cv2.INTER_LINEAR)
    height, width = pyramid.size
    return soften(np.ascontiguousarray(alpha[:height, :width]), softness)
