"""Which format a result gets: what the request says, what it accepts, or the photo's own."""

from __future__ import annotations

import re
from http import HTTPStatus

from limner.media.formats import FORMATS, Format, format_for
from limner.processing.planning import own_format
from limner.serve.refusal import RefusedError

TYPES = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "avif": "image/avif",
    "tif": "image/tiff",
    "bmp": "image/bmp",
    "heic": "image/heic",
}
"""Extension of a format that is written -> its media type."""
_ITEM = re.compile(r"\s*([\w!#$&^.+*-]+/[\w!#$&^.+*-]+)\s*((?:;[^,]*)?)", re.ASCII)
_WEIGHT = re.compile(r";\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*(?:;|$)", re.ASCII | re.IGNORECASE)


def media_type(extension: str) -> str:
    """Of a format by an extension of it, with a dot or without."""
    known = format_for(f".{extension.lstrip('.')}").extensions[0].lstrip(".")
    return TYPES[known]


def weights(accept: str | None) -> dict[str, float]:
    """Type or range -> its weight, of a header Accept; everything where there is none."""
    found = {}
    for item in (accept or "*/*").split(","):
        if (match := _ITEM.fullmatch(item)) is not None:
            weight = _WEIGHT.search(match[2])
            found[match[1].lower()] = float(weight[1]) if weight else 1.0
    return found


def chosen(accept: str | None, photo: Format | None, *, alpha: bool, lossless: bool) -> str:
    """The extension, without a dot, of the format for a result that nobody named one for.

    Among formats that are accepted equally, the photo's own comes first where it can hold the result, then PNG.

    Args:
        accept: the header.
        photo: the photo's format.
        alpha: the result is transparent.
        lossless: the result is a mask.

    Raises:
        RefusedError: 406, no format that is accepted can hold the result.
    """
    own = own_format("" if photo is None else photo.extensions[0], alpha=alpha, lossless=lossless).lstrip(".")
    order = dict.fromkeys([own, "png", *TYPES])
    asked = weights(accept)
    fit = [name for name in order if _can(name, alpha=alpha)]
    best = max(fit, key=lambda name: _weight(asked, TYPES[name]))
    if _weight(asked, TYPES[best]) <= 0:
        can = ", ".join(TYPES[name] for name in fit)
        raise RefusedError(HTTPStatus.NOT_ACCEPTABLE, f"Accept leaves no format for this result; it can be {can}")
    return best


def _weight(asked: dict[str, float], kind: str) -> float:
    return asked.get(kind, asked.get("image/*", asked.get("*/*", 0.0)))


def _can(extension: str, *, alpha: bool) -> bool:
    kind = next(kind for kind in FORMATS.values() if f".{extension}" in kind.extensions)
    return kind.writes and (kind.has_alpha or not alpha)
