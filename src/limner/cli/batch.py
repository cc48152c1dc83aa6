"""`limner batch`: any number of photos, on all cores; a batch that was stopped goes on."""

from __future__ import annotations

import json
import sys
import warnings
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from limner.assembly import EffectOptions, MatteOptions, SubjectOptions, TemporalOptions
from limner.assembly.photo import PhotoOptions
from limner.assembly.saving import PhotoSaving, VideoSaving
from limner.cli.interruption import keeping
from limner.cli.options import spread
from limner.cli.progress import Meter

if TYPE_CHECKING:
    from limner.batch.running import Batch, Summary


@spread
def command(
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            help="Photos, videos, folders (searched recursively), tars of photos, patterns in quotes, addresses such "
            "as s3://bucket/photos, or @FILE: a list, one a line.",
            metavar="INPUT",
            show_default=False,
        ),
    ] = None,
    *,
    to: Annotated[
        str,
        typer.Option(
            "--to",
            help="Folder or bucket of the results; photos-%06d.tar: shards, as webdataset reads them.",
            metavar="OUTPUT",
            show_default=False,
        ),
    ],
    effect: EffectOptions,
    matte: MatteOptions,
    people: SubjectOptions,
    saving: PhotoSaving,
    temporal: TemporalOptions,
    codec: Annotated[
        str | None,
        typer.Option("--codec", help="Videos: h264, vp9, prores or ffv1. [by the video's extension, else h264]"),
    ] = None,
    crf: Annotated[
        int | None, typer.Option("--crf", help="Videos: quality, lower is better and larger. [h264: 18, vp9: 24]")
    ] = None,
    preset: Annotated[
        str | None, typer.Option("--preset", help="Videos: ultrafast to veryslow, slower is smaller. [medium]")
    ] = None,
    audio: Annotated[bool, typer.Option("--audio/--no-audio", help="Videos: keep the sound.")] = True,
    keep_going: Annotated[
        bool, typer.Option("--keep-going", help="Videos: skip damaged frames instead of giving the video up.")
    ] = False,
    piece: Annotated[
        int,
        typer.Option("--piece", min=0, help="Videos are done in pieces of so many seconds, on all workers; 0: whole."),
    ] = 20,
    lists: Annotated[
        list[str] | None, typer.Option("--list", help="A list of inputs, one a line; - is stdin.", metavar="FILE")
    ] = None,
    root: Annotated[
        str | None,
        typer.Option("--root", help="Results keep the paths that photos have below it.", metavar="FOLDER"),
    ] = None,
    engine: Annotated[
        str, typer.Option("--engine", help="local: processes of this machine; ray: Ray Data.", metavar="local|ray")
    ] = "local",
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Photos or pieces worked on at once. [one for each core]")
    ] = None,
    gpus: Annotated[float, typer.Option("--gpus", help="ray: share of a GPU for each worker, such as 0.25.")] = 0.0,
    cluster: Annotated[
        str | None,
        typer.Option("--cluster", help="ray: a cluster, auto or HOST:PORT. [start Ray here]", metavar="ADDRESS"),
    ] = None,
    shard_size: Annotated[int, typer.Option("--shard-size", min=1, help="Photos in a shard.")] = 1000,
    tries: Annotated[
        int, typer.Option("--tries", min=1, help="How often to begin a photo whose process dies, or a read that fails.")
    ] = 2,
    state: Annotated[
        Path | None,
        typer.Option("--state", help="Folder of the ledger and of the list of failures. [OUTPUT/.limner-batch]"),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Do again what is done.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would be done.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a summary for programs.")] = False,
) -> None:
    """Blur, replace, recolour or cut out the background of any number of photos and videos.

    The same command goes on where a run was stopped or killed, with what is not done, has changed, or failed. Results
    appear whole or not at all. Exit code 1: some failed, and are listed with the reason in failures.jsonl.
    """
    from limner.batch.request import BatchRequest
    from limner.batch.running import look

    warnings.filterwarnings("ignore", module="PIL")  # about odd metadata, of which the result is free
    request = BatchRequest(
        inputs=(*(inputs or ()), *(f"@{name}" for name in lists or ())),
        to=to,
        options=PhotoOptions(effect=effect, matte=matte, people=people, saving=saving),
        video=VideoSaving(codec=codec, crf=crf, preset=preset, audio=audio, keep_going=keep_going),
        temporal=temporal,
        piece=piece,
        root=root,
        state=state,
        engine=engine,
        workers=workers,
        gpus=gpus,
        cluster=cluster,
        tries=tries,
        force=force,
        shard_size=shard_size,
    )
    batch = look(request, dry=dry_run)
    for notice in batch.notices:
        _warn(f"limner: {notice}")
    if dry_run:
        _show(batch, as_json=as_json)
        return
    summary = _run(batch, quiet=as_json)
    if as_json:
        print(json.dumps(_plain(summary), indent=2, ensure_ascii=False))
    else:
        print(f"{summary.output}: {_told(summary)}")
    if summary.notices is not None:
        _warn(f"limner: some {_kinds(summary)} have notices: {summary.notices}")
    if summary.failed:
        _warn(f"limner: {summary.failed} of {summary.inputs} {_kinds(summary)} failed: {summary.failures}")
        raise typer.Exit(1)


def _run(batch: Batch, *, quiet: bool) -> Summary:
    from limner.batch.running import engine_of

    left, kinds = len(batch.work), "photos and pieces of videos" if batch.summary.videos else "photos"

    def kept() -> str:
        there = batch.summary.already + batch.summary.done
        return f"{there} of {batch.summary.inputs} results are whole and kept; the same command does the others"

    with keeping(kept), Meter("batch", kinds, quiet=quiet) as meter:

        def report(summary: Summary) -> None:
            note = f"{summary.failed} failed" if summary.failed else ""
            meter.update(summary.worked, left, note=note)

        return batch.run(engine_of(batch), report)


def _show(batch: Batch, *, as_json: bool) -> None:
    if as_json:
        left = [{"input": item.name, "output": item.target} for item in batch.todo]
        print(json.dumps(_plain(batch.summary) | {"left": left}, indent=2, ensure_ascii=False))
        return
    for item in batch.todo:
        print(f"{item.name} -> {item.target}")
    summary = batch.summary
    print(f"{len(batch.todo)} of {summary.inputs} {_kinds(summary)} would be done, {summary.already} are done already")


def _told(summary: Summary) -> str:
    rated = summary.done and summary.seconds and not summary.videos
    rate = f", {summary.done / summary.seconds:.1f} photos/s" if rated else ""
    already = f", {summary.already} were there already" if summary.already else ""
    return f"{summary.done} of {summary.inputs} {_kinds(summary)} done{already}{rate}"


def _kinds(summary: Summary) -> str:
    if not summary.videos:
        return "photos"
    return "videos" if summary.videos == summary.inputs else "photos and videos"


def _plain(summary: Summary) -> dict[str, Any]:
    return asdict(summary) | {"seconds": round(summary.seconds, 3)}


def _warn(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
