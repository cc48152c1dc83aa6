"""Sound that must be converted: every channel in its place and at its level, however the file describes them."""

from __future__ import annotations

import ast
import contextlib
import itertools
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from limner.assembly import VideoSaving
from limner.media import video_streams
from limner.media.sound import AAC, FLAC, OPUS, DecodedSound
from limner.media.video_info import probe_video
from limner.processing.video import VideoResult, process_video
from video_clips import pictures

MEDIA = Path(video_streams.__file__).parent
PITCHES = (300, 400, 500, 60, 600, 700, 800, 900)
"""Of the channels; the fourth is the bass of 5.1 and 7.1, which encoders keep low."""


def clip(path: Path, channels: int, layout: str, *, codec: str = "pcm_s16le", seconds: float = 1.0) -> Path:
    """A clip whose channels each have a pitch of their own. Matroska does not say how channels of PCM are laid out."""
    with av.open(str(path), "w") as output:
        video: Any = output.add_stream("mpeg4", rate=25, width=64, height=48, pix_fmt="yuv420p")
        sound: Any = output.add_stream(codec, rate=48000, layout=layout)
        source = pictures((48, 64))
        for index in range(round(25 * seconds)):
            frame = av.VideoFrame.from_ndarray(next(source), "rgb24")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            output.mux(video.encode(frame))
        output.mux(video.encode(None))
        time = np.arange(round(48000 * seconds)) / 48000
        wave = np.stack([np.sin(2 * np.pi * PITCHES[i] * time) * 8000 for i in range(channels)]).astype(np.int16)
        for at in range(0, len(time), 4800):
            part = np.ascontiguousarray(wave[:, at : at + 4800].T.reshape(1, -1))
            heard = av.AudioFrame.from_ndarray(part, "s16", layout)
            heard.sample_rate, heard.pts, heard.time_base = 48000, at, Fraction(1, 48000)
            output.mux(sound.encode(heard))
        output.mux(sound.encode(None))
    return path


def channels_of(path: Path) -> tuple[str, list[tuple[int, float]]]:
    """The layout of the first sound stream, and of each channel the pitch and the level (1 is as it went in).

    Packed samples: PyAV 18.1 reads past the end of a frame of eight planes.
    """
    graph = av.filter.Graph()
    chain = [graph.add("amovie", filename=str(path), streams="1"), graph.add("aformat", sample_fmts="flt")]
    chain.append(graph.add("abuffersink"))
    for one, other in itertools.pairwise(chain):
        one.link_to(other)
    graph.configure()
    frames: list[Any] = []
    with contextlib.suppress(EOFError):
        while True:
            frames.append(graph.pull())
    name, count = frames[0].layout.name, frames[0].layout.nb_channels
    heard = np.concatenate([f.to_ndarray().reshape(-1, count).T for f in frames], 1)[:, 6000:42000].astype(float)
    spectra = np.abs(np.fft.rfft(heard * np.hanning(heard.shape[1])))
    pitches = [round(float(s.argmax()) * 48000 / heard.shape[1]) for s in spectra]
    levels = [float(c.std() * np.sqrt(2) * 32768 / 8000) for c in heard]
    return name, list(zip(pitches, levels, strict=True))


def through(source: Path, target: Path, **options: Any) -> VideoResult:
    return process_video(source, target, segment=None, effect=None, saving=VideoSaving(**options))


@pytest.mark.parametrize(
    ("channels", "layout", "target", "wanted"),
    [
        (1, "mono", "out.mp4", "mono"),
        (2, "stereo", "out.webm", "stereo"),
        (4, "4.0", "out.mp4", "4.0"),
        (6, "5.1", "out.mp4", "5.1"),
        (8, "7.1", "out.mp4", "7.1"),
        (8, "7.1", "out.webm", "7.1"),
    ],
)
def test_channels_without_a_layout_stay_apart_and_as_loud(
    tmp_path: Path, channels: int, layout: str, target: str, wanted: str
) -> None:
    result = through(clip(tmp_path / "in.mkv", channels, layout), tmp_path / target)
    assert len(result.streams) == 1
    found, heard = channels_of(tmp_path / target)
    assert found == wanted
    assert [pitch for pitch, _ in heard] == pytest.approx(list(PITCHES[:channels]), abs=4)
    assert [level for _, level in heard] == pytest.approx([1.0] * channels, abs=0.12)  # 3 dB would be .71


def test_seven_channels_keep_all_they_carry(tmp_path: Path) -> None:
    through(clip(tmp_path / "in.mkv", 7, "6.1"), tmp_path / "out.mp4")
    layout, heard = channels_of(tmp_path / "out.mp4")
    assert layout in ("5.1", "7.1")
    assert [pitch for pitch, _ in heard][:4] == pytest.approx(list(PITCHES[:4]), abs=4)


