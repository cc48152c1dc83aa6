"""ICC profiles: into sRGB for the work and back into the photo's own colours afterwards."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image as Pillow
from PIL import ImageCms

_INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
_CUBE = np.stack(np.meshgrid(*[np.linspace(0, 255, 9).round().astype(np.uint8)] * 3), -1).reshape(27, 27, 3)


def to_srgb(image: Pillow.Image, icc: bytes) -> tuple[Pillow.Image, bool] | None:
    """An L, RGB or CMYK image in sRGB, and whether `from_srgb` can bring it back into the profile `icc`.

    None where the profile is damaged, is for another kind of image, or is sRGB itself: the image is right as it is.
    """
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        forth = ImageCms.buildTransform(profile, _srgb(), image.mode, "RGB", _INTENT)
    except (OSError, ImageCms.PyCMSError, TypeError, ValueError):
        return None
    if image.mode == "RGB":
        cube = Pillow.fromarray(_CUBE)
        moved = ImageCms.applyTransform(cube, forth)
        if moved is None or np.abs(np.asarray(moved).astype(int) - _CUBE).max() <= 2:
            return None
    converted = ImageCms.applyTransform(image, forth)
    return None if converted is None else (converted, image.mode == "RGB" and _returns(icc))


def from_srgb(image: Pillow.Image, icc: bytes) -> Pillow.Image:
    """An RGB image in sRGB in the colours of the RGB profile `icc`, which `to_srgb` said can be had."""
    profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
    converted = ImageCms.applyTransform(image, ImageCms.buildTransform(_srgb(), profile, "RGB", "RGB", _INTENT))
    return image if converted is None else converted


def plausible(icc: bytes) -> bool:
    """Whether a profile that changes nothing is at least one: sRGB, and no damaged bytes."""
    try:
        return ImageCms.ImageCmsProfile(io.BytesIO(icc)).profile.xcolor_space.strip() == "RGB"
    except (OSError, ImageCms.PyCMSError):
        return False


def _returns(icc: bytes) -> bool:
    """Scanner and camera profiles may know only the way into the standard colours."""
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        ImageCms.buildTransform(_srgb(), profile, "RGB", "RGB", _INTENT)
    except (OSError, ImageCms.PyCMSError):
        return False
    return True


def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
