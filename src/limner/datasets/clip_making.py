"""Making clips: cut-out people who move over moving backgrounds, with the exact matte of every frame, as videos."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from limner.augment import scenes
from limner.cores import check_parallel
from limner.datasets.compositing.casting import Casting, Extra
from limner.datasets.compositing.figure import figure, outline_of
from limner.datasets.compositing.options import CompositeOptions
from limner.datasets.compositing.parallel import Row, Worker, claim, resume
from limner.datasets.moving_clips import Cutout, MovingClip, Span, make_moving_clip
from limner.errors import DataError, OptionError
from limner.one_writer import OneWriter
from limner.whole_file import aside, whole_text

SETTINGS, TABLE, FAILURES = "video.json", "clips.csv", "failures.jsonl"
COLUMNS = ("clip", "mask", "split", "frames", "width", "height", "rate", "source", "rights", "group", "people",
           "backgrounds", "parameters")  # fmt: skip
_LEAST_TALL = 96
"""Pixels that a person is high at least: clips enlarge them."""
_TRIES = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipOptions:
    """How clips are drawn.

    Attributes:
        size: (width, height) of the frames, even numbers.
        frames: of a clip.
        rate: frames a second.
        cut: chance that another person before another background comes in the middle.
        seed: of everything.
    """

    size: tuple[int, int] = (640, 360)
    frames: int = 72
    rate: int = 24
    cut: float = 0.15
    seed: int = 0

    def __post_init__(self) -> None:
        if any(side % 2 or not 64 <= side <= 4096 for side in self.size):
            raise OptionError(f"‹size›: sides must be even and lie in [64, 4096], not {self.size[0]}x{self.size[1]}")
        if not 8 <= self.frames <= 5000:
            raise OptionError(f"‹frames›: must lie in [8, 5000], not {self.frames}")
        if not 1 <= self.rate <= 240:
            raise OptionError(f"‹rate›: must lie in [1, 240], not {self.rate}")
        if not 0 <= self.cut <= 1:
            raise OptionError(f"‹cut›: must lie in [0, 1], not {self.cut}")
        if self.seed < 0:
            raise OptionError(f"‹seed›: must be 0 or more, not {self.seed}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipRequest:
    """A folder of clips; for people, backgrounds, sets and split see ``Casting``."""

    people: Path
    out: Path
    backgrounds: Path | None = None
    sets: tuple[str, ...] | None = None
    background_sets: tuple[str, ...] | None = None
    split: str | None = None
    options: ClipOptions = field(default_factory=ClipOptions)

    def casting(self) -> Casting:
        """Who is shown."""
        options = CompositeOptions(seed=self.options.seed)
        return Casting(
            self.people,
            self.backgrounds,
            options,
            sets=self.sets,
            background_sets=self.background_sets,
            split=self.split,
        )

    def worker(self) -> Worker:
        """Who makes them."""
        return _Worker(self, self.casting())


@dataclass(slots=True)
class MadeClips:
    """What became of it: clips of the folder, how many were there before, and what failed, with the reason."""

    clips: int
    before: int
    failures: list[tuple[str, str]]


def make_clips(
    request: ClipRequest,
    count: int,
    *,
    processes: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> MadeClips:
    """Make clips 0 to ``count`` − 1 of a folder, those that are there already left as they are.

    ``clips/000000.mp4`` has the frames (H.264), ``masks/000000.mkv`` their mattes (8-bit grey, FFV1, lossless), and
    ``clips.csv`` what each was made of. The same request gives the same clips; stopped anywhere, the same call goes on.

    Args:
        processes: None is one for each core.
        progress: called with (clips done, clips in all).

    Raises:
        OptionError: the count or the number of processes is wrong.
        DataError: see ``Casting``; the folder holds something else, no clip could be made, or it cannot be written.
    """
    if count < 1:
        raise OptionError(f"‹count›: must be 1 or more, not {count}")
    if processes is not None:
        check_parallel(processes, "‹processes›")
    casting, out = request.casting(), request.out
    if out.exists() and not (out / SETTINGS).is_file() and any(out.iterdir()):
        raise DataError(f"{out}: is not empty, and was not made by limner data video; name another with ‹output›")
    with OneWriter(out, error=DataError):
        try:
            settings = {"people": casting.fingerprint(), **asdict(request.options)}
            if not (out / SETTINGS).is_file():
                (out / "clips").mkdir(exist_ok=True)
                (out / "masks").mkdir(exist_ok=True)
                whole_text(out / SETTINGS, json.dumps(settings, indent=2))
            else:
                claim(out, settings, file=SETTINGS, command="limner data video", kinds=())
            noted, before = resume(request, out, count, processes=processes, together=1, worth=4, progress=progress)
            return _list(out, noted, before)
        except OSError as error:
            raise DataError(f"{out}: cannot be written ({error.strerror or error})") from None


def draw_spans(options: ClipOptions, rng: np.random.Generator) -> list[Span]:
    """What goes on in a clip: people who sit, sway, rush, come and go, before backgrounds that stand or pan."""
    spans: list[Span] = []
    left, light = options.frames, 0.0
    while left > 0:
        frames = min(left, int(rng.integers(12, 37)))
        frames = left if left - frames < 8 else frames
        draw = rng.random()
        move: Any = "still" if draw < 0.15 else "sway" if draw < 0.6 else "fast" if draw < 0.78 else "leave"
        if (not spans and rng.random() < 0.25) or (spans and spans[-1].person == "leave"):
            move = "enter"
        pan = 0.0 if rng.random() < 0.5 else float(rng.uniform(0.001, 0.012)) * float(rng.choice([-1, 1]))
        light = float(rng.normal(0, 0.4)) if rng.random() < 0.2 else light
        cut = bool(spans) and rng.random() < options.cut
        spans.append(Span(frames=frames, person=move, pan=pan, light=light, cut=cut))
        left -= frames
    return spans


class _Worker:
    def __init__(self, request: ClipRequest, casting: Casting) -> None:
        self.request, self.casting = request, casting

    def make(self, number: int) -> Row:
        """Write a clip: its row, or why there is none."""
        options, rng = self.request.options, np.random.default_rng([self.request.options.seed, number, 5])
        try:
            lead = self.casting.lead(number)
            spans = draw_spans(options, rng)
            cast: list[Extra] = []
            rooms: list[Extra] = []
            cutouts, pictures = [], []
            for _ in range(1 + sum(span.cut for span in spans)):
                room = self.casting.background(lead, rng)
                picture = room.load()[0]
                extra, cutout = self._somebody(lead, cast, picture, rng)
                cast.append(extra)
                rooms.append(room)
                cutouts.append(cutout)
                pictures.append(picture)
            drawn: dict[str, Any] = {
                "spans": [asdict(span) for span in spans],
                "noise": float(rng.uniform(0.3, 2.0)),
                "flicker": float(rng.choice([0.0, rng.uniform(0.005, 0.04)])),
                "seed": int(rng.integers(1 << 31)),
            }
            clip = make_moving_clip(
                cutouts, pictures, spans, size=options.size[::-1], seed=drawn["seed"], noise=drawn["noise"],
                flicker=drawn["flicker"],
            )  # fmt: skip
            stem = f"{number:06}"
            self._write(clip, stem)
        except DataError as error:
            return {"error": f"{self.casting.lead(number).name}: {error}"}
        assert lead.photo is not None
        everything = [*cast, *rooms]
        return {
            "clip": f"clips/{stem}.mp4",
            "mask": f"masks/{stem}.mkv",
            "split": lead.photo.split,
            "frames": len(clip.frames),
            "width": options.size[0],
            "height": options.size[1],
            "rate": options.rate,
            "source": "composite of " + " + ".join(dict.fromkeys(e.source for e in everything if e.source)),
            "rights": " + ".join(dict.fromkeys(e.rights for e in everything if e.rights)),
            "group": f"people {lead.pool}",
            "people": " ".join(extra.name for extra in cast),
            "backgrounds": " ".join(room.name for room in rooms),
            "parameters": json.dumps(drawn, separators=(",", ":")),
        }

    def _somebody(
        self, lead: Extra, before: Sequence[Extra], room: NDArray[np.uint8], rng: np.random.Generator
    ) -> tuple[Extra, Cutout]:
        """Somebody of the lead's pool who is cut off below alone, or not at all, in the light of the room."""
        extra: Extra | None = lead
        for _ in range(_TRIES):
            if extra is not None and extra not in before:
                flip = bool(rng.random() < 0.5)
                try:
                    rgb, mask = (plane[:, :: -1 if flip else 1] for plane in extra.load())
                    rgb, mask = np.ascontiguousarray(rgb), np.ascontiguousarray(mask)
                    outline = outline_of(mask)
                except DataError:
                    outline = None
                if outline is not None and not any(outline.touches[:3]) and outline.tall >= _LEAST_TALL:
                    person = figure(outline, rgb, mask, rng, exact=extra.exact)
                    lit = scenes.match_light(person.rgb, person.alpha, room, strength=float(rng.uniform(0.3, 0.8)))
                    alpha = np.multiply(person.alpha, np.float32(1 / 255), dtype=np.float32)
                    return extra, Cutout(lit, alpha)
            extra = self.casting.companion(lead, rng)
        raise DataError("nobody of its pool is seen whole but for the lower border")

    def _write(self, clip: MovingClip, stem: str) -> None:
        out, rate = self.request.out, self.request.options.rate
        masks = np.round(clip.truths * 255).astype(np.uint8)
        grey = {"pix_fmt": "gray", "format": "gray"}
        _video(out / f"masks/{stem}.mkv", list(masks), rate, codec="ffv1", muxer="matroska", options={}, **grey)
        # With its macroblock tree x264 writes other bytes each time, for some small pictures.
        frames, options = list(clip.frames), {"crf": "16", "preset": "veryfast", "x264-params": "mbtree=0"}
        color = {"pix_fmt": "yuv420p", "format": "rgb24"}
        _video(out / f"clips/{stem}.mp4", frames, rate, codec="h264", muxer="mp4", options=options, **color)


