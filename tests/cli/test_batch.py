"""`limner batch` from end to end: what it makes, what it goes on with after a kill, and what it refuses."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import av
import numpy as np
import pytest

from batch_parts import person, tree
from limner.cli.app import main
from limner.media.images import read_image, write_image
from video_clips import Clip, frames_of, make_clip, packets_of, times_of

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def limner(
    red_model: Path,
    capfd: pytest.CaptureFixture[str],
) -> Run:
    """Runs the command in this process: exit code, stdout, stderr."""

    def run(*arguments: object, command: str = "batch") -> tuple[int, str, str]:
        before = signal.getsignal(signal.SIGTERM)
        try:
            with pytest.raises(SystemExit) as stop:
                main([command, *map(str, arguments), "--model", str(red_model), "--threads", "1"])
        finally:
            signal.signal(signal.SIGTERM, before)
        out, err = capfd.readouterr()
        assert "Traceback" not in err
        return int(stop.value.code or 0), out, err

    return run


@pytest.fixture
def start(red_model: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts the command in a process of its own."""
    running: list[subprocess.Popen[str]] = []

    def run(*arguments: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "limner", "batch", *map(str, arguments), "--model", str(red_model)]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        running.append(child)
        return child

    yield run
    for child in running:
        child.kill()
        child.communicate()


def test_a_folder_becomes_what_limner_image_makes_of_it(limner: Run, some_photos: Path, tmp_path: Path) -> None:
    code, out, err = limner(some_photos, "--to", tmp_path / "out", "-e", "cutout", "--workers", 2)
    failures = tmp_path / "out/.limner-batch/failures.jsonl"
    assert code == 1
    assert out.startswith(f"{tmp_path / 'out'}: 4 of 5 photos done, ")
    assert f"limner: 1 of 5 photos failed: {failures}" in err
    assert f"left out: {some_photos / 'words.txt'}" in err
    (line,) = map(json.loads, failures.read_text().splitlines())
    assert (line["input"], line["output"]) == (str(some_photos / "bad.jpg"), str(tmp_path / "out/bad.png"))
    assert "bad.jpg: " in line["reason"]
    assert limner(some_photos, "-o", tmp_path / "image", "-e", "cutout", command="image")[0] == 1
    assert tree(tmp_path / "out") == tree(tmp_path / "image") != {}


def test_what_is_done_is_not_done_again(limner: Run, some_photos: Path, tmp_path: Path) -> None:
    (some_photos / "bad.jpg").unlink()
    out = tmp_path / "out"

    def done(*arguments: object) -> tuple[int, list[str]]:
        """How many results were there already, and which were made."""
        before = {path: path.stat().st_mtime_ns for path in out.rglob("*.*") if path.is_file()}
        code, told, _ = limner(some_photos, "--to", out, "--json", "--workers", 1, *arguments)
        assert code == 0
        summary = json.loads(told)
        made = [
            path.relative_to(out).as_posix()
            for path in sorted(out.rglob("*.*"))
            if path.is_file() and ".limner-batch" not in path.parts and before.get(path) != path.stat().st_mtime_ns
        ]
        assert summary["done"] == len(made)
        return summary["already"], made

    everything = ["a.jpg", "b.png", "deep/c.jpg", "deep/er/d.webp"]
    assert done() == (0, everything)
    assert done() == (4, [])
    assert done("--threads", 1) == (4, [])
    write_image(some_photos / "b.png", person(9))
    assert done() == (3, ["b.png"])
    (out / "a.jpg").unlink()
    (out / "deep/c.jpg").write_bytes(b"cut off")
    assert done() == (2, ["a.jpg", "deep/c.jpg"])
    assert done("-e", "color") == (0, everything)
    assert done("-e", "color", "--force") == (0, everything)
    assert done("-e", "color", "-c", "teal") == (0, everything)


