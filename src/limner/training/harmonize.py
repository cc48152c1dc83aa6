"""Trains the harmonizer: pairs in, an adjustment of the person out, in one process a core."""

from __future__ import annotations

import functools
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from limner.adjustment import GRID
from limner.datasets.pairs import Pairs
from limner.datasets.photo_map import PhotoMap, prepare
from limner.errors import ModelError, OptionError
from limner.models.card import HARMONIZE, SEGMENT
from limner.nets.harmonizer import Harmonizer, adjust
from limner.training.averaging import AveragedWeights
from limner.training.batches import Order, only_draw
from limner.training.card import net_card, run_card
from limner.training.harmonize_recipe import HarmonizeLoss, HarmonizeRecipe, harmonize_recipe, to_dict
from limner.training.initial_weights import start_net
from limner.training.job import Outcome, Report, Started, Validation
from limner.training.loop import choose_device
from limner.training.optimizers import ScaledOptimizer
from limner.training.parallel.distributed import Group, together
from limner.training.reporting import Reporter
from limner.training.sharing import machine_name, process_count, share_cores
from limner.weights.checkpoint import Checkpoint

Score = Callable[[Harmonizer, int], dict[str, float]]
"""Scores the averaged net at an input size; a higher ``score`` is better."""

TERMS = ("mse", "rmse", "light")
_LEAST_AREA = 0.02
_SAVE_EVERY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class HarmonizeJob:
    """Where a recipe runs; fields as of ``limner.training.job.Job``."""

    recipe: HarmonizeRecipe
    out: Path
    data: Path
    cache: Path
    init: str | None = None
    minutes: float | None = None
    device: str = "auto"


@dataclass(frozen=True, slots=True)
class PairBatch:
    """uint8 composites and truths (N, 3, S, S), masks and mattes (N, 1, S, S)."""

    composite: Tensor
    truth: Tensor
    mask: Tensor
    matte: Tensor


def train_harmonizer(
    job: HarmonizeJob, *, started: Started | None = None, report: Report | None = None, score: Score | None = None
) -> Outcome:
    """Run a recipe until it is done, its minutes are over, or a signal; in each case ``out/last.pt`` is whole.

    Args:
        started: called with what became of the weights that a fresh run starts from.
        report: called every few seconds.
        score: scores the averaged net when the run is complete.

    Raises:
        OptionError, ModelError, DataError: the recipe, weights or data cannot be used.
    """
    if Group.of_torchrun() is not None:
        raise OptionError("torchrun: the harmonizer is too small for several machines; run limner train by itself")
    device, recipe = choose_device(job.device), job.recipe
    world = process_count(device, processes=recipe.processes, workers=recipe.workers, batch=recipe.batch)
    prepare(job.data, job.cache)
    state = _start(job, started)

    def first(group: Group) -> Outcome:
        return _Worker(job, state, device, group, report=report, score=score).run()

    return first(Group()) if world == 1 else together(first, functools.partial(_other, job, state), world)


def load_harmonizer(path: Path) -> tuple[Harmonizer, HarmonizeRecipe, Checkpoint]:
    """The averaged net of a checkpoint in eval mode, its recipe, and the checkpoint.

    Raises:
        ModelError: missing, damaged, of another task, or its weights are not those of its net.
    """
    state = Checkpoint.load(path)
    if state.recipe.get("task") != HARMONIZE:
        raise ModelError(f"{path}: is a checkpoint of the task {state.recipe.get('task', SEGMENT)}, not {HARMONIZE}")
    recipe = harmonize_recipe(state.recipe, source=path)
    net = make_harmonizer(recipe)
    try:
        net.load_state_dict(state.ema)
    except RuntimeError as error:
        raise ModelError(f"{path}: its weights do not fit its own net ({str(error).splitlines()[0]})") from None
    return net.eval(), recipe, state


def make_harmonizer(recipe: HarmonizeRecipe) -> Harmonizer:
    """A freshly initialised net of the recipe; OptionError where it does not take an option or a size."""
    try:
        net = Harmonizer(**recipe.net.options)
    except TypeError as error:
        raise OptionError(f"net: harmonizer does not take these options ({error})") from None
    for size in (recipe.input_size, *(phase.size for phase in recipe.phases)):
        net.check_size(size, size)
    return net


