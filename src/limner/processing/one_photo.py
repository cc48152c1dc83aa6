"""One photo, from bytes to bytes: for servers and programs that have no files."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from limner.assembly.effect import build_effect
from limner.assembly.matte import build_segmenter
from limner.assembly.people_options import check_subjects
from limner.assembly.photo import PhotoOptions, build_select, check_trim
from limner.checking import checked
from limner.effects.base import Effect
from limner.media.formats import FORMATS, format_for
from limner.media.images import read_image
from limner.processing.photos import Job, Result, composed, encode
from limner.processing.planning import own_format

if TYPE_CHECKING:
    from limner.segment.base import MatteSource


@dataclass(frozen=True, slots=True)
class PhotoResult:
    """What became of a photo.

    Attributes:
        data: the encoded result.
        format: extension of its format: ".jpg", ".png", ….
        size: (height, width) of the photo.
        person: share of the photo that is person, in [0, 1].
        confidence: how sure the net is of the matte, in [0, 1].
        milliseconds: by stage.
        notices: what a user should know, in sentences.
    """

    data: bytes
    format: str
    size: tuple[int, int]
    person: float
    confidence: float
    milliseconds: dict[str, float]
    notices: tuple[str, ...]


class PhotoProcessor:
    """Photos by the same options, one call at a time; the model is loaded once, when this is made.

    Args:
        options: all that is asked.
        segmenter: instead of the one that ``options.matte`` would make: for a program that has loaded it already.
        effect: instead of the one that ``options.effect`` would make.

    Raises:
        LimnerError: an option cannot be used, or two do not go together.
    """

    @checked
    def __init__(
        self,
        options: PhotoOptions | None = None,
        *,
        segmenter: MatteSource | None = None,
        effect: Effect | None = None,
    ) -> None:
        self.options = options = options or PhotoOptions()
        check_subjects(options.people, options.matte)
        self._effect, self._select = effect or build_effect(options.effect), build_select(options.people)
        check_trim(options.saving, options.effect, self._effect)
        asked = options.saving.format
        self._format = None if asked is None else f".{asked.lower().lstrip('.')}"
        if self._format is not None:
            format_for(self._format, alpha=self._effect.has_alpha, option="‹format›")
        self._segmenter = segmenter or build_segmenter(options.matte, photos=True)

    @checked
    def __call__(self, data: bytes, *, name: str = "photo", format: str | None = None) -> PhotoResult:
        """The photo in ``data``, in whatever format can be read.

        Args:
            name: what errors and notices call it.
            format: extension of the result, such as ".png"; None is what the options say, or else the photo's own.

        Raises:
            MediaError: it cannot be read.
            OptionError: no such format can be written, or it cannot hold the result.
            LimnerError: the net, or who is to stay, cannot be used on it.
        """
        image = read_image(data, name=name, max_pixels=self.options.saving.max_pixels)
        effect, target = self._effect, io.BytesIO()
        if format is not None:
            format_for(format, alpha=effect.has_alpha, option="‹format›")
        extension = FORMATS[image.format].extensions[0]
        extension = format or self._format or own_format(extension, alpha=effect.has_alpha, lossless=effect.is_matte)
        result = Result(Job(name, io.BytesIO(data), target, name, extension))
        image, pixels = composed(result, image, self._segmenter, effect, self.options.saving, self._select)
        encode(result, image, pixels, self.options.saving)
        return PhotoResult(
            target.getvalue(),
            extension,
            result.size,
            result.person,
            result.confidence,
            dict(result.ms),
            tuple(result.notices),
        )


@checked
def process_photo(data: bytes, options: PhotoOptions | None = None) -> PhotoResult:
    """One photo by ``options``; for several by the same, make a ``PhotoProcessor`` once.

    >>> process_photo(Path("me.jpg").read_bytes()).format  # doctest: +SKIP
    '.jpg'

    Raises:
        LimnerError: an option cannot be used, or the photo cannot be read.
    """
    return PhotoProcessor(options)(data)
