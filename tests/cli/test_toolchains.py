"""`limner toolchains`: what is there, and what is left over."""

from __future__ import annotations

from pathlib import Path

import pytest

from limner.cli.app import main
from limner.export.toolchains.known import TOOLCHAINS


def run(*args: str) -> int | str | None:
    with pytest.raises(SystemExit) as stopped:
        main(["toolchains", *args])
    return stopped.value.code


def test_it_lists_what_there_is_and_removes_what_is_left_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LIMNER_CACHE", str(tmp_path))
    half = tmp_path / "toolchains" / "litert-0123456789ab"
    (half / "bin").mkdir(parents=True)
    other = half.with_name("browser-0123456789ab")  # not one of those that pip makes
    other.mkdir()
    assert run() == 0
    told = capsys.readouterr().out
    assert [name for name in TOOLCHAINS if f"{name:<10} for " not in told] == []
    assert "old        litert-0123456789ab" in told
    assert run("--remove", "old") == 0
    assert not half.exists()
    assert other.exists()
    assert run("--remove", "litert") == 0
    assert capsys.readouterr().out.endswith("litert: is not there\n")


@pytest.mark.parametrize("option", ["--make", "--remove"])
def test_an_unknown_name_is_one_line(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(option, "tensorflow9") == 2
    told = capsys.readouterr().err
    assert told.startswith(f"limner: {option} tensorflow9: not known; there are litert")
    assert len(told.splitlines()) == 1
