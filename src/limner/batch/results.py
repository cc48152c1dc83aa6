"""Where results end up, and so what is done and what is left: files of their own, or shards."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from limner.batch.item import Item, Outcome
from limner.batch.ledger import Ledger
from limner.batch.shards import Shard, Spool, contents, folder_of
from limner.batch.storage import storage_of


class Results(Protocol):
    """The results of a batch."""

    handed_over: bool
    """Whether workers give the results back instead of writing them."""

    def left(self, ledger: Ledger) -> list[int]:
        """Indices of the items without a result, or with one of another photo, other options, or another size than was
        written."""

    def begin(self, ledger: Ledger) -> None:
        """Called once before the work, after `left`."""

    def enter(self, ledger: Ledger, index: int, outcome: Outcome) -> None:
        """What was made of an item.

        Raises:
            MediaError: it, or the ledger, cannot be written.
        """

    def give_up(self, ledger: Ledger, index: int) -> None:
        """There will be no result of an item."""


class FileResults:
    """Each result is a file, which its worker has written.

    Args:
        options: what they are made by, as in `limner.batch.fingerprint`.
        video_options: the same of videos and their pieces; None is ``options``.
        force: nothing counts as done.
    """

    handed_over = False

    def __init__(
        self, items: Sequence[Item], to: str, options: str, *, force: bool, video_options: str | None = None
    ) -> None:
        self._items, self._to, self._force = items, to, force
        self._photo_options, self._video_options = options, options if video_options is None else video_options

    def left(self, ledger: Ledger) -> list[int]:
        if self._force:
            return list(range(len(self._items)))
        known = {
            item.target: size for item in self._items if (size := ledger.size(item, self._options(item))) is not None
        }  # fmt: skip
        there = storage_of(self._to).sizes(known)
        done = {target for target, size in known.items() if there.get(target) == size}
        return [index for index, item in enumerate(self._items) if item.target not in done]

    def _options(self, item: Item) -> str:
        return self._video_options if item.video else self._photo_options

    def begin(self, ledger: Ledger) -> None:
        return None

    def enter(self, ledger: Ledger, index: int, outcome: Outcome) -> None:
        item = self._items[index]
        ledger.enter([(item, outcome.size)], self._options(item))

    def give_up(self, ledger: Ledger, index: int) -> None:
        return None


class ShardResults:
    """Results are members of shards, and wait in a spool until their shard is complete.

    Args:
        spool: folder of the spool.
        options, force: see `FileResults`.
    """

    handed_over = True

    def __init__(
        self, items: Sequence[Item], shards: Sequence[Shard], to: str, spool: Path, options: str, *, force: bool
    ) -> None:
        self._items, self._shards, self._options, self._force = items, shards, options, force
        self._storage = storage_of(folder_of(to))
        self._spool = Spool(spool, shards, items)
        self._shard_of = {index: shard for shard in shards for index in shard.indices}
        self._open: dict[str, set[int]] = {}  # shard -> items that may still get a result
        self._whole: set[str] = set()  # shards that hold all results that were ever made for them
        self._fresh: set[str] = set()  # shards with results in the spool

    def left(self, ledger: Ledger) -> list[int]:
        known = {shard.address: ledger.size(shard.item(self._items), self._options) for shard in self._shards}
        there = self._storage.sizes([address for address, size in known.items() if size is not None])
        left = []
        for shard in self._shards:
            address = shard.address
            if known[address] is not None and there.get(address) == known[address] and not self._force:
                self._whole.add(address)
            self._open[address] = {index for index in shard.indices if not self._is_done(ledger, index, address)}
            if address not in self._whole and len(self._open[address]) < len(shard.indices):
                self._fresh.add(address)
            left += sorted(self._open[address])
        return left

    def _is_done(self, ledger: Ledger, index: int, shard: str) -> bool:
        size = None if self._force else ledger.size(self._items[index], self._options)
        return size is not None and (shard in self._whole or self._spool.size(index) == size)

    def begin(self, ledger: Ledger) -> None:
        for shard in self._shards:
            self._write_if_complete(ledger, shard)

    def enter(self, ledger: Ledger, index: int, outcome: Outcome) -> None:
        assert outcome.data is not None
        shard = self._shard_of[index]
        self._spool.keep(index, outcome.data)
        ledger.enter([(self._items[index], outcome.size)], self._options)
        self._fresh.add(shard.address)
        self._open[shard.address].discard(index)
        self._write_if_complete(ledger, shard)

    def give_up(self, ledger: Ledger, index: int) -> None:
        shard = self._shard_of[index]
        self._open[shard.address].discard(index)
        self._write_if_complete(ledger, shard)

    def _write_if_complete(self, ledger: Ledger, shard: Shard) -> None:
        if self._open[shard.address] or shard.address not in self._fresh:
            return
        earlier = contents(shard.address, self._storage) if shard.address in self._whole else {}
        made = [index for index in shard.indices if ledger.size(self._items[index], self._options) is not None]
        size = self._spool.write(shard, made, earlier, self._storage)
        ledger.enter([(shard.item(self._items), size)], self._options)
        self._spool.forget(shard)
        self._fresh.discard(shard.address)
