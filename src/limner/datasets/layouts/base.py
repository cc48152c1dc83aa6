"""What every layout gives: entries, each a photo and how to get its mask, decoded only when it is asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from limner.datasets.photo import MaskKind, Split
from limner.errors import DataError

Mask = NDArray[np.uint8]

PERSON_WORDS = frozenset(
    ["person", "persons", "people", "human", "humans", "man", "men", "woman", "women", "boy", "girl", "child", "adult",
     "pedestrian", "portrait", "selfie"]
)  # fmt: skip
"""A label is a person where one of these is among its words."""

_SPLITS: dict[str, Split] = {
    "train": "train", "training": "train", "trainval": "train", "val": "val", "valid": "val", "validation": "val",
    "test": "test", "testing": "test", "eval": "val",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """A photo of a layout.

    Attributes:
        name: the file, as messages call it.
        stem: its name in the set; the importer makes it one of a kind.
        photo: its file, or a function that makes the picture; whichever cannot be read raises DataError then.
        mask: a function that makes the mask, uint8 (H, W); None where there is none.
        mask_name: the mask's file, as messages call it.
        kind: who drew the mask, where the layout knows it.
        split: where the layout has splits.
        group: photos of one group, such as a shooting, stay in one split.
        source, rights: where the layout knows them.
        nobody: all people were labelled, and there are none.
    """

    name: str
    stem: str
    photo: Path | Callable[[], Image.Image]
    mask: Callable[[], Mask] | None = None
    mask_name: str = ""
    kind: MaskKind | None = None
    split: Split | None = None
    group: str = ""
    source: str = ""
    rights: str = ""
    nobody: bool = False


@dataclass(slots=True)
class Listing:
    """All entries of a folder, in order.

    Attributes:
        entries: see there.
        notices: what was left out, a line each.
        missing: what should be there and is not: name and reason.
    """

    entries: list[Entry]
    notices: list[str] = field(default_factory=list)
    missing: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class People:
    """Which labels are people.

    Attributes:
        labels: names of labels, or their numbers where a layout has no names. Empty: names with a word such as person,
            human or woman in them.
    """

    labels: tuple[str, ...] = ()

    def match(self, label: str) -> bool:
        """Whether a label of that name is a person."""
        if self.labels:
            return label.casefold() in {name.casefold() for name in self.labels}
        return not PERSON_WORDS.isdisjoint(re.split(r"[^a-z]+", label.casefold()))

    def among(self, labels: Iterable[str], where: Path) -> set[str]:
        """Those of ``labels`` that are people.

        Raises:
            DataError: none is, or one of those that were asked for is not there.
        """
        there = list(dict.fromkeys(labels))
        told = ", ".join(there[:12]) + (", …" if len(there) > 12 else "") if there else "none at all"
        for name in self.labels:
            if name.casefold() not in {label.casefold() for label in there}:
                raise DataError(f"{where}: ‹person› {name}: there is no such label; its labels are {told}")
        found = {label for label in there if self.match(label)}
        if not found:
            raise DataError(f"{where}: no label is a person; name those that are with ‹person›; its labels are {told}")
        return found


class Layout(Protocol):
    """A way to lay photos and masks out."""

    @property
    def name(self) -> str:
        """For ``--layout``."""

    @property
    def about(self) -> str:
        """What it is, in half a line."""

    @property
    def labelled(self) -> bool:
        """Whether it has labels, of which some are people."""

    def signs(self, folder: Path) -> dict[str, bool]:
        """What the layout is known by, as text, and whether the folder has it. All of them: it is this layout."""

    def read(self, folder: Path, people: People) -> Listing:
        """The entries of the folder.

        Raises:
            DataError: an annotation file cannot be read, or is not what it should be.
        """


def split_of(parts: Sequence[str]) -> Split | None:
    """The split that one of the folder or file names stands for, such as ``train2017`` or ``val_images``."""
    for part in parts:
        word = re.match(r"[a-z]+", part.casefold())
        if word is not None and word[0] in _SPLITS:
            return _SPLITS[word[0]]
    return None


def folder_named(folder: Path, *names: str) -> Path | None:
    """The first folder in ``folder`` that has one of the names, in upper or lower case."""
    if not folder.is_dir():
        return None
    there = {path.name.casefold(): path for path in sorted(folder.iterdir(), reverse=True) if path.is_dir()}
    return next((there[name.casefold()] for name in names if name.casefold() in there), None)
