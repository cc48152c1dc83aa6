"""A net that finds people as one .onnx file: the probability of the person, (1, 1, H, W)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import nn

from limner.datasets.manifest import PhotoFolder
from limner.errors import OptionError
from limner.export.card import Provenance, make_card, measure
from limner.export.checks.pictures import parity_pictures
from limner.export.onnx_file import OUTPUT, Alpha
from limner.export.source import Source
from limner.models.card import Measurement, ModelCard


class PersonSubject:
    """See ``limner.export.one_file.Subject``.

    Raises:
        OptionError: the net does not take this size, or is quantization-aware.
    """

    output, says = OUTPUT, "alpha"

    def __init__(self, source: Source, size: tuple[int, int] | None = None) -> None:
        if source.net.rounded:
            raise OptionError(f"{source.name}: is a quantization-aware net; its int8 files go into a folder")
        self._source, self.size, self.channels = source, size or source.size, source.net.in_channels
        source.net.check_size(*self.size)
        self.module: nn.Module = Alpha(source.net).eval()

    def pictures(self, folder: PhotoFolder | None) -> NDArray[np.float32]:
        return parity_pictures(self.size, self.channels, folder)

    def card(self, model: Path, provenance: Provenance, *, file: str) -> ModelCard:
        return make_card(self._source, model, provenance, file=file, size=self.size)

    def measure(self, model: Path, card: ModelCard, data: Path) -> list[Measurement]:
        return list(measure(model, card, data))
