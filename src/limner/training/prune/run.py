"""Pruning in steps, each followed by fine-tuning with a recipe; keeps the curve of size against quality."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import torch

from limner.datasets.photo_map import prepare
from limner.datasets.sampler import Sampler, check_photos
from limner.errors import ModelError, OptionError
from limner.kinds import is_checkpoint
from limner.nets import make_net
from limner.nets.base import SegmentationNet
from limner.nets.initial_weights import start_net
from limner.nets.rebuild import averaged_net
from limner.nets.widths import changed_widths
from limner.one_writer import OneWriter
from limner.tasks.batches import batches
from limner.tasks.recipes.recipe import Recipe, float_recipe, recorded, to_dict
from limner.tasks.recipes.run import NetRecipe
from limner.training.job import Job, Outcome, Report
from limner.training.loop import train
from limner.training.prune.pruning import PruneOptions, cost, prune
from limner.weights.checkpoint import Checkpoint
from limner.whole_file import whole_text, writing

Score = Callable[[SegmentationNet, int], dict[str, float]]
"""Net (in eval mode) and input size to "miou" and "boundary_iou", both in percent."""

_TAYLOR_BATCHES = 8


@dataclass(frozen=True, slots=True)
class PruneJob:
    """A whole pruning.

    Attributes:
        source: what is pruned: a checkpoint, or weights (a shipped model's name, .safetensors, .onnx) of the recipe's
            net.
        recipe: how the net is fine-tuned after each step; a checkpoint brings its own net.
        out: folder of the result: ``step1`` … (runs of the trainer) and ``curve.csv``.
        data, cache, device: as for training.
        ratio: what is left of the cost in the end, in (0, 1).
        steps: how often it is pruned and fine-tuned.
    """

    source: str
    recipe: Recipe
    out: Path
    data: Path
    cache: Path
    ratio: float
    steps: int
    options: PruneOptions
    device: str = "auto"

    def __post_init__(self) -> None:
        if not 0 < self.ratio < 1:
            raise OptionError(
                f"‹macs› or ‹parameters›: what is left must lie between 0 and 1, not {self.ratio:g}: 0.5 keeps half"
            )
        if self.steps < 1:
            raise OptionError("pruning: steps must be 1 or more")
        if self.recipe.quantize is not None:
            raise OptionError("recipe: quantize cannot be pruned with; prune first, then run limner quantize")


@dataclass(frozen=True, slots=True)
class Point:
    """A point of the curve: step 0 is the net as it was; ``tuned`` says whether fine-tuning came after pruning."""

    step: int
    tuned: bool
    macs: int
    parameters: int
    miou: float
    boundary_iou: float


def run(
    job: PruneJob, *, score: Score, report: Report | None = None, told: Callable[[Point], None] | None = None
) -> Outcome:
    """Prune and fine-tune; the same job goes on where it was stopped.

    Args:
        score: measures a net for the curve.
        report: told of the progress of each fine-tuning.
        told: told each new point of the curve.

    Returns:
        Of the last step's fine-tuning, or of the one that was stopped.

    Raises:
        OptionError: ``out`` holds another job's result, or another run writes into it.
        ModelError, DataError, LimnerError: source, data or target cannot be used.
    """
    with OneWriter(job.out, error=OptionError):
        return _run(job, score, report, told)


def _run(job: PruneJob, score: Score, report: Report | None, told: Callable[[Point], None] | None) -> Outcome:
    curve = _Curve(job, score, told)
    net, origin = _source_net(job)
    curve.add(0, True, net, origin)
    full = cost(net, job.recipe.input_size, job.options.measure)
    for step in range(1, job.steps + 1):
        folder = job.out / f"step{step}"
        checkpoint = folder / "last.pt"
        if not checkpoint.is_file():
            target = int(full * job.ratio ** (step / job.steps))
            _prune_step(job, net, origin, target, checkpoint)
        state = Checkpoint.load(checkpoint)
        recipe = replace(job.recipe, net=recorded(state.recipe, source=str(checkpoint)).net, init=None)
        if state.step == 0:
            curve.add(step, False, averaged_net(recipe.record, state, source=str(checkpoint)), recipe.net)
        outcome = train(Job(recipe, folder, job.data, job.cache, device=job.device), report=report)
        if not outcome.finished or outcome.signal is not None:
            return outcome
        net = averaged_net(recipe.record, Checkpoint.load(checkpoint), source=str(checkpoint))
        origin = recipe.net
        curve.add(step, True, net, origin)
    return outcome


def read_curve(path: Path) -> list[Point]:
    """The points in a ``curve.csv``; none where there is no such file."""
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return [
            Point(
                int(row["step"]),
                row["tuned"] == "True",
                int(row["macs"]),
                int(row["parameters"]),
                float(row["miou"]),
                float(row["boundary_iou"]),
            )
            for row in csv.DictReader(file)
        ]


class _Curve:
    """``curve.csv`` of a job, rewritten whole with each point; ``job.json`` says whose it is."""

    def __init__(self, job: PruneJob, score: Score, told: Callable[[Point], None] | None) -> None:
        self.job, self.score, self.told = job, score, told
        self.path = job.out / "curve.csv"
        with writing(job.out):
            job.out.mkdir(parents=True, exist_ok=True)
        self._claim()
        self.points = read_curve(self.path)

    def _claim(self) -> None:
        path = self.job.out / "job.json"
        mine = json.dumps(
            {
                "source": self.job.source,
                "ratio": self.job.ratio,
                "steps": self.job.steps,
                "options": asdict(self.job.options),
                "recipe": to_dict(self.job.recipe),
            },
            indent=2,
            sort_keys=True,
        )
        if not path.is_file():
            with writing(path):
                whole_text(path, mine)
        elif path.read_text(encoding="utf-8") != mine:
            raise OptionError(f"{self.job.out}: belongs to another model, recipe or options; choose another ‹out›")

    def add(self, step: int, tuned: bool, net: SegmentationNet, recipe: NetRecipe) -> None:
        if any((point.step, point.tuned) == (step, tuned) for point in self.points):
            return
        size = self.job.recipe.input_size
        scores = self.score(net.for_inference(), size)
        macs, parameters = cost(net, size, "macs"), cost(net, size, "parameters")
        point = Point(step, tuned, macs, parameters, round(scores["miou"], 3), round(scores["boundary_iou"], 3))
        self.points.append(point)
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, fieldnames=list(Point.__dataclass_fields__))
        writer.writeheader()
        writer.writerows(asdict(each) for each in self.points)
        with writing(self.path):
            whole_text(self.path, text.getvalue())
        if self.told is not None:
            self.told(point)


def _source_net(job: PruneJob) -> tuple[SegmentationNet, NetRecipe]:
    """The net that is pruned, and the recipe that makes it."""
    if is_checkpoint(job.source):
        state = Checkpoint.load(Path(job.source))
        trained = float_recipe(state.recipe, source=job.source)
        return averaged_net(trained.record, state, source=job.source), trained.net
    origin = job.recipe.net
    torch.manual_seed(job.recipe.seed)
    net = make_net(origin.name, **origin.options)
    start = start_net(net, job.source)
    missing = [name for name in start.untouched if name.partition(".")[0] not in net.head_modules]
    if missing:
        raise ModelError(f"{job.source}: its weights are not those of the recipe's net {origin.name} ({missing[0]})")
    return net, origin


def _prune_step(job: PruneJob, net: SegmentationNet, origin: NetRecipe, target: int, checkpoint: Path) -> None:
    """Write the pruned net as a run that has not begun, for the trainer to go on with."""
    recipe, drawn = job.recipe, iter(())
    if job.options.importance == "taylor":
        photos = prepare(
            job.data, job.cache, masks=job.recipe.masks, check=lambda listed: check_photos(listed, recipe.data)
        )
        sampler = Sampler(photos, recipe.data, seed=recipe.seed)
        drawn = batches(sampler, recipe, first_step=0, rank=0, world=1)  # type: ignore[assignment]
    each = replace(job.options, keep=job.options.keep ** (1 / job.steps))
    small = prune(net, recipe.input_size, target, options=each, batches=islice(drawn, _TAYLOR_BATCHES))
    bare = {name: value for name, value in origin.options.items() if name != "pruned"}
    widths: dict[str, Any] = {
        name: list(counts) for name, counts in changed_widths(small, make_net(origin.name, **bare)).items()
    }
    planned = replace(recipe, net=NetRecipe(origin.name, {**bare, "pruned": widths}), init=None)
    weights = {name: value.detach().clone() for name, value in small.state_dict().items()}
    sessions = [{"init": f"{Path(job.source).name}, pruned to {target / 1e6:.2f} M {job.options.measure}"}]
    average = {name: value.clone() for name, value in weights.items()}
    Checkpoint(to_dict(planned), 0, weights, average, {}, sessions).save(checkpoint)
