"""What a batch reads: files, folders, patterns, tars and lists become photos and videos with addresses, identities."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence, Set
from dataclasses import replace
from pathlib import Path

from limner.batch.samples import TAR, photos_in
from limner.batch.storage import Found, is_pattern, scheme, storage_of
from limner.errors import MediaError, OptionError
from limner.media.formats import readable
from limner.places import RealPaths


def photos_of(
    inputs: Sequence[str], to: str, root: str | None, skipped: list[str], videos: Set[str] = frozenset()
) -> Iterator[Found]:
    """Every photo and video, each once, in the order of the inputs; other files of folders go to ``skipped``.

    Args:
        videos: extensions of files that are taken for videos.

    Raises:
        OptionError: a photo does not lie below ``root``.
        MediaError: something is missing, cannot be listed, or holds no photo.
    """
    seen: set[str] = set()
    real = RealPaths()
    for name in listed(inputs):
        for photo in _photos(name, to, root, skipped, videos):
            one = photo.name if scheme(photo.address) else real(photo.address) + photo.member
            if one not in seen:
                seen.add(one)
                yield photo


def listed(inputs: Sequence[str]) -> Iterator[str]:
    """The inputs, with lists read: "@photos.txt" stands for its lines, "@-" for those of stdin.

    Empty lines do not count, nor do those that begin with "#".

    Raises:
        MediaError: a list cannot be read or names nothing.
    """
    for name in inputs:
        if not name.startswith("@") or Path(name).exists():
            yield name
            continue
        empty = True
        for line in _lines(name[1:]):
            if line and not line.startswith("#"):
                empty = False
                yield line
        if empty:
            raise MediaError(f"{name[1:]}: the list names no photo")


def _lines(source: str) -> Iterator[str]:
    if source == "-":
        yield from (line.strip() for line in sys.stdin)
        return
    try:
        text = storage_of(source).read(source).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise MediaError(f"{source}: is no list: it is not text in UTF-8") from None
    yield from (line.strip() for line in text.splitlines())


def _photos(name: str, to: str, root: str | None, skipped: list[str], videos: Set[str]) -> Iterator[Found]:
    known, empty, many = readable(), True, False
    for found in storage_of(name).find(name, to):
        many = many or is_pattern(name) or not _same(found.address, name)
        if root is not None:
            found = replace(found, below=_relative(found.address, root))
        if _suffix(found.below) == TAR:
            empty = False
            yield from photos_in(found, known, skipped)
            continue
        if many and _suffix(found.below) not in known | videos:
            skipped.append(found.address)
            continue
        empty = False
        yield found
    if empty:
        kinds = "photo or video" if videos else "photo"
        what = f"the pattern matches no {kinds}" if is_pattern(name) else f"there is no {kinds} in this folder"
        raise MediaError(f"{name}: {what} ({', '.join(sorted(known | videos))})")


def _same(address: str, name: str) -> bool:
    return address == name or (not scheme(name) and Path(address) == Path(name))


def _suffix(below: str) -> str:
    return Path(below).suffix.lower()


def _relative(address: str, root: str) -> str:
    if scheme(address):
        start = root.rstrip("/") + "/"
        if address.startswith(start):
            return address.removeprefix(start)
    else:
        path, folder = Path(address).absolute(), Path(root).absolute()
        if path.is_relative_to(folder):
            return path.relative_to(folder).as_posix()
    raise OptionError(f"‹root› {root}: {address} does not lie below it; name a folder that holds all photos")
