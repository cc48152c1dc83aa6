"""Places that fail: disks that fill up, folders that cannot be written, files that go or come while they are used."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random

from benchmarks.reliability_check import Kept, Tally, broken, files_in, half_written, hidden, visible
from benchmarks.reliability_files import clip, photo
from benchmarks.reliability_kills import training_data
from benchmarks.reliability_run import PATIENCE, Ended, run, small_disk, start, while_running

_QUICK = ("--model", "tiny", "--effect", "color", "--threads", "1")
_PHOTOS = 12
_PAGES = 4096
"""What a disk in memory is made of, in bytes."""


def full_disks(folder: Path, count: int, random: Random, *, mount: bool = True) -> Tally:
    """Disks too small for the result; where none can or shall be mounted, a limit on the size of files."""
    tally = Tally(
        "disk full: photos, clips, training, export, recording, import", "one line says so; what is there is whole"
    )
    source = folder / "in"
    source.mkdir(parents=True)
    for index in range(_PHOTOS):
        (source / f"{index:02}.png").write_bytes(photo("png", index))
    film = clip(folder / "in.mp4", frames=48, size=(240, 320))
    data = training_data(folder / "training")
    kept = Kept([*files_in(source), film, *files_in(data)])
    recipe = folder / "training/small.yaml"
    tasks: list[Sequence[object]] = [
        ("image", source, "-o", "{place}/out", *_QUICK),
        ("video", film, "-o", "{place}/out.mp4", *_QUICK),
        ("video", film, "-o", "{place}/out.webm", *_QUICK),
        ("video", film, "-o", "{place}/%d.png", *_QUICK),
        ("camera", "--camera", film, "--no-window", "--record", "{place}/rec.mp4", "--seconds", 12, *_QUICK),
        ("export", "tiny", "-o", "{place}/models", "--to", "onnx"),
        ("export", "tiny", "-o", "{place}/tiny.onnx"),
        ("train", recipe, "--data", data, "--output", "{place}/run", "--no-validate", "--cache", folder / "cache"),
        ("data", "import", folder / "training/mine", "--output", "{place}/data", "--name", "again"),
    ]
    wanted = [_written(tally, task, folder / f"free-{index}") for index, task in enumerate(tasks[:count])]
    for index in range(count):
        task, (most, largest) = tasks[index % len(tasks)], wanted[index % len(tasks)]
        place, share = folder / f"disk-{index}", random.uniform(0.05, 0.8)
        with small_disk(place, _PAGES * (1 + int(share * most / _PAGES)), mount=mount) as mounted:
            old = place / "old.png"
            old.write_bytes(photo("png", 0, (8, 8)))
            before = Kept([old])
            limit = None if mounted else max(512, int(share * largest))
            ended = run(*_placed(task, place), folder=folder, limit=limit)
            tally.tried += 1
            _judge(tally, ended, str(task[0]), place)
            tally.lost += before.lost()
    tally.lost += kept.lost()
    return tally


def _placed(task: Sequence[object], place: Path) -> list[str]:
    return [str(part).replace("{place}", str(place)) for part in task]


def _written(tally: Tally, task: Sequence[object], place: Path) -> tuple[int, int]:
    """Bytes that a task writes where there is room: in all, and in its largest file."""
    place.mkdir()
    ended = run(*_placed(task, place), folder=place)
    if ended.code != 0:
        tally.otherwise.append(f"{task[0]} on a disk with room: {ended.last}")
    sizes = [path.stat().st_size for path in files_in(place)]
    return sum(sizes), max(sizes, default=0)


def _judge(tally: Tally, ended: Ended, what: str, place: Path) -> None:
    """It failed with a word, and left nothing that is not whole. A recording keeps what there was room for."""
    if ended.fell is not None or ended.code not in (1, 2) or not ended.refuses(str(place)):
        tally.otherwise.append(f"{what}: {ended.fell or f'exit code {ended.code}, {ended.last!r}'}")
    if what == "camera":
        found = [path for path in visible(place) if path.name.startswith("rec")]
        tally.half += [f"the recording cannot be played: {path.name}" for path in found if _unplayable(path)]
    else:
        tally.half += half_written(place)
    tally.half += [f"{what} left {path.relative_to(place)}" for path in hidden(place)]


def _unplayable(path: Path) -> bool:
    """Whether nothing of it can be played; the packet that met the end of the disk does not count."""
    import av

    try:
        with av.open(str(path)) as container:
            return next(container.decode(video=0), None) is None
    except av.FFmpegError:
        return True


def closed_folders(folder: Path, count: int, random: Random) -> Tally:
    """Folders that may be read and not be written."""
    tally = Tally("results into a read-only folder", "one line that names it; nothing is changed")
    source = folder / "in"
    source.mkdir(parents=True)
    (source / "a.jpg").write_bytes(photo("jpg"))
    film = clip(folder / "in.mp4", frames=8)
    place = folder / "closed"
    place.mkdir()
    (place / "old.png").write_bytes(photo("png"))
    (place / "old.mp4").write_bytes(film.read_bytes())
    data = training_data(folder / "training")
    recipe = folder / "training/small.yaml"
    tasks: list[Sequence[object]] = [
        ("image", source, "-o", place, *_QUICK),
        ("image", source / "a.jpg", "-o", place / "old.png", *_QUICK),
        ("image", source, "-o", place / "below/it", *_QUICK),
        ("video", film, "-o", place / "old.mp4", *_QUICK),
        ("video", film, "-o", place / "new.webm", *_QUICK),
        ("video", film, "--preview", place / "new.png", *_QUICK),
        ("camera", "--camera", film, "--no-window", "--record", place / "rec.mp4", "--seconds", 2, *_QUICK),
        ("export", "tiny", "-o", place / "models"),
        ("export", "tiny", "-o", place / "tiny.onnx"),
        ("train", recipe, "--data", data, "--output", place / "run", "--no-validate", "--cache", folder / "cache"),
        ("train", recipe, "--data", data, "--output", folder / "run", "--no-validate", "--cache", place / "cache"),
        ("data", "import", folder / "training/mine", "--output", place, "--name", "again"),
    ]
    kept = Kept(files_in(folder))
    names = files_in(place)
    place.chmod(0o555)
    for index in range(count):
        task = tasks[index % len(tasks)]
        ended = run(*task, folder=folder, rights=False)
        tally.tried += 1
        if not ended.refuses("closed"):
            tally.otherwise.append(f"{task[0]}: {ended.fell or f'exit code {ended.code}, {ended.last!r}'}")
    place.chmod(0o755)
    tally.lost += kept.lost()
    tally.half += [f"made in spite of it: {path.name}" for path in files_in(place) if path not in names]
    return tally


def vanishing(folder: Path, count: int, random: Random) -> Tally:
    """Photos, clips and the folder of results go while the command runs."""
    tally = Tally("inputs and folders that vanish while they are used", "done before or named; the others are done")
    folder.mkdir(parents=True)
    for index in range(count):
        place = folder / f"place-{index}"
        place.mkdir()
        (_lose_photos, _lose_clip, _lose_results)[index % 3](tally, place, random)
        tally.tried += 1
    return tally


def _lose_photos(tally: Tally, place: Path, random: Random) -> None:
    source, out = _source(place), place / "out"
    kept = Kept(files_in(source)[:_PHOTOS])
    gone = random.sample(files_in(source)[_PHOTOS:], 6)
    process = start("image", source, "-o", out, *_QUICK, folder=place)
    _wait_for(out, process)  # the folder has been listed by then
    moments = sorted(random.uniform(0.0, 0.5) for _ in gone)
    ended = while_running(process, moments, lambda number: gone[number].unlink())
    if ended.fell is not None:
        tally.otherwise.append(f"photos: {ended.fell}")
    for index in range(2 * _PHOTOS):
        path = source / f"{index:02}.jpg"
        if not (out / path.name).exists() and not (path in gone and _named(ended, path)):
            tally.otherwise.append(f"{path.name}: no result and no word: {ended.last!r}")
    tally.lost += kept.lost()
    tally.half += half_written(out) if out.is_dir() else []


def _source(place: Path) -> Path:
    source = place / "in"
    source.mkdir()
    for index in range(2 * _PHOTOS):
        (source / f"{index:02}.jpg").write_bytes(photo("jpg", index, (480, 640)))
    return source


def _wait_for(out: Path, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + PATIENCE
    while process.poll() is None and not out.is_dir() and time.monotonic() < until:
        time.sleep(0.005)


def _named(ended: Ended, path: Path) -> bool:
    return any(line.startswith(f"limner: {path}") for line in ended.said.splitlines())


def _lose_clip(tally: Tally, place: Path, random: Random) -> None:
    film, out = clip(place / "in.mp4", frames=64, size=(240, 320)), place / "out.mp4"
    process = start("video", film, "-o", out, *_QUICK, folder=place)
    ended = while_running(process, [random.uniform(0.3, 4.0)], lambda _: film.unlink())
    if ended.code != 0 and not ended.refuses("in.mp4"):
        tally.otherwise.append(f"clip: {ended.fell or f'exit code {ended.code}, {ended.last!r}'}")
    if out.exists() != (ended.code == 0):
        tally.half.append(f"exit code {ended.code}, and the result is {'there' if out.exists() else 'not there'}")
    tally.half += half_written(place) + [f"left: {path.name}" for path in hidden(place)]


def _lose_results(tally: Tally, place: Path, random: Random) -> None:
    """Somebody empties the folder of results: what comes after is whole, or its photo is named."""
    source, out = _source(place), place / "out"
    kept = Kept(files_in(source))
    process = start("image", source, "-o", out, *_QUICK, folder=place)
    _wait_for(out, process)
    ended = while_running(process, [random.uniform(0.0, 0.6)], lambda _: shutil.rmtree(out, ignore_errors=True))
    if ended.fell is not None or ended.code not in (0, 1):
        tally.otherwise.append(f"results: {ended.fell or f'exit code {ended.code}, {ended.last!r}'}")
    tally.lost += kept.lost()
    tally.half += half_written(out) if out.is_dir() else []


def appearing(folder: Path, count: int, random: Random) -> Tally:
    """Another program writes a file of the result's name while the result is made, or the same command runs twice."""
    tally = Tally("a file of the result's name that appears meanwhile", "one of the two under the name, whole")
    folder.mkdir(parents=True)
    film = clip(folder / "in.mp4", frames=48, size=(240, 320))
    other = clip(folder / "other.mp4", frames=3)
    kept = Kept([film, other])
    for index in range(count):
        place = folder / f"place-{index}"
        place.mkdir()
        out = place / "out.mp4"
        tally.tried += 1
        if index % 2:
            process = start("video", film, "-o", out, *_QUICK, folder=place)
            ended = while_running(process, [random.uniform(0.3, 3.0)], lambda _, out=out: _copy_whole(other, out))
            ends = [ended]
        else:
            pair = [start("video", film, "-o", out, *_QUICK, folder=place) for _ in range(2)]
            ends = [while_running(process, [], lambda _: None) for process in pair]
        for ended in ends:
            if ended.code != 0:
                tally.otherwise.append(ended.fell or f"exit code {ended.code}, {ended.last!r}")
        why = broken(out) if out.exists() else "out.mp4: is not there"
        tally.half += [why] if why else []
        tally.half += [f"left: {path.name}" for path in hidden(place)]
    tally.lost += kept.lost()
    return tally


def _copy_whole(source: Path, target: Path) -> None:
    aside = target.with_name("aside.tmp")
    shutil.copy(source, aside)
    aside.replace(target)
