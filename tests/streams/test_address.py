"""Addresses: which are read and sent to, which are refused, and what messages leave out of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from limner.errors import OptionError
from limner.streams.address import parse_source, parse_target


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("rtsp://host/a", "rtsp"),
        ("rtsps://host/a", "rtsp"),
        ("RTMP://host/a/b", "rtmp"),
        ("https://host/a/index.m3u8?x=1", "hls"),
        ("http://host/video", "http"),
        ("udp://127.0.0.1:5000", "udp"),
        ("udp://@:5000", "udp"),
        ("0", "camera"),
        ("/dev/video3", "camera"),
        ("clip.mp4", "file"),
        ("C:/clip.mp4", "file"),
    ],
)
def test_sources(text: str, kind: str) -> None:
    assert parse_source(text).kind == kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("rtmp://host/a/b", "rtmp"),
        ("rtsp://host/a", "rtsp"),
        ("https://host/whip", "whip"),
        ("udp://127.0.0.1:5000", "udp"),
        ("a.mp4", "file"),
        ("a/b.m3u8", "hls"),
        ("a/", "hls"),
    ],
)
def test_targets(text: str, kind: str) -> None:
    assert parse_target(text).kind == kind


def test_a_folder_that_is_there_gets_a_playlist(tmp_path: Path) -> None:
    assert parse_target(str(tmp_path)).text == str(tmp_path / "index.m3u8")


@pytest.mark.parametrize("text", ["ftp://host/a", "srt://host:1", "rtsp://", "rtsp:///a", "http://[::1/a", "udp://"])
def test_what_cannot_be_used(text: str) -> None:
    with pytest.raises(OptionError, match="://"):
        parse_source(text)
    with pytest.raises(OptionError, match="://"):
        parse_target(text)


@pytest.mark.parametrize("text", ["a.webm", "a.txt", "a", ""])
def test_what_is_no_file_for_live_video(text: str) -> None:
    with pytest.raises(OptionError, match=r"use \.mp4"):
        parse_target(text)


def test_srt_is_told_how_to_come_in() -> None:
    with pytest.raises(OptionError, match="srt-live-transmit"):
        parse_source("srt://host:9000")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("rtsp://me:secret@host:554/a?token=secret", "rtsp://host:554/a"),
        ("rtmp://host/live/secret", "rtmp://host/live/***"),
        ("rtmp://me:secret@host/live/secret?key=secret", "rtmp://host/live/***"),
        ("https://secret@host/whip?secret", "https://host/whip"),
        ("udp://@:5000", "udp://@:5000"),
    ],
)
def test_messages_tell_no_secrets(text: str, shown: str) -> None:
    assert parse_target(text).shown == shown
