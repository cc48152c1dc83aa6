"""The line that says how a stream is doing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from limner.cli.stream_status import StatusLine
from limner.live.meter import Reading
from limner.live.status import Status


@pytest.fixture
def line() -> StatusLine:
    source: Any = SimpleNamespace(frames=90, dropped=10, losses=1, state="running")
    targets = [SimpleNamespace(state="running", losses=0), SimpleNamespace(state="lost", losses=2)]
    outlet: Any = SimpleNamespace(frames=88, targets=targets)
    return StatusLine(source, outlet)


def test_a_picture_with_its_rate_and_delay(line: StatusLine) -> None:
    line.show(np.zeros((2, 2, 3), np.uint8), Status(Reading(fps=24.96, delay=41.2), 10, hidden="low confidence"))
    told = "25.0/s, delay 41 ms, hidden: low confidence"
    assert line.text() == f"100 in, 10 dropped, 88 out, {told}; 1 of 2 targets, 3 lost"


def test_a_card(line: StatusLine) -> None:
    line.show(np.zeros((2, 2, 3), np.uint8), None)
    assert line.text() == "100 in, 10 dropped, 88 out; 1 of 2 targets, 3 lost"
    line._source.state = "lost"
    assert line.text() == "100 in, 10 dropped, 88 out, waiting for the source; 1 of 2 targets, 3 lost"


def test_it_is_written_once_a_minute_where_nobody_watches(
    line: StatusLine, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    session: Any = None
    assert line.poll(session) is False
    assert capsys.readouterr().err == ""
    line._next = 0.0
    line.poll(session)
    line.poll(session)
    line.close()
    assert capsys.readouterr().err.count("\n") == 1
