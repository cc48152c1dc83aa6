"""What a net is fed where it is only measured: the sample portrait, for times and results as in life."""

from __future__ import annotations

from collections.abc import Callable

from limner.errors import ModelError
from limner.models.card import ModelCard
from limner.runtimes.base import Array, Runtime
from limner.segment.memory import MoreInputs
from limner.segment.preprocess import Preprocessor


def example_inputs(card: ModelCard) -> Callable[[Runtime], dict[str, Array]]:
    """A function that gives one call's inputs for a loaded model of this card; the picture is read when it is called.

    It raises ModelError where the model has no input of the card's name.
    """

    def make(runtime: Runtime) -> dict[str, Array]:
        from limner.media.images import read_image
        from limner.samples import PORTRAIT

        for info in runtime.inputs:
            if info.name == card.input.name:
                feeds = Preprocessor(card, info).feeds(read_image(PORTRAIT).pixels)
                return {**feeds, **MoreInputs(card, runtime.inputs).feeds(None)}
        raise ModelError(f"card of {card.name!r}: the model has no input {card.input.name!r}")

    return make
