"""Checkpoints: everything a run needs to go on to the step, and weights alone as safetensors."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from limner.errors import ModelError
from limner.kinds import ONNX, SAFETENSORS
from limner.suggestions import check_the_name
from limner.whole_file import whole_file, writing

_NOT_OURS = "is no checkpoint of `limner train`; name one, such as runs/fast/last.pt"


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
        """Write whole or not at all.

        Raises:
            MediaError: it cannot be written.
        """
        data = io.BytesIO()  # torch does not tell what is wrong with a disk that it writes to
        torch.save({name: getattr(self, name) for name in self.__slots__}, data)
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as file:
            file.write(data.getbuffer())

    @classmethod
    def load(cls, path: Path) -> Checkpoint:
        """Read a checkpoint; its tensors come to the CPU.

        Raises:
            ModelError: missing, damaged, or not a checkpoint of Limner.
        """
        if not path.is_file():
            raise ModelError(f"{path}: no such checkpoint")
        _check_whole(path)
        try:
            return cls(**torch.load(path, map_location="cpu", weights_only=True))
        except Exception:  # torch raises half a dozen kinds; what it says is of torch, not of the file
            raise ModelError(f"{path}: {_NOT_OURS}") from None


def _check_whole(path: Path) -> None:
    """
    Raises:
        ModelError: the file is no archive as torch writes it, or a part of it is missing or has changed: torch itself
            does not look whether a weight is still what was written.
    """
    try:
        with path.open("rb") as file:
            start = file.read(2)
        if start != b"PK":
            raise ModelError(f"{path}: {_NOT_OURS if start else 'is empty; name another checkpoint'}")
        with zipfile.ZipFile(path) as archive:
            broken = archive.testzip()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError):
        broken = "its directory"
    if broken is not None:
        raise ModelError(f"{path}: is damaged or cut off; get a whole copy of it, or go back to another checkpoint")


def save_weights(path: Path, weights: dict[str, Tensor]) -> None:
    """Write weights as safetensors, whole or not at all.

    Raises:
        MediaError: they cannot be written.
    """
    data = save({name: tensor.detach().contiguous() for name, tensor in weights.items()})
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as file:
        file.write(data)


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
        raise ModelError(f"{path}: no such file{check_the_name(path)}")
    try:
        return load_file(str(path))
    except SafetensorError:
        raise ModelError(f"{path}: is damaged or cut off, or is no .safetensors file; get a whole copy of it") from None


def _onnx_weights(path: Path) -> dict[str, Tensor]:
    from limner.weights.onnx_weights import read_onnx_weights

    weights = {name: torch.from_numpy(value) for name, value in read_onnx_weights(path).items()}
    # Batch norms also count the batches they saw, which only their averages over all batches would need.
    counters = [name.removesuffix("running_mean") for name in weights if name.endswith(".running_mean")]
    return weights | {f"{name}num_batches_tracked": torch.tensor(0) for name in counters}
