"""ICC profiles: into sRGB for the work and back into the photo's own colours afterwards."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageCms

_INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
_CUBE = np.stack(np.meshgrid(*[np.linspace(0, 255, 9).round().astype(np.uint8)] * 3), -1).reshape(27, 27, 3)

_STRIP = 64_000
"""Pixels that Pillow holds at once."""


def image_into_srgb(image: Pillow.Image, icc: bytes) -> Pillow.Image | None:
    """An L or CMYK image in sRGB; None where its profile `icc` is damaged or for another kind of image."""
    forth = _transform(icc, image.mode)
    return None if forth is None else ImageCms.applyTransform(image, forth)


def into_srgb(pixels: NDArray[np.uint8], icc: bytes) -> NDArray[np.uint8] | None:
    """RGB uint8 (H, W, 3) in the colours of the profile `icc` in sRGB.

    None where the profile is damaged, is for another kind of picture, or is sRGB itself: the pixels are right as they
    are.
    """
    forth = _transform(icc, "RGB")
    if forth is None or np.abs(_moved(_CUBE, forth).astype(int) - _CUBE).max() <= 2:
        return None
    return _moved(pixels, forth)


def from_srgb(pixels: NDArray[np.uint8], icc: bytes) -> NDArray[np.uint8]:
    """RGB uint8 (H, W, 3) in sRGB in the colours of the RGB profile `icc`, of which `returns` is true."""
    profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
    return _moved(pixels, ImageCms.buildTransform(_srgb(), profile, "RGB", "RGB", _INTENT))


def _transform(icc: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        return ImageCms.buildTransform(profile, _srgb(), mode, "RGB", _INTENT)
    except (OSError, ImageCms.PyCMSError, TypeError, ValueError):
        return None


def _moved(pixels: NDArray[np.uint8], transform: ImageCms.ImageCmsTransform) -> NDArray[np.uint8]:
    moved = np.empty_like(pixels)
    rows = max(1, _STRIP // pixels.shape[1])
    for top in range(0, pixels.shape[0], rows):
        strip = Pillow.fromarray(pixels[top : top + rows])
        ImageCms.applyTransform(strip, transform, inPlace=True)
        moved[top : top + rows] = np.asarray(strip)
    return moved


def plausible(icc: bytes) -> bool:
    """Whether a profile that changes nothing is at least one: sRGB, and no damaged bytes."""
    try:
        return ImageCms.ImageCmsProfile(io.BytesIO(icc)).profile.xcolor_space.strip() == "RGB"
    except (OSError, ImageCms.PyCMSError):
        return False


def returns(icc: bytes) -> bool:
    """Whether sRGB can be brought into an RGB profile: those of scanners and cameras may know only the way from it."""
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        ImageCms.buildTransform(_srgb(), profile, "RGB", "RGB", _INTENT)
    except (OSError, ImageCms.PyCMSError):
        return False
    return True


def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
