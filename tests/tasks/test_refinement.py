"""Training the net of fine edges: it learns, only the edge counts, and it resumes exactly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from limner.datasets.photo_map import prepare
from limner.errors import LimnerError, ModelError, OptionError
from limner.tasks import TASKS
from limner.tasks.recipes.reading import read_recipe
from limner.tasks.recipes.refine import RefineLoss, refine_recipe, to_dict
from limner.tasks.records import total
from limner.tasks.refinement import edge_batches, load_refiner, losses, make_refiner
from limner.training.job import Job, Progress
from limner.training.loop import train
from limner.weights.checkpoint import Checkpoint

RECIPE = Path(__file__).parents[2] / "recipes" / "edges.yaml"
RAW: dict[str, Any] = {
    "task": "refine",
    "net": {"name": "edge_refiner", "options": {"width": 0.5, "depth": 1}},
    "input_size": 64,
    "data": {"sets": {"rendered_people": 0.5, "faces_close_up": 0.5}, "canvas": [96], "patches": 4},
    "samples": 12,
    "batch": 4,
    "phases": [{"size": 64, "share": 1.0}],
    "optimizer": {"lr": 0.003},
    "processes": 1,
}

MakeJob = Callable[..., Job]


@pytest.fixture
def make_job(data_folder: Path, tmp_path: Path) -> MakeJob:
    def make(name: str, *, minutes: float | None = None, init: str | None = None, **fields: Any) -> Job:
        recipe = refine_recipe({**RAW, **fields}, source="test")
        return Job(recipe, tmp_path / name, data_folder, tmp_path / "cache", init, minutes, device="cpu")

    return make


def test_the_recipe_that_ships_is_valid() -> None:
    recipe = refine_recipe(read_recipe(RECIPE), source=RECIPE)
    make_refiner(recipe)
    assert refine_recipe(to_dict(recipe), source="again") == recipe


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("samples=0", "samples: must be greater than 0"),
        ("net.name=fast", "net.name: must be edge_refiner for this task, not 'fast'"),
        ("data.strands=2", r"data.strands must lie in \[0, 1\]"),
        ("data.models={}", "data.models must give at least one model"),
        ("loss.absolute=-1", "loss.absolute: must be greater than or equal to 0"),
        ("loss.bce=1", "loss.bce: a recipe has no such field"),
    ],
)
def test_wrong_changes_are_named(change: str, message: str) -> None:
    with pytest.raises(LimnerError, match=message):
        refine_recipe(read_recipe(RECIPE, changes=[change]), source=RECIPE)


def test_it_learns(make_job: MakeJob) -> None:
    job = make_job("run", samples=8, batch=8)
    batch = next(edge_batches(prepare(job.data, job.cache), job.recipe, first_step=0))
    torch.manual_seed(0)
    net = make_refiner(job.recipe).train()
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.003)
    told = []
    for _ in range(60):
        terms = losses(net, batch)
        optimizer.zero_grad()
        total(terms, RefineLoss()).backward()
        optimizer.step()
        told.append(float(terms["absolute"].detach()))
    assert min(told[-5:]) < 0.6 * told[0]


def test_far_from_the_edge_nothing_counts(make_job: MakeJob) -> None:
    job = make_job("run")
    batch = next(edge_batches(prepare(job.data, job.cache), job.recipe, first_step=0))
    net = make_refiner(job.recipe).eval()
    batch.rough[:, :, :32] = 0.0
    batch.rough[:, :, 32:] = torch.linspace(0, 1, 64)
    before = losses(net, batch)
    batch.alpha[:, :, :10] = 1 - batch.alpha[:, :, :10]
    for name, value in losses(net, batch).items():
        if name != "pyramid":  # whose coarse levels look further
            torch.testing.assert_close(value, before[name])
    batch.alpha[:, :, 40:] = 1 - batch.alpha[:, :, 40:]
    assert losses(net, batch)["absolute"] > before["absolute"] + 0.005


def test_how_far_beyond_0_and_1_alpha_is_does_not_count(make_job: MakeJob) -> None:
    job = make_job("run")
    batch = next(edge_batches(prepare(job.data, job.cache), job.recipe, first_step=0))
    batch.alpha.round_()

    def perfect(beyond: float) -> Any:
        return lambda x: batch.alpha * (1 + 2 * beyond) - beyond

    for beyond in (0.0, 0.5):
        assert all(float(value) == 0 for value in losses(perfect(beyond), batch).values())
    assert float(losses(perfect(-0.1), batch)["absolute"]) == pytest.approx(0.1, abs=1e-5)


def test_runs_of_one_seed_are_equal_and_resume_exactly(make_job: MakeJob) -> None:
    whole = train(make_job("whole"))
    assert whole.finished
    assert whole.step == 3
    half = make_job("half", minutes=1e-9)
    assert [train(half).step for _ in range(3)] == [1, 2, 3]
    first, second = Checkpoint.load(whole.checkpoint), Checkpoint.load(half.out / "last.pt")
    for name, value in first.ema.items():
        torch.testing.assert_close(second.ema[name], value, rtol=0, atol=0)


def test_it_reports_its_terms(make_job: MakeJob) -> None:
    told: list[Progress] = []
    train(make_job("run", accumulate=2), report=told.append, validate=lambda net, size: {"score": float(size)})
    assert told[-1].terms.keys() == {"absolute", "gradient", "pyramid"}
    assert told[-1].validation is not None
    assert told[-1].validation.score == 64


def test_parts_of_a_batch_cost_what_the_batch_costs(make_job: MakeJob) -> None:
    """Each term is a mean over the edge, so parts are near the whole, not equal to it."""
    job = make_job("run")
    batch = next(edge_batches(prepare(job.data, job.cache), job.recipe, first_step=0))
    net = make_refiner(job.recipe).eval()
    at_work = TASKS["refine"].at_work(refine_recipe({**RAW, "accumulate": 2}, source="test"), net, "cpu")
    pieces = at_work.parts(batch)
    assert [share for _, share in pieces] == [0.5, 0.5]
    assert torch.equal(torch.cat([part.alpha for part, _ in pieces]), batch.alpha)


def test_a_checkpoint_of_another_task_is_named(tmp_path: Path) -> None:
    path = tmp_path / "last.pt"
    Checkpoint({"net": {"name": "fast"}}, 0, {}, {}, {}).save(path)
    with pytest.raises(ModelError, match=r"last\.pt: is a checkpoint of the task segment, not refine"):
        load_refiner(path)
    Checkpoint(to_dict(refine_recipe(RAW, source="test")), 0, {}, {}, {}).save(path)
    with pytest.raises(ModelError, match=r"last\.pt: its weights do not fit its own net"):
        load_refiner(path)


def test_a_net_that_cannot_be_made_is_named(make_job: MakeJob) -> None:
    with pytest.raises(OptionError, match="net edge_refiner has no option 'heads'"):
        train(make_job("run", net={"name": "edge_refiner", "options": {"heads": 3}}))
    with pytest.raises(OptionError, match="takes sizes divisible by 8, not 100x100"):
        train(make_job("run", input_size=100))
