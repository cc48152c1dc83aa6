"""One photo of a data folder, as its manifest knows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Split = Literal["train", "val", "test"]
MaskKind = Literal["hand", "auto", "exact", "composite", "none", "unlabelled"]


@dataclass(frozen=True, slots=True)
class Photo:
    """One row of the manifest.

    ``mask`` says who drew it: "hand" people, "auto" another net, "exact" a renderer (alpha of an RGBA file),
    "composite" `limner data composite`, which knows it exactly, "none" nobody is in the photo, "unlabelled" that it has
    no mask yet. ``source`` is where the photo came from, ``rights`` what may be done with it, as far as the manifest
    says. ``weight`` in [0, 1] is its share of the loss.
    Photos of one ``group``, such as a person or a shooting, belong in one split; "" says that none is known.
    """

    set: str
    stem: str
    split: Split
    mask: MaskKind
    width: int
    height: int
    source: str
    weight: float = 1.0
    rights: str = ""
    group: str = ""