def _video(
    path: Path,
    frames: Sequence[NDArray[np.uint8]],
    rate: int,
    *,
    codec: str,
    muxer: str,
    pix_fmt: str,
    format: str,
    options: dict[str, str],
) -> None:
    """Write frames as a video, whole or not at all. Raises DataError where the encoder fails."""
    height, width = frames[0].shape[:2]
    try:
        with (
            aside(path) as partial,
            av.open(str(partial), "w", format=muxer, options={"fflags": "+bitexact"}) as container,
        ):
            stream: Any = container.add_stream(codec, rate=Fraction(rate), options=options)
            stream.width, stream.height, stream.pix_fmt = width, height, pix_fmt
            stream.codec_context.thread_count = 1
            if pix_fmt != "gray":
                stream.codec_context.colorspace = stream.codec_context.color_primaries = 1
                stream.codec_context.color_trc = 1
            for frame in frames:
                picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format=format)
                if pix_fmt != "gray":
                    picture = picture.reformat(format=pix_fmt, dst_colorspace="ITU709")
                container.mux(stream.encode(picture))
            container.mux(stream.encode())
    except av.FFmpegError as error:
        raise DataError(f"{path}: cannot be encoded ({error})") from None


def _list(out: Path, noted: dict[int, Row], before: int) -> MadeClips:
    failures = [(f"{number:06}", str(row["error"])) for number, row in noted.items() if "error" in row]
    rows = [row for row in noted.values() if "error" not in row]
    if not rows:
        raise DataError(f"{failures[0][1]} ({len(failures)} such clips, and no other)")
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, fieldnames=COLUMNS, lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    whole_text(out / TABLE, text.getvalue())
    if failures:
        lines = [json.dumps({"clip": name, "error": reason}, ensure_ascii=False) for name, reason in failures]
        whole_text(out / FAILURES, "\n".join(lines) + "\n")
    return MadeClips(len(rows), before, failures)
