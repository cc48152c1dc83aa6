"""The sheet of a clip: which moments, where each stands, and what transparency looks like."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from limner.effects.base import Effect
from limner.errors import MediaError
from limner.frame import Frame
from limner.matte import Matte
from limner.media.video_info import probe_video
from limner.processing.video_preview import preview_sheet
from transparent_clips import make_transparent

GAP = 8


class Inverted(Effect):
    """Turns every value round, and keeps the times it was told."""

    name = "inverted"

    def __init__(self) -> None:
        self.times: list[Fraction] = []

    def at(self, time: Fraction) -> None:
        self.times.append(time)

    def __call__(self, frame: Frame, matte: Matte) -> Frame:
        return 255 - frame


def everybody(frame: Frame) -> Matte:
    return Matte(np.ones(frame.shape[:2], np.float32))


def greys(path: Path, *, size: tuple[int, int] = (48, 64), frames: int = 20) -> Path:
    """Ten frames a second, each 10 grey levels above the one before, beginning at 40."""
    with av.open(str(path), "w") as output:
        stream: Any = output.add_stream(
            "libx264", rate=10, width=size[1], height=size[0], pix_fmt="yuv420p", options={"crf": "1"}
        )
        for index in range(frames):
            output.mux(
                stream.encode(av.VideoFrame.from_ndarray(np.full((*size, 3), 40 + 10 * index, np.uint8), "rgb24"))
            )
        output.mux(stream.encode(None))
    return path


def sheet(path: Path, **options: Any) -> tuple[Frame, list[float]]:
    effect = Inverted()
    made = preview_sheet(probe_video(path), segment=everybody, effect=effect, **options)
    return made, [round(float(time), 3) for time in effect.times]


def cells(made: Frame, size: tuple[int, int], *, tall: bool) -> Iterator[tuple[float, float]]:
    """The upper middle of each cell before and after: there the time is not written."""
    height, width = size
    step = (width if tall else height) + GAP
    across = made.shape[1 if tall else 0]
    for start in range(0, across, step):
        before = made[:height, start : start + width] if tall else made[start : start + height, :width]
        after = made[height + GAP :, start : start + width] if tall else made[start : start + height, width + GAP :]
        assert before.shape == after.shape == (height, width, 3)
        yield tuple(float(cell[: height // 3].mean()) for cell in (before, after))  # type: ignore[misc]


def test_four_moments_stand_in_the_middle_of_their_quarters(tmp_path: Path) -> None:
    """Two seconds: the moments are 0.25, 0.75, 1.25 and 1.75 s, and the first frame at or after each is shown."""
    made, times = sheet(greys(tmp_path / "in.mp4"))
    assert times == [0.3, 0.8, 1.3, 1.8]
    assert made.shape == (4 * 48 + 3 * GAP, 2 * 64 + GAP, 3)
    found = list(cells(made, (48, 64), tall=False))
    assert [before for before, _ in found] == pytest.approx([70, 120, 170, 220], abs=3)
    assert [after for _, after in found] == pytest.approx([185, 135, 85, 35], abs=3)
    assert (made[48 : 48 + GAP] == 255).all()
    assert (made[:, 64 : 64 + GAP] == 255).all()


@pytest.mark.parametrize(
    ("options", "times"),
    [
        ({"start": Fraction(1)}, [1.2, 1.4, 1.7, 1.9]),
        ({"duration": Fraction(1)}, [0.2, 0.4, 0.7, 0.9]),
        ({"start": Fraction(1, 2), "duration": Fraction(2, 5)}, [0.6, 0.7, 0.8, 0.9]),
        ({"duration": Fraction(60)}, [0.3, 0.8, 1.3, 1.8]),
        ({"moments": 2}, [0.5, 1.5]),
    ],
)
def test_a_span_is_divided_as_the_whole_is(tmp_path: Path, options: dict[str, Any], times: list[float]) -> None:
    assert sheet(greys(tmp_path / "in.mp4"), **options)[1] == times


def test_tall_clips_get_a_column_each(tmp_path: Path) -> None:
    made, _ = sheet(greys(tmp_path / "in.mp4", size=(64, 48)), moments=3)
    assert made.shape == (2 * 64 + GAP, 3 * 48 + 2 * GAP, 3)
    assert [before for before, _ in cells(made, (64, 48), tall=True)] == pytest.approx([80, 140, 210], abs=8)


def test_large_frames_are_shrunk(tmp_path: Path) -> None:
    made, _ = sheet(greys(tmp_path / "in.mp4", size=(480, 1280), frames=3), moments=1)
    assert made.shape == (240, 2 * 640 + GAP, 3)


def test_the_time_is_written_below_on_the_left_of_the_first(tmp_path: Path) -> None:
    made, _ = sheet(greys(tmp_path / "in.mp4", size=(120, 160), frames=3), moments=1)
    before, after = made[:, :160], made[:, 160 + GAP :]
    written = np.abs(before.astype(int) - np.median(before)) > 20
    rows, columns = np.nonzero(written.any(axis=2))
    assert rows.min() > 80
    assert columns.max() < 90
    assert before[written].min() < 30  # an outline in black around it in white
    assert before[written].max() > 225
    assert np.ptp(after) < 12


def test_transparency_is_chequered(tmp_path: Path) -> None:
    make_transparent(tmp_path / "in.mkv", "ffv1.mkv")
    info = probe_video(tmp_path / "in.mkv")
    made = preview_sheet(info, segment=everybody, effect=Inverted(), moments=1)
    clear = made[: info.height // 2, :20, 0]
    assert set(np.unique(clear)) == {204, 255}
    assert (clear[:12, :12] == 255).all()
    assert (clear[:12, 12:] == 204).all()
    assert (clear[12:24, :12] == 204).all()
    opaque = made[: info.height // 2, 60 : info.width]
    assert np.abs(opaque.astype(int) - (220, 40, 50)).max() <= 2


def test_a_span_behind_the_end_says_why_there_is_no_frame(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"in\.mp4: no frame from 5 s"):
        sheet(greys(tmp_path / "in.mp4"), start=Fraction(5))
