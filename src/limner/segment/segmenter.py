"""Segmenter: frame in, matte out. Loads a model, holds no state of frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.errors import ModelError, OptionError
from limner.matte import Matte, hidden_matte
from limner.model_card import SEGMENT, ModelCard
from limner.models.catalogue import find_model
from limner.runtimes.base import Array, Runtime
from limner.runtimes.loading import load_runtime
from limner.segment.clean import clean
from limner.segment.example import example_inputs
from limner.segment.fit import check_fit
from limner.segment.postprocess import confidence, is_sound, person_probability, recentre
from limner.segment.preprocess import Preprocessor, unplace
from limner.segment.pyramid import Pyramid, build_pyramid
from limner.segment.refine import refine, soften
from limner.segment.subject import largest_region
from limner.segment.tiles import Tile, blend, cut

DEFAULT_SOFTNESS = 0.6
FAULTS = ("raise", "hide")


@dataclass(frozen=True, slots=True, eq=False)
class Begun:
    """A frame that the net has seen, or, where it needs the matte before, has yet to see."""

    pyramid: Pyramid
    outputs: Sequence[Array] | None
    """Of the net, one for each tile of the picture."""

    @property
    def small(self) -> NDArray[np.uint8] | None:
        """See ``limner.segment.base.Begun``; None where the frame has a border for its size's sake."""
        return self.pyramid.small if self.pyramid.full.shape[:2] == self.pyramid.size else None


