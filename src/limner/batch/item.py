"""One piece of a batch, and what became of it: plain values that travel between processes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Item:
    """One photo and where its result goes.

    Attributes:
        name: what messages call it.
        source: address of the file that holds it.
        target: address of its result.
        format: extension of the result, which says its format.
        identity: changes whenever the photo does.
        span: first byte and number of bytes of the photo in its file; None is the whole file.
        parts: what goes with it into a shard: (extension, first byte, count) in the same file.
    """

    name: str
    source: str
    target: str
    format: str
    identity: str
    span: tuple[int, int] | None = None
    parts: tuple[tuple[str, int, int], ...] = ()


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
