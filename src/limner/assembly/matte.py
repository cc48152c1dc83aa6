"""Which model finds the person, on what it runs, and how its map becomes a matte."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from limner.segment.segmenter import Segmenter


@dataclass(frozen=True, slots=True, kw_only=True)
class MatteOptions:
    """What ``limner.Segmenter`` takes, as plain values.

    Attributes:
        model: a name, or the path of a model file.
        card: path of the card of a model file, where it does not lie beside it.
        runtime: a name with options of its own ("openvino:precision=bf16"), or "auto".
        device: "cpu", "cuda", "cuda:1", …
        threads: threads of the model; None is the runtime's choice.
        threshold: cut the map at this probability, in (0, 1); None keeps it soft.
        softness: width of the edge that a threshold leaves, 0 to 1; None is the default's.
        largest_only: keep the largest region alone.
        refine: draw edges at full size from the picture itself.
        clean: take faint islands away and close false holes.
        tiles: look at pictures of 2:1 and longer in overlapping parts.
    """

    model: str = "default"
    card: str | None = None
    runtime: str = "auto"
    device: str = "cpu"
    threads: int | None = None
    threshold: float | None = None
    softness: float | None = None
    largest_only: bool = False
    refine: bool = True
    clean: bool = True
    tiles: bool = True


def build_segmenter(options: MatteOptions, *, on_fault: str = "raise") -> Segmenter:
    """The segmenter that the options ask for; loads the model.

    Args:
        on_fault: see `Segmenter`.

    Raises:
        LimnerError: the model, its card, the runtime or a value cannot be used.
    """
    from limner.segment.segmenter import Segmenter

    extra: dict[str, Any] = {} if options.softness is None else {"softness": options.softness}
    return Segmenter(
        options.model,
        card=options.card,
        runtime=options.runtime,
        device=options.device,
        threads=options.threads,
        refine=options.refine,
        threshold=options.threshold,
        largest_only=options.largest_only,
        clean=options.clean,
        tiles=options.tiles,
        on_fault=on_fault,
        **extra,
    )
