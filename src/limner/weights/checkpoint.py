"""Checkpoints: everything a run needs to go on to the step, and weights alone as safetensors."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from limner.errors import ModelError
from limner.kinds import ONNX, SAFETENSORS
from limner.whole_file import aside


@dataclass(slots=True)
class Checkpoint:
    """The state of a run after ``step`` optimiser steps.

    ``sessions`` records each stretch of work on it: samples seen, seconds, device, initial weights. ``progress`` holds
    what validations and loss scaling have come to. ``card`` is that of the averaged net, as JSON values; None in
    checkpoints that were made before 0.2.
    """

    recipe: dict[str, Any]
    step: int
    net: dict[str, Tensor]
    ema: dict[str, Tensor]
    optimizer: dict[str, Any]
    sessions: list[dict[str, Any]] = field(default_factory=list)
    progress: dict[str, Any] = field(default_factory=dict)
    card: dict[str, Any] | None = None

    def save(self, path: Path) -> None:
        """Write whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with aside(path) as partial:
            torch.save({name: getattr(self, name) for name in self.__slots__}, partial)

    @classmethod
    def load(cls, path: Path) -> Checkpoint:
        """Read a checkpoint; its tensors come to the CPU.

        Raises:
            ModelError: missing, damaged, or not a checkpoint of Limner.
        """
        if not path.is_file():
            raise ModelError(f"{path}: no such checkpoint")
        try:
            state = torch.load(path, map_location="cpu", weights_only=True)
            return cls(**state)
        except Exception as error:  # torch raises half a dozen kinds for a damaged file
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise ModelError(f"{path}: not a checkpoint of `limner train`, or damaged ({reason})") from None


def save_weights(path: Path, weights: dict[str, Tensor]) -> None:
    """Write weights as safetensors, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with aside(path) as partial:
        save_file({name: tensor.detach().contiguous() for name, tensor in weights.items()}, str(partial))


def load_weights(path: Path) -> dict[str, Tensor]:
    """Weights from a .safetensors file or a .onnx file of `limner export`, or the averaged ones of a checkpoint.

    A .onnx file has none of the training heads.

    Raises:
        ModelError: missing or damaged.
    """
    if path.suffix == ONNX:
        return _onnx_weights(path)
    if path.suffix != SAFETENSORS:
        return Checkpoint.load(path).ema
    if not path.is_file():
        raise ModelError(f"{path}: no such file")
    try:
        return load_file(str(path))
    except SafetensorError as error:
        raise ModelError(f"{path}: not a safetensors file, or damaged ({error})") from None


def _onnx_weights(path: Path) -> dict[str, Tensor]:
    from limner.weights.onnx_weights import read_onnx_weights

    weights = {name: torch.from_numpy(value) for name, value in read_onnx_weights(path).items()}
    # Batch norms also count the batches they saw, which only their averages over all batches would need.
    counters = [name.removesuffix("running_mean") for name in weights if name.endswith(".running_mean")]
    return weights | {f"{name}num_batches_tracked": torch.tensor(0) for name in counters}
