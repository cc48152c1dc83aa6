"""Runs a recipe: where it starts from, on which device, and in which processes."""

from __future__ import annotations

import functools
from contextlib import nullcontext

import torch

from limner.datasets.photo_map import prepare
from limner.errors import OptionError
from limner.heap import keep_training_memory
from limner.models.card import SEGMENT
from limner.one_writer import OneWriter
from limner.tasks import TASKS
from limner.tasks.recipes.run import RunRecipe
from limner.tasks.recipes.schedules import Plateau
from limner.training.job import Job, Outcome, Report, Started, Validate
from limner.training.parallel.distributed import Group, together
from limner.training.sharing import process_count
from limner.training.worker import Worker
from limner.weights.checkpoint import Checkpoint


def train(
    job: Job, *, started: Started | None = None, report: Report | None = None, validate: Validate | None = None
) -> Outcome:
    """Run a recipe until it is done, its minutes are over, or a signal; in each case ``out/last.pt`` is whole.

    A process that `torchrun` started takes its place among the others; otherwise a run on a CPU starts its own.

    Args:
        started: called with what became of the weights that a fresh run starts from, if it starts from any.
        report: called every few seconds.
        validate: scores the averaged net at an input size.

    Raises:
        OptionError, ModelError, DataError, MissingExtraError: the recipe, weights, data or board cannot be used, or
            another run writes into ``out``.
    """
    _check_validation(job.recipe, validate)
    TASKS[job.recipe.task].check(job.recipe)
    device, recipe = choose_device(job.device), job.recipe
    world = process_count(device, processes=recipe.processes, workers=recipe.workers, batch=recipe.batch)
    group = Group.of_torchrun()
    if group is not None:
        return _among_others(job, device, group, started, report, validate)
    with OneWriter(job.out, error=OptionError):
        _prepare(job)  # once, before processes share it
        state = _start(job, started)
        if world == 1:
            return Worker(job, state, device, Group(), report=report, validate=validate).run()
        return _with_others(job, state, world, report, validate)


def _among_others(
    job: Job,
    device: str,
    group: Group,
    started: Started | None,
    report: Report | None,
    validate: Validate | None,
) -> Outcome:
    """A process of `torchrun`: the first one of each machine makes the photo map, the first of all the state."""
    if job.recipe.batch < group.world:
        raise OptionError(f"batch: {job.recipe.batch} pictures are too few for {group.world} processes")
    if device == "cuda":
        torch.cuda.set_device(group.local)
    with OneWriter(job.out, error=OptionError) if group.rank == 0 else nullcontext():
        group.join(device)
        try:
            if group.local == 0:
                _prepare(job)
            state = group.from_first(
                _start(job, started) if group.rank == 0 else None
            )  # everybody waits here for the photo map of the first
            group.wait()
            if group.rank:
                report, validate = None, None
            return Worker(job, state, device, group, report=report, validate=validate).run()
        finally:
            group.leave()


def _with_others(job: Job, state: Checkpoint, world: int, report: Report | None, validate: Validate | None) -> Outcome:
    """The first of several processes on this CPU, which starts the others."""

    def first(group: Group) -> Outcome:
        return Worker(job, state, "cpu", group, report=report, validate=validate).run()

    return together(first, functools.partial(_other, job, state), world)


def _other(job: Job, state: Checkpoint, group: Group) -> None:
    """Body of the processes beside the first."""
    keep_training_memory()
    Worker(job, state, "cpu", group).run()


def _start(job: Job, started: Started | None) -> Checkpoint:
    """The checkpoint to go on from, or a fresh one."""
    path, recipe = job.out / "last.pt", job.recipe
    if path.is_file():
        state = Checkpoint.load(path)
        if state.recipe.get("task", SEGMENT) != recipe.task:
            raise OptionError(f"{path}: is of the task {state.recipe.get('task', SEGMENT)}, not {recipe.task}")
        saved = TASKS[recipe.task].recorded(state.recipe, source=str(path))
        mine = (recipe.net, recipe.batch, recipe.seed, recipe.record.quantize)
        if (saved.net, saved.batch, saved.seed, saved.record.quantize) != mine:
            raise OptionError(
                f"{path}: belongs to a recipe with another net, batch, seed or quantize; choose another ‹out›"
            )
        return state
    torch.manual_seed(recipe.seed)
    task = TASKS[recipe.task]
    net, starts = task.begun(recipe, job.init, lambda: prepare(job.data, job.cache, masks=recipe.masks))
    weights = {name: value.clone() for name, value in net.state_dict().items()}
    average = {name: value.clone() for name, value in weights.items()}
    sessions = [start.record() for start in starts]
    if started is not None:
        for start in starts:
            started(start)
    return Checkpoint(task.plain(recipe), 0, weights, average, {}, sessions)


def _prepare(job: Job) -> None:
    """Decodes what is new of the photos, once it is certain that the recipe can be drawn from them."""
    check = functools.partial(TASKS[job.recipe.task].check_photos, job.recipe)
    prepare(job.data, job.cache, masks=job.recipe.masks, check=check)


def _check_validation(recipe: RunRecipe, validate: Validate | None) -> None:
    group = Group.of_torchrun()
    listens = isinstance(recipe.schedule, Plateau) or recipe.early_stop is not None
    if listens and validate is None and (group is None or group.rank == 0):
        raise OptionError(
            "schedule: plateau and early_stop listen to validations, and there are none; the data folder needs photos "
            "of the split val, and ‹no_validate› must not be given"
        )


def choose_device(asked: str) -> str:
    """ "cpu" or "cuda" for what --device says; OptionError where it cannot be had."""
    if asked not in ("auto", "cpu", "cuda"):
        raise OptionError(f"‹device›: must be auto, cpu or cuda, not {asked!r}")
    if asked == "cuda" and not torch.cuda.is_available():
        raise OptionError("‹device› cuda: this installation of torch sees no CUDA device; use ‹device› cpu")
    if asked == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return asked
