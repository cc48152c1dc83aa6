"""Annotation files, read whole, with one line for what is wrong with the file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from limner.errors import DataError

_HEAD = 1 << 16


def read_json(path: Path) -> Any:
    """What a JSON file holds.

    Raises:
        DataError: it cannot be read, or is no JSON.
    """
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: is no JSON ({error}); export it again") from None


def json_files(folder: Path, first_key: str, keys: tuple[str, ...] = ()) -> list[Path]:
    """The JSON files in a folder and the folders in it that begin as a layout's files do.

    Args:
        first_key: a regular expression of the first key; ``[`` stands for files that are a list.
        keys: one of these is in the first part of the file; none: whatever is there.
    """
    return [path for path in _files(folder, ".json") if _begins(_head(path), first_key, keys)]


def xml_files(folder: Path, root: str) -> list[Path]:
    """The XML files in the same places whose first element is called ``root``."""
    mark = re.compile(rf"<{root}[\s>]".encode())
    return [path for path in _files(folder, ".xml") if mark.search(_head(path))]


def read_xml(path: Path, tag: str) -> Iterator[ElementTree.Element]:
    """The elements ``tag`` of an XML file one after the other; each is emptied when the next is asked for.

    Raises:
        DataError: it cannot be read, or is no XML.
    """
    try:
        for _, element in ElementTree.iterparse(path):
            if element.tag == tag:
                yield element
                element.clear()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from None
    except ElementTree.ParseError as error:
        raise DataError(f"{path}: is no XML ({error}); export it again") from None


def _files(folder: Path, suffix: str) -> list[Path]:
    if not folder.is_dir():
        return []
    inner = [path for path in sorted(folder.iterdir()) if path.is_dir() and not path.name.startswith(".")]
    found = []
    for place in (folder, *inner):
        named = [path for path in place.glob(f"*{suffix}") if path.is_file() and not path.name.startswith(".")]
        # A folder of one small file for each photo is none of these layouts, and is not looked through.
        found += sorted(named)[:64]
    return found


def _begins(head: bytes, first_key: str, keys: tuple[str, ...]) -> bool:
    found = re.match(rb'\s*(\[)|\s*\{\s*"([^"]*)"', head.removeprefix(b"\xef\xbb\xbf"))
    if found is None:
        return False
    first = "[" if found[1] else found[2].decode("utf-8", "replace")
    return re.fullmatch(first_key, first) is not None and (not keys or any(f'"{key}"'.encode() in head for key in keys))


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_HEAD)
    except OSError:
        return b""
