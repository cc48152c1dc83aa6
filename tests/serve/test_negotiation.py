"""Accept, and what becomes of it."""

from __future__ import annotations

import pytest

from limner.media.formats import FORMATS
from limner.serve.negotiation import chosen, media_type, weights
from limner.serve.refusal import RefusedError


@pytest.mark.parametrize(
    ("accept", "photo", "alpha", "lossless", "format"),
    [
        (None, "JPEG", False, False, "jpg"),
        ("*/*", "WEBP", False, False, "webp"),
        (None, "JPEG", True, False, "png"),
        (None, "WEBP", False, True, "png"),
        (None, "GIF", False, False, "png"),
        (None, None, False, False, "png"),
        ("image/*", "AVIF", True, False, "avif"),
        ("image/webp", "JPEG", False, False, "webp"),
        ("image/png;q=0.3, image/webp;q=0.7", "JPEG", False, False, "webp"),
        ("image/jpeg;q=0, */*", "JPEG", False, False, "png"),
        ("IMAGE/BMP", "JPEG", False, False, "bmp"),
        ("image/avif, text/html;level=1", "JPEG", False, False, "avif"),
    ],
)
def test_formats(accept: str | None, photo: str | None, alpha: bool, lossless: bool, format: str) -> None:
    kind = None if photo is None else FORMATS[photo]
    assert chosen(accept, kind, alpha=alpha, lossless=lossless) == format


@pytest.mark.parametrize(
    ("accept", "alpha"), [("text/html", False), ("image/jpeg", True), ("", False), (",;q", False), ("*/*;q=0", False)]
)
def test_nothing_is_left(accept: str, alpha: bool) -> None:
    if accept == "":
        assert chosen(accept, None, alpha=alpha, lossless=False) == "png"  # as if it were not there
        return
    with pytest.raises(RefusedError, match="Accept leaves no format") as error:
        chosen(accept, None, alpha=alpha, lossless=False)
    assert error.value.status == 406


def test_weights_and_types() -> None:
    assert weights("image/png; q=0.5, */*;q=0.125") == {"image/png": 0.5, "*/*": 0.125}
    assert (media_type(".jpeg"), media_type("tiff"), media_type(".heif")) == ("image/jpeg", "image/tiff", "image/heic")
