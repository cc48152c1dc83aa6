"""Processes that end in the middle, at a random moment: kill -9, which nothing can answer, and SIGTERM, which can."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import av
from PIL import Image

from benchmarks.reliability_check import Kept, Tally, broken, files_in, half_written, hidden, visible
from benchmarks.reliability_files import clip, photo, picture
from benchmarks.reliability_run import Ended, killed, run, start

KILL, TERM = signal.SIGKILL, signal.SIGTERM
_ENDS = {KILL: (-9,), TERM: (143, -15)}
"""Exit codes; -15 is that of a process that had not got as far as Limner."""
_QUICK = ("--model", "tiny", "--effect", "color", "--threads", "1")
_STEPS = 25
_HELD = 2.5
"""Seconds of a recording that may be missing at its end: what waits for the encoder, and what it holds back."""
RECIPE = """
net: {name: fast, options: {width: 0.25}}
input_size: 64
data: {sets: {people: 1.0}, replace_hand: 0, replace_auto: 0, occluder: 0}
samples: 100
batch: 4
phases: [{size: 64, share: 1.0}]
optimizer: {lr: 0.003}
processes: 1
"""


def photos(folder: Path, count: int, random: Random) -> Tally:
    """A batch of photos, killed and stopped; at the end the same command does the rest."""
    tally = Tally("kill -9 and SIGTERM during `limner image`", "results are whole or not there; the rest can be done")
    source = folder / "in"
    source.mkdir(parents=True)
    for index in range(24):
        (source / f"{index:02}.jpg").write_bytes(photo("jpg", index, (600, 800)))
    kept = Kept(files_in(source))

    def attempt(out: Path) -> Sequence[object]:
        return ("image", source, "-o", out, *_QUICK, "--skip-existing")

    took = _whole_run(tally, attempt(folder / "once"), folder)
    for index in range(count):
        out = folder / f"out-{index}"
        _end(tally, attempt(out), folder, took, random, index, out)
        if out.is_dir() and index % 4 == 0:
            ended = run(*attempt(out), folder=folder)
            if ended.code != 0 or len(visible(out)) != 24:
                tally.otherwise.append(f"after it, {len(visible(out))} of 24 photos: {ended.last}")
        tally.half += half_written(out) if out.is_dir() else []
    tally.lost += kept.lost()
    return tally


def videos(folder: Path, count: int, random: Random) -> Tally:
    """A clip over an older result, which stays until the new one is whole."""
    tally = Tally("kill -9 and SIGTERM during `limner video`", "the old result, or the whole new one")
    folder.mkdir(parents=True)
    source = clip(folder / "in.mp4", frames=96, size=(240, 426))
    old = clip(folder / "old.mp4", frames=3)
    kept = Kept([source, old])
    suffixes = (".mp4", ".mkv", ".webm", ".mov")
    took = _whole_run(tally, ("video", source, "-o", folder / "once.mp4", *_QUICK), folder)
    for index in range(count):
        out = folder / f"out-{index}{suffixes[index % 4]}"
        if index % 2:
            shutil.copy(old, out)
        before = Kept([out])
        folder_of = folder / f"place-{index}"
        folder_of.mkdir()
        target = folder_of / out.name
        if out.exists():
            shutil.copy(out, target)
        _end(tally, ("video", source, "-o", target, *_QUICK), folder, took, random, index, folder_of)
        tally.lost += before.lost()
        if target.exists():
            why = broken(target)
            tally.half += [why] if why else []
        elif index % 2:
            tally.lost.append(f"{target.name}: the old result is gone")
    tally.lost += kept.lost()
    return tally


def recordings(folder: Path, count: int, random: Random) -> Tally:
    """A recording of a camera; it can be played up to what was being encoded."""
    tally = Tally(
        "kill -9 and SIGTERM during a recording of `limner camera`",
        f"it plays; after kill -9 at most its last {_HELD:g} s are missing, after SIGTERM none",
    )
    folder.mkdir(parents=True)
    source = clip(folder / "camera.avi", frames=64, size=(240, 320))
    kept = Kept([source])
    for index in range(count):
        place = folder / f"place-{index}"
        place.mkdir()
        target = place / f"rec{('.mp4', '.mkv', '.webm', '.mov')[index % 4]}"
        process = start(
            *("camera", "--camera", source, "--no-window", "--record", target, "--seconds", 60, *_QUICK), folder=folder
        )
        how = TERM if index % 3 == 2 else KILL
        began = _wait_for_a_file(process, place)
        lasted = random.uniform(0.5, 6.0)
        ended = killed(process, how, lasted)
        lasted = time.monotonic() - began if ended.code is None else lasted
        tally.tried += 1
        _check_end(tally, ended, how)
        found = [path for path in visible(place) if path.suffix == target.suffix]
        if how == TERM and [path.name for path in found] != [target.name]:
            tally.otherwise.append(f"after SIGTERM there is {[path.name for path in found]}")
        if not found:
            tally.lost += [f"{target.name}: nothing of {lasted:.1f} s"] if lasted > _HELD else []
            continue
        plays = _seconds(found[0])
        if plays is None:
            tally.half += [f"{found[0].name} after {lasted:.1f} s cannot be played"] if lasted > _HELD else []
        elif plays < lasted - _HELD:
            tally.lost.append(f"{found[0].name}: {lasted - plays:.1f} of {lasted:.1f} s are missing")
    tally.lost += kept.lost()
    return tally


def trainings(folder: Path, count: int, random: Random) -> Tally:
    """One run, ended again and again; each time the same command goes on, and it gets to its end."""
    tally = Tally(
        "kill -9 and SIGTERM during `limner train`",
        "the checkpoint loads, no step is lost, and the run gets to its end",
    )
    data = training_data(folder)
    kept = Kept(files_in(data))
    command = ("train", "small.yaml", "--data", data, "--output", "run", "--no-validate", "--cache", "cache")
    took = _whole_run(tally, (*command[:4], "--output", "once", *command[6:]), folder)
    reached = 0
    for index in range(count):
        how = TERM if index % 2 else KILL
        ended = killed(start(*command, folder=folder), how, random.uniform(0.3, 1.0) * took)
        tally.tried += 1
        _check_end(tally, ended, how, also=(0,))
        step = _step(folder / "run/last.pt")
        if step is None:
            tally.half.append(f"last.pt does not load after end {index}")
        elif step < reached:
            tally.lost.append(f"step {reached} was reached, and the checkpoint is of step {step}")
        reached = step or reached
        if how == TERM and ended.code == 0 and not step:
            tally.lost.append("SIGTERM left no checkpoint")
    ended = run(*command, folder=folder)
    if ended.code != 0 or _step(folder / "run/last.pt") != _STEPS:
        tally.otherwise.append(f"it did not get to its end: {ended.last}")
    tally.lost += kept.lost()
    tally.left += len(hidden(folder / "run"))
    return tally


def exports(folder: Path, count: int, random: Random) -> Tally:
    """Exports over older ones: a model that loads has the weights that its card says."""
    tally = Tally("kill -9 and SIGTERM during `limner export`", "each model fits its card, or is refused by name")
    folder.mkdir(parents=True)
    out = folder / "out"
    command = ("export", "tiny", "-o", out, "--to", "onnx,openvino", "--precision", "fp32,fp16")
    took = _whole_run(tally, command, folder)
    for index in range(count):
        if index % 2:
            shutil.rmtree(out, ignore_errors=True)
        how = TERM if index % 4 >= 2 else KILL
        ended = killed(start(*command, folder=folder), how, random.uniform(0.3, 1.0) * took)
        tally.tried += 1
        _check_end(tally, ended, how, also=(0,))
        tally.half += _misfits(out) if out.is_dir() else []
        tally.left += len(hidden(out)) if out.is_dir() else 0
    ended = run(*command, folder=folder)
    if ended.code != 0 or _misfits(out):
        tally.otherwise.append(f"the same command did not mend it: {ended.last}")
    return tally


def training_data(folder: Path) -> Path:
    """A data folder of drawn people, and the recipe small.yaml beside it."""
    for name in ("images", "masks"):
        (folder / "mine" / name).mkdir(parents=True)
    for index in range(8):
        pixels = picture(index)
        (folder / f"mine/images/{index}.jpg").write_bytes(photo("jpg", index))
        person = (pixels.astype(int) - 110).std(axis=2) > 30
        Image.fromarray(person.astype("uint8") * 255).save(folder / f"mine/masks/{index}.png")
    (folder / "small.yaml").write_text(RECIPE, encoding="utf-8")
    ended = run("data", "import", "mine", "--output", "data", "--name", "people", "--val", 0, folder=folder)
    if ended.code != 0:
        raise RuntimeError(ended.said)
    return folder / "data"


def _whole_run(tally: Tally, command: Sequence[object], folder: Path) -> float:
    """How long it takes when nothing happens to it."""
    began = time.monotonic()
    ended = run(*command, folder=folder)
    if ended.code != 0:
        tally.otherwise.append(f"undisturbed: {ended.last}")
    return time.monotonic() - began


def _end(
    tally: Tally, command: Sequence[object], folder: Path, took: float, random: Random, index: int, out: Path
) -> None:
    how = TERM if index % 2 else KILL
    ended = killed(start(*command, folder=folder), how, random.uniform(0.2, 1.05) * took)
    tally.tried += 1
    _check_end(tally, ended, how, also=(0,))
    if not out.is_dir():
        return
    tally.left += len(hidden(out))
    if how == TERM and hidden(out):
        tally.half += [f"left after SIGTERM: {path.name}" for path in hidden(out)]


def _check_end(tally: Tally, ended: Ended, how: signal.Signals, also: tuple[int, ...] = ()) -> None:
    """`also`: exit codes that are right too, as where the command had ended before."""
    if ended.code not in (*_ENDS[how], *also) or "Traceback" in ended.said:
        tally.otherwise.append(f"{how.name}: exit code {ended.code}, {ended.last!r}")


def _wait_for_a_file(process: subprocess.Popen[str], place: Path) -> float:
    """Waits until a recording has begun; the moment it has."""
    while process.poll() is None and not any(path.stat().st_size for path in files_in(place)):
        time.sleep(0.02)
    return time.monotonic()


def _seconds(path: Path) -> float | None:
    """The last time that can be played, None where there is none."""
    last = None
    try:
        with av.open(str(path)) as container:
            for frame in container.decode(video=0):
                last = frame.time if frame.time is not None else last
    except av.FFmpegError:  # the packet that was being written
        pass
    return last


def _step(path: Path) -> int | None:
    from limner.errors import ModelError
    from limner.weights.checkpoint import Checkpoint

    if not path.exists():
        return 0
    try:
        return Checkpoint.load(path).step
    except ModelError:
        return None


def _misfits(out: Path) -> list[str]:
    """Models that are taken though they are not what their cards say, or that fall in another way than by name."""
    from limner.errors import LimnerError
    from limner.models import find_model
    from limner.runtimes.loading import load_runtime

    found = []
    load: Callable[[Path], object] = load_runtime
    for path in visible(out):
        if path.suffix not in (".onnx", ".xml"):
            continue
        try:
            find_model(path)
            load(path)
        except LimnerError as error:
            if path.name not in str(error) and path.stem not in str(error):
                found.append(f"{path.name}: refused without its name: {error}")
        except Exception as error:
            found.append(f"{path.name}: {type(error).__name__}: {error}")
    return found
