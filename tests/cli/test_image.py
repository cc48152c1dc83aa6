"""`limner image` from end to end, with a small real model for which red is person and blue is not."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from limner.cli.app import main
from limner.media.images import read_image, write_image


def person(height: int = 60, width: int = 80) -> np.ndarray:
    """A red person in a blue room, in multiples of the model's cells where the size allows."""
    photo = np.zeros((height, width, 3), np.uint8)
    photo[..., 2] = 255
    photo[height // 4 :, width // 4 : width * 3 // 4] = (255, 0, 0)
    return photo


@pytest.fixture
def model(tmp_path: Path, make_onnx: Callable[..., Path], make_card: Callable[..., Path]) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    path = make_onnx(folder / "own.onnx")
    make_card(path)
    return path


@pytest.fixture
def limner(model: Path, capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Runs the command in this process: exit code, stdout, stderr."""

    def run(*arguments: object) -> tuple[int, str, str]:
        before = signal.getsignal(signal.SIGTERM)
        try:
            with pytest.raises(SystemExit) as stop:
                main(["image", *map(str, arguments), "--model", str(model)])
        finally:
            signal.signal(signal.SIGTERM, before)
        out, err = capfd.readouterr()
        assert "Traceback" not in err
        return int(stop.value.code or 0), out, err

    return run


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    write_image(path, person())
    return path


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("options", "person_colour", "room_colour"),
    [
        ((), (255, 0, 0), (0, 0, 255)),
        (("--effect", "blur", "--blur-strength", "0.2"), (255, 0, 0), (0, 0, 255)),
        (("--effect", "color"), (255, 0, 0), (255, 0, 255)),
        (("-e", "color", "--color", "#00ff00"), (255, 0, 0), (0, 255, 0)),
        (("-e", "replace", "--background", "teal"), (255, 0, 0), (0, 128, 128)),
        (("-e", "cutout"), (255, 0, 0, 255), (0, 0, 0, 0)),
        (("-e", "mask"), (255, 255, 255), (0, 0, 0)),
        (("-e", "overlay", "--tint", "white", "--opacity", "1"), (255, 255, 255), (0, 0, 255)),
        (("-e", "bokeh", "--highlights", "0"), (255, 0, 0), (0, 0, 255)),
        (("-e", "stylize:bw@person"), (64, 64, 64), (0, 0, 255)),
        (("-e", "smoothstep:0.4-0.6,replace", "-b", "teal"), (255, 0, 0), (0, 128, 128)),
        (("-e", "light_wrap:0.2,stylize:bw,color:white"), (64, 64, 64), (255, 255, 255)),
        (("-e", "color_transfer:0,replace:teal,cutout"), (255, 0, 0, 255), (0, 0, 0, 0)),
        (("-e", "frame_in_frame:teal", "--inset-size", "1", "--inset-margin", "0"), (255, 0, 0), (0, 128, 128)),
        (("-e", "mask,smoothstep"), (255, 255, 255), (0, 0, 0)),
    ],
)
def test_every_effect(limner, photo, tmp_path, options, person_colour, room_colour) -> None:
    code, out, err = limner(photo, "-o", tmp_path / "o.png", *options)
    assert (code, err) == (0, "")
    assert out.startswith(f"{photo} -> {tmp_path / 'o.png'}  person ")
    with Pillow.open(tmp_path / "o.png") as opened:
        result = np.array(opened.convert("RGBA" if len(person_colour) == 4 else "RGB"))
    assert result.shape[:2] == (60, 80)
    assert tuple(result[45, 40]) == person_colour
    assert tuple(result[5, 5]) == room_colour


def test_a_photo_behind_the_person(limner, photo, tmp_path) -> None:
    write_image(tmp_path / "beach.png", np.full((20, 20, 3), (240, 220, 170), np.uint8))
    code, _, err = limner(photo, "-o", tmp_path / "o.png", "-e", "replace", "-b", tmp_path / "beach.png")
    assert (code, err) == (0, "")
    pixels = read_image(tmp_path / "o.png").pixels
    assert tuple(pixels[5, 5]) == (240, 220, 170)
    code, _, _ = limner(
        photo, "-o", tmp_path / "o.png", "-e", "replace", "-b", tmp_path / "beach.png", "--fit", "contain",
        "--fill", "white",
    )  # fmt: skip
    pixels = read_image(tmp_path / "o.png").pixels
    assert code == 0
    assert tuple(pixels[5, 5]) == (255, 255, 255)
    assert tuple(pixels[5, 40]) == (240, 220, 170)


def test_trim_crops_to_the_person(limner, photo, tmp_path) -> None:
    assert limner(photo, "-o", tmp_path / "o.png", "-e", "cutout", "--trim", "--softness", "0")[0] == 0
    height, width = read_image(tmp_path / "o.png").pixels.shape[:2]
    assert abs(height - 45) <= 3
    assert abs(width - 40) <= 3


def test_a_folder_keeps_its_tree_and_each_photo_its_format(limner, tmp_path) -> None:
    source = tmp_path / "in"
    (source / "deep" / "er").mkdir(parents=True)
    (source / ".hidden").mkdir()
    for name in ("a.jpg", "deep/b.png", "deep/er/c.webp", ".hidden/d.png"):
        write_image(source / name, person())
    (source / "notes.txt").write_text("no photo")
    code, out, err = limner(source, "-o", tmp_path / "out")
    assert (code, err) == (0, f"limner: 1 file is no photo that can be read and left out: {source / 'notes.txt'}\n")
    assert names(tmp_path / "out") == ["a.jpg", "deep/b.png", "deep/er/c.webp"]
    assert out.count(" -> ") == 3
    assert limner(source, "-o", tmp_path / "cut", "-e", "cutout")[0] == 0
    assert names(tmp_path / "cut") == ["a.png", "deep/b.png", "deep/er/c.webp"]
    assert limner(source, "-o", tmp_path / "masks", "-e", "mask")[0] == 0
    assert names(tmp_path / "masks") == ["a.png", "deep/b.png", "deep/er/c.png"]
    assert limner(source, "-o", tmp_path / "tif", "--format", "tif")[0] == 0
    assert names(tmp_path / "tif") == ["a.tif", "deep/b.tif", "deep/er/c.tif"]


def test_results_inside_the_folder_are_not_taken_for_photos(limner, tmp_path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    write_image(source / "a.png", person())
    for _ in range(2):
        assert limner(source, "-o", source / "out")[0] == 0
        assert names(source) == ["a.png", "out/a.png"]


def test_one_photo_into_a_folder_that_is_or_is_not_there(limner, photo, tmp_path) -> None:
    (tmp_path / "there").mkdir()
    assert limner(photo, "-o", tmp_path / "there")[0] == 0
    assert limner(photo, "-o", f"{tmp_path}/new/deep/")[0] == 0
    assert names(tmp_path / "there") == names(tmp_path / "new/deep") == ["photo.png"]


def test_a_batch_goes_on_and_lists_what_failed(limner, photo, tmp_path) -> None:
    good = photo.read_bytes()
    files = {
        "1.png": good,
        "2.png": good[: len(good) // 2],
        "3.png": b"",
        "4.jpg": b"text, not a photo" * 9,
        "5.png": good,
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    inputs = [tmp_path / name for name in files]
    code, out, err = limner(*inputs, tmp_path / "missing.png", "-o", tmp_path / "out")
    assert code == 1
    assert names(tmp_path / "out") == ["1.png", "5.png"]
    assert out.count(" -> ") == 2
    lines = err.splitlines()
    assert len(lines) == 5
    for line, says in zip(lines, ("truncated", "is empty", "is no photo", "no such file"), strict=False):
        assert says in line
    assert lines[-1].startswith("limner: 4 of 6 photos failed: ")


def test_json_of_a_batch(limner, photo, tmp_path) -> None:
    (tmp_path / "bad.png").write_bytes(b"")
    code, out, err = limner(photo, tmp_path / "bad.png", "-o", tmp_path / "out", "--json")
    assert code == 1
    assert "bad.png: is empty" in err
    told = json.loads(out)
    assert told["model"]["name"] == "own"
    assert told["model"]["runtime"] == "onnxruntime"
    (done,) = told["results"]
    assert (done["photo"], done["output"]) == (str(photo), str(tmp_path / "out" / "photo.png"))
    assert (done["width"], done["height"]) == (80, 60)
    assert set(done["ms"]) == {"decode", "segment", "effect", "encode"}
    assert done["person"] == pytest.approx(0.375, abs=0.03)
    assert 0 <= done["confidence"] <= 1
    assert told["failures"] == [{"photo": str(tmp_path / "bad.png"), "error": f"{tmp_path / 'bad.png'}: is empty"}]


def test_nobody_in_the_picture_is_said(limner, tmp_path) -> None:
    write_image(tmp_path / "room.png", np.full((30, 30, 3), (0, 0, 255), np.uint8))
    code, _, err = limner(tmp_path / "room.png", "-o", tmp_path / "o.png")
    assert code == 0
    assert err == f"limner: {tmp_path / 'room.png'}: no person was found; all of it counts as background\n"


def test_transparency_of_the_photo(limner, tmp_path) -> None:
    alpha = np.full((60, 80), 255, np.uint8)
    alpha[:, 40:] = 0
    alpha[:, 38:40] = 128
    source = tmp_path / "logo.png"
    write_image(source, np.dstack([person(), alpha]))
    for effect in ("blur", "overlay"):
        assert limner(source, "-o", tmp_path / "o.png", "-e", effect)[0] == 0
        np.testing.assert_array_equal(read_image(tmp_path / "o.png").alpha, alpha)
    assert limner(source, "-o", tmp_path / "o.png", "-e", "cutout")[0] == 0
    cut = read_image(tmp_path / "o.png").alpha
    assert cut is not None
    assert (cut[:, 40:] == 0).all()
    assert (cut[50, 22:36] == 255).all()
    assert cut[50, 38] == pytest.approx(128, abs=2)
    assert limner(source, "-o", tmp_path / "o.png", "-e", "color")[0] == 0
    filled = read_image(tmp_path / "o.png")
    assert filled.alpha is None
    assert (filled.pixels[:, 40:] == (255, 0, 255)).all()
    code, _, err = limner(source, "-o", tmp_path / "o.jpg")
    assert code == 0
    assert "its transparency became white" in err
    assert read_image(tmp_path / "o.jpg").pixels[:, 50:].min() > 250


def test_inputs_are_replaced_only_when_asked(limner, photo, tmp_path) -> None:
    before = photo.read_bytes()
    folder, link = tmp_path / "folder", tmp_path / "link.png"
    folder.mkdir()
    (folder / "own.png").write_bytes(before)
    link.symlink_to(photo)
    for arguments in ((photo, "-o", photo), (photo, "-o", tmp_path), (photo, "-o", link), (folder, "-o", folder)):
        code, _, err = limner(*arguments)
        assert code == 2
        assert "is a photo to read; name another place, or replace it with --overwrite" in err
        assert photo.read_bytes() == before
    assert limner(photo, "-o", photo, "-e", "color", "--overwrite")[0] == 0
    assert tuple(read_image(photo).pixels[5, 5]) == (255, 0, 255)


def test_results_of_an_earlier_run_are_replaced(limner, photo, tmp_path) -> None:
    for colour in ((255, 0, 255), (0, 128, 0)):
        assert limner(photo, "-o", tmp_path / "o.png", "-e", "color", "-c", f"rgb{colour}")[0] == 0
        assert tuple(read_image(tmp_path / "o.png").pixels[5, 5]) == colour


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("PHOTO -o o.gif", ".gif is no format that can be written; known are .jpg, .png"),
        ("PHOTO -o o.xyz", ".xyz is no format"),
        ("PHOTO -o o.jpg -e cutout", "JPEG cannot be transparent; formats that can are .png, .webp, .avif, .tif"),
        ("PHOTO -o out/ -e cutout -f jpg", "--format .jpg: JPEG cannot be transparent"),
        ("PHOTO -o out/ -f doc", "--format .doc: .doc is no format"),
        ("PHOTO -o o.png --quality 80", "--quality 80 means nothing in lossless png"),
        ("PHOTO -o o.jpg --quality 300", "--quality 300 is out of range: say 1 to 100"),
        (
            "PHOTO -o o.png -e sepia",
            "effect 'sepia' is unknown: say blur, bokeh, replace, color, cutout, mask, overlay",
        ),
        ("PHOTO -o o.png --color red", "--color belongs to the effect color, not to blur"),
        (
            "PHOTO -o o.png -e mask --blur-strength 1",
            "--blur-strength belongs to the effect blur or bokeh, not to mask",
        ),
        ("PHOTO -o o.png --trim", "--trim belongs to the effect cutout, not to blur"),
        ("PHOTO -o o.png -e replace", "--effect replace needs --background: a photo, a video or a colour"),
        ("PHOTO -o o.png -e replace -b nowhere.jpg", "--background nowhere.jpg"),
        ("PHOTO -o o.png -e color -c blurple", "color 'blurple' is no colour"),
        ("PHOTO -o o.png --blur-strength 7", "--blur-strength 7.0 is out of range: say 0"),
        ("nowhere.jpg -o o.png", "nowhere.jpg: there is no such file; check the name"),
        ("model -o out", "model: there is no photo in this folder"),
        ("PHOTO COPY -o o.png", "several photos need a folder, not a file"),
        ("PHOTO COPY -o -", "only one photo fits into stdout"),
        ("PHOTO -o -", "say it with --format"),
        ("PHOTO -o - -f png --json", "--json and -o - both want stdout"),
        ("PHOTO -o nodir/deep/o.png --max-pixels 10", "more than the limit of 10"),
        ("PHOTO", "--output"),
        ("EMPTY -o o.png", "an argument is empty"),
        ("PHOTO -o EMPTY", "-o is empty"),
        ("-o o.png", "PHOTOS"),
    ],
)
def test_wrong_use_is_one_clear_line(limner, photo, tmp_path, monkeypatch, arguments, says) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "COPY").write_bytes(photo.read_bytes())
    before = names(tmp_path)
    code, out, err = limner(*({"PHOTO": photo, "EMPTY": ""}.get(word, word) for word in arguments.split()))
    assert code == 2
    assert says.lower() in err.lower()
    assert out == ""
    assert names(tmp_path) == before


def test_photos_of_one_name_and_several_extensions(limner, photo, tmp_path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    for name in ("IMG_1.jpg", "IMG_1.jpeg", "IMG_1.JPG", "IMG_1.png", "IMG_2.jpg"):
        write_image(source / name, person())
    assert limner(source, "-o", tmp_path / "cut", "-e", "cutout")[0] == 0
    assert names(tmp_path / "cut") == ["IMG_1.JPG.png", "IMG_1.jpeg.png", "IMG_1.jpg.png", "IMG_1.png", "IMG_2.png"]
    assert limner(source, "-o", tmp_path / "own")[0] == 0
    assert names(tmp_path / "own") == ["IMG_1.JPG.jpg", "IMG_1.jpeg", "IMG_1.jpg", "IMG_1.png", "IMG_2.jpg"]


def test_two_results_of_one_name(limner, photo, tmp_path) -> None:
    (tmp_path / "other").mkdir()
    write_image(tmp_path / "other" / "photo.png", person())
    code, _, err = limner(photo, tmp_path / "other" / "photo.png", "-o", tmp_path / "out")
    assert code == 2
    assert f"would both become {tmp_path / 'out' / 'photo.png'}; name the folder that holds both" in err


def test_results_below_the_folder_by_relative_and_absolute_paths(limner, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    write_image(tmp_path / "in" / "a.png", person())
    for source, output in (("in", "in/out"), ("in", tmp_path / "in" / "out"), (tmp_path / "in", "in/out")):
        assert limner(source, "-o", output)[0] == 0
        assert names(tmp_path / "in") == ["a.png", "out/a.png"]


def test_one_match_of_a_pattern_goes_into_a_folder_as_several_do(limner, photo, tmp_path) -> None:
    assert limner(photo, "-o", tmp_path / "out")[0] == 0
    assert names(tmp_path / "out") == ["photo.png"]


def test_existing_results_can_be_left_alone(limner, photo, tmp_path) -> None:
    write_image(tmp_path / "second.png", person())
    assert limner(photo, "-o", tmp_path / "out")[0] == 0
    (tmp_path / "out" / "photo.png").write_bytes(b"mine")
    code, out, _ = limner(photo, tmp_path / "second.png", "-o", tmp_path / "out", "--skip-existing")
    assert code == 0
    assert "1 of 2 results exist already" in out
    assert (tmp_path / "out" / "photo.png").read_bytes() == b"mine"
    assert names(tmp_path / "out") == ["photo.png", "second.png"]
    code, out, _ = limner(photo, "-o", tmp_path / "out", "--skip-existing", "--json")
    assert (code, json.loads(out)["results"]) == (0, [])


def test_metadata_that_is_kept(limner, tmp_path) -> None:
    exif = Pillow.Exif()
    exif[0x0110] = "Camera"
    exif[0x8825] = {1: "N", 2: (52.0, 30.0, 0.0)}
    Pillow.fromarray(person()).save(tmp_path / "p.jpg", exif=exif)
    for wanted, model, place in (("all", "Camera", True), ("no-place", "Camera", False), ("none", None, False)):
        assert limner(tmp_path / "p.jpg", "-o", tmp_path / f"{wanted}.jpg", "--metadata", wanted)[0] == 0
        with Pillow.open(tmp_path / f"{wanted}.jpg") as opened:
            kept = opened.getexif()
            assert (kept.get(0x0110), bool(kept.get_ifd(0x8825))) == (model, place)
    code, _, err = limner(tmp_path / "p.jpg", "-o", tmp_path / "x.jpg", "--metadata", "some")
    assert code == 2
    assert "all, no-place, none" in err


def test_the_same_photo_twice_is_done_once(limner, photo, tmp_path) -> None:
    other = photo.parent / "." / "x" / ".." / photo.name
    (photo.parent / "x").mkdir()
    code, out, _ = limner(photo, photo, other, "-o", tmp_path / "out")
    assert code == 0
    assert out.count(" -> ") == 1


def command(model: Path, *arguments: object) -> list[str]:
    return [sys.executable, "-m", "limner.cli.app", "image", *map(str, arguments), "--model", str(model)]


def test_stdin_and_stdout(model, photo, tmp_path) -> None:
    done = subprocess.run(
        command(model, "-", "-o", "-", "--format", "png", "-e", "color"),
        input=photo.read_bytes(), capture_output=True, check=True,
    )  # fmt: skip
    with Pillow.open(io.BytesIO(done.stdout)) as opened:
        assert np.array(opened)[5, 5].tolist() == [255, 0, 255]
    assert done.stderr == b""
    done = subprocess.run(command(model, "-", "-o", tmp_path / "o.jpg"), input=b"", capture_output=True, check=False)
    assert done.returncode == 2
    assert done.stderr.decode() == "limner: stdin: is empty\n"
    assert not (tmp_path / "o.jpg").exists()
    done = subprocess.run(
        command(model, photo, "-o", "-", "--format", "webp"), capture_output=True, check=True, stdin=subprocess.DEVNULL
    )
    assert done.stdout[8:12] == b"WEBP"
    for name in ("/dev/stdout", "/dev/fd/1"):
        done = subprocess.run(
            command(model, photo, "-o", name, "--format", "png"),
            capture_output=True,
            check=True,
            stdin=subprocess.DEVNULL,
        )
        assert done.stdout.endswith(b"IEND\xaeB`\x82")  # and nothing behind the picture


@pytest.mark.skipif(not hasattr(os, "kill") or sys.platform == "win32", reason="signals")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_batch_leaves_whole_files_only(model, tmp_path, number, code) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    for index in range(40):
        write_image(
            source / f"{index:02}.png", np.random.default_rng(0).integers(0, 256, (400, 500, 3), dtype=np.uint8)
        )
    running = subprocess.Popen(command(model, source, "-o", out), stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    for _ in range(600):
        if out.is_dir() and any(out.glob("*.png")):
            break
        time.sleep(0.05)
    running.send_signal(number)
    _, err = running.communicate(timeout=60)
    assert running.returncode == code
    assert b"Traceback" not in err
    done = list(out.iterdir())
    assert 0 < len(done) < 40
    assert all(path.suffix == ".png" and not path.name.startswith(".") for path in done)
    for path in done:
        assert read_image(path).pixels.shape == (400, 500, 3)


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_a_batch_shows_a_bar_on_a_terminal(model, photo, tmp_path) -> None:
    import pty

    write_image(tmp_path / "second.png", person())
    (tmp_path / "bad.png").write_bytes(b"")
    controller, terminal = pty.openpty()
    running = subprocess.Popen(
        command(model, photo, tmp_path / "bad.png", tmp_path / "second.png", "-o", tmp_path / "out"),
        stderr=terminal, stdout=subprocess.PIPE, env=os.environ | {"TERM": "xterm", "COLUMNS": "200"},
    )  # fmt: skip
    os.close(terminal)
    shown = b""
    while chunk := _read(controller):
        shown += chunk
    out, _ = running.communicate(timeout=60)
    os.close(controller)
    assert running.returncode == 1
    assert out == b""
    assert b"100%" in shown
    assert b"bad.png: is empty" in shown
    assert b"Traceback" not in shown
    assert names(tmp_path / "out") == ["photo.png", "second.png"]


def _read(controller: int) -> bytes:
    try:
        return os.read(controller, 4096)
    except OSError:  # Linux: the other end is closed
        return b""