class Segmenter:
    """Finds the person in every pixel of a frame.

    >>> import numpy as np
    >>> import limner
    >>> matte = limner.Segmenter("default").matte(np.zeros((90, 160, 3), np.uint8))
    >>> matte.alpha.shape
    (90, 160)

    Args:
        model: a name from ``limner models`` ("default" is the best for its speed), or a .onnx or .tflite file.
        card: the model's card, or its path; None is ``<stem>.json`` beside the file.
        runtime: "onnxruntime", "openvino", "litert", … with options of its own after a colon; or "auto": the fastest of
            those installed that run the file, measured once for this machine and remembered (see docs/runtimes.md).
        device: "cpu", or what the runtime offers ("cuda"); never replaced by another. See ``runtime.device``.
        threads: threads the net uses; None is the number of physical cores, at most four.
        refine: draw the edges at full size from the frame itself; False enlarges the net's mask.
        threshold: the net's probability, between 0 and 1, where the edge lies: below 0.5 keeps more, above keeps less.
            None is 0.5.
        softness: width of the edge, from 0 (hard) to 1 (as soft as the net says). The default halves the mean error of
            soft edges on hand-made masks and leaves no haze.
        largest_only: keep the largest connected region, with its soft edge.
        clean: take faint islands away and close false holes in people, see `limner.segment.clean`.
        tiles: cut pictures of 2:1 and longer, wide or tall, into overlapping near-square tiles, see
            `limner.segment.tiles`. False squeezes them into the net's input, as nets that are told the matte before
            always do.
        on_fault: what becomes of a frame for which the net gives numbers that are not finite, as after a fault of the
            device: "raise" a ModelError, or, for video, "hide" it: its matte is a hidden one. A net that has not
            given a finite result yet raises in any case.

    Raises:
        OptionError: an option cannot be used.
        ModelError: the model or its card cannot be used.
        MissingExtraError: the runtime is not installed.
    """

    def __init__(
        self,
        model: str | Path = "default",
        *,
        card: ModelCard | str | Path | None = None,
        runtime: str = "auto",
        device: str = "cpu",
        threads: int | None = None,
        refine: bool = True,
        threshold: float | None = None,
        softness: float = DEFAULT_SOFTNESS,
        largest_only: bool = False,
        clean: bool = True,
        tiles: bool = True,
        on_fault: str = "raise",
    ) -> None:
        if threshold is not None and not 0.0 < threshold < 1.0:
            raise OptionError(f"threshold must lie between 0 and 1, not {threshold}")
        if not 0.0 <= softness <= 1.0:
            raise OptionError(f"softness must lie in 0 (hard) to 1 (as soft as the net says), not {softness}")
        if on_fault not in FAULTS:
            raise OptionError(f"on_fault must be one of {', '.join(FAULTS)}, not {on_fault!r}")
        found = find_model(model, card=card, task=SEGMENT)
        self._card, self._refine, self._threshold = found.card, refine, threshold
        self._softness, self._largest_only, self._clean = softness, largest_only, clean
        self._remembers = self._card.input.channels == 4 or self._card.state is not None
        self._tiles = tiles and not self._remembers
        self._on_fault, self._sound, self.faults = on_fault, False, 0
        example = example_inputs(self._card)
        self._runtime = load_runtime(found.path, runtime=runtime, device=device, threads=threads, example=example)
        tensor = check_fit(self._card, self._runtime)
        self._preprocess = Preprocessor(self._card, tensor)

    @property
    def card(self) -> ModelCard:
        """The model's card."""
        return self._card

    @property
    def runtime(self) -> Runtime:
        """What runs the net: its name, device and threads are what really runs."""
        return self._runtime

    @property
    def threshold(self) -> float | None:
        """Where the edge lies, between 0 and 1; None is 0.5. May be set between two frames, from any thread.

        Raises:
            OptionError: set to something else.
        """
        return self._threshold

    @threshold.setter
    def threshold(self, value: float | None) -> None:
        if value is not None and not 0.0 < value < 1.0:
            raise OptionError(f"threshold must lie between 0 and 1, not {value}")
        self._threshold = value

    def probability(self, frame: NDArray[np.uint8], *, previous: Matte | None = None) -> NDArray[np.float32]:
        """What the net says, untouched: probability of person, (h, w) float32 in [0, 1], at the net's own output size.

        It shows the whole frame, whatever its shape; of one that is cut into tiles it is their maps, blended. Numbers
        that are not finite are 0. Arguments and errors as for ``matte``.
        """
        check_frame(frame)
        pyramid = build_pyramid(frame)
        return self._read(self._run(pyramid, previous), pyramid)

    def matte(self, frame: NDArray[np.uint8], *, previous: Matte | None = None) -> Matte:
        """The matte of one frame, at its size.

        Args:
            frame: RGB uint8 (H, W, 3), C-contiguous, of any size from 1×1. It is not changed.
            previous: the matte of the frame before, for nets with a fourth channel; others do not look at it.

        Returns:
            Matte with ``confidence`` as in ``limner.segment.postprocess.confidence``.

        Raises:
            ValueError: the frame is no such array.
            ModelError: the net's output is not what its card says, or not finite (see ``on_fault``).
        """
        return self.finish(self.begin(frame), previous=previous)

    def begin(self, frame: NDArray[np.uint8]) -> Begun:
        """The first part of ``matte``: all that needs no matte before. Arguments and errors as there."""
        check_frame(frame)
        pyramid = build_pyramid(frame)
        return Begun(pyramid, None if self._remembers else self._run(pyramid, None))

    def finish(self, begun: Begun, *, previous: Matte | None = None) -> Matte:
        """The rest of ``matte``. It runs the net only where ``begin`` could not."""
        pyramid = begun.pyramid
        outputs = self._run(pyramid, previous) if begun.outputs is None else begun.outputs
        if not all(is_sound(output) for output in outputs):
            return self._faulty(pyramid)
        self._sound = True
        probability = self._read(outputs, pyramid)
        sure = confidence(probability)
        if self._clean:
            probability = clean(probability, pyramid.small)
        threshold = self._threshold
        if threshold is not None:
            probability = recentre(probability, threshold)
        if self._largest_only:
            probability = largest_region(probability)
        if self._refine:
            return Matte(refine(probability, pyramid, softness=self._softness), sure)
        return Matte(_enlarge(probability, pyramid, self._softness), sure)

    def _faulty(self, pyramid: Pyramid) -> Matte:
        self.faults += 1
        if self._on_fault == "hide" and self._sound:
            return hidden_matte(pyramid.size)
        raise ModelError(
            f"model {self._card.name!r}: its output is not finite (NaN or infinity) on {self._runtime.name}, "
            f"{self._runtime.device}; try another --runtime or --device, and check the file with `limner inspect`"
        )

    def _cut(self, pyramid: Pyramid) -> list[Tile]:
        height, width = pyramid.small.shape[:2]
        return cut((height, width)) if self._tiles else [(slice(0, height), slice(0, width))]

    def _run(self, pyramid: Pyramid, previous: Matte | None) -> list[Array]:
        alpha = None if previous is None else previous.alpha
        return [self._output(pyramid.small[tile], alpha) for tile in self._cut(pyramid)]

    def _output(self, picture: NDArray[np.uint8], previous: NDArray[np.float32] | None) -> Array:
        outputs = self._runtime.run(self._preprocess.feeds(picture, previous))
        output = outputs.get(self._card.output.name)
        if output is None:
            raise ModelError(f"card of {self._card.name!r}: the model gives no output {self._card.output.name!r}")
        return output

    def _read(self, outputs: Sequence[Array], pyramid: Pyramid) -> NDArray[np.float32]:
        maps = [person_probability(output, self._card) for output in outputs]
        size = (pyramid.small.shape[0], pyramid.small.shape[1])
        tiles = self._cut(pyramid)
        parts = [
            unplace(part, (tile[0].stop - tile[0].start, tile[1].stop - tile[1].start), self._card.input)
            for part, tile in zip(maps, tiles, strict=True)
        ]
        return blend(parts, tiles, size)


def check_frame(frame: NDArray[np.uint8]) -> None:
    """Raise ValueError unless ``frame`` is RGB uint8 (H, W, 3), C-contiguous and not empty."""
    if not isinstance(frame, np.ndarray):
        raise ValueError(f"a frame must be a numpy array, not {type(frame).__name__}")
    if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3 or frame.size == 0:
        raise ValueError(f"a frame must be RGB uint8 (H, W, 3) and not empty, not {frame.dtype} {frame.shape}")
    if not frame.flags.c_contiguous:
        raise ValueError("a frame must be C-contiguous: pass numpy.ascontiguousarray(frame)")


def _enlarge(probability: NDArray[np.float32], pyramid: Pyramid, softness: float) -> NDArray[np.float32]:
    """The net's map at frame size, without refinement."""
    full = pyramid.full.shape
    alpha = cv2.resize(probability, (full[1], full[0]), interpolation=cv2.INTER_LINEAR)
    height, width = pyramid.size
    return soften(np.ascontiguousarray(alpha[:height, :width]), softness)
