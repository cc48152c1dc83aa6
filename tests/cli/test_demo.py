"""`limner demo`: where it may not write is one line; the page is opened where a browser is."""

from __future__ import annotations

from pathlib import Path

import pytest

from limner.cli.app import main


def limner(*args: str | Path) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["demo", *map(str, args)])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_it_makes_a_page_and_opens_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("limner.cli.browsing.webbrowser.open", lambda address: opened.append(address) or True)
    monkeypatch.setenv("BROWSER", "any")
    assert limner("-o", tmp_path / "new" / "out", "--open") == 0
    assert opened == [(tmp_path / "new/out/index.html").as_uri()]
    said = capsys.readouterr()
    assert said.out.splitlines()[-1].endswith(opened[0])
    assert said.err == ""


@pytest.mark.parametrize(
    ("place", "told"),
    [("file", "is a file; name another folder"), ("file/out", "is not a folder; name another folder")],
)
def test_where_it_may_not_write_is_one_line(
    place: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert limner("-o", tmp_path / place) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"limner: --output {tmp_path / place}: ")
    assert told in error
    assert error.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
