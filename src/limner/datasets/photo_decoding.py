"""Decodes photos and masks into a pixel store, in this process or, where there are many, in several."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import AvifImagePlugin

from limner.children import leaving_interrupts_to_us
from limner.cores import check_parallel, physical_cores
from limner.datasets.manifest import PhotoFolder
from limner.datasets.photo import Photo
from limner.datasets.pixel_store import write_segment

Box = tuple[int, int, int, int]
Touches = tuple[bool, bool, bool, bool]
Added = tuple[str, NDArray[np.uint8], Any]

SEGMENT = 128
"""Photos in a segment: what an interruption loses at most, for each process."""

_WORTH_PROCESSES = 512  # photos; below that, starting processes takes longer than they save


@dataclass(frozen=True, slots=True)
class Task:
    """What of one photo is to be decoded.

    Attributes:
        image: key of its pixels, or None where they are there already.
        mask: the same of its mask.
        size: of the photo as it is in its file, (H, W), where that is known.
    """

    photo: Photo
    image: str | None
    mask: str | None
    size: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Decoder:
    """Decodes tasks: picklable, so that it can be sent to another process.

    Attributes:
        data, masks: see ``PhotoFolder``.
        store: folder of the pixel store.
        longest_side: pixels; larger photos are shrunk to it.
    """

    data: Path
    masks: Path | None
    store: Path
    longest_side: int

    def decode(
        self,
        source: PhotoFolder,
        tasks: Sequence[Task],
        *,
        processes: int | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        """Decode ``tasks`` into the store.

        Args:
            source: the opened data folder.
            processes: None is one for each core, or none beside this one where there are few photos.
            progress: called with (photos done, photos in all).

        Raises:
            DataError: a photo cannot be read, or the store cannot be written.
            OptionError: more processes than ``limner.cores.check_parallel`` allows.
        """
        if processes is None:
            processes = physical_cores() if len(tasks) >= _WORTH_PROCESSES else 1
        check_parallel(processes, "‹processes›")
        parts = [tasks[first : first + SEGMENT] for first in range(0, len(tasks), SEGMENT)]
        done: list[int] = []

        def tell(count: int) -> None:
            done.append(count)
            if progress is not None:
                progress(sum(done), len(tasks))

        if processes > 1:
            try:
                self._decode_apart(parts, processes, tell)
                return
            except BrokenProcessPool:  # a script without the guard `if __name__ == "__main__"` cannot start processes
                done.clear()
        for part in parts:
            self.decode_part(source, part, tell)

    def _decode_apart(self, parts: Sequence[Sequence[Task]], processes: int, tell: Callable[[int], None]) -> None:
        """Decode in other processes: Pillow holds the interpreter's lock while it decodes AVIF, so threads would not
        do."""
        context = get_context("spawn")
        stop = context.Event()
        pool = ProcessPoolExecutor(
            min(processes, len(parts)), mp_context=context, initializer=_prepare_process, initargs=(self, stop)
        )
        try:
            with leaving_interrupts_to_us():  # the processes start when they get work
                futures = [pool.submit(_decode_there, part) for part in parts]
            for future in as_completed(futures):
                tell(future.result())
        except BaseException:
            stop.set()
            raise
        finally:
            pool.shutdown(cancel_futures=True)

    def decode_part(
        self, source: PhotoFolder, tasks: Sequence[Task], tell: Callable[[int], None] | None = None
    ) -> None:
        """Decode some photos into one segment."""
        keys = [key for task in tasks for key in (task.image, task.mask) if key is not None]

        def arrays() -> Iterator[Added]:
            for task in tasks:
                yield from self._one(source, task)
                if tell is not None:
                    tell(1)

        write_segment(self.store, keys, arrays())

    def _one(self, source: PhotoFolder, task: Task) -> Iterator[Added]:
        photo = task.photo
        mask = None
        if task.image is not None:
            if photo.mask == "exact":
                rgb, mask = source.load(photo)
            else:
                rgb = source.load_rgb(photo)
            size = (rgb.shape[0], rgb.shape[1])
            yield task.image, self._shrunk(rgb), size
        elif task.size is not None:
            size = task.size
        if task.mask is not None:
            if mask is None:
                mask = source.load(photo)[1] if photo.mask == "exact" else source.load_mask(photo, size)
            small = self._shrunk(mask)
            yield task.mask, small, extent(small)

    def _shrunk(self, array: NDArray[np.uint8]) -> NDArray[np.uint8]:
        scale = self.longest_side / max(array.shape[:2])
        if scale >= 1:
            return array
        return np.asarray(cv2.resize(array, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def extent(mask: NDArray[np.uint8]) -> tuple[Box, Touches]:
    """The person's box (x0, y0, x1, y1), and whether they reach the left, top, right, bottom border."""
    person = mask > 127
    height, width = mask.shape
    rows, columns = np.flatnonzero(person.any(1)), np.flatnonzero(person.any(0))
    if len(rows) < 4 or len(columns) < 4:
        return (0, 0, width, height), (False, False, False, False)
    box = int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
    borders = person[:, :2].any(1), person[:2].any(0), person[:, -2:].any(1), person[-2:].any(0)
    left, top, right, bottom = (bool(border.mean() > 0.02) for border in borders)
    return box, (left, top, right, bottom)


_here: tuple[Decoder, PhotoFolder, Event] | None = None  # of a process that only decodes


def _prepare_process(decoder: Decoder, stop: Event) -> None:
    global _here
    cv2.setNumThreads(1)
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    _here = decoder, PhotoFolder(decoder.data, masks=decoder.masks), stop


def _decode_there(tasks: Sequence[Task]) -> int:
    assert _here is not None
    decoder, source, stop = _here

    def go_on(_count: int) -> None:
        if stop.is_set():
            raise _StoppedError

    decoder.decode_part(source, tasks, go_on)
    return len(tasks)


class _StoppedError(Exception):
    """The process that started this one wants no more photos."""
