"""Reading a clip: what happens when its file goes in the middle."""

from __future__ import annotations

from pathlib import Path

import pytest

from limner.errors import MediaError
from limner.media.video_reader import VideoReader
from video_clips import Clip, make_clip


@pytest.mark.parametrize("keep_going", [False, True])
def test_a_file_that_goes_while_it_is_read_is_told_or_left_unchecked(tmp_path: Path, keep_going: bool) -> None:
    path = tmp_path / "in.mp4"
    make_clip(path, Clip(frames=12))
    frames = iter(VideoReader(path, keep_going=keep_going))
    next(frames)
    path.unlink()
    if keep_going:
        assert len(list(frames)) == 11
        return
    with pytest.raises(MediaError, match=r"in\.mp4: went while it was read \(No such file or directory\); put it back"):
        list(frames)
