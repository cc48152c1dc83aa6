"""Remasking: pictures whose alpha, brightness or colour is a mask become masks of 0 and 255."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from limner.datasets.layouts.photo_index import photo_files
from limner.datasets.photo_sets import grey, open_photo
from limner.errors import DataError, OptionError
from limner.one_writer import OneWriter

Mask = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class RemaskOptions:
    """What counts as person.

    Attributes:
        colours: RGB of 0 to 255 each: pixels of one of these colours. None: the alpha of pictures that have one, and
            the brightness of others.
        tolerance: largest difference of a channel to such a colour.
        threshold: share of the full alpha or brightness from which on a pixel is person.
        invert: the others are.
    """

    colours: tuple[tuple[int, int, int], ...] = ()
    tolerance: int = 0
    threshold: float = 0.5
    invert: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.threshold <= 1:
            raise OptionError(f"‹threshold›: must lie in (0, 1], not {self.threshold}")
        if not 0 <= self.tolerance <= 255:
            raise OptionError(f"‹tolerance›: must lie in [0, 255], not {self.tolerance}")
        if any(not 0 <= value <= 255 for colour in self.colours for value in colour):
            raise OptionError("‹colours›: red, green and blue must lie in [0, 255]")


@dataclass(slots=True)
class Remasked:
    """How many masks were written, how many of them are empty, and what could not be read, with the reason."""

    masks: int = 0
    empty: int = 0
    failures: list[tuple[str, str]] = field(default_factory=list)


def binary(image: Image.Image, options: RemaskOptions) -> Mask:
    """The mask of a picture, uint8 (H, W) of 0 and 255."""
    if options.colours:
        rgb = np.asarray(image.convert("RGB"), np.int16)
        person = np.zeros(rgb.shape[:2], bool)
        for colour in options.colours:
            person |= (np.abs(rgb - np.asarray(colour, np.int16)) <= options.tolerance).all(-1)
    else:
        clear = "A" in image.mode or "transparency" in image.info
        values = np.asarray(image.convert("RGBA"))[..., 3] if clear else grey(image)
        person = values >= max(1.0, options.threshold * 255)
    return np.where(person != options.invert, np.uint8(255), np.uint8(0))


def remask(
    folder: Path, out: Path, options: RemaskOptions, *, progress: Callable[[int, int], None] | None = None
) -> Remasked:
    """Write a binary mask, as PNG of the same name, for each picture in a folder and below it.

    Args:
        out: a new folder, or an empty one.
        progress: called with (pictures done, pictures in all).

    Raises:
        DataError: there are no pictures, none can be read, two would have one name, or ``out`` is not empty.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: {'is no folder' if folder.exists() else 'no such folder'}")
    paths = list(photo_files(folder))
    if not paths:
        raise DataError(f"{folder}: holds no pictures")
    named: dict[Path, Path] = {}
    for path in paths:
        name = path.relative_to(folder).with_suffix(".png")
        if name in named:
            raise DataError(f"{path}: {named[name].name} has the same name; rename one of them")
        named[name] = path
    if out.is_dir() and any(out.iterdir()):
        raise DataError(f"{out}: is not empty; name another folder with ‹output›")
    with OneWriter(out, error=DataError):
        part = out / ".remasking.part"
        try:
            done = _write(named, part, options, progress)
            if not done.masks:
                raise DataError(f"{done.failures[0][0]}: {done.failures[0][1]}")
            for path in sorted(part.iterdir()):
                path.rename(out / path.name)
        except OSError as error:
            raise DataError(f"{out}: cannot be written ({error.strerror or error})") from None
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return done


def _write(
    named: dict[Path, Path], part: Path, options: RemaskOptions, progress: Callable[[int, int], None] | None
) -> Remasked:
    done = Remasked()
    part.mkdir()
    for count, (name, path) in enumerate(named.items(), start=1):
        try:
            mask = binary(open_photo(path), options)
        except DataError as error:
            done.failures.append((str(path), str(error).removeprefix(f"{path}: ")))
        else:
            (part / name).parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(mask).save(part / name)
            done.masks += 1
            done.empty += not mask.any()
        if progress is not None:
            progress(count, len(named))
    return done
