"""Where the key comes from, and which headers have it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from limner.errors import OptionError
from limner.serve.key import VARIABLE, Lock, read_key

KEY = "0123456789abcdef"


def test_the_key_comes_from_a_file_or_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert read_key(None) is None
    (tmp_path / "key").write_text(f"{KEY}\n")
    assert read_key(tmp_path / "key") == KEY
    monkeypatch.setenv(VARIABLE, KEY + "x")
    assert read_key(None) == KEY + "x"
    assert VARIABLE not in os.environ  # processes that are started have no key
    monkeypatch.setenv(VARIABLE, KEY + "x")
    with pytest.raises(OptionError, match="both say the key"):
        read_key(tmp_path / "key")


@pytest.mark.parametrize("content", [b"", b"short", b"with a space in the middle", "ümlaut-and-long-enough".encode()])
def test_keys_that_will_not_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(OptionError, match="openssl rand -hex 32"):
        read_key(tmp_path / "key")
    with pytest.raises(OptionError, match="cannot be read"):
        read_key(tmp_path / "none")


@pytest.mark.parametrize(
    ("header", "fits"),
    [(f"Bearer {KEY}", True), (f"bearer  {KEY} ", True), (KEY, False), (f"Basic {KEY}", False), ("Bearer", False),
     (f"Bearer {KEY[:-1]}", False), (f"Bearer {KEY}\xff", False), (None, False), ("", False)],
)  # fmt: skip
def test_headers(header: str | None, fits: bool) -> None:
    given = None if header is None else header.encode("latin-1")
    assert Lock(KEY).fits(given) is fits
    assert Lock(None).fits(given)
    assert Lock(None).is_open
    assert not Lock(KEY).is_open
