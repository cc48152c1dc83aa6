"""The computed backgrounds of the page, and its clip."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from limner.samples import CLIP, PORTRAIT
from tools import make_page_pictures as tool


@pytest.mark.parametrize("make", [lambda _: tool.studio(), tool.plaster, tool.evening])
def test_backgrounds_are_whole_pictures_and_come_out_alike(make: Callable[[np.random.Generator], tool.Picture]) -> None:
    first, second = (make(np.random.default_rng(11)) for _ in range(2))
    assert first.shape == (*tool.SIZE, 3)
    assert np.isfinite(first).all()
    assert np.array_equal(first, second)
    assert 20 < tool.dithered(first, np.random.default_rng(0)).mean() < 235


def test_a_render_is_scaled_to_the_size_of_the_others() -> None:
    picture = tool.rendered(PORTRAIT)
    assert picture.shape == (*tool.SIZE, 3)
    assert 0 <= picture.min() < picture.max() <= 1


def test_the_clip_has_every_frame_and_no_sound(tmp_path: Path) -> None:
    path = tmp_path / "clip.webm"
    tool.write_webm(path, CLIP)
    with av.open(str(path)) as made, av.open(str(CLIP)) as clip:
        assert [stream.type for stream in made.streams] == ["video"]
        assert made.streams.video[0].codec_context.name == "vp9"
        assert sum(1 for _ in made.decode(video=0)) == clip.streams.video[0].frames


def test_the_welcome_is_three_cards(tmp_path: Path) -> None:
    lake = tmp_path / "lake.png"
    Image.new("RGB", (320, 180), "blue").save(lake)
    sheet = tool.welcome(PORTRAIT, lake)
    assert sheet.mode == "RGBA"
    alpha = np.asarray(sheet)[..., 3]
    columns = alpha.max(axis=0) > 0
    assert np.count_nonzero(np.diff(columns.astype(int)) == 1) + int(columns[0]) == len(tool.CARDS)
    assert (np.asarray(sheet)[60, 330, :3] == (0, 0, 255)).all()  # behind the middle one's shoulder
