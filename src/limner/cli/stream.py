"""`limner stream`: a source on the network, a camera or a file, through an effect, to servers, folders and files."""

from __future__ import annotations

import json
import math
import sys
from contextlib import ExitStack
from dataclasses import replace
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
from limner.cli.interruption import Interrupted, keeping, stopping
from limner.cli.options import spread
from limner.cli.sizes import parse_size
from limner.cli.stream_status import StatusLine
from limner.cli.times import parse_rate
from limner.errors import OptionError

if TYPE_CHECKING:
    from limner.live.session import LiveResult
    from limner.streams.outlet import Outlet
    from limner.streams.source import StreamSource
    from limner.streams.target import Target


@spread
def command(
    source: Annotated[
        str,
        typer.Argument(
            help="rtsp://, rtmp://, http:// (HLS), udp:// (MPEG-TS), a file, pictures (in/%05d.png), or a camera.",
            metavar="SOURCE",
            show_default=False,
        ),
    ],
    effect: EffectOptions,
    matte: MatteOptions,
    temporal: TemporalOptions,
    people: PeopleOptions,
    to: Annotated[
        list[str] | None,
        typer.Option(
            "--to",
            help="rtmp://, rtsp://, http:// (WHIP), udp://, a folder (HLS), or .mp4, .mov, .mkv, .ts, .flv; several.",
            metavar="TARGET",
        ),
    ] = None,
    size: Annotated[
        str | None, typer.Option("--size", help="Size of the picture sent. [the source's]", metavar="WxH")
    ] = None,
    bitrate: Annotated[
        int | None,
        typer.Option("--bitrate", help="Of the picture, in thousands of bits a second. [720p: 3300]", metavar="KBIT"),
    ] = None,
    audio: Annotated[bool, typer.Option("--audio/--no-audio", help="Send the sound too.")] = True,
    loop: Annotated[bool, typer.Option("--loop/--once", help="A file: start again at its end.")] = False,
    fps: Annotated[
        str | None,
        typer.Option("--fps", help="Frames a second of pictures: 25, 30000/1001. [timestamps.txt]", metavar="RATE"),
    ] = None,
    seconds: Annotated[
        float | None, typer.Option("--for", help="Stop after this many seconds.", metavar="SECONDS")
    ] = None,
    patience: Annotated[
        float,
        typer.Option("--patience", help="Seconds without an answer after which a source or target counts as lost."),
    ] = 10.0,
    stall: Annotated[
        float, typer.Option("--stall", help="Hide the picture when no frame has been finished for this many seconds.")
    ] = 1.0,
    json_: Annotated[bool, typer.Option("--json", help="Print a summary for programs.")] = False,
) -> None:
    """Blur, replace or recolour the background of a stream on its way to servers, folders and files.

    Sources and targets that are lost are opened again for as long as it takes, each by itself. Frames that come too
    fast are dropped at the source, so that the delay never grows. Nothing is sent before its own matte is trusted.
    """
    from limner.streams.address import parse_source, parse_target
    from limner.streams.checks import check_source, check_targets
    from limner.streams.encoder import check_bitrate

    check_bitrate(bitrate)
    _check(seconds, stall, patience)
    check_temporal(temporal)
    check_people(people, matte)
    picture_size = parse_size(size, "--size", least=16)
    pictures_rate = parse_rate(fps, "--fps")
    origin, targets = parse_source(source), [parse_target(item) for item in to or []]
    chosen = build_effect(effect)
    if chosen.has_alpha:
        raise OptionError(f"--effect {chosen.name} is transparent, and live video is not; take replace with a colour")
    scenes = [] if people.empty_scene is None else [people.empty_scene]
    check_targets(targets, [*chosen.files(), *scenes, *([Path(source)] if origin.kind == "file" else [])])
    check_source(origin, pictures_rate)
    from limner.heap import keep_freed_memory
    from limner.live.building import build_mattes
    from limner.live.session import LiveOptions, LiveSession
    from limner.one_writer import OneWriter
    from limner.streams.outlet import Outlet
    from limner.streams.soundtrack import EarlySound
    from limner.streams.source import StreamSource
    from limner.streams.target import raise_unless_sent
    from limner.threads import stage_threads

    keep_freed_memory()
    every = origin.kind == "file" and not any(target.live for target in targets)
    with ExitStack() as held:
        for folder in {Path(target.text).absolute().parent for target in targets if target.kind == "hls"}:
            held.enter_context(OneWriter(folder))
        crowd = People(people, matte if matte.threads else replace(matte, threads=stage_threads()), privacy="on")
        mattes, _ = build_mattes(crowd, temporal)
        hears = EarlySound() if audio else None
        frames = StreamSource(
            origin,
            every_frame=every,
            on_sound=hears,
            loop=loop,
            patience=patience,
            size=picture_size,
            fps=pictures_rate,
            on_change=_report_source,
        )
        held.callback(frames.stop)
        outlet = Outlet(
            targets, rate=frames.rate, sound=audio and frames.sound, size=picture_size, bitrate=bitrate, waits=every,
            patience=patience, on_change=_report_target,
        )  # fmt: skip
        held.callback(outlet.close)
        if hears is not None:
            hears.listen(outlet.hear)
        status = None if json_ else StatusLine(frames, outlet)
        session = LiveSession(
            frames, mattes, chosen, guard=crowd.guard, viewer=status, outlet=outlet,
            options=LiveOptions(seconds=seconds, stall=math.inf if every else stall),
        )  # fmt: skip
        kept = "files were given up; what they hold can be played"
        with keeping(kept), stopping(session.stop) as told:
            result = session.run()
    _tell(summary(source, frames, outlet, result), json_)
    for notice in (*frames.notices, *crowd.notices(hidden=False)):
        print(f"note: {notice}", file=sys.stderr)
    if told:
        files = [target.address.shown for target in outlet.targets if target.address.kind == "file" and target.finished]
        raise Interrupted(told[0], f"{', '.join(files)}: whole" if files else "all targets were told")
    raise_unless_sent(outlet.targets)


