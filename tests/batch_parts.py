"""What tests of batches share: a small real model for which red is person and blue is not, and photos for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from buckets import SETTINGS, serving
from limner.assembly import EffectOptions, MatteOptions
from limner.assembly.photo import PhotoOptions
from limner.media.images import write_image


def person(seed: int, height: int = 60, width: int = 80) -> np.ndarray:
    """A red person in a blue room, each a little different."""
    photo = np.zeros((height, width, 3), np.uint8)
    photo[..., 2] = 255
    photo[height // 4 :, width // 4 : width * 3 // 4] = (255, 0, 0)
    photo[..., 1] = np.random.default_rng(seed).integers(0, 60, (height, width))
    return photo


@pytest.fixture
def red_model(tmp_path: Path, make_onnx: Callable[..., Path], make_card: Callable[..., Path]) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    path = make_onnx(folder / "own.onnx")
    make_card(path)
    return path


@pytest.fixture
def color_options(red_model: Path) -> PhotoOptions:
    return PhotoOptions(effect=EffectOptions(effect="color"), matte=MatteOptions(model=str(red_model)))


@pytest.fixture
def some_photos(tmp_path: Path) -> Path:
    """A folder with five photos, one of them damaged, and a text."""
    for index, name in enumerate(("a.jpg", "b.png", "deep/c.jpg", "deep/er/d.webp")):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_image(path, person(index))
    (tmp_path / "in/bad.jpg").write_bytes(b"\xff\xd8\xff and no more")
    (tmp_path / "in/words.txt").write_text("no photo")
    return tmp_path / "in"


def tree(folder: Path) -> dict[str, bytes]:
    """The results below a folder: path -> bytes."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".limner-batch" not in path.parts
    }


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The address of a server, with the environment set for it."""
    pytest.importorskip("moto")
    pytest.importorskip("s3fs")
    pytest.importorskip("flask_cors")
    with serving() as address:
        yield address


@pytest.fixture
def bucket(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A new bucket: its address."""
    import s3fs

    for name, value in (SETTINGS | {"AWS_ENDPOINT_URL": s3_server}).items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    name = f"b{time.time_ns()}"
    s3fs.S3FileSystem().mkdir(name)
    yield f"s3://{name}"
    s3fs.S3FileSystem.clear_instance_cache()
