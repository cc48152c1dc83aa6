"""Many streams at once with real files and real UDP: outputs, lost sources, edits of the file, batches."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("yaml")

from limner import Segmenter
from limner.errors import OptionError
from multistream_parts import SIZE, Run, free_port, lines, person_clip, pictures, udp_sender, until


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two clips, in which the test runs."""
    monkeypatch.chdir(tmp_path)
    person_clip(tmp_path / "left.mp4")
    person_clip(tmp_path / "right.mp4", mirrored=True)
    return tmp_path


def write(streams: str, more: str = "model: tiny\nthreads: 1\n") -> Path:
    """The file; replaced as editors do it."""
    path, beside = Path("streams.yaml"), Path("streams.yaml.new")
    beside.write_text(f"{more}streams:\n{streams}")
    beside.replace(path)
    return path


def test_every_output_of_files_that_end(here: Path) -> None:
    path = write(
        "  left: {from: left.mp4, effect: 'color:#00ff00', privacy: off, temporal: off, to: [left.mkv, left.ts]}\n"
        "  right: {from: right.mp4, effect: mask, privacy: off, temporal: off, to: right.mp4.mkv, json: right.jsonl}\n",
        "model: tiny\nthreads: 1\njson: all.jsonl\ntiles: {to: wall.mkv, size: 640x180, names: false, rate: 10}\n",
    )
    with Run(path) as run:
        result = run.ends()
    assert sorted(result.streams) == ["left", "right"]
    for name, counts in result.streams.items():
        assert counts.frames >= 1  # on a busy machine most are dropped
        assert counts.frames + counts.dropped == 20, name
        assert [target["sent"] for target in counts.targets.values()] == [counts.frames] * len(counts.targets)
    left, wall = pictures(here / "left.mkv"), pictures(here / "wall.mkv")
    assert len(left) == len(pictures(here / "left.ts")) == result.streams["left"].frames
    assert np.allclose(left[-1][20, 300], [0, 255, 0], atol=30)  # the background
    assert not np.allclose(left[-1][120, 60], [0, 255, 0], atol=60)  # the person
    right = pictures(here / "right.mp4.mkv")
    assert right[-1][20, 20].max() < 30
    assert right[-1][150, 260].min() > 225
    assert wall[-1].shape == (180, 640, 3)
    last = wall[-1]
    assert np.allclose(last[20, 300], [0, 255, 0], atol=30)
    assert last[20, 340].max() < 30
    assert last[150, 580].min() > 225
    facts = lines(here / "all.jsonl")
    assert [line["frame"] for line in facts] == list(range(1, result.streams["left"].frames + 1))
    assert {line["stream"] for line in facts} == {"left"}
    assert {line["stream"] for line in lines(here / "right.jsonl")} == {"right"}
    assert all(0.1 < line["person"] < 0.5 and line["size"] == list(SIZE) for line in facts)
    boxes = lines(here / "right.jsonl")[-1]["box"], facts[-1]["box"]
    assert boxes[0][0] > 130
    assert boxes[1][0] < 20


@pytest.mark.parametrize("model", ["fast", "video"])
def test_a_stream_has_the_masks_of_its_frames_alone(here: Path, model: str) -> None:
    """Streams that share a net do not mix; what is told of each frame is what a segmenter of its own tells."""
    streams = "".join(
        f"  {name}{number}: {{from: {name}.mp4, loop: true, effect: mask, privacy: off, temporal: off, "
        f"json: '{name}{number}.jsonl'}}\n"
        for name in ("left", "right")
        for number in range(3)
    )
    with Run(write(streams, f"model: {model}\nbatch: 8\nthreads: 1\n")) as run:
        run.goes_on(*run.fleet.spec.streams, frames=12)
    assert run.result is not None
    assert run.result.batches.largest > 1
    for name in ("left", "right"):
        alone = Segmenter(model, runtime="onnxruntime", threads=1)
        frames = pictures(here / f"{name}.mp4")
        if model == "video":  # what it says depends on the mask before: the first frame has none
            expected = [alone.matte(frames[0]).coverage]
            for number in range(3):
                first = lines(here / f"{name}{number}.jsonl")[0]
                assert first["person"] == pytest.approx(expected[0], abs=0.02)
            continue
        coverage = [alone.matte(frame).coverage for frame in frames]
        for number in range(3):
            for line in lines(here / f"{name}{number}.jsonl"):
                nearest = min(abs(line["person"] - value) for value in coverage)
                assert nearest < 2e-3, line