def _check(seconds: float | None, stall: float, patience: float) -> None:
    if seconds is not None and not seconds > 0:
        raise OptionError(f"--for {seconds:g} must be more than 0 seconds")
    if not stall > 0:
        raise OptionError(f"--stall {stall:g} must be more than 0 seconds")
    if not 0.5 <= patience <= 600:
        raise OptionError(f"--patience {patience:g} is out of range: say 0.5 to 600 seconds")


def _report_source(state: str, fault: str) -> None:
    if state == "lost":
        _say(f"{fault}; waiting for it")
    elif state == "running":
        _say("the source is back")


def _report_target(target: Target, state: str, fault: str) -> None:
    if state == "lost":
        _say(f"{fault}; trying again")
    elif state == "running":
        _say(f"sending to {target.address.shown}")
    elif state == "ended" and fault:
        _say(fault)


def _say(text: str) -> None:
    print(f"limner: {text}", file=sys.stderr, flush=True)


def summary(source: str, frames: StreamSource, outlet: Outlet, result: LiveResult) -> dict[str, Any]:
    """What ``--json`` prints."""
    return {
        "source": frames.address.shown,
        "frames_in": frames.frames + frames.dropped,
        "dropped": result.dropped,
        "frames_out": outlet.frames,
        "seconds": round(result.seconds, 3),
        "fps": round(result.fps, 2),
        "delay_ms": {"median": result.delay_median, "p95": result.delay_p95},
        "milliseconds": {stage: round(value, 2) for stage, value in result.milliseconds.items()},
        "source_lost": result.losses,
        "sound": outlet.has_sound,
        "hidden": dict(result.hidden),
        "targets": [
            {
                "address": target.address.shown,
                "sent": target.sent,
                "dropped": target.dropped,
                "lost": target.losses,
                "finished": target.finished,
                "fault": target.fault or None,
            }
            for target in outlet.targets
        ],
    }


def _tell(facts: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(facts, indent=2))
        return
    hidden = sum(facts["hidden"].values())
    print(
        f"{facts['source']}: {facts['frames_in']} frames in, {facts['dropped']} dropped, {facts['frames_out']} out, "
        f"{facts['fps']:.1f} a second, delay {facts['delay_ms']['median']:.0f} ms; lost {facts['source_lost']} times"
        + (f"; {hidden} hidden" if hidden else "")
    )
    for target in facts["targets"]:
        print(
            f"{target['address']}: {target['sent']} sent, {target['dropped']} dropped, lost {target['lost']} times"
            + (f"; {target['fault']}" if target["fault"] else "")
        )
