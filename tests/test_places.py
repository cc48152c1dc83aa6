"""A result replaces nothing that is read for it: backgrounds, presentations, the empty scene."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from limner import samples
from limner.assembly.effect import EffectOptions, build_effect
from limner.effects.fail_closed import FailClosed
from limner.errors import MediaError, OptionError
from limner.matte import Matte
from limner.places import RealPaths, check_file, check_folder, refuse_to_replace
from limner.processing.video import process_video


def _limner(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "limner", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def test_what_an_effect_reads_is_found(tmp_path: Path) -> None:
    photo, other = tmp_path / "a.jpg", tmp_path / "b.jpg"
    for path in (photo, other):
        shutil.copy(samples.PORTRAIT, path)
    asked = EffectOptions(
        effect=f"replace:{photo},frame_in_frame", settings={"presentation": str(other), "inset_shape": "circle"}
    )
    effect = FailClosed(build_effect(asked))
    assert sorted(effect.files()) == [photo, other]
    assert list(build_effect(EffectOptions(effect="replace:red")).files()) == []
    refuse_to_replace([tmp_path / "new.jpg"], effect.files())
    with pytest.raises(OptionError, match=r"b.jpg: is read as well; name another place"):
        refuse_to_replace([other], effect.files())
    (tmp_path / "scene.png").touch()
    with pytest.raises(OptionError, match=r"scene.png: is read as well"):
        refuse_to_replace([tmp_path / "scene.png"], [tmp_path / "scene.png"])


def test_the_library_keeps_a_background_too(tmp_path: Path) -> None:
    kept = tmp_path / "back.mp4"
    shutil.copy(samples.CLIP, kept)
    before = kept.read_bytes()
    effect = build_effect(EffectOptions(effect="replace", settings={"background": str(kept)}))
    with pytest.raises(OptionError, match=r"back.mp4: is read as well"):
        process_video(
            samples.CLIP, kept, segment=lambda frame: Matte(np.zeros(frame.shape[:2], np.float32)), effect=effect
        )
    assert kept.read_bytes() == before


@pytest.mark.parametrize(
    ("source", "command"),
    [
        (samples.PORTRAIT, ["image", samples.PORTRAIT, "-o", "back.jpg", "-e", "replace", "-b", "back.jpg"]),
        (samples.PORTRAIT, ["image", samples.PORTRAIT, "-o", "back.jpg", "-e", "replace:./back.jpg"]),
        (samples.CLIP, ["video", samples.CLIP, "-o", "back.mp4", "-e", "replace", "-b", "back.mp4"]),
        (samples.CLIP, ["video", samples.CLIP, "-o", "back.mp4", "-e", "frame_in_frame", "--presentation", "back.mp4"]),
        (samples.CLIP, ["camera", "--camera", "back.mp4", "--once", "--no-window", "--record", "back.mp4"]),
    ],
)
def test_a_background_survives_being_named_as_the_result(tmp_path: Path, source: Path, command: list[object]) -> None:
    kept = tmp_path / f"back{source.suffix}"
    shutil.copy(source, kept)
    before = hashlib.sha256(kept.read_bytes()).digest()
    done = _limner(*command, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"--output {kept.name}: is read as well" in done.stderr
    assert hashlib.sha256(kept.read_bytes()).digest() == before
    assert list(tmp_path.iterdir()) == [kept]


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("folder", "folder: is a folder; name a file in it"),
        ("none/a.txt", r"none/a.txt: the folder .*none does not exist; make it first"),
        ("file/a.txt", r"file/a.txt: .*file is not a folder; name another place"),
        ("dead/a.txt", r"dead/a.txt: the folder .*dead does not exist"),
    ],
)
def test_files_that_cannot_be_written(tmp_path: Path, target: str, says: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "dead").symlink_to("nowhere")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(MediaError, match=says):
        check_file(tmp_path / target)
    check_file(tmp_path / "file")
    check_file(tmp_path / "folder" / "new")
    assert sorted(tmp_path.iterdir()) == before
    assert list((tmp_path / "folder").iterdir()) == []


@pytest.mark.parametrize("folder", ["file", "file/a", "file/a/b"])
def test_folders_that_cannot_be_made(tmp_path: Path, folder: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OptionError, match=r"^out .*(is a file|is not a folder); name another folder"):
        check_folder(tmp_path / folder, option="out")
    check_folder(tmp_path / "a" / "b" / "c")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(sys.platform != "linux", reason="/proc takes no files, whoever asks")
def test_a_place_that_takes_no_files_is_found_by_trying() -> None:
    with pytest.raises(MediaError, match=r"^/proc/a.txt: cannot be written: .*; name another place"):
        check_file(Path("/proc/a.txt"))
    with pytest.raises(OptionError, match=r"^/proc/a/b: cannot be written: "):
        check_folder(Path("/proc/a/b"))


def test_no_file_of_a_folder_that_is_read_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "manifest.csv").touch()
    refuse_to_replace([tmp_path / "data" / "new.csv"], [], folder=tmp_path / "data")
    with pytest.raises(OptionError, match=r"^csv .*manifest.csv: is a file of .*data, which is read"):
        refuse_to_replace([tmp_path / "data" / "manifest.csv"], [], folder=tmp_path / "data", option="csv")


def test_real_paths_are_those_of_the_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder/deep").mkdir(parents=True)
    (tmp_path / "folder/a.jpg").touch()
    (tmp_path / "link").symlink_to("folder/deep")
    (tmp_path / "folder/b.jpg").symlink_to("a.jpg")
    real = RealPaths()
    for path in (
        "a.jpg",
        "folder/a.jpg",
        "folder/b.jpg",
        "link/c.jpg",
        "link/../a.jpg",
        "link",
        "folder/",
        ".",
        "..",
        "none/a",
    ):
        assert real(path) == os.path.realpath(path), path
        assert real(tmp_path / path) == os.path.realpath(path), path
