"""Runs a recipe: where it starts from, on which device, and in which processes."""

from __future__ import annotations

import functools
from itertools import islice

import torch

from limner.datasets.photo_map import prepare
from limner.datasets.sampler import Sampler
from limner.errors import ModelError, OptionError
from limner.heap import keep_training_memory
from limner.nets import make_net
from limner.nets.base import SegmentationNet
from limner.training.batches import batches
from limner.training.forward import net_input
from limner.training.initial_weights import soften_head, start_net, start_part
from limner.training.job import Job, Outcome, Report, Started, Validate
from limner.training.parallel.distributed import Group, together
from limner.training.recipes.recipe import Recipe, recorded, to_dict
from limner.training.recipes.schedules import Plateau
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
        OptionError, ModelError, DataError, MissingExtraError: the recipe, weights, data or board cannot be used.
    """
    _check_validation(job.recipe, validate)
    device, recipe = choose_device(job.device), job.recipe
    world = process_count(device, processes=recipe.processes, workers=recipe.workers, batch=recipe.batch)
    group = Group.of_torchrun()
    if group is not None:
        return _among_others(job, device, group, started, report, validate)
    prepare(job.data, job.cache, masks=job.recipe.masks)  # once, before processes share it
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
    group.join(device)
    try:
        if group.local == 0:
            prepare(job.data, job.cache, masks=job.recipe.masks)
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
        saved = recorded(state.recipe, source=str(path))
        mine = (recipe.net, recipe.batch, recipe.seed, recipe.quantize)
        if (saved.net, saved.batch, saved.seed, saved.quantize) != mine:
            raise OptionError(
                f"{path}: belongs to a recipe with another net, batch, seed or quantize; choose another ‹out›"
            )
        return state
    torch.manual_seed(recipe.seed)
    net = make_net(recipe.net.name, **recipe.net.options)
    if recipe.quantize is not None:
        net = net.for_inference()
    for phase in recipe.phases:
        net.check_size(phase.size, phase.size)
    source = job.init if job.init is not None else recipe.init
    starts = [start_net(net, source)] if source is not None else []
    if job.init is None:  # what the recipe says of its own start holds for no other
        if starts:
            soften_head(net, recipe.init_sharpness)
        starts += [start_part(net, part, other) for part, other in recipe.init_parts.items()]
    if recipe.quantize is not None:
        if starts and starts[0].untouched:
            raise ModelError(f"{source}: lacks weights of the net {recipe.net.name}, such as {starts[0].untouched[0]}")
        net = _calibrated(net, job)
    weights = {name: value.clone() for name, value in net.state_dict().items()}
    average = {name: value.clone() for name, value in weights.items()}
    sessions = [start.record() for start in starts]
    if started is not None:
        for start in starts:
            started(start)
    return Checkpoint(to_dict(recipe), 0, weights, average, {}, sessions)


def _calibrated(net: SegmentationNet, job: Job) -> SegmentationNet:
    """The net rounded to 8 bits, with ranges from the first batches of the run."""
    from limner.nets.quantized.net import QuantizedNet

    recipe = job.recipe
    assert recipe.quantize is not None
    quantized = QuantizedNet(net, recipe.input_size, recipe.quantize)
    sampler = Sampler(prepare(job.data, job.cache, masks=recipe.masks), recipe.data, seed=recipe.seed)
    drawn = islice(batches(sampler, recipe, first_step=0, rank=0, world=1), recipe.quantize.calibrate)
    quantized.calibrate(net_input(batch.images, batch.priors if net.in_channels == 4 else None) for batch in drawn)
    return quantized


def _check_validation(recipe: Recipe, validate: Validate | None) -> None:
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
