"""HDR clips: what is put into them has the clip's own colours, and what they say of themselves is kept or named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from limner.assembly import VideoSaving
from limner.effects import make_effect
from limner.effects.fail_closed import FailClosed
from limner.frame import Frame
from limner.matte import Matte
from limner.media.hdr_metadata import HdrMetadata, hdr_metadata
from limner.media.images import write_image
from limner.media.video_info import probe_video
from limner.media.video_reader import VideoReader
from limner.processing.video import VideoResult, process_video
from limner.processing.video_preview import preview_sheet
from video_clips import Clip, make_clip

PQ, HLG = 16, 18
SIZE = (64, 96)
MASTERING = (34000, 16000, 13250, 34500, 7500, 3000, 15635, 16450, 10_000_000, 50)
PARAMS = "mastering-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50):cll=1000,400"


def make_hdr(path: Path, *, transfer: int = PQ, code: float = 0.58, params: str = "", frames: int = 3) -> None:
    """A grey clip in BT.2020 and ten bits, all of one code from 0 to 1."""
    with av.open(str(path), "w") as output:
        options = {"crf": "4"} | ({"x264-params": params} if params else {})
        stream: Any = output.add_stream("libx264", rate=25, width=SIZE[1], height=SIZE[0], pix_fmt="yuv420p10le",
                                        options=options)  # fmt: skip
        context = stream.codec_context
        context.colorspace, context.color_primaries, context.color_trc, context.color_range = 9, 9, transfer, 1
        frame = av.VideoFrame(SIZE[1], SIZE[0], "yuv420p10le")
        for plane, value in zip(frame.planes, (64 + 876 * code, 512, 512), strict=True):
            plane.update(np.full(plane.buffer_size // 2, round(value), np.uint16).tobytes())
        for index in range(frames):
            frame.pts = index
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def nobody(frame: Frame) -> Matte:
    return Matte(np.zeros(frame.shape[:2], np.float32))


def run(folder: Path, effect: Any, source: str = "in.mp4", target: str = "out.mp4", **options: Any) -> VideoResult:
    return process_video(
        folder / source, folder / target, segment=nobody, effect=FailClosed(effect), saving=VideoSaving(**options)
    )


def codes(path: Path) -> Frame:
    """The first frame's codes, RGB uint8, whatever they mean."""
    return next(iter(VideoReader(path))).pixels


