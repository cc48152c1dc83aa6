"""Time code (SMPTE ST 12-1) of a clip: where it stands in the file, and what it is some frames later."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

_TEXT = re.compile(r"(\d\d):(\d\d):(\d\d)([:;.,])(\d\d+)")


def find_time_code(container: Any, index: int) -> str | None:
    """Of the pictures (stream `index`), else of a track of its own, else of the file."""
    own = container.streams[index]
    others = [stream.metadata for stream in container.streams if stream.type == "data"]
    for metadata in (own.metadata, *others, container.metadata):
        for key, value in metadata.items():
            if key.lower() == "timecode" and _TEXT.fullmatch(value):
                return str(value)
    return None


def move_time_code(text: str, frames: int, rate: Fraction) -> str | None:
    """The time code `frames` after `text` at `rate` frames a second; None where it is none, or makes no sense there.

    With ``;`` before the frames it drops numbers: at 29.97 the first two of each minute but every tenth, at 59.94 four.
    """
    found = _TEXT.fullmatch(text)
    if found is None:
        return None
    hours, minutes, seconds, last = (int(found[i]) for i in (1, 2, 3, 5))
    second = round(rate)
    if second < 1 or last >= second or minutes > 59 or seconds > 59:
        return None
    drops = second // 15 if found[4] in ";." and second % 30 == 0 else 0
    count = ((hours * 60 + minutes) * 60 + seconds) * second + last
    passed = hours * 60 + minutes
    count = count - drops * (passed - passed // 10) + frames
    ten_minutes = 600 * second - 9 * drops
    count %= 144 * ten_minutes  # a day
    if drops:
        tens, rest = divmod(count, ten_minutes)
        count += 9 * drops * tens
        if rest >= drops:
            count += drops * ((rest - drops) // (60 * second - drops))
    seconds, last = divmod(count, second)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{found[4]}{last:0{len(found[5])}}"
