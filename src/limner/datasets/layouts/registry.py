"""The layouts by their names, and which of them a folder has."""

from __future__ import annotations

from pathlib import Path

from limner.datasets.layouts.arrays import Arrays
from limner.datasets.layouts.base import Layout
from limner.datasets.layouts.coco import Coco
from limner.datasets.layouts.cvat import Cvat
from limner.datasets.layouts.datumaro import Datumaro
from limner.datasets.layouts.label_maps import Parsing, Voc
from limner.datasets.layouts.label_studio import LabelStudio
from limner.datasets.layouts.mattes import EG1800, FOLDERS, P3M, AiSegment, Photos, Rgba, SynthHuman
from limner.datasets.layouts.supervisely import Supervisely
from limner.errors import DataError, OptionError

_ORDER: tuple[Layout, ...] = (
    Datumaro(), Coco(), Cvat(), LabelStudio(), Voc(), AiSegment(), P3M, Supervisely(), Arrays(), SynthHuman(),
    Parsing(), FOLDERS, EG1800, Rgba(), Photos(),
)  # fmt: skip

LAYOUTS: dict[str, Layout] = {layout.name: layout for layout in _ORDER}
"""Name -> layout, in the order in which a folder is compared with them."""


def layout_of(folder: Path, name: str | None = None) -> Layout:
    """The layout that a folder has.

    Args:
        name: of the layout that it must have; None takes the first that fits.

    Raises:
        OptionError: there is no layout of that name.
        DataError: the folder does not exist, or does not have the layout, or none of them.
    """
    if name is not None and name not in LAYOUTS:
        raise OptionError(f"‹layout› {name!r}: there is no such layout; there are {', '.join(LAYOUTS)}")
    if not folder.is_dir():
        raise DataError(f"{folder}: {'is no folder' if folder.exists() else 'no such folder'}")
    signs = {layout.name: layout.signs(folder) for layout in _ORDER}
    fitting = [layout for layout in _ORDER if all(signs[layout.name].values())]
    if name is None:
        if fitting:
            return fitting[0]
        near = _nearest(signs)
        hint = "" if near is None else f"; nearest is ‹layout› {near}, which lacks {_missing(signs[near])}"
        raise DataError(f"{folder}: no known layout fits: holds no photos, and {found_in(folder)}{hint}")
    wanted = LAYOUTS[name]
    if wanted in fitting or (name == "parsing" and sum(signs[name].values()) == 2):
        return wanted
    near = fitting[0].name if fitting else _nearest(signs)
    hint = f"; nearest is ‹layout› {near}" if near not in (None, name) else ""
    raise DataError(
        f"{folder}: ‹layout› {name} expects {' and '.join(signs[name])}; {_missing(signs[name])} is missing; "
        f"{found_in(folder)}{hint}"
    )


def found_in(folder: Path) -> str:
    """What lies in a folder, in a few words."""
    there = sorted(path.name + "/" * path.is_dir() for path in folder.iterdir() if not path.name.startswith("."))
    there.sort(key=lambda name: not name.endswith("/"))
    if not there:
        return "it is empty"
    return f"found {', '.join(there[:8])}" + (f" and {len(there) - 8} more" if len(there) > 8 else "")


def _missing(signs: dict[str, bool]) -> str:
    return " and ".join(sign for sign, there in signs.items() if not there)


def _nearest(signs: dict[str, dict[str, bool]]) -> str | None:
    """The layout that a folder has the greatest part of."""
    shares = {name: sum(there.values()) / len(there) for name, there in signs.items()}
    best = max(shares, key=lambda name: shares[name])
    return best if shares[best] > 0 else None
