"""Bad input: damaged photos and clips, files that are something else, pictures too large for any memory."""

from __future__ import annotations

from pathlib import Path
from random import Random

from benchmarks.reliability_check import Kept, Tally, broken, files_in, half_written, hidden
from benchmarks.reliability_files import (
    CLIP_KINDS,
    PHOTO_KINDS,
    bombs,
    clip,
    harmed,
    photo,
    strangers,
    wide_clip,
)
from benchmarks.reliability_run import Ended, Worker

_QUICK = ("--model", "tiny", "--effect", "color", "--threads", "1")
_MOST_MEMORY = 1500
"""MiB that refusing a picture may take, Python and the net included."""


def damaged_photos(folder: Path, count: int, random: Random) -> Tally:
    """A batch of intact and damaged photos: the intact ones are done, the others are done or named."""
    tally = Tally(
        "damaged photos: " + ", ".join(PHOTO_KINDS), "each is done or named; the others of its batch are done"
    )
    source, out = folder / "in", folder / "out"
    source.mkdir(parents=True)
    intact = [source / f"intact-{index}.{kind}" for index, kind in enumerate(PHOTO_KINDS)]
    for index, path in enumerate(intact):
        path.write_bytes(photo(path.suffix[1:], index))
    wholes = {kind: photo(kind) for kind in PHOTO_KINDS}
    ways = {}
    for index in range(count):
        kind = PHOTO_KINDS[index % len(PHOTO_KINDS)]
        way, data = harmed(wholes[kind], random)
        path = source / f"{index:03}-{way}.{kind}"
        path.write_bytes(data)
        ways[path] = way
    kept = Kept(files_in(source))
    with Worker(folder) as worker:
        ended = worker.run("image", source, "-o", out, *_QUICK)
    tally.tried = len(ways)
    _judge_batch(tally, ended, [*intact, *ways], out, must=intact)
    tally.lost += kept.lost()
    return tally


def _judge_batch(tally: Tally, ended: Ended, sources: list[Path], out: Path, *, must: list[Path]) -> None:
    if ended.fell is not None:
        tally.otherwise.append(f"the batch {ended.fell}")
        return
    failed = 0
    for path in sources:
        result = out / path.with_suffix({".gif": ".png"}.get(path.suffix, path.suffix)).name
        named = any(line.startswith(f"limner: {path}") for line in ended.said.splitlines())
        failed += not result.exists()
        if result.exists() is False and not named:
            tally.otherwise.append(f"{path.name}: no result and no word about it")
        if path in must and not result.exists():
            tally.otherwise.append(f"{path.name}: is intact and was not done")
    if ended.code != (1 if failed else 0):
        tally.otherwise.append(f"{failed} photos failed and the exit code is {ended.code}")
    tally.half += half_written(out) + [f"left: {path.name}" for path in hidden(out)]


def damaged_clips(folder: Path, count: int, random: Random) -> Tally:
    """Clips that are damaged, with and without ``--keep-going``."""
    tally = Tally("damaged clips: " + ", ".join(CLIP_KINDS), "a whole result, or one line that names the clip")
    folder.mkdir(parents=True)
    wholes = {kind: clip(folder / f"whole.{kind}").read_bytes() for kind in CLIP_KINDS}
    with Worker(folder) as worker:
        for index in range(count):
            kind = list(CLIP_KINDS)[index % len(CLIP_KINDS)]
            way, data = harmed(wholes[kind], random)
            path = folder / f"{index:03}-{way}.{kind}"
            path.write_bytes(data)
            kept, out = Kept([path]), folder / f"out-{index:03}.mp4"
            going = ["--keep-going"] if random.random() < 0.5 else []
            ended = worker.run("video", path, "-o", out, *_QUICK, *going)
            tally.tried += 1
            _judge_one(tally, ended, path, out)
            tally.lost += kept.lost()
    tally.half += [f"left: {path.name}" for path in hidden(folder)]
    return tally


def _judge_one(tally: Tally, ended: Ended, path: Path, out: Path, *, must_fail: bool = False) -> None:
    """A command of one input: it made the whole result, or refused the input by its name and made nothing."""
    if ended.fell is not None:
        tally.otherwise.append(f"{path.name}: {ended.fell}")
    elif ended.code == 0:
        if must_fail:
            tally.otherwise.append(f"{path.name}: was taken for good")
        elif not out.exists():
            tally.otherwise.append(f"{path.name}: exit code 0 and no result")
    elif not ended.refuses(path.name):
        tally.otherwise.append(f"{path.name}: exit code {ended.code}, {ended.last!r}")
    if out.exists() and (ended.code != 0 or broken(out) is not None):
        tally.half.append(broken(out) or f"{out.name}: made though it failed")


def wrong_kinds(folder: Path, count: int, random: Random) -> Tally:
    """Text, archives, folders, dangling links and nothing at all under names of photos and clips; photos as clips."""
    tally = Tally("files of another kind, empty files, folders, dangling links", "one line that names the file")
    folder.mkdir(parents=True)
    tasks = [(name, path) for path in strangers(folder) for name in ("image", "video")]
    (folder / "clip.jpg").write_bytes(clip(folder / "c.mp4").read_bytes())
    tasks.append(("image", folder / "clip.jpg"))
    tasks.append(("image", folder / "never-was.jpg"))
    tasks.append(("video", folder / "never-was.mp4"))
    with Worker(folder) as worker:
        for name, path in random.sample(tasks, min(count, len(tasks))):
            if name == "video" and path.is_dir() and not list(path.iterdir()):
                (path / "notes.txt").write_text("no pictures here")
            out = folder / f"out{tally.tried}.{'png' if name == 'image' else 'mp4'}"
            ended = worker.run(name, path, "-o", out, *_QUICK)
            tally.tried += 1
            _judge_one(tally, ended, path, out, must_fail=True)
    tally.half += [f"left: {path.name}" for path in hidden(folder)]
    return tally


def too_large(folder: Path, count: int, random: Random) -> Tally:
    """Decompression bombs."""
    tally = Tally(
        "pictures and clips that say they are gigabytes, and some that are",
        f"one line that names the file, under {_MOST_MEMORY} MiB",
    )
    folder.mkdir(parents=True)
    found = list(bombs())
    for name, data in random.sample(found, min(count, len(found))):
        path, out = folder / name, folder / f"out-{name}.png"
        path.write_bytes(data)
        with Worker(folder) as worker:  # a process each, whose memory is looked at
            ended = worker.run("image", path, "-o", out, *_QUICK)
        tally.tried += 1
        _judge_one(tally, ended, path, out, must_fail=True)
        if ended.peak > _MOST_MEMORY:
            tally.otherwise.append(f"{name}: took {ended.peak:.0f} MiB")
    if count > len(found):
        path, out = wide_clip(folder / "wide.avi"), folder / "wide.mp4"
        with Worker(folder) as worker:
            ended = worker.run("video", path, "-o", out, *_QUICK)
        tally.tried += 1
        _judge_one(tally, ended, path, out)
        if ended.peak > _MOST_MEMORY:
            tally.otherwise.append(f"{path.name}: took {ended.peak:.0f} MiB")
    return tally
