"""The live encoder: no picture held back, none reordered, key frames in time, and what containers know of it."""

from __future__ import annotations

import gc
import io
from fractions import Fraction

import av
import numpy as np
import psutil
import pytest

from limner.errors import OptionError
from limner.frame import TimedFrame
from limner.streams.encoder import LiveEncoder, usual_bitrate
from limner.streams.parcel import PICTURE_TICKS, SOUND_RATE, Parcel
from stream_parts import SIZE, picture

WIDTH_HEIGHT = SIZE[::-1]


def encoded(encoder: LiveEncoder, times: list[float], **more: bool) -> list[Parcel]:
    found: list[Parcel] = []
    for index, time in enumerate(times):
        made = encoder.picture(TimedFrame(picture(index), time), **more)
        assert len(made) <= 1
        found += made
    return found


def test_each_picture_comes_out_at_once_and_in_order() -> None:
    times = [index / 25 for index in range(130)]
    parcels = encoded(LiveEncoder(WIDTH_HEIGHT, 25), times)
    assert [parcel.pts for parcel in parcels] == [round(time * PICTURE_TICKS) for time in times]
    assert [parcel.seconds for parcel in parcels if parcel.key] == [0.0, 2.0, 4.0]


def test_key_frames_come_by_time_however_few_pictures_there_are() -> None:
    parcels = encoded(LiveEncoder(WIDTH_HEIGHT, 25), [0.0, 0.5, 1.9, 2.1, 3.0, 4.0, 4.2, 9.0])
    assert [parcel.seconds for parcel in parcels if parcel.key] == pytest.approx([0.0, 2.1, 4.2, 9.0], abs=1e-4)


def test_a_key_frame_when_somebody_waits_for_one() -> None:
    encoder = LiveEncoder(WIDTH_HEIGHT, 25)
    encoded(encoder, [0.0, 0.1])
    assert encoded(encoder, [0.2], key=True)[0].key
    assert not encoded(encoder, [0.3])[0].key


def test_times_that_do_not_ascend_are_left_out() -> None:
    parcels = encoded(LiveEncoder(WIDTH_HEIGHT, 25), [1.0, 0.9, 1.0, 1.1])
    assert [parcel.seconds for parcel in parcels] == pytest.approx([1.0, 1.1])


@pytest.mark.parametrize(("baseline", "profile"), [(False, "High"), (True, "Constrained Baseline")])
def test_the_header_tells_the_streams(baseline: bool, profile: str) -> None:
    encoder = LiveEncoder(WIDTH_HEIGHT, 25, sound=["aac", "libopus"], baseline=baseline)
    with av.open(io.BytesIO(encoder.header)) as clip:
        assert [stream.codec.canonical_name for stream in clip.streams] == ["h264", "aac", "opus"]
        video = clip.streams.video[0]
        assert (video.width, video.height) == WIDTH_HEIGHT
        assert video.codec_context.extradata
        packet = av.Packet(encoded(encoder, [0.0])[0].data)
        frame = [*video.codec_context.decode(packet), *video.codec_context.decode(None)][0]
        assert video.codec_context.profile in (profile, "Baseline")
    assert (int(frame.colorspace), int(frame.color_range)) == (1, 1)
    assert frame.to_ndarray(format="rgb24").mean() > 250  # picture 0 is white


def test_sound_is_one_line_of_frames_in_each_codec() -> None:
    encoder = LiveEncoder(WIDTH_HEIGHT, 25, sound=["aac", "libopus"])
    rng = np.random.default_rng(0)
    parcels, position = [], 0
    while position < SOUND_RATE:
        count = int(rng.integers(1, 3000))
        parcels += encoder.sound(np.zeros((2, count), np.float32), position)
        position += count
    for stream, length in ((1, 1024), (2, 960)):
        times = [parcel.pts for parcel in parcels if parcel.stream == stream]
        assert set(np.diff(times)) == {length}
        assert abs(times[-1] - SOUND_RATE) < 4 * length + 3000


@pytest.mark.parametrize(
    ("size", "least", "most"), [((1280, 720), 3200, 3400), ((1920, 1080), 5900, 6200), ((64, 64), 400, 400)]
)
def test_the_usual_bitrate(size: tuple[int, int], least: int, most: int) -> None:
    assert least <= usual_bitrate(size, 30) <= most


@pytest.mark.parametrize("bitrate", [0, 49, 200_001])
def test_a_bitrate_that_there_cannot_be(bitrate: int) -> None:
    with pytest.raises(OptionError, match="bitrate"):
        LiveEncoder(WIDTH_HEIGHT, 25, bitrate=bitrate)


def test_a_closed_encoder_takes_no_memory() -> None:
    """It is given back at once, not when Python next looks for circles."""

    def encode() -> None:
        encoder = LiveEncoder((640, 360), 20.0)
        frame = np.zeros((360, 640, 3), np.uint8)
        assert encoder.picture(TimedFrame(frame, Fraction(0)))
        encoder.close()

    encode()
    process = psutil.Process()
    before = process.memory_info().rss
    gc.disable()
    try:
        for _ in range(60):
            encode()
    finally:
        gc.enable()
    assert process.memory_info().rss - before < 20 * 2**20
