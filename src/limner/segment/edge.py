"""Where the edge of a matte lies, and how wide it is: a property of each stream, not of the segmenter it shares."""

from __future__ import annotations

from dataclasses import dataclass

from limner.checking import check_fields
from limner.errors import OptionError

EDGES = ("guided", "fine", "key")
"""How edges are drawn at full size, see `limner.Segmenter`."""
DEFAULT_SOFTNESS = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """How a map of probabilities becomes a matte.

    Attributes:
        threshold: the net's probability, between 0 and 1, where the edge lies: below 0.5 keeps more, above keeps less.
            None is 0.5.
        softness: width of the edge, from 0 (hard) to 1 (as soft as the net says).

    Raises:
        OptionError: one of them lies elsewhere.
    """

    threshold: float | None = None
    softness: float = DEFAULT_SOFTNESS

    def __post_init__(self) -> None:
        check_fields(self)
        if self.threshold is not None and not 0.0 < self.threshold < 1.0:
            raise OptionError(f"‹threshold› must lie between 0 and 1, not {self.threshold}")
        if not 0.0 <= self.softness <= 1.0:
            raise OptionError(f"‹softness› must lie in 0 (hard) to 1 (as soft as the net says), not {self.softness}")
