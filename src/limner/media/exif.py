"""EXIF of a photo, made fit for what an effect made of it."""

from __future__ import annotations

from typing import Any

from PIL import Image as Pillow

_EXIF, _GPS, _INTEROP = 0x8769, 0x8825, 0xA005
EXIF_DIRECTORIES = (_EXIF, _GPS)
"""Tags that lead to directories of their own."""
_COLOR_SPACE, _SRGB = 0xA001, 1
_ORIENTATION, _MAKER_NOTE, _WIDTH, _HEIGHT = 0x0112, 0x927C, 0xA002, 0xA003

# In a TIFF the same directory also says where its strips lie and how they are packed, which is nobody else's business.
_DESCRIPTIVE = frozenset(
    (0x010E, 0x010F, 0x0110, 0x011A, 0x011B, 0x0128, 0x0131, 0x0132, 0x013B, 0x013C, 0x4746, 0x8298)
) | frozenset(range(0x9C9B, 0x9CA0))

_FIRST_TO_GO = frozenset((_MAKER_NOTE, 0x9286))
"""Maker notes and comments."""

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


def upright_exif(exif: Pillow.Exif, size: tuple[int, int], *, srgb: bool = False) -> bytes | None:
    """`exif` for an upright picture of `size` (width, height), without thumbnail or preview; None where none is left.

    The thumbnail goes because it shows what the effect took away. `srgb`: the result is sRGB, whatever the photo was.
    """
    kept = Pillow.Exif()
    for tag in _DESCRIPTIVE & set(exif):
        kept[tag] = exif[tag]
    camera = directory(exif, _EXIF)
    note = camera.get(_MAKER_NOTE)
    if isinstance(note, bytes) and (len(note) > _MAKER_NOTE_LIMIT or b"\xff\xd8\xff" in note):
        del camera[_MAKER_NOTE]
    for tag, length in ((_WIDTH, size[0]), (_HEIGHT, size[1])):
        if tag in camera:
            camera[tag] = length
    # A directory within is a place in the file for the reader and a directory again for the writer.
    interop = {} if srgb else directory(exif, _INTEROP)
    camera.pop(_INTEROP, None)
    if interop:
        camera[_INTEROP] = interop
    if srgb and _COLOR_SPACE in camera:
        camera[_COLOR_SPACE] = _SRGB
    position = directory(exif, _GPS)
    if camera:
        kept[_EXIF] = camera
    if position:
        kept[_GPS] = position
    if not len(kept):
        return None
    kept[_ORIENTATION] = 1
    return _packed(kept)


def directory(exif: Pillow.Exif, tag: int) -> dict[int, Any]:
    """A copy of the directory that `tag` points to; an empty one where the pointer leads nowhere."""
    try:
        return dict(exif.get_ifd(tag))
    except Exception:  # a damaged pointer: whatever lies there is read as a directory
        return {}


def nested(exif: bytes) -> Pillow.Exif:
    """`exif` with its innermost directory as one, for Pillow's writer of TIFF, which copies its place as a number."""
    whole = Pillow.Exif()
    whole.load(exif)
    interop = directory(whole, _INTEROP)
    if interop:
        whole.get_ifd(_EXIF)[_INTEROP] = interop
    return whole


def fit_exif(exif: bytes, limit: int) -> tuple[bytes | None, bool]:
    """`exif` in at most `limit` bytes, and whether something had to go: maker notes and comments first, then whatever
    takes the most room. None where nothing fits."""
    if len(exif) <= limit:
        return exif, False
    whole = Pillow.Exif()
    whole.load(exif)
    directories = {tag: directory(whole, tag) for tag in (_EXIF, _GPS)}
    interop = directory(whole, _INTEROP)
    if interop:
        directories[_EXIF][_INTEROP] = interop
    plain = {tag: value for tag, value in whole.items() if tag not in directories}
    everything = [(None, tag) for tag in plain] + [(owner, tag) for owner, held in directories.items() for tag in held]
    dispensable = sorted(
        (place for place in everything if place[1] not in (_ORIENTATION, _INTEROP)),
        key=lambda place: (
            place[1] in _FIRST_TO_GO,
            _room(plain if place[0] is None else directories[place[0]], place),
        ),
    )
    while dispensable:
        owner, tag = dispensable.pop()
        del (plain if owner is None else directories[owner])[tag]
        left = Pillow.Exif()
        for key, value in (*plain.items(), *((key, held) for key, held in directories.items() if held)):
            left[key] = value
        packed = _packed(left)
        if packed is not None and len(packed) <= limit:
            return packed, True
    return None, True


def without_place(exif: bytes) -> bytes | None:
    """`exif` without where the photo was taken."""
    whole = Pillow.Exif()
    whole.load(exif)
    kept = Pillow.Exif()
    for tag, value in whole.items():
        if tag not in (_EXIF, _GPS):
            kept[tag] = value
    camera = directory(whole, _EXIF)
    camera.pop(_MAKER_NOTE, None)  # some cameras write the place there, too
    interop = directory(whole, _INTEROP)
    if interop:
        camera[_INTEROP] = interop
    if camera:
        kept[_EXIF] = camera
    return _packed(kept)


def _room(held: dict[int, Any], place: tuple[int | None, int]) -> int:
    value = held[place[1]]
    return len(value) if isinstance(value, (bytes, str, tuple)) else len(str(value))


def _packed(exif: Pillow.Exif) -> bytes | None:
    try:
        return exif.tobytes()
    except Exception:  # a camera wrote something into a field that the field cannot hold
        return None


def orientation(exif: Pillow.Exif) -> int:
    """1 (upright) to 8; 1 where it is missing or nonsense."""
    value = exif.get(_ORIENTATION)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1
