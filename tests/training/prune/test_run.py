"""Pruning and fine-tuning go hand in hand, stop and go on, and end in a model that runs."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest
import torch

pytest.importorskip("torch_pruning")

from limner.cli.app import main
from limner.nets import make_net
from limner.tasks.recipes.recipe import from_dict, recorded, to_dict
from limner.training.prune import run as pruning_run
from limner.training.prune.curve import draw_curve
from limner.training.prune.pruning import PruneOptions, cost
from limner.training.prune.run import Point, PruneJob, read_curve, run
from limner.weights.checkpoint import Checkpoint, save_weights

RAW = {
    "net": {"name": "fast", "options": {"width": 0.25}},
    "input_size": 32,
    "data": {"sets": {"fashion_full_body": 0.8, "no_people": 0.2}},
    "samples": 8,
    "batch": 4,
    "phases": [{"size": 32, "share": 1.0}],
    "optimizer": {"lr": 0.003},
    "processes": 1,
}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    weights = make_net("fast", width=0.25).state_dict()
    path = tmp_path_factory.mktemp("trained") / "last.pt"
    Checkpoint(to_dict(from_dict(RAW, source="test")), 2, weights, weights, {}).save(path)
    return path


def test_the_command_ends_in_a_smaller_model(checkpoint: Path, data_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text(json.dumps(RAW))  # JSON is YAML
    out = tmp_path / "small"
    command = ["prune", str(checkpoint), "--recipe", str(tmp_path / "r.yaml"), "--macs", "0.9", "--steps", "1"]
    command += ["--data", str(data_folder), "--cache", str(tmp_path / "cache"), "-o", str(out), "--limit", "1"]
    with pytest.raises(SystemExit) as stop:
        main(command)
    assert stop.value.code == 0
    points = read_curve(out / "curve.csv")
    assert [(point.step, point.tuned) for point in points] == [(0, True), (1, False), (1, True)]
    assert points[1].macs == points[2].macs <= 0.9 * points[0].macs
    assert points[2].parameters < points[0].parameters
    assert ET.parse(out / "curve.svg").getroot().tag.endswith("svg")
    assert json.loads((out / "small.json").read_text())["input"]["size"] == [32, 32]
    assert (out / "small.onnx").stat().st_size > 10_000
    state = Checkpoint.load(out / "step1/last.pt")
    recipe = recorded(state.recipe, source="test")
    assert state.step == 2
    assert cost(make_net(recipe.net.name, **recipe.net.options), 32, "macs") == points[2].macs


@pytest.fixture
def job(checkpoint: Path, data_folder: Path, tmp_path: Path) -> PruneJob:
    recipe = from_dict(RAW, source="test")
    options = PruneOptions(multiple=8)
    return PruneJob(str(checkpoint), recipe, tmp_path / "out", data_folder, tmp_path / "cache", 0.9, 2, options, "cpu")


def test_it_goes_on_where_it_stopped(job: PruneJob, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stop after each part: scoring as it was, then fine-tuning of the first step, then all the rest."""
    scored: list[int] = []

    def score(net: torch.nn.Module, _size: int) -> dict[str, float]:
        if len(scored) == 1 and not (job.out / "tripped").exists():
            (job.out / "tripped").touch()
            raise KeyboardInterrupt
        scored.append(sum(p.numel() for p in net.parameters()))
        return {"miou": 50.0, "boundary_iou": 10.0}

    with pytest.raises(KeyboardInterrupt):
        run(job, score=score)
    assert [(p.step, p.tuned) for p in read_curve(job.out / "curve.csv")] == [(0, True)]
    written = (job.out / "step1/last.pt").stat().st_mtime_ns
    assert Checkpoint.load(job.out / "step1/last.pt").step == 0

    train = pruning_run.train
    monkeypatch.setattr(pruning_run, "train", lambda each, report: train(replace(each, minutes=1e-9), report=report))
    assert not run(job, score=score).finished  # the clock stops the first fine-tuning after one update
    assert Checkpoint.load(job.out / "step1/last.pt").step == 1
    assert (job.out / "step1/last.pt").stat().st_mtime_ns > written
    monkeypatch.undo()

    assert run(job, score=score).checkpoint == job.out / "step2/last.pt"
    points = read_curve(job.out / "curve.csv")
    assert [(p.step, p.tuned) for p in points] == [(0, True), (1, False), (1, True), (2, False), (2, True)]
    assert scored[0] > scored[1] == scored[2] > scored[3] == scored[4]
    assert [path.name for path in job.out.rglob("*part*")] == []
    with pytest.raises(Exception, match="belongs to another model, recipe or options"):
        run(replace(job, ratio=0.5), score=score)


def test_weights_are_pruned_with_the_recipes_net(job: PruneJob, tmp_path: Path) -> None:
    save_weights(tmp_path / "w.safetensors", make_net("fast", width=0.25).for_inference().state_dict())
    job = replace(job, source=str(tmp_path / "w.safetensors"), steps=1)
    assert run(job, score=lambda _net, _size: {"miou": 1.0, "boundary_iou": 1.0}).finished
    wide = replace(job, out=tmp_path / "wide", recipe=replace(job.recipe, net=replace(job.recipe.net, options={})))
    with pytest.raises(Exception, match="not those of the recipe's net fast"):
        run(wide, score=lambda _net, _size: {"miou": 1.0, "boundary_iou": 1.0})


def test_the_curve_is_drawn() -> None:
    points = [
        Point(0, True, 100, 10, 90.0, 60.0),
        Point(1, False, 70, 8, 80.0, 50.0),
        Point(1, True, 70, 8, 88.0, 57.0),
    ]
    svg = ET.fromstring(draw_curve(points))
    space = "{http://www.w3.org/2000/svg}"
    assert len(svg.findall(f".//{space}circle")) == 3
    assert "step 1, 88.0 %" in "".join(svg.itertext())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "--macs or --parameters: give one"),
        (("--macs", "0.5", "--parameters", "0.5"), "--macs or --parameters: give one"),
        (("--macs", "1.5"), "must lie between 0 and 1"),
        (("--macs", "0.5", "--importance", "luck"), "importance: must be"),
    ],
)
def test_wrong_options_are_one_line(
    options: tuple[str, ...], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "r.yaml").write_text(json.dumps(RAW))
    with pytest.raises(SystemExit) as stop:
        main(["prune", "none.pt", "--recipe", str(tmp_path / "r.yaml"), "-o", str(tmp_path / "x"), *options])
    assert stop.value.code == 2
    assert message in capsys.readouterr().err
