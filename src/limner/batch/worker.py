"""One worker of a batch, in whatever process: fetches a photo or video, works on it, writes its result."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from pathlib import Path

from limner.assembly.photo import PhotoOptions
from limner.assembly.saving import VideoSaving
from limner.assembly.temporal import TemporalOptions
from limner.batch.item import Item, Outcome
from limner.batch.storage import FaultError, storage_of
from limner.batch.video_work import VideoWork
from limner.errors import LimnerError, MediaError
from limner.processing.one_photo import PhotoProcessor, PhotoResult


@dataclass(frozen=True, slots=True)
class Task:
    """What a worker needs to know, as a plain value.

    Attributes:
        options: what becomes of each photo.
        parts: see `limner.batch.local_files.LocalFiles`.
        hand_over: give the results back instead of writing them.
        video: how videos are read and written.
        temporal: how the mattes of videos are kept steady.
    """

    options: PhotoOptions
    parts: Path | None = None
    hand_over: bool = False
    video: VideoSaving = field(default_factory=VideoSaving)
    temporal: TemporalOptions = field(default_factory=TemporalOptions)


@dataclass(frozen=True, slots=True)
class Placed:
    """A result that is in its place already: its bytes, and what a user should know of it."""

    size: int
    notices: tuple[str, ...]


class Worker:
    """Loads the model once. What cannot be done is told in the `Outcome`, never raised.

    Raises:
        LimnerError: the options cannot be used.
    """

    def __init__(self, task: Task) -> None:
        import cv2

        cv2.setNumThreads(task.options.matte.threads or 1)  # the other cores have workers of their own
        self._task = task
        options = of_one_worker(task.options)
        self._processor = PhotoProcessor(options)
        self._videos = VideoWork(options, task.video, task.temporal, task.parts)

    def fetch(self, item: Item) -> bytes:
        """The photo's bytes; of a video none.

        Raises:
            MediaError: they cannot be read.
        """
        if item.video:
            return b""
        data = storage_of(item.source).read(item.source, item.span)
        if item.span is not None and len(data) != item.span[1]:
            raise MediaError(f"{item.name}: is cut off: {item.source} ends before it does")
        return data

    def make(self, item: Item, data: bytes) -> PhotoResult | Placed:
        """What becomes of the photo in ``data``, or of a video, whose result is too large for memory and so is placed.

        Raises:
            LimnerError: it cannot be read, or the net cannot be used on it.
        """
        if item.video:
            return Placed(*self._videos.make(item))
        return self._processor(data, name=item.name, format=item.format)

    def deliver(self, index: int, item: Item, result: PhotoResult | Placed) -> Outcome:
        """Writes the result, or hands it over.

        Raises:
            MediaError: it cannot be written.
        """
        if isinstance(result, Placed):
            return Outcome(index, size=result.size, notices=result.notices)
        data = result.data if self._task.hand_over else None
        if data is None:
            storage_of(item.target, parts=self._task.parts).write(item.target, result.data)
        return Outcome(index, size=len(result.data), notices=result.notices, data=data)

    def do(self, index: int, item: Item) -> Outcome:
        """All of it."""
        try:
            return self.deliver(index, item, self.make(item, self.fetch(item)))
        except (LimnerError, MemoryError) as error:
            return failed(index, item, error)


def worked(worker: Worker, items: Sequence[tuple[int, Item]]) -> list[Outcome]:
    """The outcomes of the items in their order; the next is fetched and the last written while one is worked on."""
    outcomes: list[Future[Outcome]] = []
    with ThreadPoolExecutor(1) as fetching, ThreadPoolExecutor(1) as writing:
        coming = [fetching.submit(worker.fetch, items[0][1])] if items else []
        for at, (index, item) in enumerate(items):
            fetched = coming.pop()
            if at + 1 < len(items):
                coming.append(fetching.submit(worker.fetch, items[at + 1][1]))
            try:
                result = worker.make(item, fetched.result())
            except (LimnerError, MemoryError) as error:
                outcomes.append(writing.submit(failed, index, item, error))
                continue
            if len(outcomes) > 1:
                wait([outcomes[-2]])  # at most two results wait to be written
            outcomes.append(writing.submit(delivered, worker, index, item, result))
        return [outcome.result() for outcome in outcomes]


def delivered(worker: Worker, index: int, item: Item, result: PhotoResult | Placed) -> Outcome:
    """The outcome of a result that is written or handed over, or why it could not be."""
    try:
        return worker.deliver(index, item, result)
    except (LimnerError, MemoryError) as error:
        return failed(index, item, error)


def of_one_worker(options: PhotoOptions) -> PhotoOptions:
    """The options with one thread, unless they name a number: so the cores are shared out, and every engine makes the
    same bytes."""
    threads = options.matte.threads or 1
    return replace(options, matte=replace(options.matte, threads=threads))


def failed(index: int, item: Item, error: Exception) -> Outcome:
    """The outcome of an item that could not be done."""
    if isinstance(error, MemoryError):
        return Outcome(index, f"{item.name}: does not fit in memory", again=True)
    return Outcome(index, str(error.args[0]) if error.args else str(error), again=isinstance(error, FaultError))
