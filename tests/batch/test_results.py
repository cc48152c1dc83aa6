"""What is left of a batch into shards, whenever it stops: nothing is made twice, and nothing gets lost."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from limner.batch.item import Item, Outcome
from limner.batch.ledger import Ledger
from limner.batch.results import ShardResults
from limner.batch.shards import Shard


class Desk:
    """Five items in two shards, and a run that is begun again and again."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.to = folder, str(folder / "out/s-%d.tar")
        self.shards = [Shard(self.to % 0, (0, 1, 2)), Shard(self.to % 1, (3, 4))]
        self.items = [
            Item(f"{index}.jpg", f"{index}.jpg", f"{self.to % (index // 3)}/{index}.jpg", ".jpg", "first")
            for index in range(5)
        ]

    def run(
        self, *, work: dict[int, bytes], fail: tuple[int, ...] = (), options: str = "o", force: bool = False
    ) -> list[int]:
        """Does some of what is left, which it returns; then the run is killed."""
        with Ledger(self.folder / "ledger") as ledger:
            results = ShardResults(self.items, self.shards, self.to, self.folder / "spool", options, force=force)
            left = results.left(ledger)
            results.begin(ledger)
            for index, data in work.items():
                assert index in left
                results.enter(ledger, index, Outcome(index, size=len(data), data=data))
            for index in fail:
                results.give_up(ledger, index)
        return left

    def shard(self, number: int) -> dict[str, bytes] | None:
        path = Path(self.to % number)
        if not path.exists():
            return None
        with tarfile.open(fileobj=io.BytesIO(path.read_bytes())) as tar:
            return {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_shard_is_written_when_all_of_it_is_there(desk: Desk) -> None:
    assert desk.run(work={4: b"e", 0: b"a"}) == [0, 1, 2, 3, 4]
    assert (desk.shard(0), desk.shard(1)) == (None, None)
    assert desk.run(work={1: b"b", 2: b"c"}) == [1, 2, 3]
    assert (desk.shard(0), desk.shard(1)) == ({"0.jpg": b"a", "1.jpg": b"b", "2.jpg": b"c"}, None)
    assert desk.run(work={3: b"d"}) == [3]
    assert desk.shard(1) == {"3.jpg": b"d", "4.jpg": b"e"}
    assert desk.run(work={}) == []
    assert not any(path.is_file() for path in (desk.folder / "spool").rglob("*"))


def test_a_photo_that_fails_keeps_no_shard_waiting_and_joins_it_later(desk: Desk) -> None:
    desk.run(work={0: b"a", 2: b"c", 3: b"d", 4: b"e"}, fail=(1,))
    assert desk.shard(0) == {"0.jpg": b"a", "2.jpg": b"c"}
    before = Path(desk.to % 0).stat().st_mtime_ns
    assert desk.run(work={}, fail=(1,)) == [1]
    assert Path(desk.to % 0).stat().st_mtime_ns == before
    assert desk.run(work={1: b"b"}) == [1]
    assert desk.shard(0) == {"0.jpg": b"a", "1.jpg": b"b", "2.jpg": b"c"}
    assert desk.run(work={}) == []


def test_a_shard_without_any_result_is_not_written(desk: Desk) -> None:
    desk.run(work={}, fail=(3, 4))
    assert desk.shard(1) is None
    assert desk.run(work={}) == [0, 1, 2, 3, 4]


def test_what_changes_is_done_again(desk: Desk) -> None:
    everything = {index: bytes([index]) for index in range(5)}
    desk.run(work=everything)
    assert desk.run(work={}, options="other") == [0, 1, 2, 3, 4]
    assert desk.run(work={}, force=True) == [0, 1, 2, 3, 4]
    assert desk.run(work={}) == []
    desk.items[4] = Item("4.jpg", "4.jpg", desk.items[4].target, ".jpg", "second")
    assert desk.run(work={}) == [3, 4]  # its shard is another one now, and the old one may not be what was read
    Path(desk.to % 0).write_bytes(b"cut off")
    assert desk.run(work={}) == [0, 1, 2, 3, 4]


def test_a_kill_before_the_shard_is_written_loses_nothing(desk: Desk) -> None:
    desk.run(work={3: b"d"})
    with Ledger(desk.folder / "ledger") as ledger:  # as `enter` does, and no further
        results = ShardResults(desk.items, desk.shards, desk.to, desk.folder / "spool", "o", force=False)
        results._spool.keep(4, b"e")
        ledger.enter([(desk.items[4], 1)], "o")
    assert desk.run(work={}) == [0, 1, 2]
    assert desk.shard(1) == {"3.jpg": b"d", "4.jpg": b"e"}
