"""Tars of samples, as webdataset reads and writes them: which photos are in one, where, and what belongs to each.

Members whose names are the same up to the first dot after the last "/" are one sample: that is its key.
"""

from __future__ import annotations

import tarfile
from collections.abc import Set
from dataclasses import dataclass, field

from limner.batch.storage import FaultError, Found, storage_of
from limner.errors import MediaError

TAR = ".tar"


@dataclass(slots=True)
class _Sample:
    photos: list[tuple[str, int, int]] = field(default_factory=list)
    parts: list[tuple[str, int, int]] = field(default_factory=list)


def photos_in(tar: Found, known: Set[str], skipped: list[str]) -> list[Found]:
    """The photos of a tar, whose results' paths begin with the tar's own without ".tar".

    Args:
        known: extensions of photos.
        skipped: gets the members of samples without a photo.

    Raises:
        MediaError: it cannot be read, is no tar, is cut off, or holds no photo.
    """
    samples = _samples(tar, known)
    found = []
    for key, sample in samples.items():
        if not sample.photos:
            skipped += [f"{tar.address}/{key}.{extension}" for extension, _, _ in sample.parts]
        for extension, first, count in sample.photos:
            member = f"{key}.{extension}"
            found.append(
                Found(
                    tar.address,
                    f"{tar.below[: -len(TAR)]}/{member}",
                    f"{tar.identity}@{first}+{count}",
                    count,
                    (first, count),
                    tuple(sample.parts),
                    member,
                )
            )
    if not found:
        raise MediaError(f"{tar.address}: there is no photo in this tar ({', '.join(sorted(known))})")
    return found


def _samples(tar: Found, known: Set[str]) -> dict[str, _Sample]:
    samples: dict[str, _Sample] = {}
    end = 0
    try:
        with storage_of(tar.address).open(tar.address) as file, tarfile.open(fileobj=file, mode="r:") as opened:
            for member in opened:
                end = member.offset_data + -(-member.size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE
                opened.members.clear()  # type: ignore[attr-defined]  # it keeps them all otherwise
                key, extension = split(member.name)
                if not member.isreg() or _is_hidden(member.name):
                    continue
                sample = samples.setdefault(key, _Sample())
                kind = sample.photos if f".{extension.lower()}" in known else sample.parts
                kind.append((extension, member.offset_data, member.size))
    except tarfile.TarError as error:
        raise MediaError(
            f"{tar.address}: cannot be read as a tar: {error}; it may be damaged, or compressed: unpack it then"
        ) from None
    except MediaError:
        raise
    except Exception as error:
        raise FaultError(f"{tar.address}: cannot be read: {' '.join(str(error).split())}") from None
    if tar.size < end + tarfile.BLOCKSIZE:  # of zeros, which tarfile does not miss
        raise MediaError(f"{tar.address}: cannot be read as a tar: it is cut off; copy it once more")
    return samples


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") for part in name.removeprefix("./").split("/"))


def split(name: str) -> tuple[str, str]:
    """Key and extension of a member: ("deep/a", "seg.png") of "deep/a.seg.png"."""
    folder, slash, file = name.removeprefix("./").rpartition("/")
    stem, _, extension = file.partition(".")
    return f"{folder}{slash}{stem}", extension
