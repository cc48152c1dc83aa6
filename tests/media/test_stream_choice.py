"""Streams by number or language, in either code of ISO 639-2."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from limner.errors import OptionError
from limner.media.stream_choice import choose_streams


@dataclass
class Stream:
    index: int
    metadata: dict[str, str] = field(default_factory=dict)
    codec_context: Any = None


THERE = [Stream(1, {"language": "ger"}), Stream(2, {"language": "eng"}), Stream(5, {"language": "deu"}), Stream(6)]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [(["2"], [2]), (["deu"], [1, 5]), (["GER"], [1, 5]), (["5", "eng"], [2, 5]), (["6", "6"], [6])],
)
def test_what_is_meant_is_found_in_the_order_of_the_file(wanted: list[str], found: list[int]) -> None:
    chosen = choose_streams(THERE, wanted, option="audio_stream", what="sound", name="a.mkv")
    assert [stream.index for stream in chosen] == found


@pytest.mark.parametrize("wanted", ["3", "fra", "", "de", "-1", "2.0"])
def test_what_is_not_there_is_told_with_what_is(wanted: str) -> None:
    with pytest.raises(OptionError) as caught:
        choose_streams(THERE, [wanted], option="audio_stream", what="sound", name="a.mkv")
    assert str(caught.value) == (
        f"audio_stream {wanted}: there is none of this number or language; a.mkv has 1 (ger), 2 (eng), 5 (deu), 6"
    )
    with pytest.raises(OptionError, match=r"a.mkv has no sound"):
        choose_streams([], [wanted], option="audio_stream", what="sound", name="a.mkv")
