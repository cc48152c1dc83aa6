"""EXIF of a photo, made fit for what an effect made of it."""

from __future__ import annotations

from typing import Any

from PIL import Image as Pillow

_EXIF, _GPS = 0x8769, 0x8825
_ORIENTATION, _MAKER_NOTE, _WIDTH, _HEIGHT = 0x0112, 0x927C, 0xA002, 0xA003

# In a TIFF the same directory also says where its strips lie and how they are packed, which is nobody else's business.
_DESCRIPTIVE = frozenset(
    (0x010E, 0x010F, 0x0110, 0x011A, 0x011B, 0x0128, 0x0131, 0x0132, 0x013B, 0x013C, 0x4746, 0x8298)
) | frozenset(range(0x9C9B, 0x9CA0))

_MAKER_NOTE_LIMIT = 32_000
"""Longer maker notes hold previews, and JPEG has room for 64 kB of EXIF in all."""

TRANSPOSES = {
    2: Pillow.Transpose.FLIP_LEFT_RIGHT,
    3: Pillow.Transpose.ROTATE_180,
    4: Pillow.Transpose.FLIP_TOP_BOTTOM,
    5: Pillow.Transpose.TRANSPOSE,
    6: Pillow.Transpose.ROTATE_270,
    7: Pillow.Transpose.TRANSVERSE,
    8: Pillow.Transpose.ROTATE_90,
}
"""What each orientation but 1, the upright one, needs to stand upright."""


def upright_exif(exif: Pillow.Exif, size: tuple[int, int]) -> bytes | None:
    """`exif` for an upright picture of `size` (width, height), without thumbnail or preview; None where none is left.

    The thumbnail goes because it shows what the effect took away.
    """
    kept = Pillow.Exif()
    for tag in _DESCRIPTIVE & set(exif):
        kept[tag] = exif[tag]
    camera: dict[int, Any] = dict(exif.get_ifd(_EXIF))
    note = camera.get(_MAKER_NOTE)
    if isinstance(note, bytes) and (len(note) > _MAKER_NOTE_LIMIT or b"\xff\xd8\xff" in note):
        del camera[_MAKER_NOTE]
    for tag, length in ((_WIDTH, size[0]), (_HEIGHT, size[1])):
        if tag in camera:
            camera[tag] = length
    position: dict[int, Any] = dict(exif.get_ifd(_GPS))
    if camera:
        kept[_EXIF] = camera
    if position:
        kept[_GPS] = position
    if not len(kept):
        return None
    kept[_ORIENTATION] = 1
    try:
        return kept.tobytes()
    except Exception:  # a camera wrote something into a field that the field cannot hold
        return None


def orientation(exif: Pillow.Exif) -> int:
    """1 (upright) to 8; 1 where it is missing or nonsense."""
    value = exif.get(_ORIENTATION)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1
