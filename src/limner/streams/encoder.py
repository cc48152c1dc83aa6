"""Pictures and sound encoded live: H.264 without delay, AAC and Opus, for all targets at once."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterator, Sequence
from fractions import Fraction

import av
import numpy as np

from limner.errors import OptionError
from limner.fitting import fit_frame
from limner.frame import TimedFrame
from limner.media.video_color import LIMITED, ColorTags, FromRgb
from limner.streams.decoding import Samples
from limner.streams.parcel import CODECS, PICTURE_TICKS, SOUND_RATE, Parcel
from limner.threads import decoder_threads

KEY_SECONDS = 2.0
"""Between two key frames: whoever joins waits no longer, and segments of HLS are as long."""
_SOUND_BITS = 128_000
_BT709 = 1
_START_CODE = re.compile(b"\x00{0,1}\x00\x00\x01")


class LiveEncoder:
    """Encodes what comes, at once.

    Args:
        size: (width, height) of the picture; even. Pictures of another size are fitted, with bars.
        rate: pictures a second that are expected.
        bitrate: thousands of bits a second of the picture; None is what its size needs.
        sound: the codecs of `CODECS` that sound is wanted in.
        baseline: use nothing of H.264 that browsers may lack.

    Attributes:
        header: the head of an MP4 file, from which `limner.streams.sender` knows the streams.

    Raises:
        OptionError: there is no such bitrate.
    """

    def __init__(
        self,
        size: tuple[int, int],
        rate: float,
        *,
        bitrate: int | None = None,
        sound: Sequence[str] = (),
        baseline: bool = False,
    ) -> None:
        self.size = size
        self.bitrate = usual_bitrate(size, rate) if bitrate is None else bitrate
        check_bitrate(self.bitrate)
        tags = ColorTags(_BT709, LIMITED, _BT709, _BT709)
        self._from_rgb = FromRgb("yuv420p", tags, matrix=_BT709)
        head = io.BytesIO()
        self._container = av.open(head, "w", format="mp4", container_options={"movflags": "empty_moov"})
        self._picture = self._add_picture(rate, baseline, tags)
        self._sounds = [_SoundEncoder(self._container, codec) for codec in sound]
        self._container.start_encoding()
        self.header = head.getvalue()
        self._last_pts: int | None = None
        self._last_key: int | None = None

    def _add_picture(self, rate: float, baseline: bool, tags: ColorTags) -> av.VideoStream:
        bits = str(1000 * self.bitrate)
        options = {"preset": "veryfast", "tune": "zerolatency", "forced-idr": "1", "sc_threshold": "0", "bf": "0"}
        options |= {"b": bits, "maxrate": bits, "bufsize": bits, "g": str(max(1, round(20 * rate)))}
        options |= {"profile": "baseline" if baseline else "high"}
        stream = self._container.add_stream(
            CODECS[0],
            rate=Fraction(rate).limit_denominator(1001),
            options=options,
            width=self.size[0],
            height=self.size[1],
            time_base=Fraction(1, PICTURE_TICKS),
        )
        assert isinstance(stream, av.VideoStream)
        context = stream.codec_context
        context.pix_fmt, context.thread_count = "yuv420p", decoder_threads()
        context.colorspace, context.color_range = tags.matrix, tags.range
        context.color_primaries, context.color_trc = tags.primaries, tags.transfer
        return stream

    def picture(self, frame: TimedFrame, *, key: bool = False) -> list[Parcel]:
        """
        Args:
            frame: RGB uint8 (H, W, 3). One that is not later than the one before is left out.
            key: somebody waits for a key frame.
        """
        pts = round(frame.time * PICTURE_TICKS)
        if self._last_pts is not None and pts <= self._last_pts:
            return []
        video = self._from_rgb(fit_frame(frame.pixels, (self.size[1], self.size[0]), "contain"))
        video.pts, video.time_base = pts, Fraction(1, PICTURE_TICKS)
        due = self._last_key is None or pts - self._last_key >= KEY_SECONDS * PICTURE_TICKS - 1
        video.pict_type = av.video.frame.PictureType.I if key or due else av.video.frame.PictureType.NONE
        lasts = PICTURE_TICKS // 25 if self._last_pts is None else min(PICTURE_TICKS, pts - self._last_pts)
        self._last_pts = pts
        found = []
        for packet in self._picture.encode(video):
            if packet.is_keyframe:
                self._last_key = pts
            found.append(Parcel(0, _with_lengths(bytes(packet)), pts, lasts, packet.is_keyframe))
        return found

    def sound(self, samples: Samples, position: int) -> list[Parcel]:
        """
        Args:
            samples: float32 (2, N), which follow on those of the call before.
            position: of the first, in samples since time 0.
        """
        return [parcel for encoder in self._sounds for parcel in encoder.encode(samples, position)]

    def close(self) -> None:
        """Gives back its memory, megabytes of it, which Python would only do when it next looks for circles."""
        self._container.close()


class _SoundEncoder:
    """One codec of sound; keeps what does not fill one of its frames."""

    def __init__(self, container: av.container.OutputContainer, codec: str) -> None:
        self._index = CODECS.index(codec)
        stream = container.add_stream(codec, rate=SOUND_RATE, layout="stereo")
        assert isinstance(stream, av.AudioStream)
        self._stream, context = stream, stream.codec_context
        context.bit_rate, context.format = _SOUND_BITS, "fltp" if codec == "aac" else "flt"
        self._packed = codec != "aac"
        self._length = 1024 if codec == "aac" else 960
        self._kept: Samples = np.zeros((2, 0), np.float32)

    def encode(self, samples: Samples, position: int) -> Iterator[Parcel]:
        begins = position - self._kept.shape[1]
        whole = np.concatenate([self._kept, samples], axis=1)
        count = whole.shape[1] // self._length
        for index in range(count):
            part = np.ascontiguousarray(whole[:, index * self._length : (index + 1) * self._length])
            if self._packed:
                part = np.ascontiguousarray(part.T).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(part, "flt" if self._packed else "fltp", "stereo")
            frame.rate, frame.time_base = SOUND_RATE, Fraction(1, SOUND_RATE)
            frame.pts = begins + index * self._length
            for packet in self._stream.encode(frame):
                if packet.pts is not None and packet.pts >= 0:
                    yield Parcel(self._index, bytes(packet), packet.pts, packet.duration or self._length, True)
        self._kept = whole[:, count * self._length :]


def check_bitrate(bitrate: int | None) -> None:
    """
    Raises:
        OptionError: it is none.
    """
    if bitrate is not None and not 50 <= bitrate <= 200_000:
        raise OptionError(f"‹bitrate› {bitrate} is out of range: say 50 to 200000 thousand bits a second")


def usual_bitrate(size: tuple[int, int], rate: float) -> int:
    """Thousands of bits a second for H.264: 3,300 for 720p at 30 pictures a second, 6,100 for 1080p."""
    share = size[0] * size[1] * rate / (1280 * 720 * 30)
    return max(400, 10 * round(330.0 * math.pow(share, 0.75)))


def _with_lengths(data: bytes) -> bytes:
    """H.264 between start codes, as encoders give it, as units behind their lengths, as containers hold it."""
    units = [unit for unit in _START_CODE.split(data) if unit]
    return b"".join(len(unit).to_bytes(4, "big") + unit for unit in units)
