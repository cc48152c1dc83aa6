"""A run resumes to the step, stops when told, shares work between processes, and learns."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from limner.datasets.photo_map import prepare
from limner.datasets.sampler import Sampler
from limner.errors import OptionError
from limner.nets import make_net
from limner.nets.initial_weights import WeightReport, start_net
from limner.one_writer import OneWriter
from limner.tasks.loss.losses import edge_weighted_bce
from limner.tasks.recipes.recipe import from_dict
from limner.training.job import Job, Progress
from limner.training.loop import train
from limner.weights.checkpoint import Checkpoint, save_weights

RAW = {
    "net": {"name": "fast", "options": {"width": 0.25}},
    "input_size": 32,
    "data": {"sets": {"fashion_full_body": 0.5, "rendered_people": 0.3, "no_people": 0.2}},
    "samples": 16,
    "batch": 4,
    "phases": [{"size": 32, "share": 1.0}],
    "optimizer": {"lr": 0.003},
    "processes": 1,
}


@pytest.fixture
def job(data_folder: Path, tmp_path: Path) -> Job:
    recipe = from_dict(RAW, source="test")
    return Job(recipe, tmp_path / "run", data_folder, tmp_path / "cache", device="cpu")


def test_a_run_resumes_exactly(job: Job, tmp_path: Path) -> None:
    train(job)
    straight = Checkpoint.load(job.out / "last.pt")
    assert straight.card is not None
    assert "samples in batches of" in straight.card["training"]["procedure"]

    halves = replace(job, out=tmp_path / "halves")
    first = replace(halves, minutes=1e-9)  # stops after one step, whatever the machine
    assert train(first).step == 1
    outcome = train(halves)
    assert outcome.finished
    resumed = Checkpoint.load(halves.out / "last.pt")
    assert resumed.step == straight.step == 4
    for name in straight.ema:
        torch.testing.assert_close(resumed.ema[name], straight.ema[name], rtol=0, atol=0)
        torch.testing.assert_close(resumed.net[name], straight.net[name], rtol=0, atol=0)
    assert len([s for s in resumed.sessions if "device" in s]) == 2


def test_a_complete_run_does_nothing_more(job: Job) -> None:
    train(job)
    before = Checkpoint.load(job.out / "last.pt")
    outcome = train(job)
    assert outcome.finished
    assert outcome.step == before.step


def test_two_runs_never_share_a_folder(job: Job) -> None:
    with OneWriter(job.out), pytest.raises(OptionError, match=r"run: another run of limner writes into it"):
        train(job)
    assert not job.out.exists()


def test_two_processes_share_a_batch(job: Job) -> None:
    shared = replace(job, recipe=replace(job.recipe, processes=2, samples=12))
    told: list[Progress] = []
    outcome = train(shared, report=told.append)
    assert outcome.finished
    assert outcome.step == 3
    assert told[-1].samples == 12
    state = Checkpoint.load(outcome.checkpoint)
    assert all(value.isfinite().all() for value in state.net.values())


def test_drawing_in_other_processes_changes_nothing(job: Job, tmp_path: Path) -> None:
    train(job)
    train(replace(job, out=tmp_path / "workers", recipe=replace(job.recipe, workers=2)))
    alone, helped = (Checkpoint.load(folder / "last.pt") for folder in (job.out, tmp_path / "workers"))
    for name, value in alone.net.items():
        torch.testing.assert_close(helped.net[name], value, rtol=0, atol=0)


def test_bfloat16_trains_too(job: Job) -> None:
    outcome = train(replace(job, recipe=replace(job.recipe, precision="bf16")))
    state = Checkpoint.load(outcome.checkpoint)
    assert outcome.finished
    assert all(value.dtype != torch.bfloat16 and value.isfinite().all() for value in state.net.values())


def test_it_learns_the_drawn_people(job: Job) -> None:
    faster = replace(job.recipe.optimizer, lr=0.01)
    job = replace(job, recipe=replace(job.recipe, samples=320, batch=8, optimizer=faster))
    outcome = train(job)
    with (job.out / "log.csv").open() as file:
        assert int(list(csv.DictReader(file))[-1]["samples"]) == 320
    torch.manual_seed(job.recipe.seed)
    untrained = make_net("fast", width=0.25)
    trained = make_net("fast", width=0.25)
    trained.load_state_dict(Checkpoint.load(outcome.checkpoint).net)
    assert _loss(trained, job) < 0.8 * _loss(untrained, job)


@torch.no_grad()
def _loss(net: torch.nn.Module, job: Job) -> float:
    """Cross entropy on samples the run has not drawn."""
    sampler = Sampler(prepare(job.data, job.cache), job.recipe.data, seed=99)
    drawn = [sampler.draw(number, 32) for number in range(32)]
    images = torch.stack([torch.from_numpy(s.image).permute(2, 0, 1) for s in drawn]).float() / 255
    targets = torch.stack([torch.from_numpy(s.target)[None] for s in drawn])
    return float(edge_weighted_bce(net(images), targets, torch.ones_like(targets), edge=0.0))


def test_validation_is_reported_and_logged(job: Job) -> None:
    told: list[Progress] = []
    recipe = replace(job.recipe, validate_every=8)
    train(replace(job, recipe=recipe), report=told.append, validate=lambda _net, size: {"x": float(size)})
    assert [p.step for p in told if p.validation] == [2, 4]
    with (job.out / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["step"], row["validation"], row["score"]) for row in rows] == [
        ("2", "x=32.0000", "32.0000"),
        ("4", "x=32.0000", "32.0000"),
    ]
    assert rows[0]["terms"].startswith("bce=")


def test_starting_weights_are_used(job: Job, tmp_path: Path) -> None:
    net = make_net("fast", width=0.25)
    save_weights(tmp_path / "w.safetensors", net.state_dict())
    still = replace(job.recipe, optimizer=replace(job.recipe.optimizer, lr=0.0), init="none.pt")
    told: list[WeightReport] = []
    outcome = train(replace(job, recipe=still, init=str(tmp_path / "w.safetensors"), minutes=1e-9), started=told.append)
    assert told[0].untouched == ()
    state = Checkpoint.load(outcome.checkpoint)
    torch.testing.assert_close(state.net["stem.0.weight"], net.state_dict()["stem.0.weight"])
    assert state.sessions[0]["init"] == "w.safetensors"


def test_another_recipe_does_not_continue_a_run(job: Job) -> None:
    train(job)
    with pytest.raises(OptionError, match="belongs to a recipe with another net, batch, seed or quantize"):
        train(replace(job, recipe=replace(job.recipe, batch=8)))


@pytest.mark.parametrize(("device", "message"), [("gpu", "must be auto, cpu or cuda"), ("cuda", "sees no CUDA device")])
def test_devices_are_checked(job: Job, device: str, message: str) -> None:
    if device == "cuda" and torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    with pytest.raises(OptionError, match=message):
        train(replace(job, device=device))


@pytest.mark.parametrize(("init", "factor"), [(None, 0.1), ("selfie", 1.0)])
def test_what_a_recipe_says_of_its_own_start_holds_for_no_other(job: Job, init: str | None, factor: float) -> None:
    own = {"net": {"name": "selfie"}, "init": "selfie", "init_sharpness": 0.1, "optimizer": {"lr": 0.0}}
    train(replace(job, recipe=from_dict({**RAW, **own}, source="test"), init=init, minutes=1e-9))
    shipped = make_net("selfie")
    start_net(shipped, "selfie")
    started = Checkpoint.load(job.out / "last.pt").net
    torch.testing.assert_close(started["head.weight"], shipped.state_dict()["head.weight"] * factor)
    torch.testing.assert_close(started["stem.weight"], shipped.state_dict()["stem.weight"])
