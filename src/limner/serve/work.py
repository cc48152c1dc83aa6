"""What a worker does: a photo, or a frame of live video, through the model and through the effect."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any

import cv2
import numpy as np

from limner.assembly import build_effect, build_select
from limner.effects.base import Effect
from limner.frame import Frame
from limner.matte import Matte
from limner.media.formats import Format, tell_format
from limner.media.images import photo_size, read_image
from limner.media.raw_photos import is_raw
from limner.processing.one_photo import PhotoProcessor, PhotoResult
from limner.processing.transparency import masked
from limner.segment.segmenter import Segmenter
from limner.serve.backgrounds import Backgrounds, file_settings
from limner.serve.gate import Errand
from limner.serve.models import Models
from limner.serve.negotiation import chosen
from limner.serve.options import ServeOptions
from limner.serve.parameters import photo_options
from limner.serve.refusal import RefusedError

NAME = "photo"
"""What a photo is called in errors and notices; never what a client calls it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What one request asks for.

    Attributes:
        photo: its bytes.
        said: its options, see ``limner.serve.parameters.given``.
        files: setting -> the bytes of an uploaded photo.
        accept: the header Accept.
    """

    photo: bytes
    said: Mapping[str, Any]
    files: Mapping[str, bytes] = field(default_factory=dict)
    accept: str | None = None


@dataclass(frozen=True, slots=True)
class Box:
    """Where the person is, in pixels from the upper left."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Info:
    """What is known of a photo: ``person`` is the share of it that is person, ``box`` where they are, if anywhere."""

    model: str
    width: int
    height: int
    format: str
    person: float
    confidence: float
    box: Box | None
    milliseconds: dict[str, float]
    notices: list[str]


class _Checked:
    """A segmenter that looks whether anybody still waits, before the net and after it."""

    def __init__(self, segmenter: Segmenter, errand: Errand) -> None:
        self._segmenter, self._errand = segmenter, errand

    def matte(self, frame: Frame, *, previous: Matte | None = None) -> Matte:
        self._errand.check()
        found = self._segmenter.matte(frame, previous=previous)
        self._errand.check()
        return found


