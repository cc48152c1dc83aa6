"""People whose skin gets other tones: multiplied in linear light, as another albedo under the same light would be."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.skin_colour import Bool, Lab, Mask, Skin, median_colour, sure_skin
from limner.datasets.photo import Photo
from limner.frame import Frame

TARGETS: dict[str, Lab] = {
    "very light": (76.0, 9.0, 14.0),
    "light": (69.0, 10.0, 17.0),
    "intermediate": (63.0, 11.0, 19.0),
    "tan": (57.0, 12.0, 20.0),
    "brown": (45.0, 13.0, 19.0),
    "dark": (33.0, 10.0, 13.0),
}
"""Median colour of the skin in the finished picture, L*, a*, b*: one in the middle of each bin."""
LEAST_SKIN = 0.02
"""Share of the picture, for the tone of it to matter."""
LIGHTNESS = (30.0, 85.0)
"""L* of the skin that can be recoloured: a darker one shows its compression, a lighter one has lost its shading."""
_LINEAR = np.where(
    (_levels := np.arange(256) / 255) <= 0.04045, _levels / 12.92, ((_levels + 0.055) / 1.055) ** 2.4
).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """Somebody in a photo or a render, and their skin.

    Attributes:
        photo: the row of the manifest.
        rgb, alpha: uint8 (H, W, 3) and (H, W); of a render not premultiplied, of a photo the mask.
        weight: float32 (H, W), how much each pixel is skin.
        skin: bool (H, W), pixels that surely are.
    """

    photo: Photo
    rgb: Frame
    alpha: Mask
    weight: NDArray[np.float32]
    skin: Bool

    @classmethod
    def of(cls, photo: Photo, rgb: Frame, alpha: Mask, skin: Skin) -> Person:
        """From what the net says of the picture."""
        weight = np.clip((skin.among_person - 0.3) / 0.4, 0, 1).astype(np.float32)
        if photo.mask != "exact":  # the background of a photo is in its edge pixels
            weight *= alpha.astype(np.float32) / 255
        return cls(photo, rgb, alpha, weight, sure_skin(skin, alpha))

    @property
    def can_be_recoloured(self) -> bool:
        """Whether there is enough skin, and neither so dark nor so light that its texture is lost."""
        if self.skin.mean() < LEAST_SKIN:
            return False
        return LIGHTNESS[0] <= median_colour(self.rgb, self.skin)[0] <= LIGHTNESS[1]


def recolour(person: Person, target: Lab) -> Frame:
    """The picture with skin whose median is ``target``, uint8 (H, W, 3).

    Each channel is multiplied in linear light by one factor, as another albedo under the same light would do, so that
    shading and texture stay. Gloss is coloured along, and so are eyes, teeth and lips, which the net calls skin.
    """
    goal = cv2.cvtColor(np.array([[target]], np.float32), cv2.COLOR_Lab2RGB)[0, 0]
    median = np.round(np.median(person.rgb[person.skin], axis=0)).astype(np.uint8)
    gain = _LINEAR[np.clip(np.round(goal * 255), 0, 255).astype(np.uint8)] / np.maximum(_LINEAR[median], 1e-4)
    factor = 1 + person.weight[..., None] * (gain - 1)
    linear = np.clip(_LINEAR[person.rgb] * factor, 0, 1)
    curved = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    changed = np.round(curved * 255).astype(np.uint8)
    return np.where(person.weight[..., None] > 0, changed, person.rgb)
