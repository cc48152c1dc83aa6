"""The process of a target: what it answers, and that a file is whole when its input ends in the middle."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from limner.frame import TimedFrame
from limner.streams.encoder import LiveEncoder
from limner.streams.sender import serve
from limner.streams.wire import write_order, write_parcel
from stream_parts import SIZE, look, picture


def orders(address: str, kind: str = "file", count: int = 10) -> bytes:
    encoder, made = LiveEncoder(SIZE[::-1], 25), io.BytesIO()
    write_order(made, {"kind": kind, "address": address, "shown": "the target", "again": False}, encoder.header)
    for index in range(count):
        for parcel in encoder.picture(TimedFrame(picture(index), 7 + index / 25)):
            write_parcel(made, parcel)
    return made.getvalue()


def served(data: bytes) -> tuple[int, list[dict[str, Any]]]:
    answers = io.StringIO()
    code = serve(io.BytesIO(data), answers)
    return code, [json.loads(line) for line in answers.getvalue().splitlines()]


def test_it_answers_each_picture_and_finishes(tmp_path: Path) -> None:
    code, said = served(orders(str(tmp_path / "a.mp4")))
    assert code == 0
    assert said == [{"ready": True}, {"open": True}, *[{"sent": 1}] * 10, {"done": True, "notices": []}]
    times = look(tmp_path / "a.mp4").times
    assert (len(times), times[0]) == (10, 0.0)


def test_a_pipe_that_breaks_leaves_a_whole_file(tmp_path: Path) -> None:
    assert served(orders(str(tmp_path / "a.mp4"))[:-3])[0] == 0
    assert len(look(tmp_path / "a.mp4").times) == 9


def test_nothing_leaves_no_file(tmp_path: Path) -> None:
    assert served(orders(str(tmp_path / "a.mp4"), count=0))[0] == 0
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_opened_is_told(tmp_path: Path) -> None:
    code, said = served(orders(str(tmp_path / "none" / "a.mp4")))
    assert (code, len(said)) == (1, 2)
    assert said[1]["fault"].startswith("the target: ")
    code, said = served(orders("rtmp://127.0.0.1:9/a/b", "rtmp"))
    assert (code, "connection refused" in said[1]["fault"]) == (1, True)


def test_whoever_says_nothing_gets_no_answer() -> None:
    assert served(b"") == (1, [])
