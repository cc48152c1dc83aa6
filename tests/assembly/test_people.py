"""Options of who stays and what is hidden: what goes together, what does not, and the whole way through a clip."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from limner.assembly import MatteOptions, People, PeopleOptions, TemporalOptions, check_people
from limner.assembly.people_options import parse_pick, parse_subject
from limner.effects import make_effect
from limner.errors import OptionError
from staged_people import iou, stage
from video_clips import frames_of


def limner(*args: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "limner.cli.app", *map(str, args)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=180)


@pytest.mark.parametrize(("text", "keep"), [("everyone", "everyone"), ("main", "main"), ("1", 1), ("12", 12)])
def test_subjects(text: str, keep: str | int) -> None:
    assert parse_subject(text) == keep


@pytest.mark.parametrize("text", ["", "0", "-1", "1.5", "all", "²"])
def test_what_is_no_subject(text: str) -> None:
    with pytest.raises(OptionError, match=r"^subject"):
        parse_subject(text)


def test_places() -> None:
    assert parse_pick(None) is None
    assert parse_pick("640,360") == parse_pick(" 640 x 360 ") == (640.0, 360.0)
    for text in ("", "640", "a,b", "-1,2", "1,2,3"):
        with pytest.raises(OptionError, match=r"^pick"):
            parse_pick(text)


@pytest.mark.parametrize(
    ("options", "matte", "says"),
    [
        ({"pick": "1,2", "subject": "main"}, {}, "pick and subject"),
        ({"subject": "main"}, {"largest_only": True}, "largest_only and subject"),
        ({"method": "magic"}, {}, "method must be one of"),
        ({"privacy": "maybe"}, {}, "privacy must be one of on, off, strict"),
        ({"learn": 10}, {}, "learn belongs to method subtraction or mixture, not to net"),
        ({"scene_color": True}, {}, "scene_color belongs to method subtraction"),
        ({"method": "subtraction", "mixture": "knn"}, {}, "mixture belongs to method mixture"),
        ({"method": "mixture", "difference": 20.0}, {}, "difference belongs to method subtraction"),
        ({"method": "mixture", "mixture": "mog"}, {}, "mog2 or knn"),
        ({"method": "mixture", "empty_scene": Path("x.png")}, {}, "learns from many"),
        ({"method": "subtraction", "empty_scene": Path("x.png"), "learn": 3}, {}, "learn and empty_scene"),
        ({"method": "subtraction", "difference": 0.0}, {}, "difference 0 is out of range"),
    ],
)
def test_what_does_not_go_together(options: dict[str, Any], matte: dict[str, Any], says: str) -> None:
    with pytest.raises(OptionError, match=says):
        check_people(PeopleOptions(**options), MatteOptions(**matte))


def test_single_moments_cannot_be_learned_from() -> None:
    with pytest.raises(OptionError, match="preview looks at single moments"):
        check_people(PeopleOptions(method="mixture"), MatteOptions(), preview=True)
    check_people(PeopleOptions(method="subtraction", empty_scene=Path("x.png")), MatteOptions(), preview=True)


@pytest.mark.parametrize("method", ["subtraction", "mixture"])
def test_a_subtractor_sees_every_frame_of_a_still_scene(method: str) -> None:
    steady = People(PeopleOptions(method=method, learn=3), MatteOptions()).steady(TemporalOptions())
    frame = stage(at=[])[0]
    hidden = [steady.matte(frame).hidden for _ in range(40)]
    assert hidden == [True] * 3 + [False] * 37
    assert (steady.frames, steady.skipped) == (40, 0)


def test_a_net_that_fails_in_the_middle_hides_the_frame_and_it_is_said_once(
    tmp_path: Path, make_onnx: Any, make_card: Any
) -> None:
    path = make_onnx(tmp_path / "own.onnx", weights=((float("inf"), 0.0, 0.0),))  # 0 times infinity is NaN
    make_card(path)
    people = People(PeopleOptions(), MatteOptions(model=str(path)))
    stream, effect = people.stream(people.steady(TemporalOptions())), people.effect(make_effect("mask"))
    good, bad = np.full((64, 96, 3), (200, 50, 50), np.uint8), np.full((64, 96, 3), (0, 90, 200), np.uint8)
    results = []
    for frame in (good, bad, bad, good):
        results += [effect(seen, matte) for _, seen, matte in stream.push(frame)]
    assert [int(mask.mean()) for mask in results] == [255, 0, 0, 255]
    blurred = people.effect(make_effect("blur"))
    checked = np.where(np.indices((64, 96)).sum(0)[..., None] % 2, bad, np.uint8(0))
    for _, seen, matte in stream.push(checked):
        assert np.abs(np.diff(blurred(seen, matte).astype(int), axis=1)).max() <= 2  # nothing of it is seen
    (said,) = people.notices()
    assert said.startswith("3 frames hidden whole: the output of 'own' was not finite")
    assert people.summary()["faults"] == 3


def test_photos_of_a_net_that_fails_are_errors(tmp_path: Path, make_onnx: Any, make_card: Any) -> None:
    make_card(make_onnx(tmp_path / "own.onnx", weights=((float("inf"), 0.0, 0.0),)))
    Image.new("RGB", (60, 40), (200, 0, 0)).save(tmp_path / "a.png")
    Image.new("RGB", (60, 40), (0, 0, 200)).save(tmp_path / "b.png")
    both = limner("image", "a.png", "b.png", "-o", "out", "--effect", "mask", "-m", "own.onnx", cwd=tmp_path)
    assert (both.returncode, [path.name for path in (tmp_path / "out").iterdir()]) == (1, ["a.png"])
    assert "model 'own': its output is not finite" in both.stderr
    alone = limner("image", "b.png", "-o", "b-out.png", "--effect", "mask", "-m", "own.onnx", cwd=tmp_path)
    assert alone.returncode == 2
    assert "no person" not in alone.stderr
    assert not (tmp_path / "b-out.png").exists()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip of two people, one of a room that somebody enters, the room, and a photo of two."""
    folder = tmp_path_factory.mktemp("people")
    scenes = {
        "two.mp4": [stage(at=[(0.2, 0.6), (0.65, 0.95)], seed=i)[0] for i in range(10)],
        "enter.mp4": [stage(at=[(0.6, 0.9)] if i >= 12 else [], seed=i)[0] for i in range(18)],
    }
    for name, frames in scenes.items():
        with av.open(str(folder / name), "w") as output:
            stream: Any = output.add_stream("libx264", rate=Fraction(25), options={"crf": "10"})
            stream.width, stream.height, stream.pix_fmt = 256, 144, "yuv420p"
            for frame in frames:
                output.mux(stream.encode(av.VideoFrame.from_ndarray(frame, "rgb24")))
            output.mux(stream.encode(None))
    Image.fromarray(stage(at=[], seed=99)[0]).save(folder / "room.png")
    Image.fromarray(stage(at=[(0.2, 0.6), (0.65, 0.95)])[0]).save(folder / "two.png")
    return folder


