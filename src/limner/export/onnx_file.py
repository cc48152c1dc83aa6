"""Export to ONNX: activation in the graph, weights still trainable, compared with PyTorch before it is kept."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from limner.errors import LimnerError
from limner.export.graphs.onnx_graph import save, store_half, tidy
from limner.export.graphs.shuffles import convolve_shuffles
from limner.models.onnx_input_size import with_input_size
from limner.nets.base import SegmentationNet, person_logits
from limner.runtimes.onnx_runtime import OnnxRuntime
from limner.silence import silence
from limner.whole_file import aside, writing

INPUT, OUTPUT = "image", "alpha"
Storage = Literal["fp16", "fp32"]
TOLERANCES: dict[Storage, float] = {"fp16": 3e-3, "fp32": 1e-4}
"""Largest mean absolute difference from PyTorch at which an export is kept, by how its weights are stored: less than a
level of 255, or next to nothing. On noise, of which nets are unsure, differences are five times those on photos."""


@dataclass(frozen=True, slots=True)
class Parity:
    """How far the exported file is from PyTorch on the same inputs: absolute differences of alpha."""

    largest: float
    mean: float
    pictures: int


class Alpha(nn.Module):
    """A net with its activation: the probability of the person, (N, 1, H, W), whatever classes the net has."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net
        self.person_class = net.person_class if isinstance(net, SegmentationNet) else 0

    def forward(self, image: Tensor) -> Tensor:
        return torch.sigmoid(person_logits(self.net(image), self.person_class))


def export_onnx(
    net: nn.Module,
    path: Path,
    *,
    size: tuple[int, int],
    pictures: NDArray[np.float32],
    channels: int = 3,
    storage: Storage = "fp32",
) -> Parity:
    """Write ``net`` to ``path`` as ONNX: input "image" (1, C, H, W), output "alpha" (1, 1, H, W).

    Alpha is the person's probability; for a net of several classes the person's share of the softmax. The file holds
    the net's tensors under their own names, see ``limner.weights.onnx_weights``.

    Args:
        net: gives logits, in eval mode, without training heads.
        size: (height, width) of the input.
        pictures: float32 (N, C, H, W) as the net takes them, for the comparison with PyTorch.
        storage: how the file holds kernels and matrices: "fp16" halves it. Computing is float32 either way.

    Raises:
        LimnerError: the exported file does not compute what PyTorch computes, or cannot be written; nothing is then.
    """
    whole = Alpha(net).eval()
    with writing(path):
        return write_onnx(whole, path, size=size, pictures=pictures, channels=channels, storage=storage, output=OUTPUT)


def write_onnx(
    whole: nn.Module,
    path: Path,
    *,
    size: tuple[int, int],
    pictures: NDArray[np.float32],
    channels: int,
    storage: Storage,
    output: str,
) -> Parity:
    """Write ``whole``, whose attribute ``net`` holds the weights, as ONNX with one input and one output.

    Arguments and errors as of ``export_onnx``, and OSError; ``output`` is the output's name.
    """
    with aside(path) as partial:
        model = tidy(_translate(whole, torch.zeros(1, channels, *size), output), prefix="net.")
        convolve_shuffles(model)
        if storage == "fp16":
            store_half(model)
        save(model, partial)
        parity = compare(whole, partial, pictures, output=output)
        _check(parity, storage, "ONNX: the exported net")
    return parity


def check_resized(
    whole: nn.Module,
    path: Path,
    *,
    old: tuple[int, int],
    new: tuple[int, int],
    pictures: NDArray[np.float32],
    storage: Storage,
    output: str,
) -> None:
    """Whether the file, given another input size, still computes what ``whole`` computes at that size.

    Args:
        old, new: (height, width) of the file's input, and of ``pictures``, which are float32 (N, C, H, W).

    Raises:
        LimnerError: it does not.
        ModelError: the file cannot be given that size.
    """
    changed = with_input_size(path.read_bytes(), old=old, new=new)
    with tempfile.TemporaryDirectory(prefix="limner-export-") as folder:
        resized = Path(folder) / path.name
        resized.write_bytes(changed)
        parity = compare(whole, resized, pictures, output=output)
    _check(parity, storage, f"ONNX: the net at {new[1]}x{new[0]}")


def _check(parity: Parity, storage: Storage, what: str) -> None:
    if not parity.mean <= TOLERANCES[storage]:
        remedy = "its weights may need ‹storage› fp32, or " if storage == "fp16" else ""
        raise LimnerError(
            f"{what} differs from PyTorch by {parity.mean:.1e} on average (at most {TOLERANCES[storage]:.0e} is "
            f"allowed); {remedy}the exporter or the runtime mistranslates one of the net's operators"
        )


def _translate(net: nn.Module, example: Tensor, output: str) -> Any:
    """An onnx.ModelProto, as the exporter makes it: nothing fused, so that weights keep their names."""
    with silence():
        program = torch.onnx.export(
            net,
            (example,),
            None,
            input_names=[INPUT],
            output_names=[output],
            dynamo=True,
            optimize=False,
            verbose=False,
        )
    assert program is not None
    return program.model_proto


@torch.no_grad()
def compare(net: nn.Module, path: Path, pictures: NDArray[np.float32], *, output: str = OUTPUT) -> Parity:
    """Differences between ``net`` (``output`` out) and the file at ``path``, picture by picture."""
    runtime = OnnxRuntime(path)
    largest, total = 0.0, 0.0
    for picture in pictures:
        expected = net(torch.from_numpy(picture[None])).numpy()
        got = runtime.run({INPUT: picture[None]})[output]
        difference = np.abs(expected - got)
        largest, total = max(largest, float(difference.max())), total + float(difference.mean())
    return Parity(largest, total / len(pictures), len(pictures))