def test_videos_and_photos_of_a_folder(limner: Run, some_photos: Path, tmp_path: Path) -> None:
    make_clip(some_photos / "deep/clip.avi", Clip(frames=60, size=(60, 80), codec="mpeg4", audio=("eng",), options={}))
    (some_photos / "broken.mp4").write_bytes(b"no video")
    out = tmp_path / "out"
    code, told, err = limner(some_photos, "--to", out, "-e", "color", "--piece", 1, "--preset", "ultrafast")
    assert code == 1
    assert told == f"{out}: 5 of 7 photos and videos done\n"
    assert "limner: 2 of 7 photos and videos failed" in err
    assert sorted(tree(out)) == ["a.jpg", "b.png", "deep/c.jpg", "deep/clip.mp4", "deep/er/d.webp"]
    assert len(times_of(out / "deep/clip.mp4")) == 60
    assert len(packets_of(out / "deep/clip.mp4", "audio")) == 1
    middle = frames_of(out / "deep/clip.mp4")[40].astype(int)
    assert (np.abs(middle - (255, 0, 255)).max(2) < 40).mean() > 0.2, "the background is magenta"
    lines = [json.loads(line) for line in (out / ".limner-batch/failures.jsonl").read_text().splitlines()]
    assert sorted(Path(line["input"]).name for line in lines) == ["bad.jpg", "broken.mp4"]
    code, told, _ = limner(some_photos, "--to", out, "-e", "color", "--json", "--preset", "ultrafast", "--piece", 1)
    assert (json.loads(told)["already"], json.loads(told)["done"], json.loads(told)["worked"]) == (5, 0, 2)
    code, told, _ = limner(some_photos / "deep/clip.avi", "--to", out / "deep", "-e", "color", "--crf", 30, "--dry-run")
    assert (code, told.splitlines()[-1]) == (0, "1 of 1 videos would be done, 0 are done already")


def test_a_damaged_video_fails_unless_asked_to_keep_going(limner: Run, tmp_path: Path) -> None:
    folder, out = tmp_path / "clips", tmp_path / "out"
    folder.mkdir()
    make_clip(folder / "whole.mp4", Clip(frames=10, size=(60, 80)))
    make_clip(folder / "hurt.mp4", Clip(frames=60, size=(60, 80), codec="mpeg4", options={"g": "1"}))
    whole = times_of(folder / "hurt.mp4")
    with av.open(str(folder / "hurt.mp4")) as container:
        packet = [packet for packet in container.demux(video=0) if packet.size][10]
        assert packet.pos is not None
        data = bytearray((folder / "hurt.mp4").read_bytes())
        data[packet.pos : packet.pos + packet.size] = bytes(packet.size)
    (folder / "hurt.mp4").write_bytes(data)
    arguments = (folder, "--to", out, "--piece", 1, "--preset", "ultrafast", "--workers", 1)
    assert limner(*arguments)[:2] == (1, f"{out}: 1 of 2 videos done\n")
    (line,) = map(json.loads, (out / ".limner-batch/failures.jsonl").read_text().splitlines())
    assert line["reason"].endswith("is damaged; --keep-going leaves out what is damaged")
    code, told, _ = limner(*arguments, "--keep-going")
    assert (code, told) == (0, f"{out}: 1 of 2 videos done, 1 were there already\n")
    assert times_of(out / "hurt.mp4") == whole[:10] + whole[11:]


