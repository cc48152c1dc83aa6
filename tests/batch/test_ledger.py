"""What a ledger knows after it was opened again, held by another, or damaged."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from limner.batch.item import Item
from limner.batch.ledger import Ledger
from limner.errors import MediaError

ITEM = Item("in/a.jpg", "in/a.jpg", "out/a.jpg", ".jpg", "12-34")


def item(**changes: str) -> Item:
    fields = {name: getattr(ITEM, name) for name in ("name", "source", "target", "format", "identity")}
    return Item(**(fields | changes))


@pytest.mark.parametrize(
    ("asked", "options", "size"),
    [
        (ITEM, "o1", 99),
        (ITEM, "o2", None),
        (item(identity="12-35"), "o1", None),
        (item(source="in/b.jpg"), "o1", None),
        (item(target="out/b.jpg"), "o1", None),
    ],
)
def test_only_the_same_photo_by_the_same_options_is_done(
    tmp_path: Path, asked: Item, options: str, size: int | None
) -> None:
    path = tmp_path / "made" / "ledger.sqlite"
    with Ledger(path) as ledger:
        ledger.enter([(ITEM, 99)], "o1")
        assert ledger.size(asked, options) == size
    with Ledger(path, look=True) as ledger:
        assert ledger.size(asked, options) == size


def test_a_later_result_takes_the_place_of_the_earlier(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l") as ledger:
        ledger.enter([(ITEM, 1)], "o1")
        ledger.enter([(ITEM, 2)], "o2")
        assert (ledger.size(ITEM, "o1"), ledger.size(ITEM, "o2")) == (None, 2)


def test_looking_makes_nothing(tmp_path: Path) -> None:
    with Ledger(tmp_path / "none" / "l", look=True) as ledger:
        assert ledger.size(ITEM, "o1") is None
    assert list(tmp_path.iterdir()) == []


def test_one_run_at_a_time(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l"), pytest.raises(MediaError, match="another run of limner works on this batch"):
        Ledger(tmp_path / "l")
    Ledger(tmp_path / "l").close()


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 2000])
def test_a_damaged_ledger_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "l").write_bytes(content)
    with pytest.raises(MediaError, match=r"l: .*(damaged|cannot be used)"):
        Ledger(tmp_path / "l")
    assert (tmp_path / "l").read_bytes() == content


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_what_was_entered_survives_kill_9(tmp_path: Path) -> None:
    program = f"""
        from limner.batch.item import Item
        from limner.batch.ledger import Ledger
        from pathlib import Path
        ledger, n = Ledger(Path({str(tmp_path / "l")!r})), 0
        while True:
            ledger.enter([(Item("n", "s", str(n), ".jpg", "i"), n)], "o")
            print(n, flush=True)
            n += 1
    """
    for _ in range(2):
        child = subprocess.Popen([sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        while int(child.stdout.readline()) < 50:
            pass
        time.sleep(0.05)
        os.kill(child.pid, signal.SIGKILL)
        told = child.stdout.read().split("\n")
        child.wait()
        last = int([line for line in told if line][-2]) if len(told) > 2 else 50
        with Ledger(tmp_path / "l") as ledger:
            entered = [ledger.size(Item("n", "s", str(n), ".jpg", "i"), "o") for n in range(last + 1)]
        assert entered == list(range(last + 1))