def masks(path: Path) -> list[np.ndarray]:
    return [frame[..., 0].astype(np.float32) / 255 for frame in frames_of(path)]


def test_privacy_and_the_main_person_in_a_clip(desk: Path) -> None:
    asked = ["-e", "mask", "--privacy", "on", "--subject", "main", "--json"]
    done = limner("video", "two.mp4", "-o", "main.mp4", *asked, cwd=desk)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["privacy"], said["subject"], said["hidden"]) == ("on", "main", {"waiting for good frames": 2})
    shown = masks(desk / "main.mp4")
    assert max(mask.max() for mask in shown[:2]) < 0.05  # hidden until the net is trusted
    assert iou(shown[-1], stage(at=[(0.2, 0.6), (0.65, 0.95)])[2][1]) > 0.85


def test_subtraction_hides_what_it_learns_from_and_finds_who_enters(desk: Path) -> None:
    done = limner("video", "enter.mp4", "-o", "learned.mp4", "--method", "subtraction", "--learn", "8", "--scene-color",
                  "-e", "mask", "--json", cwd=desk)  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["method"], said["model"], said["skipped"]) == ("subtraction", None, 0)
    shown = masks(desk / "learned.mp4")
    assert max(mask.max() for mask in shown[:11]) < 0.1
    assert iou(shown[-1], stage(at=[(0.6, 0.9)])[1]) > 0.9


