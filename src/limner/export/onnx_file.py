"""Export to ONNX: activation in the graph, batch norm folded, compared with PyTorch before it is kept."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from limner.errors import LimnerError
from limner.runtimes.onnx_runtime import OnnxRuntime

INPUT, OUTPUT = "image", "alpha"
TOLERANCE = 1e-4
"""Largest mean absolute difference from PyTorch at which an export is kept."""


@dataclass(frozen=True, slots=True)
class Parity:
    """How far the exported file is from PyTorch on the same inputs: absolute differences of alpha."""

    largest: float
    mean: float
    pictures: int


class _WithSigmoid(nn.Module):
    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, image: Tensor) -> Tensor:
        return torch.sigmoid(self.net(image))


def export_onnx(
    net: nn.Module, path: Path, *, size: tuple[int, int], pictures: NDArray[np.float32], channels: int = 3
) -> Parity:
    """Write ``net`` to ``path`` as ONNX with input "image" (1, C, H, W) and output "alpha" (1, 1, H, W), a sigmoid.

    Args:
        net: gives logits, in eval mode, without training heads.
        size: (height, width) of the input.
        pictures: float32 (N, C, H, W) as the net takes them, for the comparison with PyTorch.

    Raises:
        LimnerError: the exported file does not compute what PyTorch computes; nothing is written then.
    """
    whole = _WithSigmoid(net).eval()
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial.onnx")
    try:
        example = torch.zeros(1, channels, *size)
        with _silence():
            torch.onnx.export(
                whole,
                (example,),
                str(partial),
                input_names=[INPUT],
                output_names=[OUTPUT],
                dynamo=True,
                external_data=False,
                verbose=False,
            )
        parity = compare(whole, partial, pictures)
        if not parity.mean <= TOLERANCE:
            raise LimnerError(
                f"{path}: the exported net differs from PyTorch by {parity.mean:.1e} on average (at most "
                f"{TOLERANCE:.0e} is allowed); the exporter or the runtime mistranslates one of the net's operators"
            )
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return parity


@torch.no_grad()
def compare(net: nn.Module, path: Path, pictures: NDArray[np.float32]) -> Parity:
    """Differences between ``net`` (alpha out) and the file at ``path``, picture by picture."""
    runtime = OnnxRuntime(path)
    largest, total = 0.0, 0.0
    for picture in pictures:
        expected = net(torch.from_numpy(picture[None])).numpy()
        got = runtime.run({INPUT: picture[None]})[OUTPUT]
        difference = np.abs(expected - got)
        largest, total = max(largest, float(difference.max())), total + float(difference.mean())
    return Parity(largest, total / len(pictures), len(pictures))


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """The exporter prints progress and warns of its own internals; none of it is of use to who exports."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
