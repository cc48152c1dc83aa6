"""`limner video`: one clip through a segmenter and an effect, with everything else of it kept."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from limner.assembly import (
    EffectOptions,
    MatteOptions,
    People,
    PeopleOptions,
    TemporalOptions,
    build_effect,
    check_people,
    check_temporal,
)
from limner.assembly.temporal import temporal_summary
from limner.cli.options import spread
from limner.cli.progress import Meter
from limner.errors import MediaError, OptionError

if TYPE_CHECKING:
    from limner.frame import TimedFrame
    from limner.media.video_info import VideoInfo
    from limner.processing.video import VideoResult
    from limner.segment.segmenter import Segmenter

_CLOCK = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d*)?|\.\d+)")


@spread
def command(
    clip: Annotated[Path, typer.Argument(help="A video file.", metavar="CLIP", show_default=False)],
    effect: EffectOptions,
    matte: MatteOptions,
    temporal: TemporalOptions,
    people: PeopleOptions,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Result: .mp4, .mov, .mkv, .webm, or pictures such as out/frame_%06d.png."),
    ] = None,
    codec: Annotated[
        str | None,
        typer.Option("--codec", help="h264, vp9, prores, ffv1 or png. [by the result's extension]"),
    ] = None,
    crf: Annotated[
        int | None, typer.Option("--crf", help="Quality: lower is better and larger. [h264: 18, vp9: 24]")
    ] = None,
    preset: Annotated[
        str | None, typer.Option("--preset", help="ultrafast to veryslow: slower files are smaller. [medium]")
    ] = None,
    start: Annotated[
        str | None, typer.Option("--start", help="Start here, in seconds or [h:]mm:ss.", metavar="TIME")
    ] = None,
    duration: Annotated[
        str | None, typer.Option("--duration", help="Process this much, in seconds or [h:]mm:ss.", metavar="TIME")
    ] = None,
    preview: Annotated[
        Path | None,
        typer.Option("--preview", help="Only make a picture of four moments before and after.", metavar="PICTURE"),
    ] = None,
    audio: Annotated[bool, typer.Option("--audio/--no-audio", help="Keep the sound.")] = True,
    keep_going: Annotated[
        bool, typer.Option("--keep-going", help="Skip damaged frames instead of stopping at them.")
    ] = False,
    alpha: Annotated[
        str, typer.Option("--alpha", help="Transparency of the clip: multiply it with the mask, or ignore it.")
    ] = "multiply",
    json_: Annotated[bool, typer.Option("--json", help="Print a summary for programs.")] = False,
) -> None:
    """Blur, replace, recolour or cut out the background of a video.

    Every frame keeps its timestamp; sound, subtitles, chapters, colours and proportions are kept. The result appears
    only when it is complete, and has been read back and checked.
    """
    span = parse_time(start, "--start"), parse_time(duration, "--duration")
    if (output is None) == (preview is None):
        raise OptionError("name the result with -o, or a picture with --preview, one of the two")
    check_temporal(temporal)
    check_people(people, matte, preview=preview is not None)
    from limner.processing.replacing import refuse_to_replace

    chosen = build_effect(effect)
    scenes = [] if people.empty_scene is None else [people.empty_scene]
    refuse_to_replace([path for path in (output, preview) if path is not None], [*chosen.files(), *scenes])
    if preview is not None:
        _preview(clip, preview, matte, people, chosen, span)
        return
    assert output is not None
    from limner.heap import keep_freed_memory
    from limner.media.video_formats import choose_format
    from limner.processing.video import process_video
    from limner.threads import stage_threads

    choose_format(output, codec=codec, alpha=chosen.has_alpha, crf=crf, preset=preset)  # before the model is loaded
    keep_freed_memory()
    crowd = People(people, matte if matte.threads else replace(matte, threads=stage_threads()))
    segmenter = crowd.segmenter
    steady = crowd.steady(temporal)
    segment, effected = crowd.stream(steady), crowd.effect(chosen)
    with Meter(clip.name, "frames", quiet=json_) as meter:
        total: int | None = None
        done = 0

        def on_open(info: VideoInfo) -> None:
            nonlocal total
            total = expected_frames(info, *span)

        def on_frame(frame: TimedFrame) -> None:
            nonlocal done
            done += 1
            meter.update(done, None if total is None else max(total, done))

        result = process_video(
            clip, output, segment=segment, effect=effected, codec=codec, crf=crf, preset=preset,
            start=span[0], duration=span[1], audio=audio, keep_going=keep_going, alpha=alpha,
            on_open=on_open, on_frame=on_frame,
        )  # fmt: skip
    if json_:
        facts = summary(result, segmenter, clip) | temporal_summary(steady, temporal) | crowd.summary()
        print(json.dumps(facts, indent=2))
    else:
        _tell(result)
        _note(crowd.notices())


def _preview(
    clip: Path,
    target: Path,
    matte: MatteOptions,
    people: PeopleOptions,
    effect: Any,
    span: tuple[Fraction | None, Fraction | None],
) -> None:
    from limner.media.images import write_image
    from limner.media.video_info import probe_video
    from limner.processing.video import check_span
    from limner.processing.video_preview import preview_sheet

    check_span(*span)
    if target.exists() and clip.exists() and target.samefile(clip):
        raise MediaError(f"{target}: is the clip itself; name another file for the picture")
    info = probe_video(clip)
    crowd = People(people, matte, on_fault="raise")
    write_image(target, preview_sheet(info, segment=crowd.single, effect=effect, start=span[0], duration=span[1]))
    print(target)
    _note(crowd.notices())


def parse_time(text: str | None, option: str) -> Fraction | None:
    """Seconds, exact, of "12.5", "1:02.5" or "1:00:02".

    Raises:
        OptionError: it is no time.
    """
    if text is None:
        return None
    found = _CLOCK.fullmatch(text.strip())
    if found is None:
        raise OptionError(
            f"{option} {text!r} is no time: say seconds such as 12.5, or minutes and seconds such as 1:02.5"
        )
    hours, minutes, seconds = found.groups()
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + Fraction(seconds)


def expected_frames(info: VideoInfo, start: Fraction | None, duration: Fraction | None) -> int | None:
    """About how many frames the span has; None where nobody knows."""
    if info.duration is None or info.rate is None:
        return None
    length = max(Fraction(0), info.duration - (start or 0))
    return round(info.rate * (length if duration is None else min(length, duration)))


def summary(result: VideoResult, segmenter: Segmenter | None, clip: Path) -> dict[str, Any]:
    """What ``--json`` prints."""
    stats = result.stats
    return {
        "input": str(clip),
        "output": str(result.target),
        "frames_in": stats.frames,
        "frames_out": result.frames,
        "duration": result.duration,
        "size": [result.width, result.height],
        "codec": result.codec,
        "alpha": result.alpha,
        "seconds": round(stats.seconds, 3),
        "fps": round(stats.fps, 2),
        "milliseconds": {stage: round(value, 2) for stage, value in stats.milliseconds.items()},
        "model": segmenter.card.name if segmenter else None,
        "runtime": segmenter.runtime.name if segmenter else "opencv",
        "device": segmenter.runtime.device if segmenter else "cpu",
        "streams": [
            {"index": s.index, "type": s.kind, "codec": s.codec, "language": s.language, "how": s.how}
            for s in result.streams
        ],
        "notices": list(result.notices),
    }


def _note(notices: Sequence[str]) -> None:
    for notice in notices:
        print(f"note: {notice}", file=sys.stderr)


def _tell(result: VideoResult) -> None:
    _note(result.notices)
    kept = ", ".join(
        f"{s.kind} {s.index if s.language in (None, 'und') else s.language} {s.how}" for s in result.streams
    )
    busy = ", ".join(f"{stage} {ms:.1f}" for stage, ms in result.stats.milliseconds.items())
    print(
        f"{result.target}: {result.frames} frames, {result.duration:.2f} s, {result.width}x{result.height} "
        f"{result.codec}{' with alpha' if result.alpha else ''}, {result.stats.fps:.1f} frames/s (ms a frame: {busy})"
        + (f"; {kept}" if kept else "")
    )