def pair_batches(photos: PhotoMap, recipe: HarmonizeRecipe, *, first_step: int, group: Group) -> Iterator[PairBatch]:
    """This process's share of each step's pairs."""
    loader = DataLoader(
        _Drawn(Pairs(photos, recipe.data, seed=recipe.seed)),
        batch_sampler=Order(recipe, first_step, group.rank, group.world),
        num_workers=recipe.workers,
        worker_init_fn=only_draw,
        multiprocessing_context="fork" if recipe.workers else None,
    )
    for stacked in loader:
        yield PairBatch(**stacked)


def losses(net: nn.Module, batch: PairBatch) -> dict[str, Tensor]:
    """The terms of ``HarmonizeLoss`` before their weights."""
    composite, truth, mask, matte = (x.float() / 255 for x in (batch.composite, batch.truth, batch.mask, batch.matte))
    numbers = net(torch.cat([composite, matte], 1))
    said = adjust(composite, numbers)
    said = torch.where(truth >= 1, said.clamp(max=1), torch.where(truth <= 0, said.clamp(min=0), said))
    area = mask.sum((1, 2, 3)).clamp(min=_LEAST_AREA * mask[0].numel()) * 3
    squares = 255**2 * ((said - truth).square() * mask).sum((1, 2, 3)) / area
    light = numbers[:, -3 * GRID * GRID :]
    return {
        "mse": squares.mean() / 1000,
        "rmse": (squares + 1).sqrt().mean() / 50,
        "light": light.square().mean(),
    }


def total(terms: dict[str, Tensor], weights: HarmonizeLoss) -> Tensor:
    """The weighted sum."""
    return torch.stack([terms[name] * getattr(weights, name) for name in TERMS]).sum()


class _Drawn(Dataset[dict[str, Tensor]]):
    """Pair ``number`` at ``size`` as tensors by the names of ``PairBatch``; the index is the pair (number, size)."""

    def __init__(self, pairs: Pairs) -> None:
        self.pairs = pairs

    def __getitem__(self, index: tuple[int, int]) -> dict[str, Tensor]:
        pair = self.pairs.draw(*index)
        return {
            "composite": torch.from_numpy(pair.composite).permute(2, 0, 1),
            "truth": torch.from_numpy(pair.truth).permute(2, 0, 1),
            "mask": torch.from_numpy(pair.mask)[None],
            "matte": torch.from_numpy(pair.matte)[None],
        }


