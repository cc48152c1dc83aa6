"""Model soup: one net whose weights are the mean of several nets' weights, at the cost of one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from limner.errors import OptionError
from limner.tasks.recipes.recipe import recorded
from limner.weights.checkpoint import Checkpoint


def average_checkpoints(paths: Sequence[Path]) -> Checkpoint:
    """A checkpoint with the mean of the averaged weights of several, batch norm statistics too (Wortsman et al. 2022).

    It helps where the runs went on from the same weights, so that they lie in one basin; nets that were trained from
    different beginnings average to nothing. The result has the recipe and steps of the last, no optimiser state, and
    the sessions of all: those that runs have in common count once.

    Raises:
        OptionError: fewer than two checkpoints, or one is of another net.
        ModelError: one is missing, damaged or not a checkpoint of Limner.
    """
    if len(paths) < 2:
        raise OptionError("name at least two checkpoints to average")
    states = [Checkpoint.load(path) for path in paths]
    last = states[-1]
    for path, state in zip(paths, states, strict=True):
        if _shapes(state) != _shapes(last):
            net = recorded(state.recipe, source=str(path)).net
            raise OptionError(
                f"{path}: is a {net.name} whose tensors are not those of {paths[-1]}; average one net only"
            )
    mean = {name: _mean([state.ema[name] for state in states]) for name in last.ema}
    sessions = []
    for state in states:
        sessions += [session for session in state.sessions if session not in sessions]
    sessions.append({"averaged": [str(path) for path in paths]})
    return Checkpoint(last.recipe, last.step, mean, dict(mean), {}, sessions, card=last.card)


def _shapes(state: Checkpoint) -> dict[str, torch.Size]:
    return {name: value.shape for name, value in state.ema.items()}


def _mean(tensors: Sequence[Tensor]) -> Tensor:
    if not tensors[0].is_floating_point():  # a counter of batches
        return tensors[-1].clone()
    return torch.stack([tensor.double() for tensor in tensors]).mean(0).to(tensors[0].dtype)
