"""Tars of samples: what is found in those that tar and webdataset made, and in damaged ones."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from limner.batch.samples import photos_in, split
from limner.batch.storage import Found, storage_of
from limner.errors import MediaError

KNOWN = frozenset({".jpg", ".png"})


def tar(path: Path, members: dict[str, bytes], mode: str = "w") -> Found:
    with tarfile.open(path, mode) as opened:  # type: ignore[call-overload]
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            opened.addfile(member, io.BytesIO(data))
    return next(iter(storage_of(str(path)).find(str(path), "out")))


@pytest.mark.parametrize(
    ("name", "key", "extension"),
    [
        ("a.jpg", "a", "jpg"),
        ("./deep/a.jpg", "deep/a", "jpg"),
        ("de.ep/a.seg.png", "de.ep/a", "seg.png"),
        ("a", "a", ""),
    ],
)
def test_key_and_extension(name: str, key: str, extension: str) -> None:
    assert split(name) == (key, extension)


def test_photos_with_what_belongs_to_them(tmp_path: Path) -> None:
    members = {
        "one.jpg": b"1" * 700,
        "one.json": b"{}",
        "deep/two.PNG": b"22",
        "one.seg.png": b"mask",
        ".hidden.jpg": b"no",
        "words.txt": b"alone",
        "y" * 120 + ".jpg": b"long",
    }
    found, skipped = tar(tmp_path / "s-1.tar", members), list[str]()
    photos = photos_in(found, KNOWN, skipped)
    assert [photo.below for photo in photos] == ["s-1/one.jpg", "s-1/deep/two.PNG", f"s-1/{'y' * 120}.jpg"]
    assert photos[0].name == f"{tmp_path / 's-1.tar'}/one.jpg"
    assert skipped == [f"{tmp_path / 's-1.tar'}/words.txt"]
    storage = storage_of(found.address)
    assert [storage.read(photo.address, photo.span) for photo in photos] == [b"1" * 700, b"22", b"long"]
    assert [(name, storage.read(found.address, (first, count))) for name, first, count in photos[0].parts] == [
        ("json", b"{}"),
        ("seg.png", b"mask"),
    ]


def test_another_place_in_the_tar_is_another_identity(tmp_path: Path) -> None:
    first = photos_in(tar(tmp_path / "a.tar", {"a.jpg": b"x", "b.jpg": b"x"}), KNOWN, [])
    assert first[0].identity != first[1].identity


@pytest.mark.parametrize("damage", ["compressed", "cut", "empty", "text"])
def test_what_is_no_tar_of_photos(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "a.tar"
    found = tar(path, {"a.jpg": b"x" * 3000, "b.jpg": b"x" * 3000}, "w:gz" if damage == "compressed" else "w")
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:3700])
        (found,) = storage_of(str(path)).find(str(path), "out")
    elif damage == "empty":
        found = tar(path, {"a.txt": b"x"})
    elif damage == "text":
        path.write_text("words " * 500)
    with pytest.raises(MediaError, match=r"a\.tar: (cannot be read as a tar|there is no photo in this tar)"):
        photos_in(found, KNOWN, [])


def test_a_bucket(bucket: str, tmp_path: Path) -> None:
    tar(tmp_path / "a.tar", {f"{index}.jpg": bytes([index]) * 1000 for index in range(20)})
    storage_of(bucket).put(f"{bucket}/in/a.tar", tmp_path / "a.tar")
    (found,) = storage_of(bucket).find(f"{bucket}/in/a.tar", "out")
    photos = photos_in(found, KNOWN, [])
    assert [storage_of(bucket).read(photo.address, photo.span)[:1] for photo in photos] == [
        bytes([index]) for index in range(20)
    ]