def test_a_source_s_layout_never_becomes_a_python_object(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PyAV 18.1 frees the layouts of some streams twice, so nothing of ours may read one: this one raises instead."""

    class Guarded:
        def __init__(self, inner: Any) -> None:
            object.__setattr__(self, "inner", inner)

        def __getattr__(self, name: str) -> Any:
            assert name not in ("layout", "channels", "decode"), f"{name} of a sound stream was read"
            value = getattr(self.inner, name)
            return Guarded(value) if name == "codec_context" else value

        def __setattr__(self, name: str, value: Any) -> None:
            setattr(self.inner, name, value)

        def __repr__(self) -> str:
            raise AssertionError("the text of a sound stream names its layout")

    class Container:
        def __init__(self, inner: Any) -> None:
            self.inner = inner

        def __getattr__(self, name: str) -> Any:
            value = getattr(self.inner, name)
            return Streams(Guarded(s) if s.type == "audio" else s for s in value) if name == "streams" else value

    class Streams(list[Any]):
        @property
        def audio(self) -> list[Any]:
            return [stream for stream in self if stream.type == "audio"]

    monkeypatch.setattr(video_streams, "open_video", lambda path: Container(av.open(str(path))))
    for layout, channels in (("stereo", 2), ("5.1", 6)):
        result = through(clip(tmp_path / "in.mkv", channels, layout), tmp_path / "out.mp4")
        assert [s.how for s in result.streams] == ["converted to aac"]
        assert channels_of(tmp_path / "out.mp4")[0] == layout


def test_only_sound_py_reads_layouts() -> None:
    reads = set()
    for path in MEDIA.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in ("layout", "channels", "nb_channels"):
                reads.add((path.name, ast.unparse(node)))
    # what is read there comes out of libavfilter, in one of the layouts of an encoder, or is text
    assert reads == {
        ("sound.py", "self._waiting.layout"),
        ("sound.py", "self.layout"),
        ("video_streams.py", "sound.layout"),
        ("video_streams.py", "av.AudioLayout(sound.layout).nb_channels"),
        ("raw_frames.py", "self.info.channels"),  # of colour
    }


@pytest.mark.parametrize("encoder", [AAC, FLAC, OPUS])
def test_every_layout_an_encoder_is_given_comes_back(tmp_path: Path, encoder: Any) -> None:
    suffix = {"aac": "mp4", "flac": "mkv", "libopus": "webm"}[encoder.name]
    for layout in encoder.layouts:
        path = tmp_path / f"x.{suffix}"
        count = av.AudioLayout(layout).nb_channels
        with av.open(str(path), "w") as output:
            sound: Any = output.add_stream(encoder.name, rate=48000, layout=layout)
            sound.codec_context.bit_rate = 96000 * count
            for at in range(10):
                heard = av.AudioFrame.from_ndarray(np.zeros((1, 4800 * count), np.int16), "s16", layout)
                heard.sample_rate, heard.pts, heard.time_base = 48000, at * 4800, Fraction(1, 48000)
                output.mux(sound.encode(heard))
            output.mux(sound.encode(None))
        assert DecodedSound(path, 0, encoder).layout == layout


def test_a_span_is_cut_to_the_sample(tmp_path: Path) -> None:
    source = clip(tmp_path / "in.mkv", 2, "stereo", seconds=4)
    span = (Fraction(5, 2), Fraction(3))
    frames = list(DecodedSound(source, 1, AAC, span=span).until(None))
    assert sum(f.samples for f in frames) == 24000
    first = frames[0]
    assert first.pts is not None
    assert first.time_base is not None
    assert abs(first.pts * first.time_base - span[0]) < Fraction(1, 40000)
    heard = np.concatenate([f.to_ndarray().reshape(-1, 2)[:, 0] for f in frames]).astype(float)
    wanted = np.sin(2 * np.pi * PITCHES[0] * (2.5 + np.arange(24000) / 48000)) * 8000
    assert np.abs(heard - wanted).max() < 60


def damaged(source: Path, first: int, last: int | None) -> Path:
    data = bytearray(source.read_bytes())
    with av.open(str(source)) as container:
        for packet in [p for p in container.demux(audio=0) if p.size][first:last]:
            assert packet.pos is not None
            data[packet.pos : packet.pos + packet.size] = b"\xff" * packet.size
    source.write_bytes(data)
    return source


def test_missing_sound_becomes_silence_and_is_told(tmp_path: Path) -> None:
    source = damaged(clip(tmp_path / "in.mp4", 2, "stereo", codec="aac", seconds=2), 30, 60)
    result = through(source, tmp_path / "out.webm")
    assert any("missing or damaged" in notice for notice in result.notices)
    with av.open(str(tmp_path / "out.webm")) as container:
        times = [float(f.time) for f in container.decode(audio=0)]
    assert np.diff(times).max() < 0.03  # no hole
    assert times[-1] > 1.9


def test_sound_that_cannot_be_decoded_is_left_out_and_named(tmp_path: Path) -> None:
    source = damaged(clip(tmp_path / "in.mp4", 2, "stereo", codec="aac"), 0, None)
    result = through(source, tmp_path / "out.webm")
    assert result.streams == ()
    assert any("left out" in notice and "converted" in notice for notice in result.notices)
    assert probe_video(tmp_path / "out.webm").width == 64


@pytest.mark.parametrize("codec", ["libopus", "flac"])
def test_what_quicktime_cannot_hold_is_converted(tmp_path: Path, codec: str) -> None:
    result = through(clip(tmp_path / "in.mkv", 2, "stereo", codec=codec), tmp_path / "out.mov")
    assert [s.how for s in result.streams] == ["converted to aac"]
    assert [pitch for pitch, _ in channels_of(tmp_path / "out.mov")[1]] == pytest.approx([300, 400], abs=4)


def test_sound_whose_times_step_back_is_carried(tmp_path: Path) -> None:
    """As in clips that were joined without a look at their sound."""
    plain = clip(tmp_path / "plain.ts", 2, "stereo", codec="aac")
    source = tmp_path / "in.ts"
    for part in range(2):
        with av.open(str(plain)) as before, av.open(str(tmp_path / "part.ts"), "w") as after:
            made = [after.add_stream_from_template(stream) for stream in before.streams]
            for packet in before.demux():
                if packet.size and packet.dts is not None and packet.pts is not None:
                    late = round(part * (1 if packet.stream_index == 0 else Fraction(94, 100)) / packet.time_base)
                    packet.stream = made[packet.stream_index]
                    packet.pts, packet.dts = packet.pts + late, packet.dts + late
                    after.mux(packet)
        with source.open("ab") as file:
            file.write((tmp_path / "part.ts").read_bytes())
    with av.open(str(source)) as container:
        ticks = [p.dts for p in container.demux(audio=0) if p.dts is not None]
    assert ticks != sorted(ticks)
    result = through(source, tmp_path / "out.mp4", keep_going=True)  # a join looks like damage, too
    assert [s.how for s in result.streams] == ["copied"]


def click(path: Path, codec: str) -> Path:
    """A second of pictures, and a click in the middle of its silence."""
    with av.open(str(path), "w") as output:
        video: Any = output.add_stream("mpeg4", rate=25, width=64, height=48, pix_fmt="yuv420p")
        sound: Any = output.add_stream(codec, rate=48000, layout="mono")
        source = pictures((48, 64))
        for index in range(25):
            frame = av.VideoFrame.from_ndarray(next(source), "rgb24")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            output.mux(video.encode(frame))
        output.mux(video.encode(None))
        wave = np.zeros(48000, np.int16)
        wave[24000:24100] = 20000
        for at in range(0, 48000, 4800):
            heard = av.AudioFrame.from_ndarray(np.ascontiguousarray(wave[None, at : at + 4800]), "s16", "mono")
            heard.sample_rate, heard.pts, heard.time_base = 48000, at, Fraction(1, 48000)
            output.mux(sound.encode(heard))
        output.mux(sound.encode(None))
    return path


def onset(path: Path) -> float:
    """Seconds from the first picture to the click."""
    with av.open(str(path)) as container:
        first = next(container.decode(video=0)).time
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            heard = np.abs(frame.to_ndarray().ravel().astype(float))
            loud = heard > (8000 if frame.format.name.startswith("s16") else 0.25)
            if loud.any() and frame.time is not None and first is not None:
                return float(frame.time - first + loud.argmax() / frame.rate)
    raise AssertionError("no click")


@pytest.mark.parametrize(
    ("source", "codec", "target"),
    [
        ("in.mkv", "libopus", "out.mp4"),
        ("in.mp4", "libopus", "out.webm"),
        ("in.mp4", "aac", "out.webm"),
        ("in.mkv", "pcm_s16le", "out.mp4"),
    ],
)
@pytest.mark.parametrize("start", [None, Fraction(1, 5)])
def test_sound_stays_in_step_with_the_picture(
    tmp_path: Path, source: str, codec: str, target: str, start: Fraction | None
) -> None:
    """Encoders and containers hold back 6.5 ms of Opus and 21 ms of AAC, each in a way of its own."""
    path = click(tmp_path / source, codec)
    through(path, tmp_path / target, start=start)
    assert onset(tmp_path / target) == pytest.approx(onset(path) - float(start or 0), abs=0.0011)
