"""How results are written: format, quality, and what of a photo's own data they keep."""

from __future__ import annotations

from dataclasses import dataclass

from limner.errors import OptionError
from limner.media.formats import MAX_PIXELS, METADATA


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoSaving:
    """How photos are read and written.

    Attributes:
        format: extension of the results, such as "png"; None is the photo's own where it can hold the result.
        quality: 1 to 100, of formats that lose something; None is the format's usual one.
        trim: crop cut-outs to the person.
        max_pixels: photos with more are refused.
        metadata: "all" that the photo says of itself, all but its place ("no-place"), or "none".

    Raises:
        OptionError: a value cannot be used.
    """

    format: str | None = None
    quality: int | None = None
    trim: bool = False
    max_pixels: int = MAX_PIXELS
    metadata: str = "all"

    def __post_init__(self) -> None:
        if self.quality is not None and not 1 <= self.quality <= 100:
            raise OptionError(f"‹quality› {self.quality} is out of range: say 1 to 100")
        if self.metadata not in METADATA:
            raise OptionError(f"‹metadata› {self.metadata!r} is unknown: say one of {', '.join(METADATA)}")
