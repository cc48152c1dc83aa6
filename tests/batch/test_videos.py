"""Pieces of videos, the names of results, and what waits for what."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from limner.assembly.saving import VideoSaving
from limner.batch.item import Item
from limner.batch.storage import Found
from limner.batch.videos import Joins, in_pieces, result_suffix, video_suffixes, without_pieces_of_what_is_there
from limner.errors import LimnerError
from video_clips import Clip, make_clip


def video(path: Path, target: str = "out/clip.mp4") -> Item:
    return Item(str(path), str(path), target, Path(target).suffix, "id", video=True)


def pieces(path: Path, seconds: int, target: str = "out/clip.mp4") -> list[Item]:
    return in_pieces(video(path, target), Found(str(path), path.name, "id", 1), "out", seconds)


@pytest.mark.parametrize(
    ("length", "seconds", "starts"),
    [(2.0, 60, [0]), (2.0, 0, [0]), (2.4, 1, [0, 1]), (2.6, 1, [0, 1, 2]), (6.0, 2, [0, 2, 4])],
)
def test_a_video_has_pieces_of_a_length_and_no_short_rest(
    tmp_path: Path, length: float, seconds: int, starts: list[int]
) -> None:
    make_clip(tmp_path / "clip.mp4", Clip(frames=round(25 * length), size=(32, 32)))
    made = pieces(tmp_path / "clip.mp4", seconds)
    spans = [item.piece for item in made[:-1] if item.piece is not None] if len(starts) > 1 else []
    if len(starts) == 1:
        assert made == [video(tmp_path / "clip.mp4")]
        return
    assert [span.start for span in spans] == starts
    assert [span.end for span in spans] == [*starts[1:], None]
    assert made[-1].pieces == tuple(item.target for item in made[:-1])
    assert all(item.target.startswith("out/.limner-batch/pieces/") for item in made[:-1])
    assert len({item.identity for item in made}) == len(made)


def test_what_cannot_be_read_is_one_item(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(b"no video")
    assert pieces(tmp_path / "clip.mp4", 1) == [video(tmp_path / "clip.mp4")]
    assert pieces(tmp_path / "missing.mp4", 1) == [video(tmp_path / "missing.mp4")]


def test_pieces_of_a_transport_stream_keep_their_times(tmp_path: Path) -> None:
    make_clip(tmp_path / "clip.ts", Clip(frames=75, size=(32, 32), time_base=Fraction(1, 90000)))
    made = pieces(tmp_path / "clip.ts", 1, "out/clip.ts")
    assert {Path(item.target).suffix for item in made[:-1]} == {".mp4"}


@pytest.mark.parametrize(
    ("suffix", "codec", "alpha", "expected"),
    [
        (".mp4", None, False, ".mp4"),
        (".mp4", None, True, ".mov"),
        (".webm", None, True, ".webm"),
        (".avi", None, False, ".mp4"),
        (".avi", "vp9", False, ".webm"),
        (".mp4", "ffv1", False, ".mkv"),
        (".mkv", "prores", True, ".mkv"),
    ],
)
def test_results_keep_their_extension_where_they_can(
    suffix: str, codec: str | None, alpha: bool, expected: str
) -> None:
    assert result_suffix(suffix, VideoSaving(codec=codec), alpha=alpha) == expected


def test_a_codec_that_no_file_can_have() -> None:
    with pytest.raises(LimnerError, match="h264"):
        result_suffix(".mp4", VideoSaving(codec="h264"), alpha=True)


def test_moving_pictures_stay_photos() -> None:
    assert {".mp4", ".mov", ".mkv", ".webm", ".avi"} < video_suffixes()
    assert not video_suffixes() & {".gif", ".webp", ".png", ".jpg"}


def test_a_video_is_joined_once_its_last_piece_is_there(tmp_path: Path) -> None:
    make_clip(tmp_path / "clip.mp4", Clip(frames=75, size=(32, 32)))
    photo = Item("a.jpg", "a.jpg", "out/a.jpg", ".jpg", "id")
    items = [photo, *pieces(tmp_path / "clip.mp4", 1)]
    joins = Joins(items, [0, 1, 3, 4])  # the second piece is there
    assert list(joins.ready()) == []
    assert joins.news(4, ["dark", "dark"]) == ["dark"]
    assert joins.ended(3) is None
    assert joins.news(joins.owner(1), ["dark", "noisy"]) == ["noisy"]
    assert joins.ended(1) == 4
    assert list(joins.ready()) == [4]
    failing = Joins(items, [1, 2, 3, 4])
    assert [failing.failed(2), failing.failed(1)] == [True, False]
    assert failing.ended(3) is None


def test_pieces_of_a_video_that_is_there_are_not_made_again(tmp_path: Path) -> None:
    make_clip(tmp_path / "clip.mp4", Clip(frames=75, size=(32, 32)))
    items = pieces(tmp_path / "clip.mp4", 1)
    assert without_pieces_of_what_is_there(items, [0, 1, 2]) == []
    assert without_pieces_of_what_is_there(items, [1, 3]) == [1, 3]
