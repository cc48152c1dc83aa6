"""What a worker does with videos: all of one, a piece of one, or pieces into one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from limner.assembly import People, PeopleOptions, build_effect
from limner.assembly.matte import build_segmenter
from limner.assembly.photo import PhotoOptions
from limner.assembly.saving import VideoSaving
from limner.assembly.temporal import TemporalOptions
from limner.batch.item import Item
from limner.batch.local_files import local_path
from limner.batch.storage import scheme, storage_of
from limner.errors import MediaError
from limner.processing.video import process_video
from limner.processing.video_pieces import Made, join_pieces, make_piece

if TYPE_CHECKING:
    from limner.segment.segmenter import Segmenter


class VideoWork:
    """Makes the results of videos. The model is loaded for the first.

    Args:
        options: what becomes of each frame, for one worker.
        saving: how videos are read and written.
        temporal: how mattes are kept steady.
        parts: folder in which local results lie until they are whole; their own by default.
    """

    def __init__(
        self, options: PhotoOptions, saving: VideoSaving, temporal: TemporalOptions, parts: Path | None
    ) -> None:
        self._options, self._saving, self._temporal, self._parts = options, saving, temporal, parts
        self._segmenter: Segmenter | None = None
        self._fetched: tuple[str, tempfile.TemporaryDirectory[str], Path] | None = None

    def make(self, item: Item) -> tuple[int, tuple[str, ...]]:
        """The result of an item that is a video or a piece of one, in its place: its bytes, and what to know of it.

        Raises:
            LimnerError: the video cannot be read, or the result cannot be written.
        """
        source = self._source(item)
        crowd = self._people()
        stream, effect = crowd.stream(crowd.steady(self._temporal)), crowd.effect(build_effect(self._options.effect))
        threads = self._options.matte.threads or 1
        piece = item.piece

        def fill(target: Path) -> tuple[str, ...]:
            if piece is None:
                return process_video(
                    source, target, segment=stream, effect=effect, saving=self._saving, threads=threads
                ).notices
            return make_piece(
                source,
                Path("video" + Path(piece.of).suffix),
                target,
                start=Fraction(piece.start),
                end=None if piece.end is None else Fraction(piece.end),
                segment=stream,
                effect=effect,
                saving=self._saving,
                threads=threads,
            ).notices

        size, notices = self._placed(item, source, fill)
        return size, (*notices, *crowd.notices())

    def join(self, item: Item) -> tuple[int, tuple[str, ...]]:
        """The result of an item whose pieces are there, in its place, as `make`. The pieces stay.

        Raises:
            LimnerError: the result cannot be written.
        """
        source = self._source(item)
        effect = build_effect(self._options.effect)

        def fill(target: Path) -> tuple[str, ...]:
            with tempfile.TemporaryDirectory(prefix="limner-") as folder:
                pieces = []
                for number, address in enumerate(item.pieces):
                    Path(folder, str(number)).mkdir()
                    pieces.append(storage_of(address).fetch(address, Path(folder, str(number))))
                made: Made = join_pieces(source, target, pieces, effect=effect, saving=self._saving)
            return made.notices

        return self._placed(item, source, fill)

    def _people(self) -> People:
        if self._segmenter is None:
            self._segmenter = build_segmenter(self._options.matte, on_fault="hide")
        people = PeopleOptions(**asdict(self._options.people))
        return People(people, self._options.matte, segmenter=self._segmenter)

    def _source(self, item: Item) -> Path:
        """The video as a file of this machine. One that was fetched stays until another is, for the next piece."""
        if self._fetched is not None and self._fetched[0] == item.source:
            return self._fetched[2]
        self._fetched = None
        folder = tempfile.TemporaryDirectory(prefix="limner-")
        path = storage_of(item.source).fetch(item.source, Path(folder.name))
        self._fetched = item.source, folder, path
        return path

    def _placed(self, item: Item, source: Path, fill: Callable[[Path], tuple[str, ...]]) -> tuple[int, tuple[str, ...]]:
        """Fills a file beside the result's place, and puts it there; errors name what the user named."""
        local = not scheme(item.target) or scheme(item.target) == "file"
        beside = self._parts if local and self._parts is not None else None
        if beside is not None:
            beside.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="video-", dir=beside) as folder:
            made = Path(folder, "result" + Path(item.target).suffix)
            try:
                notices = fill(made)
            except MediaError as error:
                told = str(error.args[0]).replace(str(made), item.target).replace(str(source), item.name)
                raise type(error)(told) from None
            size = made.stat().st_size
            if local and self._renamed(made, local_path(item.target)):
                return size, notices
            storage_of(item.target, parts=self._parts).put(item.target, made)
            return size, notices

    def _renamed(self, made: Path, target: Path) -> bool:
        """Whether the file could be renamed to its place; not onto another disk."""
        with suppress(OSError):
            target.parent.mkdir(parents=True, exist_ok=True)
            made.replace(os.path.realpath(target))
            return True
        return False
