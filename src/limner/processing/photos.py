"""Photos through a segmenter and an effect, the next decoded and the last encoded while one is at work."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.typing import NDArray

from limner.assembly.photo import Select
from limner.assembly.saving import PhotoSaving
from limner.effects import Effect
from limner.effects.cutout import person_box
from limner.errors import LimnerError, MediaError
from limner.frame import over
from limner.matte import Matte
from limner.media.formats import format_for
from limner.media.images import Image, photo_size, read_image, write_image
from limner.processing.transparency import continued, keeps_transparency, masked

if TYPE_CHECKING:
    from limner.segment.base import MatteSource
    from limner.segment.segmenter import Segmenter

AHEAD = 2
"""Photos decoded in advance, and results that may wait to be encoded: what bounds the memory of a batch."""

LARGE = 6_000_000
"""Pixels above which a photo is segmented and composed while no other is at work."""

NO_PERSON = 0.001
"""Share of the picture under which nobody was found."""


@dataclass(frozen=True, slots=True)
class Job:
    """One photo and where its result goes; `stream` stands for stdin or stdout."""

    name: str
    source: Path | BinaryIO
    target: Path | BinaryIO
    output: str
    format: str
    """Extension of the output, which says its format."""


@dataclass(slots=True)
class Result:
    """What became of one photo. `error` is None where it worked."""

    job: Job
    error: LimnerError | None = None
    size: tuple[int, int] = (0, 0)
    person: float = 0.0
    confidence: float = 0.0
    ms: dict[str, float] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)


def process_photos(
    jobs: Iterable[Job],
    load: Callable[[], Segmenter],
    effect: Effect,
    saving: PhotoSaving,
    *,
    select: Select | None = None,
) -> Iterator[Result]:
    """The results in the order of `jobs`, each when its file is there. A photo that fails does not stop the others.

    `load` makes the segmenter; it runs while the first photos are decoded. Without `select` everybody stays. While a
    large photo is segmented and composed no other is decoded or encoded, so a batch needs memory for four of them.
    """
    pool = ThreadPoolExecutor(AHEAD, thread_name_prefix="limner-photo")
    decoding = _Decoding(iter(jobs), pool, saving)
    encoding: deque[tuple[Result, Future[None]]] = deque()
    try:
        decoding.begin_more()
        segmenter = load()
        while decoding:
            if decoding.wait():  # a large one
                while encoding:
                    yield _finished(*encoding.popleft())
            encoding.append(_compute(*decoding.take(), segmenter, effect, saving, pool, select))
            decoding.begin_more()
            while len(encoding) > AHEAD:
                yield _finished(*encoding.popleft())
        while encoding:
            yield _finished(*encoding.popleft())
    finally:
        pool.shutdown(cancel_futures=True)


class _Decoding:
    """Photos that are being decoded, or are and wait to be segmented: `AHEAD` of them, or a large one alone."""

    def __init__(self, jobs: Iterator[Job], pool: ThreadPoolExecutor, saving: PhotoSaving) -> None:
        self._jobs, self._pool, self._saving = jobs, pool, saving
        self._next: tuple[Job, bool] | None = None
        self._begun: deque[tuple[Result, Future[Image], bool]] = deque()

    def __len__(self) -> int:
        return len(self._begun)

    def begin_more(self) -> None:
        """Has photos decoded, as many as may be."""
        while len(self._begun) < AHEAD:
            job = None if self._next else next(self._jobs, None)
            if job is not None:
                self._next = job, _is_large(job)
            if self._next is None or (self._begun and (self._next[1] or self._begun[-1][2])):
                return
            (job, large), self._next = self._next, None
            result = Result(job)
            self._begun.append((result, self._pool.submit(_decode, result, self._saving), large))

    def wait(self) -> bool:
        """Until the first photo is decoded, or has failed; whether it is a large one."""
        wait([self._begun[0][1]])
        return self._begun[0][2]

    def take(self) -> tuple[Result, Future[Image]]:
        """The first photo."""
        result, decoded, _ = self._begun.popleft()
        return result, decoded


def _is_large(job: Job) -> bool:
    """Whether the photo has more pixels than `LARGE`, or nobody can tell before it is decoded."""
    size = photo_size(job.source) if isinstance(job.source, Path) else None
    return size is None or size[0] * size[1] > LARGE


def _decode(result: Result, saving: PhotoSaving) -> Image:
    with _Timed(result, "decode"):
        return read_image(result.job.source, name=result.job.name, max_pixels=saving.max_pixels)


def _compute(
    result: Result,
    decoded: Future[Image],
    segmenter: Segmenter,
    effect: Effect,
    saving: PhotoSaving,
    pool: ThreadPoolExecutor,
    select: Select | None,
) -> tuple[Result, Future[None]]:
    """Segment and compose here, and hand over to be encoded; a failure is in the future too."""
    try:
        image, pixels = composed(result, decoded.result(), segmenter, effect, saving, select)
    except (LimnerError, MemoryError) as error:
        failed: Future[None] = Future()
        failed.set_exception(error)
        return result, failed
    if image.native is None:  # or they are compared with the result
        image = replace(image, pixels=np.empty((0, 0, 3), np.uint8))
    return result, pool.submit(encode, result, image, pixels, saving)


def composed(
    result: Result, image: Image, segmenter: MatteSource, effect: Effect, saving: PhotoSaving, select: Select | None
) -> tuple[Image, NDArray[np.uint8]]:
    """The decoded photo, cropped as its result is, and the result's pixels; `result` is told what was found.

    Raises:
        LimnerError: the net, or who is to stay, cannot be used on this photo.
    """
    result.notices += image.notices
    result.size = image.pixels.shape[0], image.pixels.shape[1]
    why = ""
    with _Timed(result, "segment"):
        matte = segmenter.matte(image.pixels)
        if select is not None:
            matte, why = select(matte, image.pixels)
    if image.alpha is not None:  # what is transparent is nobody
        matte = masked(matte, image.alpha)
    result.person, result.confidence = matte.coverage, matte.confidence
    if result.person < NO_PERSON:
        why = why or "no person was found"
        result.notices.append(f"{result.job.name}: {why}; all of it counts as background")
    with _Timed(result, "effect"):
        return _apply(result, image, matte, effect, trim=saving.trim)


def _apply(
    result: Result, image: Image, matte: Matte, effect: Effect, *, trim: bool
) -> tuple[Image, NDArray[np.uint8]]:
    frame = image.pixels if image.alpha is None else continued(image.pixels, image.alpha)
    pixels = effect(frame, matte)
    if effect.is_matte:
        return image, pixels[..., 0]
    if trim and effect.has_alpha:
        rows, columns = person_box(pixels)
        pixels = pixels[rows, columns]
        native = None if image.native is None else image.native[rows, columns]
        image = replace(image, pixels=image.pixels[rows, columns], native=native)
    if image.alpha is not None and keeps_transparency(effect):
        if format_for(result.job.format).has_alpha:
            pixels = np.dstack([pixels, image.alpha])
        else:
            result.notices.append(f"{result.job.name}: its transparency became white, as {result.job.format} has none")
            pixels = over(pixels, image.alpha, (255, 255, 255))
    return image, pixels


def encode(result: Result, image: Image, pixels: NDArray[np.uint8], saving: PhotoSaving) -> None:
    """Writes a result where its job says. `pixels` may be overwritten.

    Raises:
        LimnerError: it cannot be written there.
    """
    job = result.job
    kind = format_for(job.format)
    quality = saving.quality if kind.quality is not None else None
    if quality != saving.quality:
        result.notices.append(f"{job.name}: quality {saving.quality} means nothing in lossless {job.format[1:]}")
    with _Timed(result, "encode"):
        if isinstance(job.target, Path):
            try:
                job.target.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise MediaError(f"{job.target.parent}: the folder cannot be made: {error.strerror}") from None
        result.notices += write_image(
            job.target, pixels, like=image, format=job.format, quality=quality, metadata=saving.metadata, spent=True
        )


def _finished(result: Result, done: Future[None]) -> Result:
    try:
        done.result()
    except LimnerError as error:
        result.error = error
    except MemoryError:
        result.error = MediaError(f"{result.job.name}: does not fit in memory")
    return result


class _Timed:
    """Adds the milliseconds that its block takes to a result."""

    def __init__(self, result: Result, stage: str) -> None:
        self._result, self._stage = result, stage

    def __enter__(self) -> None:
        self._start = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self._result.ms[self._stage] = round((time.perf_counter() - self._start) * 1000, 2)
