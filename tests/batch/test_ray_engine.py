"""The engine `ray`: the same bytes as those of the other, what dies with it, and what it cannot do."""

from __future__ import annotations

import os
import re
import sys
import threading
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil
import pytest

from batch_parts import person, tree
from command_lines import parse
from limner.assembly.photo import PhotoOptions
from limner.assembly.saving import VideoSaving
from limner.batch.item import Item
from limner.batch.local_engine import LocalEngine
from limner.batch.ray_engine import RayEngine
from limner.batch.request import BatchRequest
from limner.batch.running import engine_of, look
from limner.batch.stop import Stop
from limner.batch.worker import Task
from limner.errors import OptionError
from limner.media.images import write_image
from video_clips import Clip, make_clip

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="signals"),
    pytest.mark.skipif(find_spec("ray") is None, reason="needs ray"),
]


def items(folder: Path, count: int, to: str) -> list[Item]:
    made = []
    for index in range(count):
        path = folder / "in" / f"{index:02}.jpg"
        path.parent.mkdir(exist_ok=True)
        if not path.exists():
            write_image(path, person(index, 200, 300))
        made.append(Item(str(path), str(path), str(folder / to / path.name), ".jpg", "i"))
    return made


def engine(task: Task, **given: Any) -> RayEngine:
    """On a Ray of its own, or on the cluster that RAY_ADDRESS names."""
    return RayEngine(task, workers=2, **({"cluster": os.environ.get("RAY_ADDRESS")} | given))


def test_both_engines_make_the_same_bytes(tmp_path: Path, color_options: PhotoOptions) -> None:
    local, far = items(tmp_path, 20, "local"), items(tmp_path, 20, "ray")
    Path(local[3].source).write_bytes(b"\xff\xd8\xff and no more")
    outcomes = []
    task = Task(color_options)
    for made, chosen in ((local, LocalEngine(task, workers=2, tries=2)), (far, engine(task))):
        found = sorted(chosen.run(made, Stop()), key=lambda outcome: outcome.index)
        outcomes.append([(outcome.index, outcome.size, outcome.error, outcome.notices) for outcome in found])
    assert outcomes[0] == outcomes[1]
    assert [index for index, _, error, _ in outcomes[0] if error] == [3]
    assert len(outcomes[0]) == 20
    assert tree(tmp_path / "local") == tree(tmp_path / "ray") != {}


def test_both_engines_make_the_same_videos(tmp_path: Path, color_options: PhotoOptions) -> None:
    make_clip(tmp_path / "in.mp4", Clip(frames=75, audio=("eng",)))
    for to in ("local", "ray"):
        request = BatchRequest(
            inputs=(str(tmp_path / "in.mp4"),), to=str(tmp_path / to), options=color_options, piece=1, engine=to,
            video=VideoSaving(preset="ultrafast"), workers=2,
            cluster=os.environ.get("RAY_ADDRESS") if to == "ray" else None,
        )  # fmt: skip
        batch = look(request)
        summary = batch.run(engine_of(batch), lambda _: None)
        assert (summary.done, summary.failed, summary.worked) == (1, 0, 3)
    assert tree(tmp_path / "local") == tree(tmp_path / "ray") != {}


def test_results_are_handed_over_whole(tmp_path: Path, color_options: PhotoOptions) -> None:
    made = items(tmp_path, 6, "out")
    outcomes = list(engine(Task(color_options, hand_over=True)).run(made, Stop()))
    list(LocalEngine(Task(color_options), workers=1, tries=1).run(made, Stop()))
    for outcome in outcomes:
        assert outcome.data == Path(made[outcome.index].target).read_bytes()


def busy_actors() -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if any(part.startswith("ray::Map") for part in process.info["cmdline"] or ()):
            found.append(process)
    return found


@pytest.mark.parametrize("kills", [1, 1000])
def test_an_actor_that_dies_takes_no_other_photo_along(tmp_path: Path, color_options: PhotoOptions, kills: int) -> None:
    made = items(tmp_path, 12, "out")
    write_image(made[5].source, person(5, 5000, 5000))
    over = threading.Event()

    def kill() -> None:
        left = kills
        while left and not over.is_set():
            for actor in busy_actors():
                try:
                    if actor.memory_info().rss > 400_000_000:
                        actor.kill()
                        left -= 1
                except psutil.NoSuchProcess:
                    continue
            time.sleep(0.01)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        outcomes = list(engine(Task(color_options, tmp_path / "parts")).run(made, Stop()))
    finally:
        over.set()
        killer.join()
    assert sorted(outcome.index for outcome in outcomes) == list(range(12))
    failed = [outcome.index for outcome in outcomes if outcome.error]
    assert failed == ([] if kills == 1 else [5])


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"gpus": 1.0}, "Ray has 2 CPUs and 0 GPUs"),
        ({"cluster": "127.0.0.1:9"}, "cluster 127.0.0.1:9: cannot be reached"),
    ],
)
def test_what_a_cluster_lacks(color_options: PhotoOptions, given: dict[str, object], told: str) -> None:
    with pytest.raises(OptionError) as raised:
        engine(Task(color_options), **given)
    assert told in str(raised.value)


def test_a_wish_to_stop(tmp_path: Path, color_options: PhotoOptions) -> None:
    # the last: a thread of Ray Data that is left behind keeps this process from connecting once more
    made, stop, came, levels = items(tmp_path, 60, "out"), Stop(), 0, set()
    for _ in engine(Task(color_options, tmp_path / "parts")).run(made, stop):
        levels |= {actor.nice() for actor in busy_actors()}
        came += 1
        stop.ask()
    assert 0 < came < 60
    assert os.environ.get("RAY_ADDRESS") or levels == {os.nice(0)}  # Ray's own would be 15 more
    assert all(path.stat().st_size for path in (tmp_path / "out").iterdir())


def test_ray_takes_the_cluster_of_the_documentation() -> None:
    """Ray's own check, by which `ray up` begins."""
    yaml = pytest.importorskip("yaml")
    util = pytest.importorskip("ray.autoscaler._private.util")
    root = Path(__file__).resolve().parents[2]
    text = (root / "deploy/cluster.yaml").read_text(encoding="utf-8")
    asked = yaml.safe_load(text)
    machines = 1 + len(asked["provider"]["worker_ips"])
    whole = util.prepare_config(asked)
    util.validate_config(whole)
    (kind,) = whole["available_node_types"].values()
    assert kind["min_workers"] == machines - 1
    page = (root / "docs/batch.md").read_text(encoding="utf-8")
    assert f"--nnodes {machines} " in page
    (command,) = re.findall(r"ray exec deploy/cluster.yaml '(limner batch .*)'", page)
    assert f"'{command}'" in text
    assert parse(command) == "batch"
    (training,) = re.findall(r"-m (limner train [^']*)'", page)
    assert parse(training) == "train"
