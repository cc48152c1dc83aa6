"""A video from a pipe has the same frames, times and other streams as the same video in a file."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from limner.errors import MediaError
from limner.media.piped_video import PipedReader, probe_pipe
from limner.media.video_formats import choose_format
from limner.media.video_info import probe_video
from limner.media.video_reader import VideoReader
from limner.media.video_writer import VideoWriter
from transparent_clips import make_transparent
from video_clips import Clip, make_clip, packets_of, times_of

KINDS = {
    "in.mkv": Clip(frames=12, audio=("eng", "deu"), subtitles="subrip", chapters=True),
    "in.webm": Clip(frames=6, codec="libvpx-vp9", options={"crf": "10", "b": "0", "cpu-used": "5"}),
    "in.ts": Clip(frames=12, audio=("eng",), time_base=Fraction(1, 90000)),
    "in.y4m": Clip(frames=5, codec="rawvideo", options={}, time_base=Fraction(1, 25)),
    "in.nut": Clip(frames=3, time_base=Fraction(1, 25)),
    "one.mkv": Clip(frames=1),
    "faststart.mp4": Clip(frames=12, audio=("eng",)),
}


class Pipe:
    """A file that can be read forward only, and in small pieces."""

    def __init__(self, path: Path) -> None:
        self._data, self.taken = path.read_bytes(), 0
        self.head = self._data[:4096]

    def read(self, count: int) -> bytes:
        data = self._data[self.taken : self.taken + min(count, 1013)]
        self.taken += len(data)
        return data

    def release(self) -> None:
        """Nothing is ever held."""


def laid(folder: Path, name: str) -> Path:
    path = folder / name
    make_clip(path, KINDS[name])
    if name.startswith("faststart"):
        slow = path.rename(folder / "slow.mp4")
        with av.open(str(slow)) as read, av.open(str(path), "w", options={"movflags": "faststart"}) as output:
            streams: dict[int, Any] = {s.index: output.add_stream_from_template(s) for s in read.streams}
            for packet in read.demux():
                if packet.size:
                    packet.stream = streams[packet.stream_index]
                    output.mux(packet)
    return path


@pytest.mark.parametrize("name", KINDS)
def test_the_frames_and_times_are_those_of_the_file(tmp_path: Path, name: str) -> None:
    path = laid(tmp_path, name)
    read = PipedReader(probe_pipe(Pipe(path)), alpha=True)
    found, wanted = list(read), list(VideoReader(path))
    assert len(found) == KINDS[name].frames
    assert [frame.time for frame in found] == [frame.time for frame in wanted]
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(found, wanted, strict=True))


def test_transparency_of_vp9_comes_through(tmp_path: Path) -> None:
    make_transparent(tmp_path / "in.webm", "vp9.webm")
    found = list(PipedReader(probe_pipe(Pipe(tmp_path / "in.webm")), alpha=True))
    wanted = list(VideoReader(tmp_path / "in.webm", alpha=True))
    assert len(found) == len(wanted) == 6
    for one, other in zip(found, wanted, strict=True):
        assert one.alpha is not None
        assert other.alpha is not None
        assert np.array_equal(one.alpha, other.alpha)


def written(source: Path, target: Path, **how: Any) -> VideoWriter:
    reader = PipedReader(probe_pipe(Pipe(source)), **how)
    writer = VideoWriter(target, choose_format(target), reader, cut="start" in how)
    with writer:
        for frame in reader:
            writer.write(frame)
        writer.finish()
    return writer


@pytest.mark.parametrize("name", ["in.mkv", "in.ts", "faststart.mp4"])
def test_sound_subtitles_and_chapters_come_through_bit_by_bit(tmp_path: Path, name: str) -> None:
    source = laid(tmp_path, name)
    writer = written(source, tmp_path / "out.mkv")
    assert {stream.how for stream in writer.carried} == {"copied"}
    with VideoWriter(
        tmp_path / "file.mkv", choose_format(tmp_path / "file.mkv"), reader := VideoReader(source)
    ) as usual:
        for frame in reader:
            usual.write(frame)
        usual.finish()
    for kind in ("audio", "subtitle") if name == "in.mkv" else ("audio",):
        assert packets_of(tmp_path / "out.mkv", kind) == packets_of(tmp_path / "file.mkv", kind)
        assert all(packets_of(tmp_path / "out.mkv", kind))
    with av.open(str(source)) as one, av.open(str(tmp_path / "out.mkv")) as other:
        assert [c["metadata"] for c in one.chapters()] == [c["metadata"] for c in other.chapters()]


def test_a_part_begins_exactly_and_the_rest_of_the_pipe_is_not_needed(tmp_path: Path) -> None:
    make_clip(tmp_path / "in.mkv", Clip(frames=400, audio=("eng",)))
    pipe = Pipe(tmp_path / "in.mkv")
    found = list(PipedReader(probe_pipe(pipe), start=Fraction(1), duration=Fraction(1, 5)))
    wanted = list(VideoReader(tmp_path / "in.mkv", start=Fraction(1), duration=Fraction(1, 5)))
    assert [frame.time for frame in found] == [frame.time for frame in wanted]
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(found, wanted, strict=True))
    assert pipe.taken < (tmp_path / "in.mkv").stat().st_size / 2
    written(tmp_path / "in.mkv", tmp_path / "out.mkv", start=Fraction(1), duration=Fraction(1, 5))
    assert times_of(tmp_path / "out.mkv") == [Fraction(n, 25) for n in range(5)]


def test_sound_that_would_have_to_be_converted_is_left_out_and_told(tmp_path: Path) -> None:
    writer = written(laid(tmp_path, "in.mkv"), tmp_path / "out.webm")
    left = [notice for notice in writer.notices if "Sound" in notice]
    assert left == [
        f"Sound (stream {index}, aac) left out: webm cannot hold it, and from a pipe it is not converted; use mkv."
        for index in (1, 2)
    ]
    assert [stream.how for stream in writer.carried] == ["converted to webvtt"]


def test_what_cannot_be_read_from_a_pipe_is_told(tmp_path: Path) -> None:
    make_clip(tmp_path / "in.mp4", Clip(frames=3))
    (tmp_path / "noise").write_bytes(bytes(range(256)) * 900)
    (tmp_path / "nothing").touch()
    make_clip(tmp_path / "in.mkv", Clip(frames=40))
    for name, text in (
        ("in.mp4", "MP4 goes through a pipe only where its index comes first"),
        ("noise", r"stdin: cannot be read as a video \(.*\); raw frames need size and fps"),
        ("nothing", "stdin: nothing came through the pipe"),
    ):
        with pytest.raises(MediaError, match=text):
            probe_pipe(Pipe(tmp_path / name))
    data = (tmp_path / "in.mkv").read_bytes()
    (tmp_path / "in.mkv").write_bytes(data[: len(data) // 2])  # within a packet
    with pytest.raises(MediaError, match=r"stdin: the file is cut off: it has [\d,]+ of [\d,]+ bytes; keep_going"):
        list(PipedReader(probe_pipe(Pipe(tmp_path / "in.mkv"))))
    assert len(list(PipedReader(probe_pipe(Pipe(tmp_path / "in.mkv")), keep_going=True))) > 10


def test_a_faststart_file_that_is_cut_off_is_told(tmp_path: Path) -> None:
    path = laid(tmp_path, "faststart.mp4")
    path.write_bytes(path.read_bytes()[:-4000])
    assert probe_video(path).duration
    with pytest.raises(MediaError, match=r"stdin: the file is cut off: it has \d+ of 12 frames|is damaged"):
        list(PipedReader(probe_pipe(Pipe(path))))
