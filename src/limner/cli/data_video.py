"""`limner data video`: clips of cut-out people who move over moving backgrounds, with exact masks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from limner.cli.interruption import keeping
from limner.cli.progress import Meter
from limner.cli.sizes import parse_size
from limner.errors import OptionError
from limner.places import check_folder

_SHOWN = 5


def video(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Data folder with people.", show_default=False)],
    out: Annotated[Path, typer.Option("--output", "-o", help="Folder to write; a new one.")],
    count: Annotated[int, typer.Option(min=1, help="Clips in all; a larger number adds to those there.")] = 20,
    backgrounds: Annotated[
        Path | None,
        typer.Option(help="Data folder with photos of the kind none, or folder of photos of nobody. [DIR]"),
    ] = None,
    sets: Annotated[list[str] | None, typer.Option("--sets", help="Only people of this set; may be repeated.")] = None,
    background_sets: Annotated[
        list[str] | None, typer.Option(help="Only backgrounds of this set; may be repeated.")
    ] = None,
    split: Annotated[str | None, typer.Option(help="Only people of this split: train, val or test.")] = None,
    size: Annotated[str, typer.Option(metavar="WxH", help="Of the frames, even numbers.")] = "640x360",
    frames: Annotated[int, typer.Option(help="Frames of a clip.")] = 72,
    rate: Annotated[int, typer.Option(help="Frames a second.")] = 24,
    cut: Annotated[float, typer.Option(help="Chance that a scene ends, and somebody else comes.")] = 0.15,
    seed: Annotated[int, typer.Option(min=0, help="Another number draws others.")] = 0,
    processes: Annotated[int | None, typer.Option(help="Processes that work. [one for each core]")] = None,
) -> None:
    """Make clips with the exact mask of every frame: people sit, sway, rush, come and go before rooms that move.

    clips/ has the frames (H.264), masks/ the masks (lossless FFV1), clips.csv what each was made of. Exit code 1: some
    could not be made, and are listed with the reason in failures.jsonl.
    """
    from limner.datasets.clip_making import ClipOptions, ClipRequest, make_clips

    if split not in (None, "train", "val", "test"):
        raise OptionError(f"‹split›: must be train, val or test, not {split!r}")
    sides = parse_size(size, "--size")
    assert sides is not None
    options = ClipOptions(size=sides, frames=frames, rate=rate, cut=cut, seed=seed)
    check_folder(out, option="output")
    request = ClipRequest(
        people=folder, out=out, backgrounds=backgrounds, sets=tuple(sets) if sets else None,
        background_sets=tuple(background_sets) if background_sets else None, split=split, options=options,
    )  # fmt: skip
    with keeping(f"clips that are in {out} are kept; the same command goes on"), Meter("filming", "clips") as meter:
        made = make_clips(request, count, processes=processes, progress=meter.update)
    there = f", {made.before} of them were there" if made.before else ""
    typer.echo(f"{out}: {made.clips} clips{there}")
    if made.failures:
        for number, reason in made.failures[:_SHOWN]:
            typer.echo(f"limner: {number}: {reason}", err=True)
        typer.echo(f"limner: {len(made.failures)} clips could not be made: {out / 'failures.jsonl'}", err=True)
        raise typer.Exit(1)
