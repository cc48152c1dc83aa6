"""Memory of a command over time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.soak import Sample, main, summary
from limner.samples import CLIP


def test_growth_is_told_once_the_start_is_over() -> None:
    start = [Sample(10.0 * number, 50.0 + number, 1, 4, 9, []) for number in range(12)]
    settled = [Sample(120.0 + 10 * number, 100.0 + 0.1 * number, 2, 6, 12 + number % 2, []) for number in range(101)]
    found = summary(start + settled)
    assert found["minutes"] == 18.7
    assert found["first"] == pytest.approx(100.45, abs=0.06)
    assert found["grown"] == pytest.approx(9.1, abs=0.11)
    assert found["peak"] == pytest.approx(110.0)
    assert (found["files"], found["threads"]) == (0, 0)


@pytest.mark.slow
def test_a_command_is_watched_and_interrupted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = tmp_path / "soak.json"
    command = ["stream", str(CLIP), "--loop", "--to", str(tmp_path / "live.mp4")]
    main(["--minutes", "0.3", "--every", "1", "--json", str(told), "--", *command])
    found = json.loads(told.read_text())
    assert found["samples"][-1]["memory"] > 2
    assert found["samples"][-1]["processes"] == len(found["samples"][-1]["each"]) >= 1
    assert json.loads(capsys.readouterr().out)["code"] == found["code"] == 130
    assert len(found["samples"]) > 2


def test_a_command_that_ends_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match=r"it ended at once, with 2: limner: nothing\.mp4: no such file"):
        main(["--minutes", "1", "--", "stream", "nothing.mp4", "--to", "live.mp4"])
