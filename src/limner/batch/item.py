"""One thing that a batch does, and what became of it: plain values that travel between processes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a video, from ``start`` to before ``end`` in seconds; None is its end.

    Attributes:
        of: address of the result that the piece is for.
    """

    of: str
    start: int
    end: int | None


@dataclass(frozen=True, slots=True)
class Item:
    """One photo, one video, or one piece of a video, and where its result goes.

    Attributes:
        name: what messages call it.
        source: address of the file that holds it.
        target: address of its result.
        format: extension of the result, which says its format.
        identity: changes whenever the photo or video does.
        span: first byte and number of bytes of the photo in its file; None is the whole file.
        parts: what goes with it into a shard: (extension, first byte, count) in the same file.
        video: it is a video, or a piece of one.
        piece: the part of the video that the item is; None is all of it.
        pieces: addresses of the pieces, in their order, that the result is joined of; none where it is made at once.
    """

    name: str
    source: str
    target: str
    format: str
    identity: str
    span: tuple[int, int] | None = None
    parts: tuple[tuple[str, int, int], ...] = ()
    video: bool = False
    piece: Piece | None = None
    pieces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an item.

    Attributes:
        index: of the item in its batch.
        error: why there is no result, with options as ``‹field›``; "" where there is one.
        again: the fault may pass, such as that of a network, so that another try is worth it.
        size: bytes of the result.
        notices: what a user should know, in sentences.
        data: the result itself, where whoever started the work wants to write it; otherwise it is written.
    """

    index: int
    error: str = ""
    again: bool = False
    size: int = 0
    notices: tuple[str, ...] = ()
    data: bytes | None = None
