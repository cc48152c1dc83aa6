"""One process of a run: its steps, and, in the first process, validation, checkpoints and reports."""

from __future__ import annotations

import signal
import time
from types import FrameType
from typing import Any

import torch
from torch import Tensor, nn

from limner.datasets.photo_map import prepare
from limner.errors import OptionError
from limner.tasks import TASKS
from limner.tasks.card import run_card
from limner.training.averaging import AveragedWeights
from limner.training.board import Board
from limner.training.job import Job, Outcome, Report, Validate, Validation
from limner.training.optimizers import Freezer, Freezes, ScaledOptimizer
from limner.training.parallel.distributed import Group
from limner.training.parallel.sync_batch_norm import synchronise
from limner.training.reporting import Reporter
from limner.training.scoreboard import Scoreboard
from limner.training.sharing import machine_name, share_cores
from limner.weights.checkpoint import Checkpoint

_SAVE_EVERY_SECONDS = 60.0


class Worker:
    """Trains. All processes compute the same updates; the first also averages, saves, reports and validates.

    Args:
        state: where to go on from.
        device: "cpu" or "cuda".
        group: this process's place among those of the run.
    """

    def __init__(
        self,
        job: Job,
        state: Checkpoint,
        device: str,
        group: Group,
        *,
        report: Report | None = None,
        validate: Validate | None = None,
    ) -> None:
        self.job, self.recipe, self.device, self.group = job, job.recipe, device, group
        self.report, self.validate = report, validate
        share_cores(device, group)
        recipe, self._rate = job.recipe, 0.0
        self.task = TASKS[recipe.task]
        self.net = self.task.net(recipe)
        self.net.load_state_dict(state.net)
        if recipe.sync_batch_norm:
            synchronise(self.net)
        self.net.to(device, memory_format=torch.channels_last).train()  # type: ignore[call-overload]
        self.at_work = self.task.at_work(recipe, self.net, device)
        self.optimizer = ScaledOptimizer(self.net, recipe.optimizer)
        if state.optimizer:
            self.optimizer.load(state.optimizer)
        self.scaler = torch.amp.GradScaler(device, enabled=recipe.precision == "fp16")
        if state.progress.get("scaler"):
            self.scaler.load_state_dict(state.progress["scaler"])
        self.freezers: list[Freezes] = [*Freezer.for_recipe(self.net, recipe.freeze)]
        if isinstance(self.net, Freezes):
            self.freezers.append(self.net)
        self.average = AveragedWeights(state.ema, decay=recipe.ema, device=device)
        self.scoreboard = Scoreboard(recipe, state.progress.get("scoreboard"))
        self.step, self.sessions = state.step, state.sessions
        self.photos = prepare(job.data, job.cache, masks=job.recipe.masks)
        self.board = Board(job.out / "board", step=state.step) if job.board and group.rank == 0 else None
        terms = list(self.at_work.terms)
        self.reporter = Reporter(recipe, job.out, terms, first_step=state.step, board=self.board, report=report)
        self._card = self.task.card(recipe)
        self._signal: int | None = None

    def run(self) -> Outcome:
        """Train until the end, the time limit or a signal; in each case the last checkpoint is whole."""
        before = {kind: signal.signal(kind, self._interrupt) for kind in (signal.SIGINT, signal.SIGTERM)}
        try:
            self._run()
        finally:
            for kind, handler in before.items():
                signal.signal(kind, handler)
            if self.board is not None:
                self.board.close()
        if self.group.rank == 0:
            self._save("last.pt")
        finished = self.step >= self.recipe.steps or self.scoreboard.over
        return Outcome(self.job.out / "last.pt", self.step, finished, self._signal)

    def _run(self) -> None:
        if self.scoreboard.over:
            return
        recipe, began = self.recipe, time.monotonic()
        session = {
            "from_sample": self.step * recipe.batch,
            "device": machine_name(self.device, self.group),
            "seconds": 0.0,
        }
        self.sessions.append(session)
        first, world, rank, saved = self.step, self.group.world, self.group.rank, began
        for batch in self.at_work.batches(self.photos, first_step=first, rank=rank, world=world):
            over = self.job.minutes is not None and time.monotonic() - began > self.job.minutes * 60
            stop = self._update(batch, over=over)
            now = time.monotonic()
            session["seconds"], session["to_sample"] = now - began, self.step * recipe.batch
            validation = self._validate_if_due()
            if rank == 0:
                self.reporter.tell(self.step, rate=self._rate, validation=validation)
                if now - saved > _SAVE_EVERY_SECONDS:
                    self._save("last.pt")
                    saved = now
            if stop or self.scoreboard.over:
                break

    def _update(self, batch: Any, *, over: bool) -> bool:
        """One step; whether every process shall stop after it, as its time is over or a signal came to one of them."""
        recipe, progress = self.recipe, self.step / self.recipe.steps
        torch.manual_seed(hash((recipe.seed, self.step, self.group.rank)))  # dropout, too, is the same when resumed
        self._rate = self.optimizer.set_rate(self.scoreboard.factor(progress))
        for freezer in self.freezers:
            freezer.at(progress)
        self.optimizer.torch.zero_grad(set_to_none=True)
        batch = self.at_work.ready(batch, step=self.step, rank=self.group.rank, world=self.group.world)
        values = self._backward(batch)
        ends = values.new_tensor([float(over), float(self._signal is not None)])
        shared = self.group.share(self.net, torch.cat([values, ends]))
        if not bool(shared[0].isfinite()):
            raise OptionError(
                f"the loss is no longer a number at step {self.step}; lower optimizer.lr or optimizer.clip, or use "
                f"precision: fp32 ({self.job.out} keeps the last checkpoint)"
            )
        self.scaler.unscale_(self.optimizer.torch)
        if recipe.optimizer.clip:
            nn.utils.clip_grad_norm_(self.net.parameters(), recipe.optimizer.clip)
        self.scaler.step(self.optimizer.torch)
        self.scaler.update()
        if self.group.rank == 0:
            self.average.update(self.net, self.step)
            self.reporter.add(shared[:-2])
        self.step += 1
        if bool(shared[-1] > 0) and self._signal is None:
            self._signal = signal.SIGTERM  # it came to another process
        return bool((shared[-2:] > 0).any())

    def _backward(self, batch: Any) -> Tensor:
        """Gradients of one step, part by part. Gives the loss and then each term's value."""
        total = torch.zeros(1 + len(self.at_work.terms), device=self.device)
        for part, share in self.at_work.parts(batch):
            loss, terms = self.at_work(part)
            self.scaler.scale(loss * share).backward()  # type: ignore[no-untyped-call]
            total += torch.stack([loss.detach(), *terms.values()]) * share
        return total

    def _validate_if_due(self) -> Validation | None:
        """Validate where the recipe asks for it; every process learns the score, the first one the rest."""
        every, samples = self.recipe.validate_every, self.step * self.recipe.batch
        due = every and samples // every > (samples - self.recipe.batch) // every
        if not (due or self.step == self.recipe.steps):
            return None
        values, score = None, None
        if self.group.rank == 0:
            net, size = self._averaged_net(), self.recipe.input_size
            if self.board is not None and (sheet := self.at_work.pictures(net, self.photos)) is not None:
                self.board.pictures(sheet, step=self.step)
            if self.validate is not None:
                values = self.validate(net, size)
                score = self.scoreboard.score(values)
        score = self.group.from_first(score)
        if score is None:
            return None
        best = self.scoreboard.record(score)
        if best and self.group.rank == 0:
            self._save("best.pt")
        return Validation(values or {}, score, best)

    def _averaged_net(self) -> nn.Module:
        """The net with the averaged weights, in eval mode, on the CPU."""
        net = self.task.net(self.recipe)
        net.load_state_dict(self.average.on_cpu())
        return net.eval()

    def _save(self, name: str) -> None:
        Checkpoint(
            self.task.plain(self.recipe),
            self.step,
            {key: value.cpu() for key, value in self.net.state_dict().items()},
            self.average.on_cpu(),
            self.optimizer.torch.state_dict(),
            self.sessions,
            {"scoreboard": self.scoreboard.state, "scaler": self.scaler.state_dict()},
            run_card(self._card, self.recipe, self.step, self.sessions),
        ).save(self.job.out / name)

    def _interrupt(self, number: int, _frame: FrameType | None) -> None:
        if self._signal is not None:
            raise KeyboardInterrupt  # pressed twice: now
        self._signal = number
