"""Videos in a worker: from wherever they lie to wherever results go."""

from __future__ import annotations

from pathlib import Path

import pytest

from limner.assembly.photo import PhotoOptions
from limner.assembly.saving import VideoSaving
from limner.assembly.temporal import TemporalOptions
from limner.batch.item import Item
from limner.batch.storage import Found, storage_of
from limner.batch.video_work import VideoWork
from limner.batch.videos import in_pieces
from limner.errors import MediaError
from video_clips import Clip, make_clip, packets_of, times_of


def work(options: PhotoOptions, parts: Path | None = None) -> VideoWork:
    return VideoWork(options, VideoSaving(preset="ultrafast"), TemporalOptions(), parts)


@pytest.mark.parametrize("far", [False, True])
def test_pieces_become_the_video(color_options: PhotoOptions, tmp_path: Path, far: bool) -> None:
    clip = tmp_path / "in/clip.mp4"
    clip.parent.mkdir()
    make_clip(clip, Clip(frames=75, audio=("eng",)))
    source, to = str(clip), str(tmp_path / "out")
    if far:
        pytest.importorskip("fsspec")
        source, to = "memory://videos/in/clip.mp4", "memory://videos/out"
        storage_of(source).put(source, clip)
    item = Item(source, source, f"{to}/clip.mp4", ".mp4", "id", video=True)
    items = in_pieces(item, Found(source, "clip.mp4", "id", 1), to, 1)
    assert len(items) == 4
    made = work(color_options, tmp_path / "parts")
    for piece in items[:-1]:
        size, _ = made.make(piece)
        assert storage_of(to).sizes([piece.target]) == {piece.target: size}
    size, _ = made.join(items[-1])
    assert storage_of(to).sizes([item.target]) == {item.target: size}
    storage_of(to).remove(items[-1].pieces)
    assert storage_of(to).sizes(items[-1].pieces) == {}
    result = storage_of(to).fetch(item.target, tmp_path)
    assert times_of(result) == times_of(clip)
    assert packets_of(result, "audio") == packets_of(clip, "audio")
    assert list((tmp_path / "parts").glob("*")) == []


def test_errors_name_what_the_user_named(color_options: PhotoOptions, tmp_path: Path) -> None:
    pytest.importorskip("fsspec")
    source = "memory://damaged/clip.mp4"
    storage_of(source).write(source, b"no video at all")
    item = Item(source, source, str(tmp_path / "out/clip.mp4"), ".mp4", "id", video=True)
    with pytest.raises(MediaError, match=r"^memory://damaged/clip\.mp4: cannot be read as a video"):
        work(color_options).make(item)
    assert list(tmp_path.rglob("clip*")) == []
