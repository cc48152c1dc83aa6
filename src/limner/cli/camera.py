"""`limner camera`: a camera's picture, live, in a window, a recording and a virtual camera."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
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
from limner.cli.camera_options import SourceOptions, TargetOptions, check_camera
from limner.cli.interruption import Interrupted, keeping, stopping
from limner.cli.options import spread
from limner.cli.sizes import parse_size

if TYPE_CHECKING:
    from limner.live.session import LiveResult
    from limner.live.source import LatestFrames
    from limner.media.virtual_camera import VirtualCamera
    from limner.media.window import Window


@spread
def command(
    effect: EffectOptions,
    source: SourceOptions,
    target: TargetOptions,
    matte: MatteOptions,
    temporal: TemporalOptions,
    people: PeopleOptions,
    list_: Annotated[bool, typer.Option("--list", help="List cameras and virtual cameras, and exit.")] = False,
    backgrounds: Annotated[
        list[str] | None,
        typer.Option(
            "--backgrounds", help="More backgrounds to choose with r and the arrow keys: files, folders, colours."
        ),
    ] = None,
    seconds: Annotated[float | None, typer.Option("--seconds", help="Stop after this many seconds.")] = None,
    frames: Annotated[int | None, typer.Option("--frames", help="Stop after this many frames.")] = None,
    stall: Annotated[
        float, typer.Option("--stall", help="Hide the picture when no frame has been finished for this many seconds.")
    ] = 1.0,
    json_: Annotated[bool, typer.Option("--json", help="Print a summary for programs.")] = False,
) -> None:
    """Blur, replace or recolour the background of a camera's picture, live.

    Keys: b blur, r replace (again: the next background), g magenta, c colour transfer, s seamless clone, m smooth step,
    h harmonize, left and right for strength or background, up and down for the threshold, p pause, space snapshot,
    v record, o overlay, q quit. A click picks the person who stays; a keeps everybody again. Nothing is shown before
    its own matte is trusted.
    """
    if list_:
        _list(json_)
        return
    check_camera(target, seconds, frames, stall)
    check_temporal(temporal)
    check_people(people, matte)
    size = parse_size(source.size, "--size", least=16)
    virtual_size = parse_size(target.virtual_size, "--virtual-size", least=16)
    chosen = build_effect(effect)
    if target.record is not None:
        from limner.live.recorder import check_recording
        from limner.places import refuse_to_replace

        scenes = [] if people.empty_scene is None else [people.empty_scene]
        refuse_to_replace(
            [target.record], [*chosen.files(), Path(source.camera), *map(Path, backgrounds or []), *scenes]
        )
        check_recording(target.record, alpha=chosen.has_alpha)  # before anything is opened
    from limner.heap import keep_freed_memory
    from limner.live.building import build_mattes
    from limner.live.session import LiveOptions, LiveSession
    from limner.live.window.building import build_controls, find_backgrounds
    from limner.live.window.desk import Desk
    from limner.threads import stage_threads

    find_backgrounds(backgrounds or [])  # what is not there is told before anything is opened
    keep_freed_memory()
    with _opened(source, size, target, virtual_size) as (camera, window, virtual):
        options = LiveOptions(seconds=seconds, frames=frames, stall=stall, folder=target.folder, always=target.always)
        try:
            people_ = People(people, matte if matte.threads else replace(matte, threads=stage_threads()), privacy="on")
            mattes, steady = build_mattes(people_, temporal)
            controls = build_controls(chosen, effect, backgrounds or [], steady)
            desk = None if window is None else Desk(window, controls, mirror=target.mirror, overlay=target.overlay)
            session = LiveSession(
                camera, mattes, chosen, guard=people_.guard,
                viewer=desk, virtual=virtual, record=target.record, pick=mattes.pick, release=mattes.release,
                options=options,
            )  # fmt: skip
        except BaseException:
            camera.stop()
            raise
        with keeping("recordings were given up; what they hold can be played"), stopping(session.stop) as told:
            result = session.run()
    _tell(result, json_)
    for notice in people_.notices(hidden=False):
        print(f"note: {notice}", file=sys.stderr)
    if told:
        raise Interrupted(told[0], f"{', '.join(result.files)}: whole" if result.files else "nothing was recorded")


@contextmanager
def _opened(
    source: SourceOptions, size: tuple[int, int] | None, target: TargetOptions, virtual_size: tuple[int, int] | None
) -> Iterator[tuple[LatestFrames, Window | None, VirtualCamera | None]]:
    """The virtual camera and the window first: without them nobody needs the camera's light to go on."""
    from limner.live.source import LatestFrames
    from limner.media.camera import open_camera
    from limner.media.virtual_camera import open_virtual_camera
    from limner.media.window import open_window

    opened: list[Any] = []
    try:
        window = virtual = None
        if target.virtual:
            wanted = virtual_size or size or (1280, 720)
            virtual = open_virtual_camera(target.virtual_device, wanted, rate=source.rate or 30.0)
            opened.append(virtual)
        if target.window:
            window = open_window("Limner")
            opened.append(window)
        camera = LatestFrames(
            lambda: open_camera(source.camera, size=size, rate=source.rate, loop=source.loop, paced=source.pace),
            every_frame=not source.pace,
            on_change=_report,
        )
        yield camera, window, virtual
        opened.clear()  # the session closed them
        camera.stop()
    except BaseException:
        for item in opened:
            item.close()
        raise


def _report(state: str, fault: str) -> None:
    if state == "lost":
        print(f"limner: {fault}; waiting for it", file=sys.stderr, flush=True)
    elif state == "running":
        print("limner: the camera is back", file=sys.stderr, flush=True)


def _list(as_json: bool) -> None:
    from limner.media.v4l2 import list_devices

    entries = list_devices()
    if as_json:
        kinds = [
            {"device": str(e.path), "name": e.name, "camera": e.captures, "virtual": e.is_loopback} for e in entries
        ]
        print(json.dumps(kinds, indent=2))
        return
    if not entries:
        print("no camera is connected (a video file can stand in: limner camera --camera clip.mp4)")
    for entry in entries:
        kind = "virtual camera" if entry.is_loopback else "camera" if entry.captures else "not a camera"
        print(f"{entry.path}  {entry.name}  ({kind})")


def summary(result: LiveResult) -> dict[str, Any]:
    """What ``--json`` prints."""
    return {
        "frames": result.frames,
        "seconds": round(result.seconds, 3),
        "fps": round(result.fps, 2),
        "dropped": result.dropped,
        "delay_ms": {"median": result.delay_median, "p95": result.delay_p95},
        "milliseconds": {stage: round(value, 2) for stage, value in result.milliseconds.items()},
        "camera_lost": result.losses,
        "hidden": dict(result.hidden),
        "files": result.files,
        "frames_not_recorded": result.skipped,
    }


def _tell(result: LiveResult, as_json: bool) -> None:
    if as_json:
        print(json.dumps(summary(result), indent=2))
        return
    if result.skipped:
        print(f"note: {result.skipped} frames came too fast to be recorded", file=sys.stderr)
    for name in result.files:
        print(name)
    stages = ", ".join(f"{stage} {value:.1f}" for stage, value in result.milliseconds.items())
    hidden = f", {sum(result.hidden.values())} hidden" if result.hidden else ""
    print(
        f"{result.frames} frames, {result.fps:.1f} a second, {result.dropped} dropped{hidden}; delay "
        f"{result.delay_median:.0f} ms, 95 % under {result.delay_p95:.0f} ms (ms a frame: {stages})"
    )
