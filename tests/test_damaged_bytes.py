"""Readers of what strangers send, given damaged bytes: photos, cards and requests are read, or refused in one line."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np
import pytest
from PIL import Image, features

from limner.errors import LimnerError
from limner.media.images import photo_size, read_image
from limner.models.card import ModelCard
from limner.models.catalogue import find_model
from limner.samples import PORTRAIT
from limner.serve.refusal import RefusedError
from limner.serve.upload import take_apart
from serve_parts import form

FORMATS = ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", *(["AVIF"] if features.check("avif") else [])]
ROUNDS = 150
T = TypeVar("T")


def seed_photo(format: str) -> bytes:
    """A small photo in a format, with metadata where it has some."""
    with Image.open(PORTRAIT) as portrait:
        small = portrait.resize((72, 90))
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "a camera"
    target = io.BytesIO()
    more = {"exif": exif} if format in ("JPEG", "PNG", "WEBP", "AVIF", "TIFF") else {}
    small.save(target, format, **more)
    return target.getvalue()


def damaged(seed: bytes, count: int, number: int) -> Iterator[bytes]:
    """``count`` variants of a file: bytes changed, cut out, doubled and moved, mostly near its head."""
    chance = random.Random(number)
    for _ in range(count):
        data = bytearray(seed)
        for _ in range(chance.choice((1, 1, 2, 4, 16))):
            reach = len(data) if chance.random() < 0.5 else min(len(data), 400)
            at = chance.randrange(max(1, reach))
            match chance.randrange(6):
                case 0:
                    data[at : at + 1] = bytes([chance.randrange(256)])
                case 1:
                    data[at : at + 4] = chance.choice((b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff"))
                case 2:
                    del data[at : at + chance.randrange(1, 64)]
                case 3:
                    data[at:at] = data[at : at + chance.randrange(1, 64)]
                case 4:
                    del data[at:]
                case 5:
                    data[at:at] = chance.randbytes(chance.randrange(1, 32))
        yield bytes(data)


def tried(read: Callable[[], T]) -> tuple[T | None, Exception | None]:
    """What a reader gives, or how it refuses; all else that is raised is a bug."""
    try:
        return read(), None
    except (LimnerError, RefusedError) as error:
        return None, error


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.filterwarnings("ignore")  # Pillow tells of odd metadata
def test_a_damaged_photo_is_read_or_refused_in_one_line(format: str) -> None:
    refused = 0
    for number, data in enumerate(damaged(seed_photo(format), ROUNDS, len(format))):
        photo_size(data)
        image, error = tried(lambda data=data: read_image(data, name="photo", max_pixels=100_000))  # type: ignore[misc]
        if image is None:
            refused += 1
            assert str(error).startswith("photo: "), (format, number)
            assert "\n" not in str(error)
        else:
            assert image.pixels.dtype == np.uint8
            assert image.pixels.ndim == 3
            assert image.pixels.size <= 300_000
    assert 0 < refused <= ROUNDS


def test_a_damaged_card_is_read_or_refused_in_one_line() -> None:
    found = find_model("fast")
    text = json.dumps(found.card.to_dict()).encode()
    for data in damaged(text, 4 * ROUNDS, 7):
        try:
            value = json.loads(data)
        except ValueError:
            continue
        _, error = tried(lambda value=value: ModelCard.from_dict(value))  # type: ignore[misc]
        assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("body", "kind"),
    [form(("photo", b"abc" * 50), ("effect", "blur"), ("background", b"xyz")),
     (b'{"url": "http://photos.example/a.jpg", "effect": "blur"}', "application/json")],
)  # fmt: skip
def test_a_damaged_body_is_taken_apart_or_refused(body: bytes, kind: str) -> None:
    for data in damaged(body, 4 * ROUNDS, 3):
        sent, error = tried(lambda data=data: take_apart(data, kind))  # type: ignore[misc]
        if sent is None:
            assert isinstance(error, RefusedError)
            assert error.status in (400, 413, 422)
            assert error.reason.isprintable()
        else:
            assert sent.photo or sent.url is not None


@pytest.mark.parametrize("damage", [bytes.upper, lambda text: text[: len(text) // 2], lambda text: text * 3])
def test_odd_content_types_are_refused(damage: Callable[[bytes], bytes]) -> None:
    for data in damaged(damage(b"multipart/form-data; boundary=limit"), ROUNDS, 5):
        _, error = tried(lambda data=data: take_apart(b"--limit--", data.decode("latin-1")))  # type: ignore[misc]
        assert error is None or (isinstance(error, RefusedError) and error.status in (400, 415, 422))