class _Worker:
    """One process of a run. All compute the same updates; the first also averages, saves, reports and scores."""

    def __init__(
        self,
        job: HarmonizeJob,
        state: Checkpoint,
        device: str,
        group: Group,
        *,
        report: Report | None = None,
        score: Score | None = None,
    ) -> None:
        self.job, self.recipe, self.device, self.group, self.score = job, job.recipe, device, group, score
        share_cores(device, group)
        self.net = make_harmonizer(self.recipe)
        self.net.load_state_dict(state.net)
        self.net.to(device).train()
        self.optimizer = ScaledOptimizer(self.net, self.recipe.optimizer)
        if state.optimizer:
            self.optimizer.load(state.optimizer)
        self.average = AveragedWeights(state.ema, decay=self.recipe.ema, device=device)
        self.step, self.sessions = state.step, state.sessions
        self.photos = prepare(job.data, job.cache)
        self.reporter = Reporter(self.recipe, job.out, list(TERMS), first_step=state.step, board=None, report=report)
        self._card = net_card(self.recipe.record, make_harmonizer(self.recipe), task=HARMONIZE)
        self._interrupted = False

    def run(self) -> Outcome:
        before = {kind: signal.signal(kind, self._interrupt) for kind in (signal.SIGINT, signal.SIGTERM)}
        try:
            self._run()
        finally:
            for kind, handler in before.items():
                signal.signal(kind, handler)
        if self.group.rank == 0:
            self._save()
        return Outcome(self.job.out / "last.pt", self.step, self.step >= self.recipe.steps)

    def _run(self) -> None:
        began = saved = time.monotonic()
        device = machine_name(self.device, self.group)
        session = {"from_sample": self.step * self.recipe.batch, "device": device, "seconds": 0.0}
        self.sessions.append(session)
        for batch in pair_batches(self.photos, self.recipe, first_step=self.step, group=self.group):
            over = self.job.minutes is not None and time.monotonic() - began > self.job.minutes * 60
            rate, stop = self._update(batch, stop=over or self._interrupted)
            now = time.monotonic()
            session["seconds"], session["to_sample"] = now - began, self.step * self.recipe.batch
            if self.group.rank == 0:
                self.reporter.tell(self.step, rate=rate, validation=self._scored())
                if now - saved > _SAVE_EVERY_SECONDS:
                    self._save()
                    saved = now
            if stop:
                break

    def _update(self, batch: PairBatch, *, stop: bool) -> tuple[float, bool]:
        """One step: the learning rate, and whether every process shall stop after it."""
        recipe = self.recipe
        rate = self.optimizer.set_rate(recipe.schedule.factor(self.step / recipe.steps))
        self.optimizer.torch.zero_grad(set_to_none=True)
        moved = PairBatch(*(getattr(batch, name).to(self.device) for name in PairBatch.__slots__))
        terms = losses(self.net, moved)
        loss = total(terms, recipe.loss)
        loss.backward()  # type: ignore[no-untyped-call]
        told = torch.stack([loss.detach(), *(terms[name].detach() for name in TERMS), loss.new_tensor(float(stop))])
        shared = self.group.share(self.net, told)
        if not bool(shared[0].isfinite()):
            raise OptionError(
                f"the loss is no longer a number at step {self.step}; lower optimizer.lr or optimizer.clip "
                f"({self.job.out} keeps the last checkpoint)"
            )
        if recipe.optimizer.clip:
            nn.utils.clip_grad_norm_(self.net.parameters(), recipe.optimizer.clip)
        self.optimizer.torch.step()
        if self.group.rank == 0:
            self.average.update(self.net, self.step)
            self.reporter.add(shared[:-1])
        self.step += 1
        return rate, bool(shared[-1] > 0)

    def _scored(self) -> Validation | None:
        if self.step < self.recipe.steps or self.score is None:
            return None
        net = make_harmonizer(self.recipe)
        net.load_state_dict(self.average.on_cpu())
        values = self.score(net.eval(), self.recipe.input_size)
        return Validation(values, values["score"], True)

    def _save(self) -> None:
        weights = {key: value.cpu() for key, value in self.net.state_dict().items()}
        optimizer = self.optimizer.torch.state_dict()
        recipe = to_dict(self.recipe)
        card = run_card(self._card, self.recipe, self.step, self.sessions)
        Checkpoint(recipe, self.step, weights, self.average.on_cpu(), optimizer, self.sessions, card=card).save(
            self.job.out / "last.pt"
        )

    def _interrupt(self, _signal: int, _frame: FrameType | None) -> None:
        if self._interrupted:
            raise KeyboardInterrupt  # pressed twice: now
        self._interrupted = True


def _other(job: HarmonizeJob, state: Checkpoint, group: Group) -> None:
    """Body of the processes beside the first."""
    _Worker(job, state, "cpu", group).run()


def _start(job: HarmonizeJob, started: Started | None) -> Checkpoint:
    """The checkpoint to go on from, or a fresh one."""
    path, recipe = job.out / "last.pt", job.recipe
    if path.is_file():
        _, saved, state = load_harmonizer(path)
        if (saved.net, saved.batch, saved.seed) != (recipe.net, recipe.batch, recipe.seed):
            raise OptionError(f"{path}: belongs to a recipe with another net, batch or seed; choose another ‹out›")
        return state
    torch.manual_seed(recipe.seed)
    net = make_harmonizer(recipe)
    source = job.init if job.init is not None else recipe.init
    start = start_net(net, source) if source is not None else None
    weights = {name: value.clone() for name, value in net.state_dict().items()}
    average = {name: value.clone() for name, value in weights.items()}
    if start is not None and started is not None:
        started(start)
    return Checkpoint(to_dict(recipe), 0, weights, average, {}, [start.record()] if start is not None else [])