def test_learning_frames_are_hidden_without_being_asked(desk: Path) -> None:
    done = limner("video", "two.mp4", "-o", "hidden.mp4", "--method", "mixture", "--blur-strength", "0", cwd=desk)
    assert done.returncode == 0, done.stderr
    raw, shown = frames_of(desk / "two.mp4"), frames_of(desk / "hidden.mp4")
    assert all(np.abs(np.diff(b.astype(int), axis=1)).max() < 25 for b in shown)
    assert np.abs(np.diff(raw[0].astype(int), axis=1)).max() > 80


def test_a_shot_of_the_room_beside_the_net(desk: Path) -> None:
    truth = stage(at=[(0.2, 0.6), (0.65, 0.95)])[1]
    for name, extra in (("net", []), ("both", ["--empty-scene", "room.png"])):
        done = limner("video", "two.mp4", "-o", f"{name}.mp4", "-e", "mask", *extra, cwd=desk)
        assert done.returncode == 0, done.stderr
    assert iou(masks(desk / "both.mp4")[-1], truth) > iou(masks(desk / "net.mp4")[-1], truth)


@pytest.mark.parametrize("who", [["--subject", "1"], ["--pick", "51,110"]])
def test_one_of_two_in_a_photo(desk: Path, who: list[str]) -> None:
    done = limner("image", "two.png", "-o", "one.png", "-e", "mask", *who, cwd=desk)
    assert done.returncode == 0, done.stderr
    mask = np.asarray(Image.open(desk / "one.png").convert("L"), np.float32) / 255
    assert iou(mask, stage(at=[(0.2, 0.6), (0.65, 0.95)])[2][0]) > 0.85


ABSENT = [
    (["--subject", "3"], "there is no subject 3; subject 1 stands at "),
    (["--pick", "120,5"], "nobody stands at 120,5; subject 1 stands at "),
]


@pytest.mark.parametrize(("who", "says"), ABSENT, ids=["number", "place"])
def test_who_is_not_there_is_told_apart_from_nobody(desk: Path, who: list[str], says: str) -> None:
    Image.new("RGB", (256, 144), (90, 120, 110)).save(desk / "room_alone.png")
    done = limner("image", "two.png", "room_alone.png", "-o", "masks", "-e", "mask", *who, cwd=desk)
    assert done.returncode == 0, done.stderr
    lines = done.stderr.strip().splitlines()
    assert [line.partition(": ")[2].partition(": ")[0] for line in lines] == ["two.png", "room_alone.png"]
    assert says in lines[0]
    assert lines[0].endswith("; all of it counts as background")
    assert "no person was found" not in lines[0]
    assert lines[1].endswith("no person was found; all of it counts as background")
    assert np.asarray(Image.open(desk / "masks" / "two.png")).max() == 0
    truths = stage(at=[(0.2, 0.6), (0.65, 0.95)])[2]
    spots = [tuple(map(int, spot)) for spot in re.findall(r"at (\d+),(\d+)", lines[0])][-2:]
    assert all(truth[y, x] > 0.9 for truth, (x, y) in zip(truths, spots, strict=True))
    done = limner("video", "two.mp4", "-o", "none.mp4", "-e", "mask", *who, cwd=desk)
    assert done.returncode == 0, done.stderr
    assert f"note: {says}" in done.stderr
    done = limner("video", "two.mp4", "-o", "none.mp4", "-e", "mask", "--json", *who, cwd=desk)
    assert says in json.loads(done.stdout)["nobody_kept"]
    done = limner("video", "two.mp4", "--preview", "sheet.png", "-e", "mask", *who, cwd=desk)
    assert f"note: {says}" in done.stderr


def test_who_is_there_is_no_news(desk: Path) -> None:
    done = limner("video", "two.mp4", "-o", "one.mp4", "-e", "mask", "--subject", "2", cwd=desk)
    assert done.returncode == 0, done.stderr
    assert "note:" not in done.stderr


def test_a_place_outside_the_picture_is_one_line(desk: Path) -> None:
    for command in (["image", "two.png", "-o", "no.png"], ["video", "two.mp4", "-o", "no.mp4", "--privacy", "on"]):
        done = limner(*command, "--pick", "900,20", cwd=desk)
        assert done.returncode == 2
        assert (
            done.stderr.strip().splitlines()[-1].startswith("limner: --pick 900,20 lies outside the picture of 256x144")
        )
    assert not list(desk.glob("no.*"))
