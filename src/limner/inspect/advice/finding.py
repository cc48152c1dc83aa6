"""What advice consists of."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

_LONGEST = 40

Level = Literal["change", "know", "fine"]
"""Worth changing; worth knowing, where the target is meant; looked at and found well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding.

    Attributes:
        level: how much it matters.
        topic: what it is about: "channels", "tensor cores", "ends", "moves", "pads", "order", "costly", "kernels",
            "mobile GPU", "Edge TPU", "WebGPU", "fp16" or "shapes".
        text: what there is, what it costs and what to do, in a sentence or two.
        layers: names of the layers concerned, the worst first.
        share: their part of the net, 0 to 1, in the unit ``of``; None where it cannot be told.
        gain: part of the net that a change would save, 0 to 1, in the same unit; None where nothing is to be changed.
        of: "MACs" (multiply-accumulates) or "traffic" (numbers that layers read and write).
    """

    level: Level
    topic: str
    text: str
    layers: tuple[str, ...] = ()
    share: float | None = None
    gain: float | None = None
    of: Literal["MACs", "traffic"] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def percent(share: float) -> str:
    """ "12 %", "0.4 %", "under 0.1 %"."""
    if share < 0.001:
        return "under 0.1 %"
    return f"{100 * share:.0f} %" if share >= 0.1 else f"{100 * share:.1f} %"


def some(names: tuple[str, ...] | list[str], limit: int = 3) -> str:
    """The first names, cut to their ends where they are long, and how many more there are."""
    more = len(names) - limit
    shown = [name if len(name) <= _LONGEST else f"…{name[-_LONGEST:]}" for name in names[:limit]]
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def in_bytes(count: float) -> str:
    """ "6 KiB", "1.5 MiB"."""
    return f"{count / 2**20:.1f} MiB" if count >= 2**20 else f"{count / 1024:.0f} KiB"
