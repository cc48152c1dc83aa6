"""Effects that change one layer of the picture: its matte, its background, or its person."""

from __future__ import annotations

from abc import abstractmethod

from limner.effects.base import Effect, Stage
from limner.effects.layered import Layers
from limner.frame import Frame
from limner.matte import Matte

__all__ = ["BackgroundEffect", "EdgeEffect", "LayerEffect", "Layers", "PersonEffect"]


class LayerEffect(Effect):
    """An effect that is its part in a chain, `apply`; standing alone it is a chain of one."""

    def __call__(self, frame: Frame, matte: Matte) -> Frame:
        layers = Layers(frame, matte, alone=self.wants_alone)
        self.apply(layers)
        return layers.picture

    @abstractmethod
    def apply(self, layers: Layers) -> None:
        """Changes `layers`."""


class EdgeEffect(LayerEffect):
    """Reshapes the matte before anything else looks at it."""

    stage = Stage.EDGE
    keeps_background = True
    shows_alone = False

    @abstractmethod
    def reshape(self, matte: Matte) -> Matte:
        """A new matte of the same size; everything but its alpha as it was (`dataclasses.replace`)."""

    def apply(self, layers: Layers) -> None:
        layers.matte = self.reshape(layers.matte)


class BackgroundEffect(LayerEffect):
    """Makes what lies behind the person. A chain has at most one."""

    stage = Stage.BACKGROUND

    fresh: bool = True
    """Whether `behind` makes a new array each time, which may be written to."""

    @abstractmethod
    def behind(self, layers: Layers) -> Frame:
        """The new background alone, RGB uint8 (H, W, 3) at the frame's size; the frame itself where nothing changes."""

    def apply(self, layers: Layers) -> None:
        layers.put_behind(self.behind, fresh=self.fresh, clean=not self.keeps_background)


class PersonEffect(LayerEffect):
    """Changes the person's colours, given what lies behind them."""

    stage = Stage.FIT
    keeps_background = True

    @abstractmethod
    def fit(self, person: Frame, background: Frame, matte: Matte) -> Frame:
        """The person's new colours.

        Args:
            person: their colours, RGB uint8 (H, W, 3), right where alpha is above 0; anything elsewhere.
            background: the new background, RGB uint8 (H, W, 3), also where the person hides it.
            matte: of the same size.

        Returns:
            RGB uint8 (H, W, 3): a new array, or `person` where nothing changes. No input is written to.
        """

    def apply(self, layers: Layers) -> None:
        layers.person = self.fit(layers.person, layers.background, layers.matte)
