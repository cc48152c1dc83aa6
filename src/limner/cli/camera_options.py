"""Where the frames of `limner camera` come from and where they go, as flags."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from limner.errors import OptionError


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceOptions:
    """Where frames come from."""

    camera: Annotated[
        str,
        typer.Option(
            "--camera", "-d", help="The camera's number or device, or a video file. See --list.", metavar="N|DEV|FILE"
        ),
    ] = "0"
    size: Annotated[str | None, typer.Option("--size", help="Size of the picture. [1280x720]", metavar="WxH")] = None
    rate: Annotated[float | None, typer.Option("--rate", help="Frames a second. [30, or the file's own]")] = None
    loop: Annotated[bool, typer.Option("--loop/--once", help="A file: start again at its end.")] = True
    pace: Annotated[
        bool, typer.Option("--pace/--no-pace", help="A file: play at its own rate, or every frame as fast as possible.")
    ] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetOptions:
    """Where frames go."""

    window: Annotated[bool, typer.Option("--window/--no-window", help="Show a window.")] = True
    mirror: Annotated[bool, typer.Option("--mirror/--no-mirror", help="Mirror the window.")] = False
    overlay: Annotated[
        bool, typer.Option("--overlay/--no-overlay", help="Start with figures and sliders on the picture.")
    ] = True
    record: Annotated[
        Path | None, typer.Option("--record", help="Record from the start: .mp4, .mov, .mkv or .webm.")
    ] = None
    folder: Annotated[
        Path, typer.Option("--folder", help="Folder for snapshots (space) and recordings by key (v).")
    ] = Path()
    virtual: Annotated[
        bool, typer.Option("--virtual", help="Act as a camera for other programs, through v4l2loopback.")
    ] = False
    virtual_device: Annotated[
        str | None,
        typer.Option("--virtual-device", help="Which one, or pyvirtualcam. [the first of v4l2loopback]"),
    ] = None
    virtual_size: Annotated[
        str | None, typer.Option("--virtual-size", help="Size of its picture. [the camera's]", metavar="WxH")
    ] = None
    always: Annotated[
        bool, typer.Option("--always", help="Process frames even when nobody watches the virtual camera.")
    ] = False


def check_camera(target: TargetOptions, seconds: float | None, frames: int | None, stall: float) -> None:
    if seconds is not None and not seconds > 0:
        raise OptionError(f"--seconds {seconds:g} must be more than 0")
    if frames is not None and frames < 1:
        raise OptionError(f"--frames {frames} must be 1 or more")
    if not stall > 0:
        raise OptionError(f"--stall {stall:g} must be more than 0 seconds")
    if target.virtual_device is not None and not target.virtual:
        raise OptionError("--virtual-device belongs to --virtual; give both")
    bounded = seconds is not None or frames is not None
    if not (target.window or target.record or target.virtual or bounded):
        raise OptionError("--no-window leaves the picture nowhere to go: say --record FILE, --virtual or --seconds too")
    if not target.folder.is_dir():
        raise OptionError(f"--folder {target.folder}: there is no such folder; make it first")
