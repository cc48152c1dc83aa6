"""Targets and sources looked at before anything is opened."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from limner.errors import LimnerError, OptionError
from limner.streams.address import parse_source, parse_target
from limner.streams.checks import check_source, check_targets


def check(*targets: str, files: tuple[Path, ...] = ()) -> None:
    check_targets([parse_target(target) for target in targets], files)


def test_what_is_there_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        check(
            str(tmp_path / "a.mp4"),
            f"{tmp_path}/",
            "udp://127.0.0.1:5",
            f"rtmp://127.0.0.1:{server.getsockname()[1]}/a/b",
        )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        ([], "to is missing"),
        (["a.mp4", "./a.mp4"], "named twice"),
        (["rtmp://h/a/b", "rtmp://h/a/b"], "named twice"),
        (["none/a.mp4"], "the folder none does not exist"),
        (["rtsp://127.0.0.1:9/a"], "nobody listens at port 9"),
        (["rtsp://no.such.host.invalid/a"], "no such host"),
        (["udp://no.such.host.invalid:5"], "no such host"),
        (["http://127.0.0.1:70000/a"], "no port between 0 and 65535"),
    ],
)
def test_what_is_certain_to_fail(
    targets: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LimnerError, match=words):
        check(*targets)


def test_what_is_read_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    with pytest.raises(OptionError, match="is read as well"):
        check(str(tmp_path / "a.mp4"), files=(tmp_path / "a.mp4",))


@pytest.mark.parametrize(
    ("source", "words"),
    [("none.mp4", "no such file"), ("rtsp://no.such.host.invalid/a", "no such host"), ("udp://127.0.0.1", "no port")],
)
def test_sources(source: str, words: str) -> None:
    with pytest.raises(LimnerError, match=words):
        check_source(parse_source(source))


def test_a_source_that_may_be_there() -> None:
    check_source(parse_source("udp://@:5000"))
    check_source(parse_source("rtsp://127.0.0.1:9/a"))
    check_source(parse_source("99"))