def test_shards_take_photos_alone(limner: Run, some_photos: Path, tmp_path: Path) -> None:
    (some_photos / "bad.jpg").unlink()
    make_clip(some_photos / "clip.mp4", Clip(frames=5, size=(60, 80)))
    code, told, err = limner(some_photos, "--to", tmp_path / "out-%d.tar")
    assert (code, told.split(",")[0]) == (0, f"{tmp_path / 'out-%d.tar'}: 4 of 4 photos done")
    assert f"{some_photos / 'clip.mp4'}" in err


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_video_goes_on_after_kill_9_with_the_pieces_that_are_missing(start, tmp_path) -> None:
    make_clip(tmp_path / "clip.mp4", Clip(frames=600, size=(120, 160)))
    out = tmp_path / "out"
    arguments = (tmp_path / "clip.mp4", "--to", out, "--piece", 1, "--preset", "ultrafast")
    running = start(*arguments, "--workers", 1)
    pieces = out / ".limner-batch/pieces"
    while len(list(pieces.glob("*/*.mp4"))) < 3:
        assert running.poll() is None, running.communicate()
        time.sleep(0.01)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    time.sleep(0.5)  # the worker ends; what it still wrote is not entered
    with closing(sqlite3.connect(out / ".limner-batch/ledger.sqlite")) as file:
        (entered,) = file.execute("SELECT count(*) FROM done").fetchone()
    assert entered >= 1
    assert not (out / "clip.mp4").exists()
    running = start(*arguments, "--json")
    told, err = running.communicate(timeout=300)
    assert (running.returncode, err) == (0, "")
    summary = json.loads(told)
    assert (summary["inputs"], summary["videos"], summary["done"], summary["worked"]) == (1, 1, 1, 24 - entered)
    assert times_of(out / "clip.mp4") == times_of(tmp_path / "clip.mp4")
    assert sorted(path.name for path in (out / ".limner-batch").iterdir()) == ["ledger.sqlite"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_kill_9_twice_loses_nothing_and_does_nothing_twice(start, tmp_path) -> None:
    (tmp_path / "in").mkdir()
    for index in range(40):
        write_image(tmp_path / "in" / f"{index:02}.png", person(index, 300, 400))
    out, ledger = tmp_path / "out", tmp_path / "out/.limner-batch/ledger.sqlite"
    seen: dict[Path, int] = {}
    for kills in (1, 2):
        running = start(tmp_path / "in", "--to", out, "--workers", 2)
        while len(list(out.glob("*.png"))) < 12 * kills:
            assert running.poll() is None, running.communicate()
            time.sleep(0.02)
        running.send_signal(signal.SIGKILL)
        running.communicate()
        time.sleep(0.5)  # the workers end
        for path, at in seen.items():
            assert path.stat().st_mtime_ns == at, "it was done, and is done again"
        with closing(sqlite3.connect(ledger)) as file:
            entered = [Path(row[0]) for row in file.execute("SELECT target FROM done")]
        seen = {path: path.stat().st_mtime_ns for path in entered}
        assert len(seen) >= 12 * kills - 6
        assert all(read_image(path).pixels.shape == (300, 400, 3) for path in out.glob("*.png"))
    running = start(tmp_path / "in", "--to", out, "--json")
    told, err = running.communicate(timeout=300)
    assert (running.returncode, err) == (0, "")
    summary = json.loads(told)
    assert (summary["already"], summary["done"], summary["failed"]) == (len(seen), 40 - len(seen), 0)
    assert all(path.stat().st_mtime_ns == at for path, at in seen.items())
    assert sorted(tree(out)) == [f"{index:02}.png" for index in range(40)]
    assert sorted(path.name for path in (out / ".limner-batch").iterdir()) == ["ledger.sqlite"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_batch_says_how_to_go_on(start, tmp_path, number, code) -> None:
    (tmp_path / "in").mkdir()
    write_image(tmp_path / "in/000.png", person(0, 300, 400))
    for index in range(1, 400):  # so many that none but a very slow test finds all of them done
        shutil.copyfile(tmp_path / "in/000.png", tmp_path / "in" / f"{index:03}.png")
    out = tmp_path / "out"
    running = start(tmp_path / "in", "--to", out, "--workers", 2)
    while not any(out.glob("*.png")):
        assert running.poll() is None
        time.sleep(0.02)
    running.send_signal(number)
    _, err = running.communicate(timeout=120)
    there = len(list(out.glob("*.png")))
    assert (running.returncode, 0 < there < 400) == (code, True), err
    line = f"limner: interrupted; {there} of 400 results are whole and kept; the same command does the others"
    assert err.splitlines()[-1] == line
    assert sorted(path.name for path in (out / ".limner-batch").iterdir()) == ["ledger.sqlite"]
    with closing(sqlite3.connect(out / ".limner-batch/ledger.sqlite")) as file:
        assert file.execute("SELECT count(*) FROM done").fetchone() == (there,)


def test_a_dry_run_lists_and_writes_nothing(limner: Run, some_photos: Path, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    code, out, _ = limner(
        some_photos / "deep", some_photos / "a.jpg", "--to", tmp_path / "out", "--dry-run", "-e", "mask"
    )
    assert code == 0
    assert out.splitlines() == [
        f"{some_photos / 'deep/c.jpg'} -> {tmp_path / 'out/c.png'}",
        f"{some_photos / 'deep/er/d.webp'} -> {tmp_path / 'out/er/d.png'}",
        f"{some_photos / 'a.jpg'} -> {tmp_path / 'out/a.png'}",
        "3 of 3 photos would be done, 0 are done already",
    ]
    code, out, _ = limner(some_photos / "a.jpg", "--to", tmp_path / "out", "--dry-run", "--json")
    assert json.loads(out)["left"] == [{"input": str(some_photos / "a.jpg"), "output": str(tmp_path / "out/a.jpg")}]
    assert sorted(tmp_path.rglob("*")) == before


def test_lists_and_roots(limner: Run, some_photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("list.txt").write_text("in/a.jpg\nin/deep/c.jpg\n")
    assert limner("--list", "list.txt", "--root", "in", "--to", "out")[0] == 0
    assert sorted(tree(Path("out"))) == ["a.jpg", "deep/c.jpg"]
    assert limner("@list.txt", "--to", "flat", "--state", "elsewhere")[0] == 0
    assert sorted(tree(Path("flat"))) == ["a.jpg", "c.jpg"]
    assert [path.name for path in Path("elsewhere").iterdir()] == ["ledger.sqlite"]
    assert not Path("flat/.limner-batch").exists()


def test_a_bucket_becomes_a_bucket(limner: Run, some_photos: Path, tmp_path: Path, bucket: str) -> None:
    from limner.batch.storage import storage_of

    (some_photos / "bad.jpg").unlink()
    storage = storage_of(bucket)
    for name, data in tree(some_photos).items():
        storage.write(f"{bucket}/in/{name}", data)
    state = ("--state", tmp_path / "state", "--workers", 1)
    assert limner(some_photos, "--to", tmp_path / "local", "--workers", 1)[0] == 0
    code, out, err = limner(f"{bucket}/in", "--to", f"{bucket}/out", *state)
    assert (code, out.startswith(f"{bucket}/out: 4 of 4 photos done")) == (0, True), err
    there = {found.below: storage.read(found.address) for found in storage.find(f"{bucket}/out", "none")}
    assert there == tree(tmp_path / "local") != {}
    storage.write(f"{bucket}/in/a.jpg", (some_photos / "deep/c.jpg").read_bytes())
    storage.write(f"{bucket}/out/b.png", b"cut off")
    code, out, _ = limner(f"{bucket}/in/**/*", "--to", f"{bucket}/out", *state, "--json")
    summary = json.loads(out)
    assert (code, summary["already"], summary["done"]) == (0, 2, 2)
    code, _, err = limner(f"{bucket}/in/none.jpg", "--to", f"{bucket}/out", *state)
    assert (code, err) == (2, f"limner: {bucket}/in/none.jpg: cannot be read: no such file or folder\n")


def test_the_state_of_a_bucket_is_in_the_cache(
    limner: Run, some_photos: Path, tmp_path: Path, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIMNER_CACHE", str(tmp_path / "cache"))
    code, out, _ = limner(some_photos / "a.jpg", "--to", f"{bucket}/out", "--workers", 1, "--json")
    ledger = Path(json.loads(out)["ledger"])
    assert (code, ledger.is_relative_to(tmp_path / "cache/batch"), ledger.is_file()) == (0, True, True)


def test_shards_become_shards(limner: Run, some_photos: Path, tmp_path: Path) -> None:
    webdataset = pytest.importorskip("webdataset")
    (tmp_path / "shards").mkdir()
    for number in range(2):
        with webdataset.TarWriter(str(tmp_path / f"shards/s-{number}.tar")) as writer:
            for index, name in enumerate(("a.jpg", "deep/c.jpg", "a.jpg")):
                data = (some_photos / name).read_bytes()
                writer.write({"__key__": f"{index:03}", "jpg": data, "json": {"index": index}})
    to = tmp_path / "out/t-%03d.tar"
    code, out, _ = limner(tmp_path / "shards", "--to", to, "-e", "cutout", "--shard-size", 4, "--workers", 1)
    assert (code, out.startswith(f"{to}: 6 of 6 photos done")) == (0, True)
    samples = [
        sample
        for number in range(2)
        for sample in webdataset.WebDataset(str(tmp_path / f"out/t-{number:03}.tar"), shardshuffle=False)
    ]
    assert [sample["__key__"] for sample in samples] == [
        f"s-{shard}/00{index}" for shard in (0, 1) for index in range(3)
    ]
    assert [json.loads(sample["json"])["index"] for sample in samples] == [0, 1, 2, 0, 1, 2]
    assert samples[0]["png"] == samples[2]["png"] != samples[1]["png"]
    assert limner(some_photos / "a.jpg", "--to", tmp_path / "files", "-e", "cutout", "--workers", 1)[0] == 0
    assert samples[0]["png"] == (tmp_path / "files/a.png").read_bytes()
    assert sorted(path.name for path in (tmp_path / "out/.limner-batch").iterdir()) == ["ledger.sqlite"]


def test_notices_are_listed(limner: Run, tmp_path: Path) -> None:
    write_image(tmp_path / "empty.png", np.full((40, 40, 3), (0, 0, 255), np.uint8))
    code, _, err = limner(tmp_path / "empty.png", "--to", tmp_path / "out")
    notices = tmp_path / "out/.limner-batch/notices.jsonl"
    assert (code, f"limner: some photos have notices: {notices}\n" in err) == (0, True)
    (line,) = map(json.loads, notices.read_text().splitlines())
    assert line["input"] == str(tmp_path / "empty.png")
    assert "no person was found" in line["notice"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("--to out", "INPUT is missing: name photos, folders or lists of them"),
        ("in", "--to is missing"),
        ("none --to out", "none: no such file or folder"),
        ("in/*.gif --to out", "in/*.gif: matches no file"),
        ("in/*.txt --to out", "in/*.txt: the pattern matches no photo"),
        ("@none.txt --to out", "none.txt: cannot be read"),
        ("--list none.txt --to out", "none.txt: cannot be read"),
        ("in --to in/a.jpg", "in/a.jpg: is a file; name another folder"),
        ("in --to in", "--to: in/a.jpg is read as well"),
        ("in --to out --state in/a.jpg", "--state in/a.jpg: is a file"),
        ("in/a.jpg in/deep/a.jpg --to out", "in/a.jpg and in/deep/a.jpg would both become "),
        ("in --to out --root in/deep", "--root in/deep: in/a.jpg does not lie below it"),
        ("in --to out --engine cloud", "--engine 'cloud' is unknown: say "),
        ("in --to out --workers 0", "--workers 0: must be 1 or more"),
        ("in --to out --workers 100000", "--workers must be at most "),
        ("in --to out --tries 0", "--tries 0: must be 1 or more"),
        ("in --to out --format jpg -e cutout", "--format .jpg: JPEG cannot be transparent"),
        ("in --to out --format foo", "--format .foo: .foo is no format"),
        ("clip.mp4 --to out-%d.tar", "--to out-%d.tar: clip.mp4 is a video, and shards hold photos"),
        ("in --to out --piece -1", "--piece -1: must be 0 or more"),
        ("in --to out --codec png", "--codec png: is for no video file; say h264, vp9, prores or ffv1"),
        ("in --to out --crf 99", "--crf 99 is not between 0 and 51"),
        ("in --to out --trim", "--trim belongs to the effect cutout, not to blur"),
        ("in --to out -e replace", "background"),
        ("in --to out -e nothing", "--effect 'nothing' is unknown"),
        ("in/b.png --to out -q 50", "--quality 50 means nothing in lossless png"),
        ("in --to out --subject main --pick 1,1", "--pick and --subject both say who stays"),
        ("in --to photos.tar", "--to photos.tar: say where the number of a shard goes"),
        ("in --to out/%d-%d.tar", "--to out/%d-%d.tar: say where the number of a shard goes"),
        ("in --to out --shard-size 0", "--shard-size 0: must be 1 or more"),
        ("foo://bucket/a.jpg --to out", "foo://bucket/a.jpg: cannot be opened: Protocol not known"),
        ("in --to foo://bucket", "foo://bucket: cannot be opened: Protocol not known"),
        ("in --to http://127.0.0.1/out", "--to http://127.0.0.1/out: http can only be read"),
        ("words.tar --to out", "words.tar: cannot be read as a tar"),
        ("in --to out --gpus 0.5", "--gpus belongs to --engine ray, not to local"),
        ("in --to out --cluster auto", "--cluster belongs to --engine ray, not to local"),
        ("in --to out --engine ray --gpus -1", "--gpus -1 cannot be given to a worker"),
        ("in --to out --engine ray --gpus 1.5", "--gpus 1.5 cannot be given to a worker"),
        ("in --to out --metadata some", "--metadata 'some' is unknown"),
    ],
)
def test_what_is_refused_in_one_line(
    limner: Run, some_photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: str, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(some_photos / "a.jpg", some_photos / "deep/a.jpg")
    Path("words.tar").write_text("no tar at all" * 100)
    Path("clip.mp4").write_text("a video by its name")
    before = sorted(tmp_path.rglob("*"))
    code, out, err = limner(*arguments.split())
    assert (code, out, err.count("\n"), err.startswith("limner: ")) == (2, "", 1, True), err
    assert told in err
    assert sorted(tmp_path.rglob("*")) == before


def test_a_model_that_is_missing_or_a_batch_that_runs_already(limner: Run, some_photos: Path, tmp_path: Path) -> None:
    from limner.batch.ledger import Ledger

    with Ledger(tmp_path / "out/.limner-batch/ledger.sqlite"):
        code, _, err = limner(some_photos, "--to", tmp_path / "out")
    assert (code, "another run of limner works on this batch" in err) == (2, True)
    with pytest.raises(SystemExit) as stop:
        main(["batch", str(some_photos), "--to", str(tmp_path / "new"), "--model", "none.onnx"])
    assert stop.value.code == 2
    assert not (tmp_path / "new").exists()


def test_nothing_can_be_written(limner: Run, some_photos: Path, tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    (tmp_path / "locked").mkdir(mode=0o500)
    code, _, err = limner(some_photos, "--to", tmp_path / "locked/out")
    assert (code, "cannot be written" in err) == (2, True)
