"""Parcels through a pipe: as they were, up to the last whole one."""

from __future__ import annotations

import io

import pytest

from limner.streams.parcel import Parcel
from limner.streams.wire import read_order, read_parcels, write_order, write_parcel

PARCELS = [Parcel(0, b"picture" * 1000, 12345678901, 3000, True), Parcel(1, b"", -5, 1024, False)]


def pipe() -> io.BytesIO:
    made = io.BytesIO()
    write_order(made, {"kind": "file", "address": "ä.mp4"}, b"header")
    for parcel in PARCELS:
        write_parcel(made, parcel)
    return made


def test_all_comes_back() -> None:
    made = io.BytesIO(pipe().getvalue())
    assert read_order(made) == ({"kind": "file", "address": "ä.mp4"}, b"header")
    assert list(read_parcels(made)) == PARCELS


def test_a_pipe_that_breaks_gives_what_is_whole() -> None:
    cut = io.BytesIO(pipe().getvalue()[:-1])
    read_order(cut)
    assert list(read_parcels(cut)) == PARCELS[:1]
    with pytest.raises(EOFError):
        read_order(io.BytesIO(b"\0\0"))