def middle(path: Path) -> list[int]:
    return [int(value) for value in codes(path)[SIZE[0] // 2, SIZE[1] // 2]]


def near(found: list[int], wanted: int) -> bool:
    return max(abs(value - wanted) for value in found) <= 2


WHITE = [(PQ, 148), (HLG, 191)]
"""The code of 203 cd/m², of 255: 58 % and 75 %, as ITU-R BT.2408 has it."""


@pytest.mark.parametrize(("transfer", "white"), WHITE)
def test_colours_and_photos_get_reference_white(tmp_path: Path, transfer: int, white: int) -> None:
    make_hdr(tmp_path / "in.mp4", transfer=transfer, code=0.3)
    write_image(tmp_path / "white.png", np.full((30, 40, 3), 255, np.uint8))
    effects = {
        "color": make_effect("color", color="white"),
        "replaced by a colour": make_effect("replace", background="white"),
        "replaced by a photo": make_effect("replace", background=tmp_path / "white.png"),
        "bars": make_effect("replace", background=tmp_path / "white.png", fit="contain", fill="white"),
        "presentation": make_effect("frame_in_frame", presentation=tmp_path / "white.png", size=0.05, fit="cover"),
        "chain": make_effect("light_wrap,replace:white"),
    }
    for name, effect in effects.items():
        run(tmp_path, effect)
        found = codes(tmp_path / "out.mp4")
        for y, x in ((SIZE[0] // 2, SIZE[1] // 2), (4, 2)):
            assert near([int(value) for value in found[y, x]], white), name
        info = probe_video(tmp_path / "out.mp4")
        assert (info.colors.primaries, info.colors.transfer) == (9, transfer)


def test_a_tint_gets_reference_white(tmp_path: Path) -> None:
    make_hdr(tmp_path / "in.mp4", code=0.3)
    tint = make_effect("overlay", tint="white", opacity=1.0)
    everybody = lambda frame: Matte(np.ones(frame.shape[:2], np.float32))  # noqa: E731
    process_video(tmp_path / "in.mp4", tmp_path / "out.mp4", segment=everybody, effect=tint)
    assert near(middle(tmp_path / "out.mp4"), 148)


def test_videos_behind_fit_the_clip(tmp_path: Path) -> None:
    make_hdr(tmp_path / "in.mp4", code=0.3)
    make_hdr(tmp_path / "hdr.mp4", code=0.58)
    make_hdr(tmp_path / "hlg.mp4", transfer=HLG, code=0.75)
    for name, size in (("sdr.mp4", SIZE), ("clip.mp4", SIZE)):
        with av.open(str(tmp_path / name), "w") as output:
            stream: Any = output.add_stream("libx264", rate=25, width=size[1], height=size[0], options={"crf": "4"})
            frame = av.VideoFrame.from_ndarray(np.full((*size, 3), 255, np.uint8), "rgb24")
            output.mux(stream.encode(frame))
            output.mux(stream.encode(None))
    for behind in ("sdr.mp4", "hdr.mp4", "hlg.mp4"):
        run(tmp_path, make_effect("replace", background=tmp_path / behind))
        assert near(middle(tmp_path / "out.mp4"), 148), behind
    result = run(tmp_path, make_effect("replace", background=tmp_path / "hdr.mp4"), source="clip.mp4")
    assert min(middle(tmp_path / "out.mp4")) >= 235
    assert any("HDR; it was toned down" in notice for notice in result.notices)


def test_what_the_bits_become_is_said_once(tmp_path: Path) -> None:
    make_hdr(tmp_path / "hdr.mp4", frames=1)
    make_hdr(tmp_path / "wide.mp4", transfer=14, frames=1)
    make_clip(tmp_path / "deep.mp4", Clip(frames=1, pixel_format="yuv420p10le"))
    make_clip(tmp_path / "plain.mp4", Clip(frames=1))
    for source, target, said in (
        ("hdr.mp4", "o.mp4",
         ["It is HDR with 10 bits; the result has 8 bits under the same tags, and may show bands."]),
        ("wide.mp4", "o.mp4", ["It has 10 bits a channel; the result has 8."]),
        ("wide.mp4", "w_%d.png",
         ["Its colours were converted to sRGB, which pictures are in, with 8 bits a channel instead of 10."]),
        ("deep.mp4", "o.mp4", ["It has 10 bits a channel; the result has 8."]),
        ("deep.mp4", "d_%d.png", ["It has 10 bits a channel; the pictures have 8."]),
        ("plain.mp4", "o.mp4", []),
        ("plain.mp4", "p_%d.png", []),
    ):  # fmt: skip
        folder = tmp_path / f"to_{source}_{target[:1]}"
        folder.mkdir()
        result = process_video(tmp_path / source, folder / target, segment=None, effect=None)
        assert [n for n in result.notices if "bits" in n or "sRGB" in n] == said, (source, target)


def test_wide_colours_without_hdr_are_fitted_too(tmp_path: Path) -> None:
    make_hdr(tmp_path / "in.mp4", transfer=14, code=0.3)
    run(tmp_path, make_effect("color", color="magenta"))
    assert np.abs(np.subtract(middle(tmp_path / "out.mp4"), (214, 80, 245))).max() <= 3


def test_pictures_and_previews_are_in_srgb(tmp_path: Path) -> None:
    make_hdr(tmp_path / "in.mp4", code=0.58)
    result = process_video(
        tmp_path / "in.mp4", tmp_path / "out_%03d.png", segment=None, effect=None, saving=VideoSaving(codec="png")
    )
    depth = [notice for notice in result.notices if "bits" in notice or "sRGB" in notice]
    assert depth == ["It is HDR with 10 bits; the pictures are toned down to sRGB, with 8 bits."]
    back = cv2.imread(str(tmp_path / "out_001.png"))
    assert back is not None
    assert 235 <= back.mean() <= 250
    sheet = preview_sheet(probe_video(tmp_path / "in.mp4"), segment=nobody, effect=make_effect("color", color="white"))
    assert 235 <= np.median(sheet) <= 255


def metadata_of(path: Path) -> HdrMetadata:
    with av.open(str(path)) as container:
        return hdr_metadata(next(container.decode(video=0)))


@pytest.mark.parametrize("target", ["out.mp4", "out.mkv"])
def test_static_metadata_stays_in_h264(tmp_path: Path, target: str) -> None:
    make_hdr(tmp_path / "in.mp4", params=PARAMS)
    assert metadata_of(tmp_path / "in.mp4") == HdrMetadata(MASTERING, (1000, 400))
    result = run(tmp_path, make_effect("blur"), target=target)
    assert metadata_of(tmp_path / target) == HdrMetadata(MASTERING, (1000, 400))
    assert not any("metadata" in notice for notice in result.notices)


@pytest.mark.parametrize(
    ("params", "lost"),
    [(PARAMS, "mastering display, light levels"), ("cll=1000,400", "light levels"), ("", "")],
)
def test_what_other_codecs_cannot_say_is_named_once(tmp_path: Path, params: str, lost: str) -> None:
    make_hdr(tmp_path / "in.mp4", params=params)
    result = run(tmp_path, make_effect("blur"), target="out.webm")
    assert [notice for notice in result.notices if "metadata" in notice] == (
        [f"Its HDR metadata was left out: {lost}."] if lost else []
    )


def test_dynamic_metadata_is_named_whatever_the_codec() -> None:
    told = HdrMetadata(MASTERING, None, ("Dolby Vision",))
    assert told.left_out("h264") == "Its HDR metadata was left out: Dolby Vision."
    assert told.left_out("ffv1") == "Its HDR metadata was left out: mastering display, Dolby Vision."
