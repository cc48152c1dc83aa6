"""The report of `limner data check`: every kind of fault with pictures of the worst photos, in one HTML file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.datasets.faults.checking import Checked, Net
from limner.datasets.faults.kinds import KINDS, Fault
from limner.datasets.faults.listed import Listed
from limner.errors import DataError
from limner.evaluation.report.document import PRIVATE, document, tile
from limner.evaluation.tiles import grey_tile, matte_tile
from limner.frame import Frame
from limner.whole_file import whole_file

_SIDE = 240
_OUTLINE = (230, 60, 60)


def write_faults(
    path: Path, checked: Checked, photos: Sequence[Listed], *, name: str, worst: int = 24, net: Net | None = None
) -> None:
    """Write the report, whole or not at all.

    Args:
        checked: what was found.
        photos: those that were looked at.
        name: of the folder.
        worst: photos that are shown of each kind.
        net: that the masks were compared with; what it sees is shown where it disagrees.

    Raises:
        MediaError: the file cannot be written.
    """
    by_key = {(item.photo.set, item.photo.stem): item for item in photos}
    sections = []
    for kind, count in checked.counts.items():
        mine = [fault for fault in checked.faults if fault.kind == kind]
        sections.append((kind, f"{KINDS[kind].title} ({count})", _section(kind, mine, by_key, worst, net)))
    html = document(f"Limner data check: {name}", _head(checked, name), sections, footer="; docs/data.md says more.")
    with whole_file(path) as file:
        file.write(html.encode())


def _head(checked: Checked, name: str) -> str:
    counts = "".join(
        f'<li class="{_class(kind)}"><b>{count}</b>{escape(KINDS[kind].title.lower())}</li>'
        for kind, count in checked.counts.items()
    )
    found = f'<ul class="weights">{counts}</ul>' if counts else "<p>Nothing was found.</p>"
    return (
        f'<header><h1>Data check</h1><p class="where">{escape(name)} · {checked.photos} photos</p>{found}'
        f'<p class="private">{PRIVATE}</p></header>'
    )


def _class(kind: str) -> str:
    weight = KINDS[kind].weight
    return "note-weight" if weight == "note" else weight


def _section(
    kind: str, faults: Sequence[Fault], photos: Mapping[tuple[str, str], Listed], worst: int, net: Net | None
) -> str:
    about = KINDS[kind]
    mend = f" <code>--fix</code> {about.mend}." if about.mend else ""
    left = len(faults) - worst
    rest = f'<p class="note">{left} more; <code>--json</code> lists all.</p>' if left > 0 else ""
    asked = net if kind in ("disagrees", "people", "inverted") else None
    cards = "".join(_card(fault, photos, asked) for fault in faults[:worst])
    return f'<p class="note {_class(kind)}">{escape(about.about)}{mend}</p><div class="faults">{cards}</div>{rest}'


def _card(fault: Fault, photos: Mapping[tuple[str, str], Listed], net: Net | None) -> str:
    pictures = _pictures(photos[fault.photo], net=net)
    for other in fault.others[:1]:
        pictures = pictures[:1] + _pictures(photos[other], caption="the other")[:1]
    return (
        f'<article class="fault"><h4>{escape(fault.name)}</h4><div>{"".join(pictures)}</div>'
        f"<p>{escape(fault.detail)}</p></article>"
    )


def _pictures(listed: Listed, *, caption: str = "photo", net: Net | None = None) -> list[str]:
    """The photo with the mask's outline, the mask, and what the net sees; nothing where they cannot be read."""
    try:
        rgb, mask = listed.load()
    except DataError:
        return []
    small = _small(rgb)
    seen = [] if net is None else [tile(_small(matte_tile(net(rgb))), "net", side=_SIDE)]
    if mask is None:
        return [tile(small, caption, side=_SIDE), *seen]
    shown = _small(mask)
    if shown.shape == small.shape[:2]:
        small = _outlined(small, shown)
    return [tile(small, caption, side=_SIDE), tile(grey_tile(shown), "mask", side=_SIDE), *seen]


def _small(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    scale = min(1.0, _SIDE / max(picture.shape[:2]))
    size = max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _outlined(rgb: Frame, mask: NDArray[np.uint8]) -> Frame:
    outlines, _ = cv2.findContours((mask > 127).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    return np.asarray(cv2.drawContours(rgb.copy(), outlines, -1, _OUTLINE, 1), np.uint8)
