"""The kinds of faults, and a fault of a photo."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Weight = Literal["error", "doubt", "note"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fault.

    Attributes:
        title: for headings.
        weight: an error spoils training or scores; a doubt is worth a look; a note is often as it should be.
        about: what it means, in a sentence.
        mend: what mending does, "" where somebody has to decide.
    """

    title: str
    weight: Weight
    about: str
    mend: str = ""


KINDS: dict[str, Kind] = {
    "unreadable": Kind("Unreadable", "error", "The photo or its mask cannot be decoded.", "takes the row out"),
    "shape": Kind("Mask of another shape", "error", "The mask's sides are in another proportion than the photo's."),
    "size": Kind("Wrong size in the manifest", "error", "The photo has another size than its row says.", "corrects it"),
    "range": Kind(
        "Mask without white", "error", "No value of the mask is near 255: labels, or 0 and 1.", "makes 255 of 1"
    ),
    "inverted": Kind(
        "Inverted", "error", "The borders of the photo are person and its middle is not.",
        "inverts the mask where the net sees it so as well",
    ),
    "empty": Kind("Empty mask", "error", "No pixel is person, though the photo is not one of nobody (kind none)."),
    "full": Kind("Full mask", "error", "All pixels are person."),
    "leak": Kind(
        "In two splits", "error", "The photo, or nearly the same, is in another split as well: scores are too high.",
        "takes the one of the lesser split out (train before val before test)",
    ),
    "duplicate": Kind("Duplicate", "doubt", "Exactly the same pixels are listed twice.", "takes all but the first out"),
    "near_duplicate": Kind("Near duplicate", "note", "Nearly the same photo, or its mirror image, in the same split."),
    "disagrees": Kind("The net disagrees", "doubt", "Mask and net differ most here: one of them is wrong."),
    "people": Kind("People where nobody should be", "doubt", "The net finds people in a photo of the kind none."),
    "residue": Kind(
        "Traces of lossy compression", "doubt", "A hard mask whose values are near 0 and 255, as JPEG leaves them.",
        "makes 0 and 255 of them",
    ),
    "soft": Kind("Soft where hard is expected", "doubt", "The mask is soft, though nearly all of its set are hard."),
    "specks": Kind(
        "Holes and specks", "note", "Tiny holes in the person or tiny islands beside it.", "fills and removes them"
    ),
    "cut": Kind("Head cut off", "note", "The person reaches the upper border of the photo."),
}  # fmt: skip
"""Name -> kind, in the order of reports: what matters most comes first."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of a photo.

    Attributes:
        kind: a name in ``KINDS``.
        photo: (set, stem) of the photo.
        detail: what exactly, in half a line.
        others: (set, stem) of further photos that it is about.
        score: orders the faults of a kind, the worst have the highest.
        mendable: whether mending this one is safe.
    """

    kind: str
    photo: tuple[str, str]
    detail: str
    others: tuple[tuple[str, str], ...] = field(default=())
    score: float = 0.0
    mendable: bool = False

    @property
    def name(self) -> str:
        """The photo, as people call it."""
        return "/".join(self.photo)
