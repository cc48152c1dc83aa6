"""`limner multistream`: many sources at once, as a YAML file says."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from limner.cli.interruption import Interrupted, stopping
from limner.errors import OptionError

if TYPE_CHECKING:
    from limner.multistream.fleet import FleetResult

_FINISHED = "files were finished"


def command(
    file: Annotated[
        Path, typer.Argument(help="A YAML file of streams (docs/multistream.md).", metavar="FILE", show_default=False)
    ],
    check: Annotated[bool, typer.Option("--check", help="Only say whether the file can be used.")] = False,
    seconds: Annotated[float | None, typer.Option("--seconds", help="Stop after this many seconds.")] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print a summary for programs.")] = False,
) -> None:
    """Run many streams at once: cameras, files and addresses, each with its own effect and outputs.

    The file names the streams. It is looked at again every second: streams that are added, changed or taken out are
    followed, and the others are not disturbed.
    """
    if seconds is not None and not seconds > 0:
        raise OptionError(f"--seconds {seconds:g} must be more than 0")
    from limner.multistream.reading import read_file

    spec = read_file(file)
    if check:
        print(f"{file}: can be used: {len(spec.streams)} stream{'s' if len(spec.streams) > 1 else ''}")
        return
    if json_ and "-" in (spec.json, *(stream.json for stream in spec.streams.values())):
        raise OptionError("--json and json: - both write to stdout; leave one out, or give json: a file")
    from limner.heap import keep_freed_memory, share_heaps
    from limner.multistream.fleet import Fleet

    keep_freed_memory()
    share_heaps()
    fleet = Fleet(file, _tell)
    told: list[int] = []
    try:
        with stopping(fleet.stop) as told:
            result = fleet.run(seconds)
    except KeyboardInterrupt:
        _leave(told, "files were given up; what they hold can be played")
    if json_:
        print(json.dumps(summary(result), indent=2))
    else:
        _report(result)
    if result.hanging:
        _leave(told, _FINISHED)
    if told:
        raise Interrupted(told[0], _FINISHED)


def _leave(told: list[int], kept: str) -> NoReturn:
    """Ends the process at once: Python would take down what threads still use."""
    if told:
        _tell(f"interrupted; {kept}")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(128 + told[0] if told else 0)


def _tell(line: str) -> None:
    print(f"limner: {line}", file=sys.stderr, flush=True)


def summary(result: FleetResult) -> dict[str, Any]:
    """What ``--json`` prints."""
    batches = result.batches
    return {
        "seconds": round(result.seconds, 3),
        "streams": {
            name: {
                "frames": counts.frames,
                "fps": round(counts.fps, 2),
                "dropped": counts.dropped,
                "lost": counts.losses,
                "hidden": counts.hidden,
                "targets": counts.targets,
            }
            for name, counts in result.streams.items()
        },
        "inferences": batches.inferences,
        "frames_inferred": batches.frames,
        "largest_batch": batches.largest,
    }


def _report(result: FleetResult) -> None:
    """A line a stream, on stderr: stdout may hold the lines of frames."""
    for name, counts in result.streams.items():
        hidden = f", {counts.hidden} hidden" if counts.hidden else ""
        lost = f", lost {counts.losses} times" if counts.losses else ""
        _tell(f"{name}: {counts.frames} frames, {counts.fps:.1f} a second, {counts.dropped} dropped{hidden}{lost}")
