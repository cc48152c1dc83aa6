"""`limner video`: one clip through a segmenter and an effect, with everything else of it kept."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

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
from limner.assembly.saving import VideoSaving
from limner.assembly.temporal import temporal_summary
from limner.cli.interruption import keeping
from limner.cli.options import spread
from limner.cli.progress import Meter
from limner.cli.sizes import parse_size
from limner.cli.times import parse_rate, parse_time
from limner.errors import MediaError, OptionError
from limner.media.pipes import PIPE, STDIN
from limner.places import check_file, refuse_to_replace

if TYPE_CHECKING:
    from limner.frame import TimedFrame
    from limner.media.video_info import VideoInfo
    from limner.processing.video import VideoResult
    from limner.segment.segmenter import Segmenter

_STDOUT = {"-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"}


@spread
def command(
    clip: Annotated[
        Path,
        typer.Argument(
            help="A video file, a folder of numbered pictures or their name (in/%05d.png), or - for stdin.",
            metavar="CLIP",
            show_default=False,
        ),
    ],
    effect: EffectOptions,
    matte: MatteOptions,
    temporal: TemporalOptions,
    people: PeopleOptions,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Result: .mp4, .mov, .mkv, .webm, .ts; .gif, .webp, .apng, .avif; out/frame_%06d.png; or - (stdout).",
        ),
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
    fps: Annotated[
        str | None,
        typer.Option(
            "--fps", help="Frames a second of pictures or raw frames: 25, 30000/1001. [timestamps.txt]", metavar="RATE"
        ),
    ] = None,
    size: Annotated[
        str | None, typer.Option("--size", help="Stdin holds raw frames of this size: 1280x720.", metavar="WxH")
    ] = None,
    pixel_format: Annotated[
        str, typer.Option("--pixel-format", help="Of raw frames in stdin: rgb24 or rgba.", metavar="FORMAT")
    ] = "rgb24",
    format_: Annotated[
        str | None,
        typer.Option("--format", "-f", help="Of stdout: mkv, webm, ts, y4m or raw. [mkv; raw frames: raw]"),
    ] = None,
    preview: Annotated[
        Path | None,
        typer.Option("--preview", help="Only make a picture of four moments before and after.", metavar="PICTURE"),
    ] = None,
    video_stream: Annotated[
        str | None,
        typer.Option("--video-stream", help="Of several pictures this one: a number or language.", metavar="STREAM"),
    ] = None,
    audio_stream: Annotated[
        list[str] | None,
        typer.Option("--audio-stream", help="Keep this sound only; repeat it for more.", metavar="STREAM"),
    ] = None,
    cover: Annotated[bool, typer.Option("--cover/--no-cover", help="Keep the cover picture, unchanged.")] = False,
    audio: Annotated[bool, typer.Option("--audio/--no-audio", help="Keep the sound.")] = True,
    keep_going: Annotated[
        bool, typer.Option("--keep-going", help="Skip damaged frames instead of stopping at them.")
    ] = False,
    deinterlace: Annotated[
        bool, typer.Option("--deinterlace/--no-deinterlace", help="Make whole frames of interlaced ones.")
    ] = True,
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
    saving = VideoSaving(
        codec=codec, crf=crf, preset=preset, start=span[0], duration=span[1], fps=parse_rate(fps, "--fps"),
        size=parse_size(size, "--size", most=32768), pixel_format=pixel_format, format=format_, audio=audio,
        video_stream=video_stream, audio_stream=tuple(audio_stream or ()), cover=cover,
        keep_going=keep_going, deinterlace=deinterlace, alpha=alpha,
    )  # fmt: skip
    if (output is None) == (preview is None):
        raise OptionError("name the result with -o, or a picture with --preview, one of the two")
    output = PIPE if str(output) in _STDOUT else output
    if json_ and output == PIPE:
        raise OptionError("--json and -o - both want stdout; name a file or leave --json out")
    check_temporal(temporal)
    check_people(people, matte, preview=preview is not None)
    chosen = build_effect(effect)
    scenes = [] if people.empty_scene is None else [people.empty_scene]
    for option, path in (("output", output), ("preview", preview)):
        refuse_to_replace([] if path is None else [path], [*chosen.files(), *scenes], option=option)
    if preview is not None:
        _preview(clip, preview, matte, people, chosen, saving)
        return
    assert output is not None
    from limner.heap import keep_freed_memory
    from limner.processing.video import check_result, choose, process_video
    from limner.threads import stage_threads

    check_result(output, choose(output, saving, alpha=chosen.has_alpha), clip)  # before the model is loaded
    keep_freed_memory()
    crowd = People(people, matte if matte.threads else replace(matte, threads=stage_threads()))
    segmenter = crowd.segmenter
    steady = crowd.steady(temporal)
    segment, effected = crowd.stream(steady), crowd.effect(chosen)
    kept = f"nothing of {output} was kept; the same command starts over"
    kept = "what went into the pipe stays there" if output == PIPE else kept
    with keeping(kept), Meter(str(STDIN) if clip == PIPE else clip.name, "frames", quiet=json_) as meter:
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
            clip, output, segment=segment, effect=effected, saving=saving, on_open=on_open, on_frame=on_frame
        )
    if json_:
        facts = summary(result, segmenter, clip) | temporal_summary(steady, temporal) | crowd.summary()
        print(json.dumps(facts, indent=2))
    else:
        _tell(result, sys.stderr if output == PIPE else sys.stdout)
        _note(crowd.notices())


def _preview(
    clip: Path,
    target: Path,
    matte: MatteOptions,
    people: PeopleOptions,
    effect: Any,
    saving: VideoSaving,
) -> None:
    from limner.media.clips import probe_clip
    from limner.media.formats import format_for
    from limner.media.images import write_image
    from limner.processing.video_preview import preview_sheet

    if clip == PIPE:
        raise OptionError("--preview needs a clip that can be searched; send it into a file first")
    if target.exists() and clip.exists() and target.samefile(clip):
        raise MediaError(f"{target}: is the clip itself; name another file for the picture")
    check_file(target)
    format_for(str(target), option="‹preview›")
    info = probe_clip(clip, fps=saving.fps, stream=saving.video_stream)
    crowd = People(people, matte, on_fault="raise")
    sheet = preview_sheet(info, segment=crowd.single, effect=effect, start=saving.start, duration=saving.duration)
    write_image(target, sheet)
    print(target)
    _note(crowd.notices())


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


def _tell(result: VideoResult, file: TextIO) -> None:
    _note(result.notices)
    kept = ", ".join(
        f"{s.kind} {s.index if s.language in (None, 'und') else s.language} {s.how}" for s in result.streams
    )
    where = "stdout" if result.target == PIPE else result.target
    busy = ", ".join(f"{stage} {ms:.1f}" for stage, ms in result.stats.milliseconds.items())
    print(
        f"{where}: {result.frames} frames, {result.duration:.2f} s, {result.width}x{result.height} "
        f"{result.codec}{' with alpha' if result.alpha else ''}, {result.stats.fps:.1f} frames/s (ms a frame: {busy})"
        + (f"; {kept}" if kept else ""),
        file=file,
    )
