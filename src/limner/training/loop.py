"""The training loop: one process, or several on a CPU that share each batch and average their gradients."""

from __future__ import annotations

import csv
import os
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import torch
import torch.distributed as dist
from torch import nn
from torch.multiprocessing.spawn import spawn

from limner.data.photo_map import prepare
from limner.data.sampler import Sampler
from limner.errors import ModelError, OptionError
from limner.nets import make_net
from limner.nets.base import SegmentationNet, person_logits
from limner.training.batches import Batch, batches
from limner.training.checkpoint import Checkpoint, init_net, load_weights
from limner.training.criterion import Criterion, Prediction
from limner.training.recipe import Recipe, recorded, to_dict

_SAVE_EVERY_SECONDS = 60.0
_REPORT_EVERY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Job:
    """Where a recipe runs.

    Attributes:
        out: folder of the run: ``last.pt`` (checkpoint) and ``log.csv``.
        data, cache: the data folder and where its photo map lies.
        init: weights to start from, or None; ignored when ``out`` holds a checkpoint to resume.
        minutes: stop (with a checkpoint) after this long, or None to run to the end.
        device: "cpu", "cuda" or "auto".
    """

    recipe: Recipe
    out: Path
    data: Path
    cache: Path
    init: Path | None = None
    minutes: float | None = None
    device: str = "auto"


