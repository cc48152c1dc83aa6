"""One net of people: a model file in a runtime, fed from a frame and read as its card says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from limner.errors import ModelError
from limner.matte import Matte
from limner.models.card import ModelCard
from limner.models.catalogue import ModelFile
from limner.models.ensemble_card import EnsembleCard
from limner.runtimes.loading import load_runtime
from limner.segment.example import example_inputs
from limner.segment.fit import check_fit
from limner.segment.plausible import check_values
from limner.segment.postprocess import is_sound, person_probability, read_shape
from limner.segment.preprocess import Preprocessor, unplace
from limner.segment.pyramid import LONGEST_SIDE, Pyramid

Float32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What a net says of a frame.

    Attributes:
        probability: of person, (h, w) float32 in [0, 1], of the whole frame at the net's own output size.
        sound: whether all that the net gave was finite.
    """

    probability: Float32
    sound: bool


class RuntimeFacts(Protocol):
    """What really runs a net, or several; see ``limner.runtimes.base.Runtime``."""

    @property
    def name(self) -> str: ...

    @property
    def device(self) -> str: ...

    @property
    def threads(self) -> int: ...


class PersonNet(Protocol):
    """Anything that finds people in a frame: one net, or an ensemble of several."""

    @property
    def card(self) -> ModelCard | EnsembleCard: ...

    @property
    def runtime(self) -> RuntimeFacts: ...

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) that it sees; of an ensemble the largest."""

    @property
    def takes_previous(self) -> bool:
        """Whether it looks at the matte before."""

    def see(self, pyramid: Pyramid, previous: Matte | None) -> Seen:
        """Runs on a frame; ModelError where the output is not what the card says."""


class Net:
    """A model file. Arguments and errors as for ``limner.Segmenter``."""

    def __init__(self, found: ModelFile, *, runtime: str, device: str, threads: int | None) -> None:
        self._card = found.card
        example = example_inputs(self._card)
        self._runtime = load_runtime(found.path, runtime=runtime, device=device, threads=threads, example=example)
        self._preprocess = Preprocessor(self._card, check_fit(self._card, self._runtime))
        # A frame shrunk by halves may be half of what the net sees: large inputs are made from the frame itself.
        self._large = max(self.size) > LONGEST_SIDE // 2

    @property
    def card(self) -> ModelCard:
        """Of the model."""
        return self._card

    @property
    def runtime(self) -> RuntimeFacts:
        """What runs it."""
        return self._runtime

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the input."""
        return self._card.input.size

    @property
    def takes_previous(self) -> bool:
        """Whether the image has a fourth channel for the matte before, or the net an input of its own for it."""
        return self._card.input.channels == 4 or self._card.state is not None

    def see(self, pyramid: Pyramid, previous: Matte | None) -> Seen:
        """Runs the net on a frame."""
        image = pyramid.full if self._large else pyramid.small
        feeds = self._preprocess.feeds(image, None if previous is None else previous.alpha)
        output = self._runtime.run(feeds).get(self._card.output.name)
        if output is None:
            raise ModelError(f"card of {self._card.name!r}: the model gives no output {self._card.output.name!r}")
        maps = read_shape(output.shape, self._card)
        check_values(output, self._card, classes=maps.class_axis is not None)
        probability = person_probability(output, self._card)
        shown = unplace(probability, (image.shape[0], image.shape[1]), self._card.input)
        return Seen(shown, is_sound(output))
