"""A photo from bytes to bytes, as the command makes it from file to file."""

from __future__ import annotations

import io
import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from limner import samples
from limner.assembly import EffectOptions, MatteOptions, PhotoOptions, PhotoSaving, SubjectOptions
from limner.cli.app import main
from limner.errors import LimnerError, MediaError, OptionError
from limner.processing.one_photo import PhotoProcessor, process_photo

PORTRAIT = samples.PORTRAIT.read_bytes()


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))


def test_it_makes_what_the_command_makes(tmp_path: Path) -> None:
    made = process_photo(PORTRAIT, pickle.loads(pickle.dumps(PhotoOptions())))
    with pytest.raises(SystemExit) as done:
        main(["image", str(samples.PORTRAIT), "-o", str(tmp_path / "o.jpg")])
    assert done.value.code == 0
    assert made.format == ".jpg"
    np.testing.assert_array_equal(pixels(made.data), pixels((tmp_path / "o.jpg").read_bytes()))
    assert made.size == pixels(PORTRAIT).shape[:2]
    assert 0.2 < made.person < 0.8
    assert set(made.milliseconds) == {"segment", "effect", "encode"}


def test_one_model_serves_many_photos_and_formats_follow_the_result() -> None:
    process = PhotoProcessor(PhotoOptions(effect=EffectOptions(effect="cutout"), saving=PhotoSaving(trim=True)))
    first, second = process(PORTRAIT), process(PORTRAIT)
    assert first.data == second.data
    assert first.format == ".png"  # a JPEG cannot be transparent
    cut = pixels(first.data)
    assert cut.shape[2] == 4
    assert cut.shape[0] * cut.shape[1] < first.size[0] * first.size[1]


@pytest.mark.parametrize("format", ["webp", ".WEBP"])
def test_a_format_that_is_asked_for(format: str) -> None:
    made = process_photo(PORTRAIT, PhotoOptions(saving=PhotoSaving(format=format, quality=50)))
    assert (made.format, Image.open(io.BytesIO(made.data)).format) == (".webp", "WEBP")


def test_what_a_user_should_know_comes_along() -> None:
    empty = io.BytesIO()
    Image.new("RGB", (64, 48), (90, 120, 110)).save(empty, "PNG")
    made = PhotoProcessor()(empty.getvalue(), name="room.png")
    assert made.notices == ("room.png: no person was found; all of it counts as background",)


@pytest.mark.parametrize(
    ("make", "kind", "says"),
    [
        (lambda: process_photo(b"no photo"), MediaError, "photo"),
        (lambda: PhotoSaving(quality=0), OptionError, "quality 0 is out of range"),
        (lambda: PhotoSaving(metadata="some"), OptionError, "metadata 'some' is unknown"),
        (
            lambda: PhotoProcessor(PhotoOptions(saving=PhotoSaving(trim=True))),
            OptionError,
            "trim belongs to the effect",
        ),
        (
            lambda: PhotoProcessor(
                PhotoOptions(effect=EffectOptions(effect="cutout"), saving=PhotoSaving(format="jpg"))
            ),
            OptionError,
            "format .jpg: JPEG cannot be transparent",
        ),
        (
            lambda: PhotoProcessor(
                PhotoOptions(people=SubjectOptions(subject="main"), matte=MatteOptions(largest_only=True))
            ),
            OptionError,
            "largest_only and subject or pick both say who stays",
        ),
    ],
)
def test_what_cannot_be_is_said(make: object, kind: type[LimnerError], says: str) -> None:
    with pytest.raises(kind, match=says):
        make()  # type: ignore[operator]
