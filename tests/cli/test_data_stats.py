"""`limner data stats`: a table for people, and JSON for programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from limner.cli.app import main
from limner.datasets.statistics import QUANTITIES


def limner(*args: object) -> int:
    with pytest.raises(SystemExit) as stop:
        main([str(arg) for arg in args])
    return int(stop.value.code or 0)


def test_for_people_and_for_programs(data_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert limner("data", "stats", data_folder) == 0
    out = capsys.readouterr().out
    assert "all together: 37 photos" in out
    assert all(f"  {name} " in out for name in QUANTITIES)
    assert limner("data", "stats", data_folder, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["sets"]) == 8
    assert found["sets"][-1]["photos"] == 37


@pytest.mark.parametrize(("folder", "message"), [("nowhere", "no such folder"), (".", "no known layout fits")])
def test_what_is_refused(
    folder: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert limner("data", "stats", folder) == 2
    assert message in capsys.readouterr().err
