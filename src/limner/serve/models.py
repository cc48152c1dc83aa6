"""The models that the operator loaded, each once, for all requests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from limner.assembly import MatteOptions, build_segmenter
from limner.assembly.matte import sharing_net
from limner.errors import OptionError
from limner.segment.batched import BatchCounts
from limner.segment.segmenter import Segmenter

_WARM = (256, 256)


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What is told of a loaded model: its name, licence and summary, the pixels it sees, and what runs it."""

    name: str
    summary: str
    licence: str
    width: int
    height: int
    runtime: str
    device: str
    threads: int


class Models:
    """Loads models and runs each once, so that the first request finds them warm.

    Args:
        models: names or paths.
        runtime, device, threads, batch: see `limner.Segmenter`.

    Raises:
        LimnerError: a model cannot be used, or two have one name.
    """

    def __init__(
        self,
        models: Sequence[str],
        *,
        runtime: str = "auto",
        device: str = "cpu",
        threads: int | None = 1,
        batch: int = 1,
    ) -> None:
        self._loaded: dict[str, Segmenter] = {}
        for model in models:
            options = MatteOptions(model=model, runtime=runtime, device=device, threads=threads)
            segmenter = build_segmenter(options, batch=batch)
            name = segmenter.card.name
            if name in self._loaded:
                raise OptionError(f"‹model› {model}: a model called {name!r} is named already; name it once")
            segmenter.matte(np.zeros((*_WARM, 3), np.uint8))
            self._loaded[name] = segmenter

    @property
    def names(self) -> tuple[str, ...]:
        """The first is the one that requests get unasked."""
        return tuple(self._loaded)

    def segmenter(self, name: str | None, options: MatteOptions, *, photos: bool) -> Segmenter:
        """The model of that name with the options of one request, for photos or for frames, which share its net.

        Raises:
            OptionError: no such model is loaded.
        """
        return sharing_net(self._loaded[_known(name, self.names)], options, photos=photos)

    @property
    def batches(self) -> BatchCounts:
        """Of all models together."""
        counts = [segmenter.batches for segmenter in self._loaded.values()]
        return BatchCounts(
            sum(one.frames for one in counts),
            sum(one.inferences for one in counts),
            max(one.largest for one in counts),
        )

    def facts(self) -> list[ModelFacts]:
        """Of every model, in the operator's order."""
        return [
            ModelFacts(
                name=name,
                summary=segmenter.card.summary,
                licence=segmenter.card.licence,
                width=segmenter.size[1],
                height=segmenter.size[0],
                runtime=segmenter.runtime.name,
                device=segmenter.runtime.device,
                threads=segmenter.runtime.threads,
            )
            for name, segmenter in self._loaded.items()
        ]


def check_model(name: str | None, facts: Sequence[ModelFacts]) -> None:
    """
    Raises:
        OptionError: no model of that name is loaded; None is the first.
    """
    _known(name, [model.name for model in facts])


def _known(name: str | None, names: Sequence[str]) -> str:
    name = names[0] if name is None else name
    if name not in names:
        raise OptionError(f"‹model› {name!r} is not loaded here: say {' or '.join(names)}")
    return name
