"""Videos of a batch: their pieces, the names of their results, and when the pieces of one are all there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import av

from limner.assembly.saving import VideoSaving
from limner.batch.item import Item, Piece
from limner.batch.state import NAME
from limner.batch.storage import Found, joined, storage_of
from limner.errors import LimnerError, MediaError
from limner.media.backgrounds import VIDEO_SUFFIXES
from limner.media.formats import readable
from limner.media.video_formats import choose_format
from limner.processing.video_pieces import piece_suffix

_LAST = 0.5
"""A rest of a video that is shorter than this share of a piece belongs to the piece before it."""


def video_suffixes() -> frozenset[str]:
    """Extensions of files that a batch takes for videos: not those that photos have, too."""
    return VIDEO_SUFFIXES - readable()


def result_suffix(suffix: str, saving: VideoSaving, *, alpha: bool) -> str:
    """The video's own extension where the result can have it, else .mp4, or .mov for what is transparent.

    Raises:
        LimnerError: no file can be written as ``saving`` asks.
    """
    usual = ".mov" if alpha else ".mp4"
    others = (usual, ".webm", ".mkv", ".mov")
    for index, candidate in enumerate((suffix, *others)):
        try:
            choose_format(
                Path(f"video{candidate}"), codec=saving.codec, alpha=alpha, crf=saving.crf, preset=saving.preset
            )
            return candidate
        except LimnerError:
            if index == len(others):
                raise
    raise AssertionError


def in_pieces(item: Item, found: Found, to: str, seconds: int) -> list[Item]:
    """The pieces of a video, and last the video that is joined of them; the video alone where it is short.

    Args:
        item: all of it.
        to: where results go; pieces lie in a hidden folder there until they are joined.
        seconds: length of a piece; 0 makes none.
    """
    count = 1 if seconds == 0 else _pieces(_seconds(found), seconds)
    if count == 1:
        return [item]
    key = hashlib.sha256(item.target.encode()).hexdigest()[:16]
    suffix, pieces = piece_suffix(Path(item.target)), list[Item]()
    for number in range(count):
        start, end = number * seconds, None if number + 1 == count else (number + 1) * seconds
        span = f"{start}-{'' if end is None else end}"
        pieces.append(
            Item(
                f"{item.name} ({span} s)",
                item.source,
                joined(to, f"{NAME}/pieces/{key}/{span}{suffix}"),
                suffix,
                f"{item.identity}#{span}",
                video=True,
                piece=Piece(item.target, start, end),
            )
        )
    whole = Item(
        item.name, item.source, item.target, item.format, item.identity, video=True,
        pieces=tuple(piece.target for piece in pieces),
    )  # fmt: skip
    return [*pieces, whole]


def _pieces(length: float, seconds: int) -> int:
    whole, rest = divmod(length, seconds)
    return max(1, int(whole) + (rest >= _LAST * seconds))


def _seconds(found: Found) -> float:
    """Length of the video as its file says it; 0 where it does not, or cannot be read: a worker finds out why."""
    try:
        with closing(storage_of(found.address).open(found.address)) as file, av.open(file, "r") as container:
            return (container.duration or 0) / av.time_base
    except (av.FFmpegError, MediaError, ValueError, OSError):
        return 0.0


@dataclass(slots=True)
class Joins:
    """Which videos wait for which of their pieces.

    Args:
        items: of the batch.
        left: indices of those that are to be done.
    """

    items: Sequence[Item]
    left: Sequence[int]
    _open: dict[int, set[int]] = field(default_factory=dict)
    _owner: dict[int, int] = field(default_factory=dict)
    _told: dict[int, set[str]] = field(default_factory=dict)
    _failed: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        by_target = {item.target: index for index, item in enumerate(self.items)}
        left = set(self.left)
        for index in self.left:
            pieces = {by_target[target] for target in self.items[index].pieces}
            if pieces:
                self._open[index] = pieces & left
                self._told[index] = set()
                self._owner |= dict.fromkeys(pieces, index)

    def ready(self) -> Iterator[int]:
        """Videos of which nothing but the joining is left."""
        return (index for index, pieces in list(self._open.items()) if not pieces)

    def owner(self, piece: int) -> int:
        """The video that a piece is of."""
        return self._owner[piece]

    def ended(self, piece: int) -> int | None:
        """A piece is there: the video if that was its last, None while it waits for others."""
        video = self._owner[piece]
        self._open[video].discard(piece)
        return None if self._open[video] or video in self._failed else video

    def failed(self, piece: int) -> bool:
        """A piece cannot be made: whether that is the first of its video."""
        video = self._owner[piece]
        first = video not in self._failed
        self._failed.add(video)
        return first

    def news(self, video: int, notices: Iterable[str]) -> list[str]:
        """Those notices that no other piece of the video has told."""
        told = self._told.setdefault(video, set())
        fresh = [notice for notice in dict.fromkeys(notices) if notice not in told]
        told.update(fresh)
        return fresh


def without_pieces_of_what_is_there(items: Sequence[Item], left: Sequence[int]) -> list[int]:
    """The indices that are left, but for pieces of videos whose results are there."""
    wanted = {target for index in left for target in items[index].pieces}
    return [index for index in left if items[index].piece is None or items[index].target in wanted]
