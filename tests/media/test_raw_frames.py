"""Raw frames: their values, transparency and times, and a last frame that is not whole."""

from __future__ import annotations

import io
from fractions import Fraction

import numpy as np
import pytest

from limner.errors import MediaError, OptionError
from limner.media.raw_frames import RawReader, probe_raw


class Source:
    """Bytes in small pieces, as a pipe gives them."""

    def __init__(self, data: bytes) -> None:
        self._file, self.taken, self.head = io.BytesIO(data), 0, data[:99]

    def read(self, count: int) -> bytes:
        data = self._file.read(min(count, 701))
        self.taken += len(data)
        return data

    def release(self) -> None:
        """Nothing is ever held."""


FRAMES = np.random.default_rng(3).integers(0, 256, (6, 20, 30, 4), np.uint8)


def reader(data: bytes, pixel_format: str = "rgb24", **how: object) -> RawReader:
    return RawReader(probe_raw(Source(data), (30, 20), Fraction(10), pixel_format), **how)  # type: ignore[arg-type]


def test_values_and_times_are_exact() -> None:
    found = list(reader(np.ascontiguousarray(FRAMES[..., :3]).tobytes()))
    assert [frame.time for frame in found] == [Fraction(index, 10) for index in range(6)]
    assert all(np.array_equal(frame.pixels, wanted) for frame, wanted in zip(found, FRAMES[..., :3], strict=True))
    assert {frame.alpha is None for frame in found} == {True}


def test_transparency_comes_with_the_frames() -> None:
    frames = FRAMES.copy()
    frames[2, ..., 3] = 255
    read = reader(frames.tobytes(), "rgba", alpha=True)
    found = list(read)
    assert all(np.array_equal(frame.pixels, wanted) for frame, wanted in zip(found, frames[..., :3], strict=True))
    assert found[2].alpha is None
    assert all(np.array_equal(found[i].alpha, frames[i, ..., 3]) for i in (0, 1, 3, 4, 5))  # type: ignore[arg-type]
    assert (read.transparent, read.info.transparent) == (5, True)


def test_a_part_is_counted_in_frames() -> None:
    read = reader(FRAMES.tobytes(), "rgba", start=Fraction(15, 100), duration=Fraction(3, 10))
    found = list(read)
    assert [frame.time for frame in found] == [0, Fraction(1, 10), Fraction(2, 10)]
    assert np.array_equal(found[0].pixels, FRAMES[2, ..., :3])
    assert read.offset == Fraction(2, 10)


@pytest.mark.parametrize("missing", [1, 2399])
def test_a_last_frame_that_is_not_whole(missing: int) -> None:
    data = FRAMES.tobytes()[:-missing]
    with pytest.raises(MediaError, match=r"stdin: the last frame has [\d,]+ of 2,400 bytes; are size and pixel_format"):
        list(reader(data, "rgba"))
    read = reader(data, "rgba", keep_going=True)
    assert len(list(read)) == 5
    assert read.notices[0].startswith("It is cut off: the last frame has ")


def test_what_cannot_be_a_clip_is_told() -> None:
    with pytest.raises(MediaError, match="stdin: nothing came through the pipe"):
        list(reader(b""))
    with pytest.raises(MediaError, match=r"no frame from 9 s on: 6 came; choose another start"):
        list(reader(FRAMES.tobytes(), "rgba", start=Fraction(9)))
    with pytest.raises(OptionError, match="size: raw frames have no times; say frames a second with fps"):
        probe_raw(Source(b""), (2, 2), None, "rgb24")
