"""Packets begin with the first key frame, at time 0."""

from __future__ import annotations

from fractions import Fraction

from limner.streams.packets import FromFirstKey
from limner.streams.parcel import PICTURE_TICKS, SOUND_RATE, Parcel


def picture(second: float, *, key: bool = False) -> Parcel:
    return Parcel(0, b"picture", round(second * PICTURE_TICKS), 3000, key)


def sound(second: float) -> Parcel:
    return Parcel(1, b"sound", round(second * SOUND_RATE), 1024, True)


def test_what_comes_before_the_first_key_frame_is_left_out() -> None:
    packets = FromFirstKey()
    assert packets.packet(sound(0.9)) is None
    assert packets.packet(picture(1.0)) is None
    assert not packets.begun
    first = packets.packet(picture(2.0, key=True))
    assert packets.begun
    assert packets.packet(sound(1.99)) is None
    heard, seen = packets.packet(sound(2.5)), packets.packet(picture(2.1))
    assert first is not None
    assert heard is not None
    assert seen is not None
    assert [(one.pts, one.dts, one.time_base) for one in (first, heard, seen)] == [
        (0, 0, Fraction(1, PICTURE_TICKS)),
        (24_000, 24_000, Fraction(1, SOUND_RATE)),
        (9000, 9000, Fraction(1, PICTURE_TICKS)),
    ]
    assert (first.is_keyframe, seen.is_keyframe) == (True, False)
    assert (bytes(heard), heard.duration) == (b"sound", 1024)
