"""Frame to net input: shrink, letterbox, normalise, lay out; and the way back for maps of the net's size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.errors import ModelError
from limner.models.card import InputSpec, ModelCard
from limner.runtimes.base import Array, TensorInfo

UInt8 = NDArray[np.uint8]
Float32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the frame lies inside the net's input, in pixels of the input."""

    top: int
    left: int
    height: int
    width: int


def place(size: tuple[int, int], spec: InputSpec) -> Placement:
    """Placement of a frame of ``size`` (height, width): everywhere for "stretch", centred and whole for "letterbox"."""
    height, width = spec.size
    if spec.resize == "stretch":
        return Placement(0, 0, height, width)
    factor = min(height / size[0], width / size[1])
    inner_h = min(height, max(1, round(size[0] * factor)))
    inner_w = min(width, max(1, round(size[1] * factor)))
    return Placement((height - inner_h) // 2, (width - inner_w) // 2, inner_h, inner_w)


def resize(image: Any, size: tuple[int, int]) -> Any:
    """``image`` at (height, width): area average when shrinking, bilinear when growing."""
    if image.shape[:2] == size:
        return image
    shrinking = size[0] <= image.shape[0] and size[1] <= image.shape[1]
    return cv2.resize(image, size[::-1], interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR)


def shrink(image: UInt8, size: tuple[int, int]) -> UInt8:
    """``image`` at (height, width), by halves as long as they stay above it: ten times faster than in one step.

    What is left is a bilinear step to twice the size and one more half, which OpenCV does in a third of the time of an
    area average. The nets' val figures do not tell them apart.
    """
    while (
        image.shape[0] >= 2 * size[0]
        and image.shape[1] >= 2 * size[1]
        and not (image.shape[0] % 2 or image.shape[1] % 2)
    ):
        half = (image.shape[1] // 2, image.shape[0] // 2)
        image = cv2.resize(image, half, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    if image.shape[:2] != size and size[0] <= image.shape[0] and size[1] <= image.shape[1]:
        image = cv2.resize(image, (2 * size[1], 2 * size[0]), interpolation=cv2.INTER_LINEAR)  # type: ignore[assignment]
    return resize(image, size)  # type: ignore[no-any-return]


class Preprocessor:
    """Makes the array a net takes from a frame. Holds no state of frames.

    Args:
        card: what the net wants.
        tensor: the model's input as the runtime reports it.
    """

    def __init__(self, card: ModelCard, tensor: TensorInfo) -> None:
        spec = self.spec = card.input
        std = np.array(spec.std)
        self._gain = (spec.scale / std).astype(np.float32).reshape(3, 1, 1)
        self._offset = (-np.array(spec.mean) / std).astype(np.float32).reshape(3, 1, 1)
        self._state = None if card.state is None else card.state.input
        self._dtype = tensor.dtype
        if np.issubdtype(self._dtype, np.integer):
            self._limits = np.iinfo(self._dtype)
            steps = float((255 * self._gain).min())
            if steps < 64:
                raise ModelError(
                    f"card of {card.name!r}: input.scale, mean and std leave {steps:.3g} steps of the model's "
                    f"{self._dtype} input for 256 levels; it takes raw pixels: scale 1, mean [0, 0, 0], std [1, 1, 1]"
                )

    def __call__(self, image: UInt8, previous: Float32 | None = None) -> Array:
        """RGB uint8 (h, w, 3), and the previous alpha (h', w') in [0, 1] for nets that want it, to the net's input."""
        spec = self.spec
        box = place((image.shape[0], image.shape[1]), spec)
        inner = shrink(image, (box.height, box.width))
        planes = np.zeros((spec.channels, *spec.size), np.float32)
        window = planes[:, box.top : box.top + box.height, box.left : box.left + box.width]
        channels = inner.transpose(2, 0, 1)
        if spec.color_order == "BGR":
            channels = channels[::-1]
        np.multiply(channels, self._gain, out=window[:3], casting="unsafe")
        window[:3] += self._offset
        if spec.channels == 4:
            _put(previous, planes[3], box)
        return self._lay_out(planes)

    def feeds(self, image: UInt8, previous: Float32 | None = None) -> dict[str, Array]:
        """Every input of the model by name: the image, and the state for nets that take it as an input of its own."""
        arrays = {self.spec.name: self(image, previous)}
        if self._state is not None:
            planes = np.zeros((1, *self.spec.size), np.float32)
            _put(previous, planes[0], place((image.shape[0], image.shape[1]), self.spec))
            arrays[self._state] = self._turned(planes)
        return arrays

    def _turned(self, planes: Float32) -> Float32:
        batch = planes[None]
        return np.ascontiguousarray(batch.transpose(0, 2, 3, 1) if self.spec.layout == "NHWC" else batch)

    def _lay_out(self, planes: Float32) -> Array:
        batch: Array = self._turned(planes)
        if np.issubdtype(self._dtype, np.integer):
            batch = np.clip(np.rint(batch), self._limits.min, self._limits.max)
        return np.ascontiguousarray(batch, dtype=self._dtype)


def _put(previous: Float32 | None, plane: Float32, box: Placement) -> None:
    """Write the mask before, where there is one, into its plane of the net's input."""
    if previous is not None:
        plane[box.top : box.top + box.height, box.left : box.left + box.width] = resize(
            previous, (box.height, box.width)
        )


def unplace(probability: Float32, size: tuple[int, int], spec: InputSpec) -> Float32:
    """The part of a map over the net's input that shows the frame: cuts the letterbox off, at any map size."""
    box = place(size, spec)
    height, width = spec.size
    if (box.height, box.width) == (height, width):
        return probability
    rows, columns = probability.shape[0] / height, probability.shape[1] / width
    inner_h, inner_w = max(1, round(box.height * rows)), max(1, round(box.width * columns))
    # Exact to a fraction of a map pixel: a coarse map (65 for 513) would shift the matte otherwise.
    step_x, step_y = box.width * columns / inner_w, box.height * rows / inner_h
    matrix = np.array(
        [
            [step_x, 0, box.left * columns + step_x / 2 - 0.5],
            [0, step_y, box.top * rows + step_y / 2 - 0.5],
        ]
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(  # type: ignore[return-value]
        probability, matrix, (inner_w, inner_h), flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
