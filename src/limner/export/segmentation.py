"""A net that finds people as one .onnx file: the probability of the person, (1, 1, H, W)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import nn

from limner.datasets.manifest import PhotoFolder
from limner.errors import OptionError
from limner.export.card import Provenance, make_card, measure
from limner.export.checks.pictures import parity_pictures
from limner.export.graphs.graph import check_size
from limner.export.onnx_file import OUTPUT, Alpha
from limner.export.source import Source
from limner.models.card import Measurement, ModelCard


class PersonSubject:
    """See ``limner.export.one_file.Subject``.

    Args:
        source: what is exported.
        size: (height, width) of the input; None is what the net was made for.
        other_sizes: for frames of other proportions; None is what the net's own card says, where the size is the same.

    Raises:
        OptionError: the net does not take one of these sizes, or is quantization-aware.
    """

    output, says = OUTPUT, "alpha"

    def __init__(
        self,
        source: Source,
        size: tuple[int, int] | None = None,
        other_sizes: tuple[tuple[int, int], ...] | None = None,
    ) -> None:
        if source.net.rounded:
            raise OptionError(f"{source.name}: is a quantization-aware net; its int8 files go into a folder")
        self._source, self.size, self.channels = source, size or source.size, source.net.in_channels
        if other_sizes is None:
            known = source.card.input if source.card is not None else None
            other_sizes = known.other_sizes if known is not None and known.size == self.size else ()
        self.other_sizes = tuple(other for other in dict.fromkeys(other_sizes) if other != self.size)
        check_size(source.net, self.size)
        for other in self.other_sizes:
            check_size(source.net, other, field="other_sizes")
        self.module: nn.Module = Alpha(source.net).eval()

    def pictures(self, folder: PhotoFolder | None, size: tuple[int, int]) -> NDArray[np.float32]:
        return parity_pictures(size, self.channels, folder)

    def card(self, model: Path, provenance: Provenance, *, file: str) -> ModelCard:
        card = make_card(self._source, model, provenance, file=file, size=self.size)
        return replace(card, input=replace(card.input, other_sizes=self.other_sizes))

    def measure(self, model: Path, card: ModelCard, data: Path) -> list[Measurement]:
        return list(measure(model, card, data))