@pytest.mark.slow
def test_a_lost_source_disturbs_no_other_and_comes_back(here: Path) -> None:
    port = free_port(socket.SOCK_DGRAM)
    path = write(
        f"  net: {{from: 'udp://127.0.0.1:{port}', effect: mask, to: net.mkv}}\n"
        "  file: {from: left.mp4, loop: true, effect: mask, to: file.mkv}\n",
        "model: tiny\nthreads: 1\npatience: 3\n",
    )
    with Run(path) as run:
        run.says("net: udp://127.0.0.1")  # nobody sends yet
        run.goes_on("file")
        with udp_sender(here / "right.mp4", port):
            run.goes_on("net", "file")
        run.says("waiting for it")
        run.goes_on("file", frames=20)
        with udp_sender(here / "right.mp4", port):
            run.says("net: it is back")
            run.goes_on("net", "file")
    assert run.result is not None
    net, file = run.result.streams["net"], run.result.streams["file"]
    assert net.losses >= 1
    seen = pictures(here / "net.mkv")
    people = [bool(picture[150, 260].min() > 200) for picture in seen]
    cards = [bool(np.allclose(picture[:5, :5], 24, atol=6)) for picture in seen]
    assert any(people)
    assert any(cards)  # it said that it waited
    assert people.index(True) < cards.index(True) < len(people) - 1 - people[::-1].index(True)
    assert file.frames > 25


@pytest.mark.slow
def test_an_edit_is_followed_and_the_others_go_on(here: Path) -> None:
    left = "  left: {from: left.mp4, loop: true, effect: mask, to: left.mkv, json: left.jsonl}\n"
    with Run(write(left)) as run:
        run.goes_on("left")
        write(left + "  right: {from: right.mp4, loop: true, effect: mask, json: right.jsonl}\n")
        run.goes_on("left", "right")
        stream = run.fleet._streams["left"]
        write(left + "  right: {from: right.mp4, loop: true, effct: mask, json: right.jsonl}\n")
        run.says("streams.yaml:5: streams.right.effct: there is no such field; did you mean effect?; all goes on")
        run.goes_on("left", "right")
        write(left + "  right: {from: right.mp4, loop: true, effect: 'color:red', to: right.mkv}\n")
        until(lambda: (spec := run.spec("right")) is not None and spec.effect == "color:red")
        run.goes_on("left", "right")
        write(left, "model: fast\nthreads: 1\n")
        run.says("right: taken out")
        run.says("changes of model, card")
        run.goes_on("left")
        assert run.fleet._streams["left"] is stream
        more = left.replace("left.mkv", "[left.mkv, more.mkv]")
        write(more, "model: fast\nthreads: 1\n")
        until(lambda: (spec := run.spec("left")) is not None and len(spec.to) == 2)
        run.goes_on("left", frames=10)
        assert run.fleet._streams["left"] is stream
    assert run.result is not None
    assert np.allclose(pictures(here / "right.mkv")[-1][20, 20], [255, 0, 0], atol=40)
    count = run.result.streams["left"].frames
    assert len(pictures(here / "left.mkv")) == count  # it was never begun anew
    assert 8 <= len(pictures(here / "more.mkv")) < count
    assert [line["frame"] for line in lines(here / "left.jsonl")] == list(range(1, count + 1))


def test_a_run_ends_after_its_time(here: Path) -> None:
    with Run(write("  a: {from: left.mp4, loop: true, effect: mask, json: a.jsonl}\n"), seconds=1.5) as run:
        result = run.ends()
    assert result.seconds >= 1.5
    assert run.told[0] == "a: running"


def test_a_stream_that_does_not_end_in_time(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It hangs in a library: the run ends, says so, and the others are whole."""
    from limner.multistream import fleet as fleets
    from limner.multistream import stream as module

    apply, over = module.apply_effect, threading.Event()

    def hanging(effect: object, *more: object) -> np.ndarray:
        if threading.current_thread().name.endswith("bad"):
            over.wait(60)
        return apply(effect, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "apply_effect", hanging)
    monkeypatch.setattr(fleets, "_PATIENCE", 0.2)
    path = write(
        "  bad: {from: right.mp4, loop: true, effect: mask, json: bad.jsonl}\n"
        "  good: {from: left.mp4, loop: true, effect: mask, to: good.mkv}\n"
    )
    with Run(path) as run:
        run.says("bad: running")
        run.goes_on("good")
    over.set()
    assert run.result is not None
    assert run.result.hanging
    assert len(pictures(here / "good.mkv")) == run.result.streams["good"].frames


def test_a_model_that_is_not_there(here: Path) -> None:
    with pytest.raises(OptionError, match="model: no model 'nomodel'"):
        Run(write("  a: {from: left.mp4, json: a.jsonl}\n", "model: nomodel\n"))


def test_a_stream_that_fails_leaves_the_others_alone(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from limner.multistream import stream as module

    apply = module.apply_effect

    def failing(effect: object, frame: np.ndarray, *more: object) -> np.ndarray:
        if threading.current_thread().name.endswith("bad") and not healed:
            raise RuntimeError("a fault of a library")
        return apply(effect, frame, *more)

    healed: list[bool] = []
    monkeypatch.setattr(module, "apply_effect", failing)
    path = write(
        "  bad: {from: right.mp4, loop: true, effect: mask, json: bad.jsonl}\n"
        "  good: {from: left.mp4, loop: true, effect: mask, json: good.jsonl}\n"
    )
    with Run(path) as run:
        run.says("bad: RuntimeError: a fault of a library; trying again")
        run.goes_on("good")
        healed.append(True)
        run.goes_on("bad", "good")
