"""One connection to a source: opened and decoded in a thread that can be left behind, read as a camera is."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from weakref import WeakSet

import av

from limner.errors import LimnerError, MediaError
from limner.frame import Frame
from limner.heap import drop_circles
from limner.media.camera import CameraLostError
from limner.media.video_info import OPEN_OPTIONS, picture_stream, probe_video
from limner.media.video_marks import why_cut_off
from limner.streams.address import Address
from limner.streams.clock import SourceClock
from limner.streams.decoding import Ear, Pictures, Samples
from limner.threads import decoder_threads

OnSound = Callable[[Samples, float], None]

_ANALYSED = {"rtmp": 5_000_000}
"""Microseconds of a stream that are looked at first. RTMP has a picture only from the next key frame on."""
_OPENING = 5.0
"""Seconds more that the first picture may take, for the next key frame to come."""
_WAITING = 4
"""Pictures that are decoded ahead where each is wanted."""
_AHEAD = ("hls", "http")
"""Kinds that may be read faster than they are due, and that may end."""
_PICTURES_ONLY = ("mpjpeg", "mjpeg")
"""Formats of cameras that say no times."""
_NET = {"protocol_whitelist": "tcp,udp,rtp,rtsp,rtsps,rtmp,rtmps,rtmpt,tls,http,https,httpproxy,crypto"}
# The layouts of other codecs may have channels with names, which PyAV 18.1 cannot read without ending the process.
_HEARD = {"aac", "aac_latm", "mp3", "mp2", "ac3", "eac3", "opus", "pcm_mulaw", "pcm_alaw", "g722", "speex", "vorbis"}


_LOOK = 0.25
"""Seconds between two looks whether a source is still needed."""
_left_behind: WeakSet[threading.Thread] = WeakSet()


def hanging() -> bool:
    """Whether a thread of a source that was left is still in a library. A process that ends as usual may crash then."""
    return any(thread.is_alive() for thread in list(_left_behind))


class StreamCamera:
    """Pictures of one connection, with their moments; sound goes to `on_sound` meanwhile.

    Decoding runs in a thread of its own. `read` and `close` never wait for it longer than they say, so a server that
    accepts and then sends nothing, or a read that never returns, holds up nobody.

    Args:
        address: not a camera of this machine.
        on_sound: gets sound with the moment of its first sample, from the thread; None leaves sound out.
        paced: a file runs at its own rate; otherwise as fast as it is read.
        loop: a file begins again at its end.
        patience: seconds without a picture after which the source counts as lost.
        stopping: whether nobody needs it any more; asked while it waits for a picture, which it then does no longer.
        threads: of the decoder; None is `limner.threads.decoder_threads`.

    Attributes:
        name, rate, busy: see `limner.media.camera.Camera`.
        size: (width, height) of the first picture.
        sound: there is sound that can be decoded.
        notices: what of the source is left out, in sentences.

    Raises:
        MediaError: it cannot be opened, or no picture came in time.
    """

    def __init__(
        self,
        address: Address,
        *,
        on_sound: OnSound | None = None,
        paced: bool = True,
        loop: bool = False,
        patience: float = 10.0,
        threads: int | None = None,
        stopping: Callable[[], bool] | None = None,
    ) -> None:
        self.name, self.rate, self.busy = address.shown, 25.0, 0.0
        self.size, self.sound = (0, 0), False
        self.notices: list[str] = []
        self._address, self._on_sound, self._loop, self._patience = address, on_sound, loop, patience
        self._threads, self._stopping = threads or decoder_threads(), stopping or (lambda: False)
        self._paced = address.kind in _AHEAD or (address.kind == "file" and paced)
        self._clock = None if address.kind == "file" and not paced else SourceClock(paced=self._paced)
        self._by_arrival = False
        self._began = time.monotonic()
        self._changed = threading.Condition()
        self._waiting: deque[tuple[Frame, float]] = deque()
        self._fault: Exception | None = None
        self._ended = self._closed = False
        if address.kind == "file":
            probe_video(address.text)  # says in a sentence what is wrong with a file
        self._thread = threading.Thread(target=self._work, name="limner-source", daemon=True)
        self._thread.start()
        try:
            self._wait(_OPENING)
        except CameraLostError as error:
            self.close()
            raise MediaError(str(error)) from None
        except BaseException:
            self.close()
            raise

    def read(self) -> tuple[Frame, float] | None:
        """See `limner.media.camera.Camera`; waits at most ``patience`` seconds."""
        self._wait()
        with self._changed:
            if not self._waiting:
                return None
            found = self._waiting.popleft()
            self._changed.notify_all()
        return found

    def close(self) -> None:
        """Leaves the source. Returns within half a second; a thread that hangs in a read is left behind."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify_all()
        self._thread.join(0.5)
        if self._thread.is_alive():
            _left_behind.add(self._thread)

    def _wait(self, more: float = 0.0) -> None:
        """Until there is a picture, or the end; ``more`` seconds longer than usual."""
        until = time.monotonic() + self._patience + more
        with self._changed:
            while True:
                if self._waiting or self._ended or self._closed or self._stopping():
                    return
                if self._fault is not None:
                    raise self._fault
                if (left := until - time.monotonic()) <= 0:
                    break
                self._changed.wait(min(left, _LOOK))
        raise CameraLostError(f"{self.name}: sent no picture for {self._patience:g} s; is the source running?")

    # ------------------------------------------------------------------ the thread

    def _work(self) -> None:
        try:
            begins = 0.0
            while not self._closed:
                begins = self._play(begins)
                if not self._loop:
                    break
                drop_circles()
            ending: Exception | None = None
            if self._address.live and self._address.kind not in _AHEAD and not self._closed:
                ending = CameraLostError(f"{self.name}: the source ended the stream")
        except av.FFmpegError as error:
            ending = CameraLostError(f"{self.name}: {_told(error, self._address)}")
        except LimnerError as error:
            ending = error
        except Exception as error:  # of a codec or library
            ending = CameraLostError(f"{self.name}: cannot be read: {error or type(error).__name__}")
        if ending is not None and self._address.kind == "file" and self.size != (0, 0):
            self.notices.append(f"It is damaged, and was read up to there: {ending}.")  # again would be from its start
            ending = None
        with self._changed:
            self._fault, self._ended = ending, ending is None
            self._changed.notify_all()
        drop_circles()  # whoever waits may open it again

    def _play(self, begins: float) -> float:
        """Decodes the source once; the seconds at which it ends, where it began at ``begins``."""
        ends = begins
        with self._opened() as container:
            video = self._picture_stream(container)
            context = video.codec_context
            context.thread_type = "AUTO" if self._address.kind == "file" else "SLICE"
            context.thread_count = self._threads
            rate = float(video.average_rate or video.guessed_rate or 25)
            self.rate = rate if 1 <= rate <= 240 else 25.0
            sound = self._sound_stream(container)
            for other in container.streams:
                if other is not video and other is not sound:
                    other.discard = av.stream.Discard.all
            self._by_arrival = container.format.name in _PICTURES_ONLY
            origin = None if self._address.kind != "file" else Fraction(container.start_time or 0, av.time_base)
            hears = None if sound is None else Ear(sound)
            pictures = Pictures(video)
            wanted = [stream for stream in (video, sound) if stream is not None]
            for packet in container.demux(wanted):
                if self._closed:
                    break
                if packet.stream is video:
                    for frame, seconds in pictures.of(packet):
                        at = seconds - float(origin or 0) + begins
                        ends = max(ends, at + 1 / self.rate)
                        self._publish(pictures, frame, at)
                elif hears is not None:
                    for samples, seconds in hears.of(packet):
                        self._hear(samples, seconds - float(origin or 0) + begins)
            if self._address.kind == "file" and not self._closed:
                self._tell_faults(video, pictures, ends - begins)
            if pictures.frames == 0 and not self._closed:
                raise MediaError(f"{self.name}: holds no picture that can be decoded; is it the right address?")
        return ends

    def _tell_faults(self, video: av.VideoStream, pictures: Pictures, length: float) -> None:
        """Notices of what is missing of a file that was read to its end."""
        step, path = Fraction(1 / self.rate).limit_denominator(90_000), Path(self._address.text)
        with suppress(OSError):  # it went while it was read
            why = why_cut_off(path, video, packets=pictures.packets, reached=Fraction(length), step=step)
            if why is not None:
                self._notice(f"{self.name} is cut off: {why}.")
        if pictures.left_out:
            self._notice(f"{self.name} is damaged: {pictures.left_out} pictures could not be decoded.")
        if pictures.torn:
            self._notice(f"{self.name} is damaged: parts of {pictures.torn} pictures are missing.")

    def _notice(self, text: str) -> None:
        if text not in self.notices:  # a file in a loop says it once
            self.notices.append(text)

    def _opened(self) -> av.container.InputContainer:
        """
        Raises:
            MediaError: there is nothing there that can be read.
        """
        address, micro = self._address, str(round(1e6 * self._patience))
        options, form = dict(_NET), None
        if address.kind == "file":
            options = dict(OPEN_OPTIONS)
        elif address.kind == "rtsp":
            options |= {"rtsp_transport": "tcp", "timeout": micro, "allowed_media_types": "video+audio"}
        elif address.kind == "udp":
            form = "mpegts"
            options |= {"timeout": micro, "fifo_size": "50000", "overrun_nonfatal": "1"}
        else:
            options |= {"rw_timeout": micro}
        if address.kind not in ("file", "hls"):
            options |= {"fpsprobesize": "3", "analyzeduration": str(_ANALYSED.get(address.kind, 1_000_000))}
        text = str(Path(address.text).absolute()) if address.kind == "file" else address.text
        try:
            return av.open(
                text, format=form, options=options, timeout=(self._patience, self._patience), metadata_errors="replace"
            )
        except (av.FFmpegError, ValueError) as error:
            raise MediaError(f"{self.name}: {_told(error, address)}") from None

    def _picture_stream(self, container: av.container.InputContainer) -> av.VideoStream:
        """
        Raises:
            MediaError: there is no moving picture.
        """
        if self._address.kind == "file":
            return picture_stream(container, Path(self._address.text))
        streams = [stream for stream in container.streams.video if stream.codec_context is not None]
        if not streams:
            kinds = sorted({stream.type for stream in container.streams})
            what = f"only {', '.join(kinds)}" if kinds else "nothing is in it"
            raise MediaError(f"{self.name}: has no picture ({what}); is it the right address?")
        return streams[0]

    def _sound_stream(self, container: av.container.InputContainer) -> av.AudioStream | None:
        if self._on_sound is None or not container.streams.audio:
            return None
        stream = container.streams.audio[0]
        codec = "" if stream.codec_context is None else stream.codec_context.codec.canonical_name
        self.sound = codec in _HEARD
        if not self.sound and not self.notices:
            self.notices.append(f"Its sound ({codec or 'of an unknown codec'}) is left out: it cannot be read live.")
        return stream if self.sound else None

    def _publish(self, pictures: Pictures, frame: av.VideoFrame, seconds: float) -> None:
        began = time.monotonic()
        pixels = pictures.upright(frame)
        now = time.monotonic()
        self.busy += now - began
        if self._by_arrival:
            moment = now
        else:
            moment = self._began + seconds if self._clock is None else self._clock.moment(seconds, now)
        with self._changed:
            if self._paced and moment > now:
                self._changed.wait_for(lambda: self._closed, moment - now)
            self._changed.wait_for(lambda: self._closed or len(self._waiting) < _WAITING)
            if self._closed:
                return
            self.size = pixels.shape[1], pixels.shape[0]
            self._waiting.append((pixels, moment))
            self._changed.notify_all()

    def _hear(self, samples: Samples, seconds: float) -> None:
        assert self._on_sound is not None
        now = time.monotonic()
        moment = self._began + seconds
        if self._clock is not None:
            moment = self._clock.moment(seconds, now, leads=False)
        self._on_sound(samples, moment)


def _told(error: Exception, address: Address) -> str:
    """What is wrong, in words that help."""
    reason = str(getattr(error, "strerror", None) or error).strip() or type(error).__name__
    if isinstance(error, av.ExitError | TimeoutError) or "timed out" in reason:
        return "did not answer in time; is the source running?"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused; is the server running at that address and port?"
    if isinstance(error, OSError) and "in use" in reason:
        return "the port is in use by another program; end that, or choose another"
    if isinstance(error, av.HTTPNotFoundError):
        return "there is no such stream (404); check the name"
    if isinstance(error, av.HTTPUnauthorizedError | av.HTTPForbiddenError):
        return "the server wants a user and a password: put them into the address, USER:PASSWORD@HOST"
    if isinstance(error, av.EOFError):
        return "the source ended the stream"
    return f"cannot be read ({reason}); check the address, and that the source is running"
