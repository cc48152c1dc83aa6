"""Skin in photos: where it is, its colour, its typology angle (ITA) and the bin that this falls into."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.frame import Frame
from limner.models.catalogue import find_model
from limner.runtimes.loading import load_runtime
from limner.segment.example import example_inputs
from limner.segment.fit import check_fit
from limner.segment.postprocess import read_shape
from limner.segment.preprocess import Preprocessor

Float32 = NDArray[np.float32]
Mask = NDArray[np.uint8]
Bool = NDArray[np.bool_]
Lab = tuple[float, float, float]

MODEL = "multiclass"
"""MediaPipe's multiclass selfie net, which `limner models fetch studio` gets."""
BACKGROUND, BODY_SKIN, FACE_SKIN = 0, 2, 3
"""Its classes; the others are hair (1), clothes (4) and other things (5)."""

BINS = (("very light", 55.0), ("light", 41.0), ("intermediate", 28.0), ("tan", 10.0), ("brown", -30.0))
"""Names and lower ends in degrees of ITA (Chardon, Cretois, Hourseau 1991; Del Bino, Bernerd 2013); below is dark."""
DARK = "dark"
TONES = (*(name for name, _ in BINS), DARK)
LIGHTEST, DARKEST = TONES[:2], TONES[-2:]

SURE = 0.5
"""Probability of skin from which on a pixel counts."""
FEWEST_PIXELS = 150
LEAST_YELLOW = 4.0
"""b* of skin: below, the photo is grey or its light blue, and the angle says nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Skin:
    """What the net says of a frame.

    Attributes:
        probability: of skin, float32 (H, W).
        among_person: of skin if the pixel is of a person, float32 (H, W).
    """

    probability: Float32
    among_person: Float32


class SkinFinder:
    """Finds skin with a net of six classes.

    Args:
        model: a name or a file with a card.

    Raises:
        ModelError: it is not fetched, or its output has no six classes.
    """

    def __init__(self, model: str | Path = MODEL, *, threads: int | None = 1) -> None:
        found = find_model(model)
        self._card = found.card
        self._runtime = load_runtime(found.path, threads=threads, example=example_inputs(found.card))
        self._preprocess = Preprocessor(found.card, check_fit(found.card, self._runtime))

    def __call__(self, rgb: Frame) -> Skin:
        """Skin in RGB uint8 (H, W, 3)."""
        output = self._runtime.run(self._preprocess.feeds(rgb))[self._card.output.name]
        maps = read_shape(output.shape, self._card)
        logits = output.reshape(maps.shape).astype(np.float32)
        if maps.class_axis == 0:
            logits = logits.transpose(1, 2, 0)
        shares = np.exp(logits - logits.max(axis=2, keepdims=True))
        shares /= shares.sum(axis=2, keepdims=True)
        skin = shares[..., BODY_SKIN] + shares[..., FACE_SKIN]
        person = np.maximum(1 - shares[..., BACKGROUND], 1e-6)
        return Skin(_enlarged(skin, rgb), _enlarged(np.minimum(skin / person, 1), rgb))


def sure_skin(skin: Skin, mask: Mask) -> Bool:
    """Pixels, (H, W), that are skin for the net and person in ``mask``, and not at the rim of such a region.

    The rim is as wide as one pixel of a net of 256×256.
    """
    inside = ((skin.probability > SURE) & (mask > 200)).astype(np.uint8)
    reach = 2 * max(1, round(max(mask.shape) / 256)) + 1
    padded = cv2.copyMakeBorder(inside, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    return np.asarray(cv2.erode(padded, np.ones((reach, reach), np.uint8))[1:-1, 1:-1] > 0)


def median_colour(rgb: Frame, region: Bool) -> Lab:
    """The median of the region's colours, channel by channel, in CIELAB (D65)."""
    return to_lab(np.median(rgb[region], axis=0) / 255)


def to_lab(colour: NDArray[np.float64]) -> Lab:
    """sRGB in [0, 1] to L* in [0, 100], a*, b*."""
    lab = cv2.cvtColor(colour.astype(np.float32).reshape(1, 1, 3), cv2.COLOR_RGB2Lab)[0, 0]
    return float(lab[0]), float(lab[1]), float(lab[2])


def typology_angle(colour: Lab) -> float:
    """ITA in degrees, atan((L* − 50) / b*), of a colour whose b* is above 0 (Chardon et al. 1991).

    >>> round(typology_angle((68.0, 10.0, 18.0)))
    45
    """
    return math.degrees(math.atan2(colour[0] - 50, colour[2]))


def tone_of(angle: float) -> str:
    """The name of the bin; an angle on a border belongs to the darker one.

    >>> tone_of(56), tone_of(55), tone_of(-30), tone_of(-31)
    ('very light', 'light', 'dark', 'dark')
    """
    return next((name for name, above in BINS if angle > above), DARK)


def skin_tone(rgb: Frame, region: Bool) -> str | None:
    """The bin of the region's median colour; None where it has too few pixels or too little yellow to tell."""
    if np.count_nonzero(region) < FEWEST_PIXELS:
        return None
    colour = median_colour(rgb, region)
    return tone_of(typology_angle(colour)) if colour[2] >= LEAST_YELLOW else None


def _enlarged(values: Float32, rgb: Frame) -> Float32:
    height, width = rgb.shape[:2]
    return np.asarray(cv2.resize(values, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