class Work:
    """Does what requests ask. Called from several threads at once."""

    def __init__(self, models: Models, backgrounds: Backgrounds, max_pixels: int) -> None:
        self.models, self.backgrounds, self.max_pixels = models, backgrounds, max_pixels
        self._streams: OrderedDict[str, Callable[[Frame], Frame]] = OrderedDict()
        self._streams_lock = threading.Lock()

    def picture(self, asked: Asked, errand: Errand) -> PhotoResult:
        """The photo through the effect.

        Raises:
            LimnerError: an option cannot be used, or a photo cannot be read.
            RefusedError: 406 and 415, a format; 413, too many pixels; 503, it took too long.
        """
        errand.check()
        kind = self._kind(asked.photo)
        for name, upload in ((NAME, asked.photo), *asked.files.items()):
            check_cost(upload, name, self.max_pixels)
        options = photo_options(dict(asked.said), max_pixels=self.max_pixels)
        if unknown := sorted(set(asked.files) - set(file_settings())):
            where = " and ".join(file_settings())
            raise RefusedError(
                HTTPStatus.UNPROCESSABLE_ENTITY, f"the part {unknown[0]!r} is a file; beside photo, {where} may be one"
            )
        effect_options, objects = self.backgrounds.split(options.effect, asked.files)
        effect = build_effect(effect_options, objects=objects)
        if options.saving.format is None:
            extension = chosen(asked.accept, kind, alpha=effect.has_alpha, lossless=effect.is_matte)
            options = replace(options, saving=replace(options.saving, format=extension))
        segmenter = self.models.segmenter(asked.said.get("model"), options.matte, photos=True)
        options = replace(options, effect=effect_options)
        return PhotoProcessor(options, segmenter=_Checked(segmenter, errand), effect=effect)(asked.photo, name=NAME)

    def info(self, asked: Asked, errand: Errand) -> Info:
        """What is known of the photo. Errors as for ``picture``."""
        errand.check()
        kind = self._kind(asked.photo)
        check_cost(asked.photo, NAME, self.max_pixels)
        options = photo_options(dict(asked.said), max_pixels=self.max_pixels)
        if asked.files:
            raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, "only the part photo may be a file here")
        name = asked.said.get("model") or self.models.names[0]
        segmenter = self.models.segmenter(name, options.matte, photos=True)
        select = build_select(options.people)
        clock = [time.perf_counter()]
        image = read_image(asked.photo, name=NAME, max_pixels=self.max_pixels)
        clock.append(time.perf_counter())
        matte, why = select(_Checked(segmenter, errand).matte(image.pixels), image.pixels)
        if image.alpha is not None:
            matte = masked(matte, image.alpha)
        clock.append(time.perf_counter())
        notices = [*image.notices, *([f"{NAME}: {why}"] if why else [])]
        return Info(
            model=name,
            width=image.pixels.shape[1],
            height=image.pixels.shape[0],
            format="" if kind is None else kind.name,
            person=round(matte.coverage, 4),
            confidence=round(matte.confidence, 4),
            box=_box(matte),
            milliseconds={
                "decode": round(1e3 * (clock[1] - clock[0]), 2),
                "segment": round(1e3 * (clock[2] - clock[1]), 2),
            },
            notices=notices,
        )

    def frame(self, stream: str, said: Mapping[str, Any], frame: Frame, errand: Errand) -> Frame:
        """A frame of live video through the effect; each stands alone.

        Args:
            stream: which stream, of which no two frames are worked on at once; its effect is built once.
            said: the options of the stream, see ``limner.serve.parameters.given``.
            frame: RGB uint8 (H, W, 3).

        Returns:
            RGB uint8 (H, W, 3).

        Raises:
            LimnerError: an option cannot be used.
        """
        errand.check()
        with self._streams_lock:
            process = self._streams.get(stream)
        if process is None:
            process = self._live(said)
        with self._streams_lock:
            self._streams[stream] = process
            self._streams.move_to_end(stream)
            while len(self._streams) > _STREAMS:
                self._streams.popitem(last=False)
        return process(frame)

    def _live(self, said: Mapping[str, Any]) -> Callable[[Frame], Frame]:
        options = photo_options(dict(said), max_pixels=self.max_pixels)
        effect = live_effect(said, self.backgrounds, self.max_pixels)
        segmenter = self.models.segmenter(said.get("model"), options.matte, photos=False)

        def process(frame: Frame) -> Frame:
            found = effect(frame, segmenter.matte(frame))
            return found if found.shape[2] == 3 else np.repeat(found[..., :1], 3, axis=2)

        return process

    def _kind(self, photo: bytes) -> Format | None:
        """The photo's format by its content; raw data of cameras is left to programs without strangers."""
        if is_raw(photo):
            reason = "raw data of cameras is not taken here; develop it first"
            raise RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, reason)
        return tell_format(photo[:256])


def build_work(options: ServeOptions) -> Work:
    """The work that an operator's options ask for; loads the models.

    Raises:
        LimnerError: an option or a model cannot be used.
    """
    models = Models(
        options.models, runtime=options.runtime, device=options.device, threads=options.threads, batch=options.batch
    )
    limits = options.limits
    return Work(models, Backgrounds(options.backgrounds, limits.max_pixels), limits.max_pixels)


def live_effect(said: Mapping[str, Any], backgrounds: Backgrounds, max_pixels: int) -> Effect:
    """The effect that a stream's options ask for.

    Raises:
        LimnerError: an option cannot be used.
        RefusedError: 422, the effect is transparent.
    """
    options, objects = backgrounds.split(photo_options(dict(said), max_pixels=max_pixels).effect, {})
    effect = build_effect(options, objects=objects)
    if effect.has_alpha:
        reason = f"effect {effect.name} is transparent, and live video is not; take replace with a colour"
        raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, reason)
    return effect


_STREAMS = 32
"""Effects of streams that are kept; one that is not is built again."""
_MOST_SCANS = 100
_SCAN = b"\xff\xda"
"""How each pass over the pixels of a JPEG begins; usual ones have one to ten."""


def check_cost(photo: bytes, name: str, most: int) -> None:
    """
    Raises:
        RefusedError: 413, the photo has more pixels than ``most``, as its head says; 422, it is a JPEG of so many
            passes that it would take minutes.
    """
    if photo.startswith(b"\xff\xd8") and photo.count(_SCAN) > _MOST_SCANS:
        reason = f"{name}: is a JPEG in more than {_MOST_SCANS} passes; save it as a usual one"
        raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, reason)
    size = photo_size(photo)
    if size is not None and size[0] * size[1] > most:
        reason = f"{name}: has {size[0]}×{size[1]} pixels, and {most:,} is the limit here; send a smaller one"
        raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, reason)


def _box(matte: Matte) -> Box | None:
    left, top, width, height = cv2.boundingRect((matte.alpha >= 0.5).astype(np.uint8))
    return Box(left, top, width, height) if width else None
