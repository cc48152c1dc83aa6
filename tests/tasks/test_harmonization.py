"""Training the harmonizer: it learns, resumes exactly, shares its work, and stops as it should."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from limner.datasets.photo_map import prepare
from limner.errors import LimnerError, ModelError, OptionError
from limner.tasks import TASKS
from limner.tasks.harmonization import load_harmonizer, losses, make_harmonizer, pair_batches
from limner.tasks.recipes.harmonize import HarmonizeLoss, harmonize_recipe, to_dict
from limner.tasks.recipes.reading import read_recipe
from limner.tasks.recipes.recipe import load_recipe
from limner.tasks.records import total
from limner.training.job import Job, Progress
from limner.training.loop import train
from limner.weights.checkpoint import Checkpoint

RECIPE = Path(__file__).parents[2] / "recipes" / "harmonize.yaml"
RAW: dict[str, Any] = {
    "task": "harmonize",
    "net": {"name": "harmonizer", "options": {"width": 0.25, "hidden": 16}},
    "input_size": 64,
    "data": {"sets": {"fashion_full_body": 0.5, "faces_close_up": 0.5}, "rough_matte": 0},
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
        recipe = harmonize_recipe({**RAW, **fields}, source="test")
        return Job(recipe, tmp_path / name, data_folder, tmp_path / "cache", init, minutes, device="cpu")

    return make


def test_the_recipe_that_ships_is_valid() -> None:
    recipe = harmonize_recipe(read_recipe(RECIPE), source=RECIPE)
    make_harmonizer(recipe)
    assert recipe.phases[-1].size == recipe.input_size
    assert harmonize_recipe(to_dict(recipe), source="again") == recipe


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("samples=0", "samples: must be greater than 0"),
        ("net.name=fast", "net.name: must be harmonizer for this task, not 'fast'"),
        ("data.scene=2", r"data.scene must lie in \[0, 1\]"),
        ("data.changes={haze: 1}", "data.changes.haze: "),
        ("loss.lpips=1", "loss.lpips: a recipe has no such field"),
        ("phases=[{size: 64, share: 0.4}]", "phases: their shares must add up to 1"),
        ("teacher={models: [fast]}", "teacher: a recipe has no such field"),
        ("early_stop={patience: 2}", "early_stop: listens to validations"),
        ("optimizer.kind=lion", "optimizer: .*'lion'"),
    ],
)
def test_wrong_changes_are_named(change: str, message: str) -> None:
    with pytest.raises(LimnerError, match=message):
        harmonize_recipe(read_recipe(RECIPE, changes=[change]), source=RECIPE)


def test_the_other_trainer_does_not_take_it() -> None:
    with pytest.raises(OptionError, match=r"harmonize\.yaml: task: must be segment here, not 'harmonize'"):
        load_recipe(RECIPE)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"net": {"name": "harmonizer", "options": {"depth": 3}}}, "net harmonizer has no option 'depth'"),
        ({"input_size": 100}, "takes sizes divisible by 64, not 100x100 .*; choose 128x128"),
    ],
)
def test_a_net_that_cannot_be_made_is_named(make_job: MakeJob, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        train(make_job("run", **fields))


def test_it_learns(make_job: MakeJob) -> None:
    """A few steps on two pairs bring the composite much nearer to the truth than it was."""
    job = make_job("run", samples=8, batch=8, data={**RAW["data"], "untouched": 0, "scene": 0, "plain": 0})
    batch = next(pair_batches(prepare(job.data, job.cache), job.recipe, first_step=0))
    torch.manual_seed(0)
    net = make_harmonizer(job.recipe).train()
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.003)
    told = []
    for _ in range(40):
        terms = losses(net, batch)
        loss = total(terms, HarmonizeLoss())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        told.append(float(terms["mse"].detach()))
    assert min(told[-5:]) < 0.5 * told[0]


def test_nothing_beside_the_person_counts(make_job: MakeJob) -> None:
    job = make_job("run")
    batch = next(pair_batches(prepare(job.data, job.cache), job.recipe, first_step=0))
    net = make_harmonizer(job.recipe).eval()
    before = losses(net, batch)["mse"]
    batch.truth[(batch.mask == 0).expand_as(batch.truth)] = 0
    torch.testing.assert_close(losses(net, batch)["mse"], before)


def test_runs_of_one_seed_are_equal_and_resume_exactly(make_job: MakeJob) -> None:
    whole = train(make_job("whole"))
    assert whole.finished
    assert whole.step == 3
    half = make_job("half", minutes=1e-9)
    steps = [train(half).step for _ in range(3)]
    assert steps == [1, 2, 3]
    first, second = Checkpoint.load(whole.checkpoint), Checkpoint.load(half.out / "last.pt")
    for name, value in first.ema.items():
        torch.testing.assert_close(second.ema[name], value, rtol=0, atol=0)
    assert len(second.sessions) == 3
    assert second.sessions[-1]["to_sample"] == 12


def test_two_processes_share_each_batch(make_job: MakeJob) -> None:
    outcome = train(make_job("two", processes=2, samples=8))
    assert outcome.finished
    assert outcome.step == 2


def test_it_reports_scores_and_logs(make_job: MakeJob) -> None:
    told: list[Progress] = []
    job = make_job("run")
    train(job, report=told.append, validate=lambda net, size: {"net": 7.0, "score": float(size)})
    assert told[-1].samples == 12
    assert told[-1].terms.keys() == {"mse", "rmse", "light"}
    assert told[-1].validation is not None
    assert told[-1].validation.score == 64
    assert len((job.out / "log.csv").read_text().splitlines()) == 1 + len(told)


def test_a_run_of_another_recipe_is_not_gone_on_with(make_job: MakeJob) -> None:
    train(make_job("run"))
    with pytest.raises(OptionError, match="with another net, batch, seed or quantize; choose another out"):
        train(make_job("run", seed=2))


def test_it_starts_from_the_weights_that_ship(make_job: MakeJob) -> None:
    reports = []
    job = make_job("run", init="harmonize", net={"name": "harmonizer", "options": {"hidden": 16}}, samples=4)
    train(job, started=reports.append)
    assert reports[0].matched > 200
    assert load_harmonizer(job.out / "last.pt")[2].sessions[0]["init"] == "harmonize.onnx"


def test_a_checkpoint_of_another_task_is_named(tmp_path: Path) -> None:
    path = tmp_path / "last.pt"
    Checkpoint({"net": {"name": "fast"}}, 0, {}, {}, {}).save(path)
    with pytest.raises(ModelError, match=r"last\.pt: is a checkpoint of the task segment, not harmonize"):
        load_harmonizer(path)
    Checkpoint(to_dict(harmonize_recipe(RAW, source="test")), 0, {}, {}, {}).save(path)
    with pytest.raises(ModelError, match=r"last\.pt: its weights do not fit its own net"):
        load_harmonizer(path)


def test_it_has_what_every_task_has(make_job: MakeJob) -> None:
    """Boards, less precision, parts of a batch, validations on the way: the trainer's, whatever the task."""
    told: list[Progress] = []
    fields = {"precision": "bf16", "accumulate": 2, "validate_every": 4, "ema": 0.5}
    job = replace(make_job("run", **fields), board=True)
    outcome = train(job, report=told.append, validate=lambda net, size: {"net": 7.0, "score": 1.0})
    assert outcome.finished
    assert len([progress for progress in told if progress.validation is not None]) == 3
    assert list((job.out / "board").iterdir())
    assert (job.out / "best.pt").is_file()


def test_parts_of_a_batch_cost_what_the_batch_costs(make_job: MakeJob) -> None:
    job = make_job("run")
    (batch,) = [next(pair_batches(prepare(job.data, job.cache), job.recipe, first_step=0))]
    net = make_harmonizer(job.recipe).eval()
    whole, parts = (
        TASKS["harmonize"].at_work(harmonize_recipe({**RAW, "accumulate": n}, source="test"), net, "cpu")
        for n in (1, 2)
    )
    pieces = parts.parts(batch)
    assert [share for _, share in pieces] == [0.5, 0.5]
    mean = sum(float(parts(part)[1]["mse"]) * share for part, share in pieces)
    assert mean == pytest.approx(float(whole(batch)[1]["mse"]), rel=1e-4)


def test_a_run_of_another_task_is_not_gone_on_with(make_job: MakeJob) -> None:
    job = make_job("run")
    Checkpoint({"net": {"name": "fast"}, "input_size": 64}, 1, {}, {}, {}).save(job.out / "last.pt")
    with pytest.raises(OptionError, match=r"last\.pt: is of the task segment, not harmonize"):
        train(job)
