"""Exports the page and the models as a static site, which appears whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from limner.errors import ModelError, OptionError
from limner.models.files import file_sha256
from limner.version import __version__
from limner.web import hosting
from limner.web.site import MODELS, Site
from limner.whole_file import shortened

LIST = "limner-site.json"
"""File of the site that lists all others, so that a later export knows what it may replace."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What a site consists of."""

    files: int
    bytes: int


def export_site(site: Site, target: Path) -> Exported:
    """Write all files of a site, and what tells hosts its headers, into the folder ``target``.

    Args:
        target: does not exist yet, is empty, or holds an earlier export that nobody has changed.

    Raises:
        OptionError: it holds anything else, or cannot be written; nothing has changed then.
    """
    try:
        place = Path(os.path.realpath(target))
        _check(target, place)
        aside = Path(tempfile.mkdtemp(dir=place.parent, prefix=f".{shortened(place.name)}.", suffix=".part"))
        try:
            _fill(site, aside)
            files = _listed(aside)
            listing = {"schema": 1, "limner": __version__, "files": files}
            (aside / LIST).write_text(json.dumps(listing, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
            aside.chmod(0o777 & ~_umask())
            _swap(aside, place)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    except OSError as error:
        raise OptionError(f"‹export› {target}: cannot be written: {error.strerror or error}") from None
    return Exported(len(files) + 1, sum(entry["bytes"] for entry in files.values()))


def _check(target: Path, place: Path) -> None:
    """Refuse to replace what is not an unchanged export."""
    if not place.parent.is_dir():
        raise OptionError(f"‹export› {target}: there is no folder {place.parent}; make it first")
    if not place.exists():
        return
    if not place.is_dir():
        raise OptionError(f"‹export› {target}: is a file; name a folder")
    if Path.cwd().is_relative_to(place):
        raise OptionError(f"‹export› {target}: would replace the folder you are in; run it from outside")
    if not any(place.iterdir()):
        return
    try:
        files: Mapping[str, Any] = json.loads((place / LIST).read_text(encoding="utf-8"))["files"]
        known = {name: entry["sha256"] for name, entry in files.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise OptionError(f"‹export› {target}: is not empty, and no earlier export; name another folder") from None
    there = {path.relative_to(place).as_posix(): path for path in place.rglob("*") if not _is_folder(path)}
    there.pop(LIST, None)
    foreign = sorted(name for name, path in there.items() if name not in known or _sha256(path) != known[name])
    if foreign:
        more = f" and {len(foreign) - 3} more" if len(foreign) > 3 else ""
        raise OptionError(
            f"‹export› {target}: has files that were added or changed since it was exported "
            f"({', '.join(foreign[:3])}{more}); move them away, or name another folder"
        )


def _fill(site: Site, folder: Path) -> None:
    """All files but the list of them."""
    paths = site.page_files()
    for path in paths:
        _put(site.page / path, folder / path)
    for name, form in site.shelf.files.items():
        _put(form, folder / MODELS / name)
    texts = {
        "_headers": hosting.headers_file(paths),
        ".htaccess": hosting.htaccess(paths),
        "nginx.conf": hosting.nginx(paths),
        "README.txt": hosting.readme(),
        ".nojekyll": "",
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


def _put(form: Path | bytes, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(form, bytes):
        target.write_bytes(form)
    else:
        shutil.copyfile(form, target)


def _listed(folder: Path) -> dict[str, dict[str, Any]]:
    """Path of each file -> its size and SHA-256."""
    return {
        path.relative_to(folder).as_posix(): {"bytes": path.stat().st_size, "sha256": file_sha256(path)}
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _swap(aside: Path, place: Path) -> None:
    """Put the new folder in the place of the old one, which comes back where that fails."""
    if not place.exists() or not any(place.iterdir()):
        aside.rename(place)
        return
    old = aside.with_suffix(".old")
    place.rename(old)
    try:
        aside.rename(place)
    except BaseException:
        old.rename(place)
        raise
    shutil.rmtree(old)


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _sha256(path: Path) -> str | None:
    """Of a regular file; None of a link, a device, or what cannot be read."""
    try:
        return None if path.is_symlink() or not path.is_file() else file_sha256(path)
    except ModelError:
        return None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
