"""Runs are the same for the same seed, in parts as in whole batches, and end when validations say so."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from limner.errors import OptionError
from limner.nets import NETS, make_net
from limner.nets.base import SegmentationNet
from limner.tasks.recipes.recipe import from_dict
from limner.training.job import Job
from limner.training.loop import train
from limner.weights.checkpoint import Checkpoint, save_weights

RAW: dict[str, Any] = {
    "net": {"name": "fast", "options": {"width": 0.25}},
    "input_size": 32,
    "data": {"sets": {"fashion_full_body": 0.5, "no_people": 0.5}},
    "samples": 12,
    "batch": 4,
    "phases": [{"size": 32, "share": 1.0}],
    "optimizer": {"lr": 0.003},
    "processes": 1,
}


class Linear(SegmentationNet):
    """A 1×1 convolution: the simplest net, without batch norm."""

    size_divisor = 1

    def __init__(self) -> None:
        super().__init__()
        self.only = torch.nn.Conv2d(3, 1, 1)

    def run(self, x: torch.Tensor, *, heads: bool) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        return self.only(x), {}


@pytest.fixture(autouse=True)
def _linear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(NETS, "linear", Linear)


@pytest.fixture
def make_job(data_folder: Path, tmp_path: Path) -> Callable[..., Job]:
    def make(name: str, **fields: Any) -> Job:
        recipe = from_dict({**RAW, **fields}, source="test")
        return Job(recipe, tmp_path / name, data_folder, tmp_path / "cache", device="cpu")

    return make


def _same(a: Path, b: Path, **tolerance: float) -> None:
    first, second = Checkpoint.load(a), Checkpoint.load(b)
    for name, value in first.ema.items():
        torch.testing.assert_close(second.ema[name], value, **tolerance)


def test_equal_seeds_make_equal_runs_dropout_too_and_however_often_stopped(make_job: Callable[..., Job]) -> None:
    net = {"name": "mobile_unet", "options": {"dropout": 0.5}}
    straight, again = make_job("straight", net=net), make_job("again", net=net)
    train(straight)
    assert not train(replace(again, minutes=1e-9)).finished
    assert train(again).finished
    _same(straight.out / "last.pt", again.out / "last.pt", rtol=0, atol=0)


def test_accumulated_parts_make_the_same_step(make_job: Callable[..., Job]) -> None:
    """In a net without batch norm, which would see smaller batches."""
    whole = make_job("whole", net={"name": "linear"}, optimizer={"kind": "sgd", "lr": 0.1})
    train(whole)
    parts = replace(whole, out=whole.out.with_name("parts"), recipe=replace(whole.recipe, accumulate=3))
    train(parts)
    _same(whole.out / "last.pt", parts.out / "last.pt", rtol=1e-4, atol=1e-6)


def test_pictures_may_be_augmented_beside_the_net(make_job: Callable[..., Job]) -> None:
    beside, again, drawn = (
        make_job("beside", augment_on="device"),
        make_job("again", augment_on="device"),
        make_job("on"),
    )
    for job in (beside, again, drawn):
        train(job)
    _same(beside.out / "last.pt", again.out / "last.pt", rtol=0, atol=0)
    with pytest.raises(AssertionError):
        _same(beside.out / "last.pt", drawn.out / "last.pt")


def test_early_stopping_ends_the_run_and_keeps_the_best(make_job: Callable[..., Job]) -> None:
    job = make_job("early", samples=400, validate_every=4, early_stop={"patience": 2})
    scores = iter([50.0, 60.0, 55.0, 60.0, 70.0])
    outcome = train(job, validate=lambda _net, _size: {"x": next(scores)})
    assert (outcome.step, outcome.finished) == (4, True)
    assert Checkpoint.load(job.out / "best.pt").step == 2
    assert Checkpoint.load(job.out / "last.pt").progress["scoreboard"]["best"] == 60.0
    assert train(job, validate=lambda _net, _size: {"x": 99.0}).step == 4  # it stays over


def test_a_plateau_lowers_the_rate_of_the_run(make_job: Callable[..., Job]) -> None:
    schedule = {"kind": "plateau", "warmup": 0.0, "drop": 0.1, "patience": 1}
    job = make_job("plateau", samples=16, validate_every=4, schedule=schedule)
    train(job, validate=lambda _net, _size: {"x": 1.0})
    with (job.out / "log.csv").open() as file:
        assert [row["lr"] for row in csv.DictReader(file)] == ["0.003000", "0.003000", "0.000300", "0.000030"]


def test_what_listens_to_validations_needs_them(make_job: Callable[..., Job]) -> None:
    job = make_job("deaf", validate_every=4, early_stop={"patience": 2})
    with pytest.raises(OptionError, match="listen to validations, and there are none"):
        train(job)


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_sixteen_bits_train_and_resume(make_job: Callable[..., Job], precision: str) -> None:
    job = make_job(precision, precision=precision)
    train(replace(job, minutes=1e-9))
    outcome = train(job)
    state = Checkpoint.load(outcome.checkpoint)
    assert (outcome.step, bool(state.progress["scaler"])) == (3, precision == "fp16")
    assert all(value.dtype != torch.bfloat16 and value.isfinite().all() for value in state.net.values())


def test_every_input_that_a_recipe_asks_for_reaches_the_loss(make_job: Callable[..., Job], tmp_path: Path) -> None:
    job = make_job(
        "all",
        net={"name": "fast", "options": {"width": 0.25, "in_channels": 4}},
        data={**RAW["data"], "priors": {}, "twins": True, "previous": True},
        loss={"bce": 1, "consistency": 1, "temporal": 1, "coarse": 1, "distill": 1},
        teacher={"models": ["fast"], "size": 32},
        samples=4,
        freeze={"encoder_until": 1.0},
    )
    save_weights(tmp_path / "three.safetensors", make_net("fast", width=0.25).state_dict())
    outcome = train(replace(job, init=str(tmp_path / "three.safetensors")))
    with (job.out / "log.csv").open() as file:
        terms = dict(pair.split("=") for pair in next(csv.DictReader(file))["terms"].split("; "))
    assert list(terms) == ["bce", "coarse", "consistency", "temporal", "distill"]
    assert all(float(value) > 0 for value in terms.values())
    state = Checkpoint.load(outcome.checkpoint)
    assert state.sessions[0]["widened"] == ["stem.0.weight"]
    assert not state.net["stem.0.weight"][:, 3].any()  # frozen all along


def test_a_loss_that_is_no_number_ends_the_run(make_job: Callable[..., Job]) -> None:
    job = make_job("wild", optimizer={"kind": "sgd", "lr": 1e30, "clip": 0}, samples=40)
    with pytest.raises(OptionError, match=r"no longer a number at step \d+; lower optimizer.lr"):
        train(job)
