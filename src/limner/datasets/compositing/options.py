"""What composites are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from limner.errors import OptionError

Format = Literal["jpg", "png", "webp"]
SAVING: dict[str, dict[str, object]] = {
    "jpg": {"quality": 95, "subsampling": 0},
    "png": {},
    "webp": {"lossless": True},
}
_CHANCES = ("several", "things", "chair", "shadow", "light", "camera")


@dataclass(frozen=True, slots=True, kw_only=True)
class CompositeOptions:
    """How composites are drawn. Chances lie in [0, 1].

    Attributes:
        longest: longer side of a composite at most, in pixels. People are enlarged 1.6 times at most, so small photos
            make smaller ones.
        aspects: width to height; each is as likely as the others, where the person's cut borders allow it.
        several: chance of more people than one.
        most: people at most.
        things: chance of a thing in front of somebody: a file of ``thing_files`` or a drawn mug, microphone or laptop.
        chair: chance of a chair's back behind a seated person.
        shadow: chance of shadows on the wall and on the floor.
        light: chance that a person takes on the colours and the direction of the background's light.
        camera: chance of each step of the camera: exposure and white balance, lens, sensor, denoising, file.
        thing_files: folder of pictures with transparency, of things that may stand in front of people.
        format: of the photos.
        seed: of everything.
    """

    longest: int = 512
    aspects: tuple[float, ...] = (16 / 9, 4 / 3, 1.0, 3 / 4, 9 / 16)
    several: float = 0.25
    most: int = 3
    things: float = 0.25
    chair: float = 0.08
    shadow: float = 0.5
    light: float = 0.9
    camera: float = 0.5
    thing_files: Path | None = None
    format: Format = "jpg"
    seed: int = 0

    def __post_init__(self) -> None:
        for name in _CHANCES:
            if not 0 <= getattr(self, name) <= 1:
                raise OptionError(f"‹{name}›: must lie in [0, 1], not {getattr(self, name)}")
        if not 64 <= self.longest <= 4096:
            raise OptionError(f"‹longest›: must lie in [64, 4096], not {self.longest}")
        if not self.aspects or not all(0.25 <= aspect <= 4 for aspect in self.aspects):
            raise OptionError("‹aspects›: name at least one, all between 1:4 and 4:1")
        if not 1 <= self.most <= 6:
            raise OptionError(f"‹most›: must lie in [1, 6], not {self.most}")
        if self.seed < 0:
            raise OptionError(f"‹seed›: must be 0 or more, not {self.seed}")
        if self.format not in get_args(Format):
            raise OptionError(f"‹format›: must be one of {', '.join(get_args(Format))}, not {self.format!r}")
