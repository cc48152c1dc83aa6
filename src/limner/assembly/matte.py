"""Which model finds the person, on what it runs, and how its map becomes a matte."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from limner.checking import check_fields, checked
from limner.errors import OptionError
from limner.models.parts import parse_keep
from limner.segment.edge import EDGES as EDGES

if TYPE_CHECKING:
    from limner.segment.segmenter import Segmenter


FINE_FOR_PHOTOS = ("quality",)
"""Models that draw fine edges on photos unless somebody asks for others. Fast models leave them to be asked for, as
they take longer than finding the person does; ``studio`` draws better edges without them."""


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
        edges: how: "guided" (a filter), "fine" (a net, see `limner.segment.fine`) or "key" (a plain, colourful
            backdrop, see `limner.segment.keying`); None is fine for photos with the models in `FINE_FOR_PHOTOS`, and
            guided for all else.
        clean: take faint islands away and close false holes.
        keep: parts of people that stay, such as "hair,face", by the labels of the model's card; None is whole people.
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
    edges: str | None = None
    clean: bool = True
    keep: str | None = None
    tiles: bool = True

    def __post_init__(self) -> None:
        check_fields(self)
        if self.edges is not None and self.edges not in EDGES:
            raise OptionError(f"‹edges› must be one of {', '.join(EDGES)}, not {self.edges!r}")
        if self.edges is not None and not self.refine:
            raise OptionError("‹edges› means nothing where ‹refine› is off; leave one of them out")
        if parse_keep(self.keep) and self.edges == "key":
            raise OptionError("‹edges› key draws the outline of whole people, and ‹keep› takes parts; leave one out")
        if self.threads is not None and self.threads < 1:
            raise OptionError(f"‹threads› {self.threads} is out of range: say 1 or more")
        if self.threshold is not None and not 0 < self.threshold < 1:
            raise OptionError(f"‹threshold› must lie between 0 and 1, not {self.threshold}")
        if self.softness is not None and not 0 <= self.softness <= 1:
            raise OptionError(f"‹softness› must lie in 0 (hard) to 1 (as soft as the net says), not {self.softness}")


@checked
def build_segmenter(
    options: MatteOptions, *, on_fault: str = "raise", batch: int = 1, photos: bool = False
) -> Segmenter:
    """The segmenter that the options ask for; loads the model.

    Args:
        photos: it is for photos, not for frames.
        on_fault, batch: see `Segmenter`.

    Raises:
        LimnerError: the model, its card, the runtime or a value cannot be used.
    """
    from limner.segment.segmenter import Segmenter

    extra: dict[str, Any] = {} if options.softness is None else {"softness": options.softness}
    segmenter = Segmenter(
        options.model,
        card=options.card,
        runtime=options.runtime,
        device=options.device,
        threads=options.threads,
        refine=options.refine,
        edges=options.edges or "guided",
        threshold=options.threshold,
        largest_only=options.largest_only,
        clean=options.clean,
        keep=parse_keep(options.keep) or None,
        tiles=options.tiles,
        on_fault=on_fault,
        batch=batch,
        **extra,
    )
    return sharing_net(segmenter, options, photos=True) if photos else segmenter


def sharing_net(segmenter: Segmenter, options: MatteOptions, *, photos: bool = False) -> Segmenter:
    """A segmenter by ``options`` with the net of another one, which is not loaded again; ``photos`` as there.

    ``model``, ``card``, ``keep``, ``runtime``, ``device`` and ``threads`` of the options do not count: they are the
    net's own.
    """
    from limner.segment.edge import DEFAULT_SOFTNESS, Edge

    unasked = "fine" if photos and options.refine and segmenter.card.name in FINE_FOR_PHOTOS else "guided"
    return segmenter.sharing_net(
        edge=Edge(
            threshold=options.threshold,
            softness=DEFAULT_SOFTNESS if options.softness is None else options.softness,
        ),
        refine=options.refine,
        edges=options.edges or unasked,
        largest_only=options.largest_only,
        clean=options.clean,
        tiles=options.tiles,
    )
