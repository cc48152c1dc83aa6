"""Faults that are made to happen: a small share of each here, and a page that says what a whole run found."""

from __future__ import annotations

import signal
from pathlib import Path
from random import Random

import numpy as np
import pytest

from benchmarks import reliability
from benchmarks.reliability_check import Kept, Tally, broken, half_written
from benchmarks.reliability_files import PHOTO_KINDS, clip, cut, harmed, photo
from benchmarks.reliability_live import raw, scene
from benchmarks.reliability_run import Ended, killed, run, start

SLOW = {
    "kill train": 0.2,
    "kill export": 0.2,
    "kill recording": 0.17,
    "kill video": 0.09,
    "disk full": 0.2,
    "read-only": 1.0,
    "too large": 0.2,
    "vanishing": 0.25,
}
"""How much of the kinds that take long; of the others, `make test` tries 4 %."""


@pytest.mark.parametrize(
    "name",
    [pytest.param(k.name, marks=[pytest.mark.slow] if k.name in SLOW else []) for k in reliability.KINDS],
)
def test_a_share_of_each_kind_ends_as_it_must(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    share = SLOW.get(name, 0.04)
    assert reliability.main(["--share", str(share), "--only", name, "--seed", "7", "--no-mount"]) == 0, (
        capsys.readouterr().out
    )


def test_the_page_has_every_kind_and_nothing_was_lost() -> None:
    page = reliability.PAGE.read_text(encoding="utf-8")
    _, _, rest = page.partition(reliability.BEGIN)
    rows = [
        [cell.strip(" *") for cell in line.split("|")[1:-1]]
        for line in rest.partition(reliability.END)[0].splitlines()
        if line.startswith("| ")
    ]
    assert len(rows) == len(reliability.KINDS) + 2  # the head and the sum
    assert rows[-1][0] == "all"
    assert rows[-1][3:] == ["0", "0", "0"]
    assert int(rows[-1][1]) == sum(int(row[1]) for row in rows[1:-1]) > 500


def test_the_table_says_what_ended_otherwise_and_goes_between_its_marks() -> None:
    good, bad = Tally("a", "whole", tried=2), Tally("b", "whole", 3, ["crash"], ["x.jpg"], ["y.jpg", "z.jpg"])
    assert (good.good, bad.good, Tally("c", "").good) == (True, False, False)
    made = reliability.table([good, bad])
    assert "| b | 3 | whole | 1 | 1 | 2 |" in made
    assert made.splitlines()[-1] == "| **all** | **5** | | **1** | **1** | **2** |"
    page = reliability.with_table(f"head\n{reliability.BEGIN}old\n{reliability.END}tail\n", made, "here")
    assert ("old" in page, page.startswith("head\n"), page.endswith("tail\n")) == (False, True, True)
    with pytest.raises(RuntimeError, match="no <!-- measured -->"):
        reliability.with_table("head\n", made, "here")


def test_what_is_not_whole_is_found(tmp_path: Path) -> None:
    for kind in set(PHOTO_KINDS) - {"bmp", "gif"}:
        whole = tmp_path / f"whole.{kind}"
        whole.write_bytes(photo(kind))
        assert broken(whole) is None
        (tmp_path / f"half.{kind}").write_bytes(photo(kind)[:2000])
    assert broken(clip(tmp_path / "whole.mp4")) is None
    (tmp_path / "half.mp4").write_bytes((tmp_path / "whole.mp4").read_bytes()[:3000])
    found = half_written(tmp_path)
    assert sorted(line.split(":")[0] for line in found) == sorted(path.name for path in tmp_path.glob("half.*"))


def test_what_was_lost_is_found(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("same", "changed", "gone")]
    for path in paths:
        path.write_text("1")
    kept = Kept(paths)
    paths[1].write_text("2")
    paths[2].unlink()
    assert kept.lost() == [str(path) for path in paths[1:]]


@pytest.mark.parametrize(
    ("ended", "fell", "refuses"),
    [
        (Ended(2, "limner: x.jpg: is cut off\n"), None, True),
        (Ended(2, "limner: y.jpg: is cut off\n"), None, False),
        (Ended(0, "limner: x.jpg: is odd\n"), None, False),
        (
            Ended(1, 'Traceback (most recent call last):\n  File "a"\nValueError: x.jpg\n'),
            "traceback: ValueError: x.jpg",
            False,
        ),
        (Ended(-11, ""), "died of SIGSEGV", False),
        (Ended(None, ""), "hung", False),
    ],
)
def test_how_a_command_ended(ended: Ended, fell: str | None, refuses: bool) -> None:
    assert ended.refuses("x.jpg") is refuses
    assert ended.fell is None if fell is None else str(ended.fell).startswith(fell)


def test_commands_are_run_killed_and_held_back(tmp_path: Path) -> None:
    assert run(code="import sys; print('out'); sys.exit('no')", folder=tmp_path) == Ended(1, "no\n", told="out\n")
    process = start(code="import time; time.sleep(100)", folder=tmp_path)
    assert killed(process, signal.SIGKILL, 0.1).code == -9
    limited = run(code="open('large', 'wb').write(bytes(9000))", folder=tmp_path, limit=4096)
    assert "File too large" in limited.said
    (tmp_path / "closed").mkdir(mode=0o555)
    closed = run(code="open('closed/new', 'w')", folder=tmp_path, rights=False)
    assert "PermissionError" in closed.said


def test_harm_is_drawn_from_the_seed() -> None:
    data = photo("png")
    ways = [harmed(data, Random(seed)) for seed in range(40)]
    assert ways == [harmed(data, Random(seed)) for seed in range(40)]
    assert {name for name, _ in ways} == {"cut", "flipped", "zeroed", "doubled", "shifted"}
    assert len(cut(data, Random(1))) < len(data)


def test_a_background_is_seen() -> None:
    assert raw(scene(3))
    assert raw(scene(20))
    assert not raw(np.full_like(scene(3), 255))