@dataclass(frozen=True, slots=True)
class Progress:
    """What the loop tells while it runs; ``validation`` is a mapping of metric to value when one was just made."""

    step: int
    steps: int
    samples: int
    size: int
    loss: float
    lr: float
    images_per_second: float
    validation: dict[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a stretch of training ended: the checkpoint, the steps done in all, and whether the run is complete."""

    checkpoint: Path
    step: int
    finished: bool
    untouched: list[str]


Report = Callable[[Progress], None]
Validate = Callable[[nn.Module, int], dict[str, float]]


def train(job: Job, *, report: Report | None = None, validate: Validate | None = None) -> Outcome:
    """Run a recipe until it is done, its minutes are over, or Ctrl-C; in each case ``out/last.pt`` is whole.

    Raises:
        OptionError, ModelError, DataError: the recipe, weights or data cannot be used.
    """
    device = _device(job.device)
    world = 1 if device != "cpu" else (job.recipe.processes or os.cpu_count() or 1)
    world = min(world, job.recipe.batch)
    prepare(job.data, job.cache)  # once, before processes share it
    state = _start(job)
    if world == 1:
        return _Worker(job, state, device, rank=0, world=1, report=report, validate=validate).run()
    port = _free_port()
    others = spawn(_other, args=(job, state, world, port), nprocs=world - 1, join=False)  # type: ignore[no-untyped-call]
    try:
        _join_group(0, world, port)
        return _Worker(job, state, device, rank=0, world=world, report=report, validate=validate).run()
    finally:
        if dist.is_initialized():
            dist.destroy_process_group()
        while not others.join(timeout=30):
            pass


def _start(job: Job) -> Checkpoint:
    """The checkpoint to go on from, or a fresh one."""
    path = job.out / "last.pt"
    if path.is_file():
        state = Checkpoint.load(path)
        saved = recorded(state.recipe, source=str(path))
        if saved.net != job.recipe.net or saved.batch != job.recipe.batch or saved.seed != job.recipe.seed:
            raise OptionError(f"{path}: belongs to a recipe with another net, batch or seed; choose another --out")
        return state
    torch.manual_seed(job.recipe.seed)
    net = make_net(job.recipe.net.name, **job.recipe.net.options)
    session: dict[str, Any] = {}
    if job.init is not None:
        left = init_net(net, load_weights(job.init), source=str(job.init))
        session = {"init": job.init.name, "left_as_initialised": left}
    weights = {name: value.clone() for name, value in net.state_dict().items()}
    sessions = [session] if session else []
    return Checkpoint(to_dict(job.recipe), 0, weights, {k: v.clone() for k, v in weights.items()}, {}, sessions)


def _other(index: int, job: Job, state: Checkpoint, world: int, port: int) -> None:
    """Body of the processes beside the first."""
    _join_group(index + 1, world, port)
    _Worker(job, state, "cpu", rank=index + 1, world=world, report=None, validate=None).run()
    dist.destroy_process_group()


def _join_group(rank: int, world: int, port: int) -> None:
    dist.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=world)


class _Worker:
    """One process of a run. All ranks compute the same updates; rank 0 also averages, saves, reports, validates."""

    def __init__(
        self,
        job: Job,
        state: Checkpoint,
        device: str,
        *,
        rank: int,
        world: int,
        report: Report | None,
        validate: Validate | None,
    ) -> None:
        self.job, self.recipe, self.device, self.rank, self.world = job, job.recipe, device, rank, world
        self.report, self.validate = report, validate
        if device == "cpu":
            torch.set_num_threads(max(1, (os.cpu_count() or 1) // world))
        cv2.setNumThreads(1)
        recipe = self.recipe
        self.net = make_net(recipe.net.name, **recipe.net.options)
        self.net.load_state_dict(state.net)
        self.criterion = Criterion(recipe, self.net)
        self.net.to(device, memory_format=torch.channels_last).train()  # type: ignore[call-overload]
        self.ema = {name: value.to(device).clone() for name, value in state.ema.items()}
        self.params = [p for p in self.net.parameters() if p.requires_grad]
        self.optimizer = _optimizer(self.params, recipe)
        if state.optimizer:
            self.optimizer.load_state_dict(state.optimizer)
        self.step, self.sessions = state.step, state.sessions
        self.sampler = Sampler(prepare(job.data, job.cache), recipe.data, seed=recipe.seed)
        self.interrupted = False

    def run(self) -> Outcome:
        """Train until the end, the time limit or a signal."""
        previous = signal.signal(signal.SIGINT, self._interrupt)
        try:
            self._run()
        finally:
            signal.signal(signal.SIGINT, previous)
        if self.rank == 0:
            self._save()
        untouched = [name for s in self.sessions for name in s.get("left_as_initialised", [])]
        return Outcome(self.job.out / "last.pt", self.step, self.step >= self.recipe.steps, untouched)

    def _run(self) -> None:
        recipe, began = self.recipe, time.monotonic()
        session = {"from_sample": self.step * recipe.batch, "device": _device_name(self.device), "seconds": 0.0}
        self.sessions.append(session)
        saved = reported = began
        first_step, since, total = self.step, self.step, 0.0
        for batch in batches(self.sampler, recipe, first_step=self.step, rank=self.rank, world=self.world):
            loss, stop = self._update(batch, began)
            self.step += 1
            total += loss
            now = time.monotonic()
            session["seconds"], session["to_sample"] = now - began, self.step * recipe.batch
            if self.rank == 0:
                validation = self._maybe_validate()
                if now - reported > _REPORT_EVERY_SECONDS or validation or self.step == recipe.steps:
                    rate = (self.step - first_step) * recipe.batch / (now - began)
                    self._tell(total / (self.step - since), rate, validation)
                    reported, since, total = now, self.step, 0.0
                if now - saved > _SAVE_EVERY_SECONDS:
                    self._save()
                    saved = now
            if stop:
                break

    def _update(self, batch: Batch, began: float) -> tuple[float, bool]:
        """One step. Gives the loss and whether every process shall stop after it."""
        recipe = self.recipe
        for group in self.optimizer.param_groups:
            group["lr"] = recipe.optimizer.lr * recipe.schedule.factor(self.step / recipe.steps)
        images = batch.images.to(self.device, non_blocking=True).to(memory_format=torch.channels_last).float().div_(255)
        target = batch.targets.to(self.device, non_blocking=True)
        weight = batch.weights.to(self.device, non_blocking=True)
        with torch.autocast(self.device, dtype=torch.bfloat16, enabled=recipe.precision == "bf16"):
            logits, extra = self.net(images, heads=True)
        said = Prediction(
            logits.float(),
            person_logits(logits.float(), self.net.person_class),
            self.net.person_class,
            {name: head.float() for name, head in extra.items()},
            target,
            weight,
        )
        loss, _ = self.criterion(said)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        over = self.job.minutes is not None and time.monotonic() - began > self.job.minutes * 60
        mean_loss, stop = self._share(float(loss.detach()), over or self.interrupted)
        nn.utils.clip_grad_norm_(self.params, recipe.optimizer.clip)
        self.optimizer.step()
        self._average()
        return mean_loss, stop

    def _share(self, loss: float, stop: bool) -> tuple[float, bool]:
        """Average gradients and loss over the processes; one that wants to stop stops all at the same step."""
        if self.world == 1:
            return loss, stop
        gradients = [p.grad if p.grad is not None else torch.zeros_like(p) for p in self.params]
        flat = torch.cat([g.reshape(-1) for g in gradients] + [torch.tensor([loss, float(stop)])])
        dist.all_reduce(flat)
        flat /= self.world
        offset = 0
        for parameter, gradient in zip(self.params, gradients, strict=True):
            parameter.grad = (
                flat[offset : offset + gradient.numel()].view_as(gradient).to(memory_format=torch.preserve_format)
            )
            offset += gradient.numel()
        return float(flat[-2]), float(flat[-1]) > 0

    @torch.no_grad()
    def _average(self) -> None:
        if self.rank != 0:
            return
        decay = min(self.recipe.ema, (1 + self.step) / (10 + self.step))
        for name, value in self.net.state_dict().items():
            if value.dtype.is_floating_point:
                self.ema[name].lerp_(value, 1 - decay)
            else:
                self.ema[name].copy_(value)

    def _maybe_validate(self) -> dict[str, float] | None:
        every = self.recipe.validate_every
        due = every and self.step * self.recipe.batch // every > (self.step - 1) * self.recipe.batch // every
        if self.validate is None or not (due or self.step == self.recipe.steps):
            return None
        net = make_net(self.recipe.net.name, **self.recipe.net.options)
        net.load_state_dict({name: value.cpu() for name, value in self.ema.items()})
        return self.validate(net.eval(), self.recipe.input_size)

    def _tell(self, loss: float, rate: float, validation: dict[str, float] | None) -> None:
        lr = float(self.optimizer.param_groups[0]["lr"])
        recipe = self.recipe
        size = recipe.size_at(self.step - 1)
        progress = Progress(self.step, recipe.steps, self.step * recipe.batch, size, loss, lr, rate, validation)
        self.job.out.mkdir(parents=True, exist_ok=True)
        path = self.job.out / "log.csv"
        new = not path.exists()
        with path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            if new:
                writer.writerow(["step", "samples", "size", "loss", "lr", "images_per_second", "validation"])
            row = [progress.step, progress.samples, size, f"{loss:.5f}", f"{lr:.6f}", f"{rate:.1f}"]
            writer.writerow([*row, " ".join(f"{k}={v:.4f}" for k, v in (validation or {}).items())])
        if self.report is not None:
            self.report(progress)

    def _save(self) -> None:
        net = {name: value.cpu() for name, value in self.net.state_dict().items()}
        ema = {name: value.cpu() for name, value in self.ema.items()}
        optimizer = self.optimizer.state_dict()
        recipe = to_dict(self.recipe)
        Checkpoint(recipe, self.step, net, ema, optimizer, self.sessions).save(self.job.out / "last.pt")

    def _interrupt(self, _signal: int, _frame: object) -> None:
        if self.interrupted:
            raise KeyboardInterrupt  # pressed twice: now
        self.interrupted = True


def _optimizer(params: list[nn.Parameter], recipe: Recipe) -> torch.optim.AdamW:
    groups: list[dict[str, Any]] = [
        {"params": [p for p in params if p.ndim > 1], "weight_decay": recipe.optimizer.weight_decay},
        {"params": [p for p in params if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=recipe.optimizer.lr, betas=(0.9, 0.99))


def _device(asked: str) -> str:
    if asked not in ("auto", "cpu", "cuda"):
        raise OptionError(f"--device: must be auto, cpu or cuda, not {asked!r}")
    if asked == "cuda" and not torch.cuda.is_available():
        raise OptionError("--device cuda: this installation of torch sees no CUDA device; use --device cpu")
    if asked == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return asked


def _device_name(device: str) -> str:
    return torch.cuda.get_device_name() if device == "cuda" else f"{os.cpu_count()} CPU cores"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def inference_net(path: Path) -> tuple[SegmentationNet, Checkpoint]:
    """The averaged net of a checkpoint, without training heads, and the checkpoint."""
    state = Checkpoint.load(path)
    recipe = recorded(state.recipe, source=str(path))
    net = make_net(recipe.net.name, **recipe.net.options)
    try:
        net.load_state_dict(state.ema)
    except RuntimeError as error:
        raise ModelError(f"{path}: its weights do not fit its own net ({str(error).splitlines()[0]})") from None
    return net.for_inference(), state
