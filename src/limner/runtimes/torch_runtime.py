"""Runs checkpoints, and the .onnx files that Limner's own nets are stored in, with PyTorch. Needs the extra `train`."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from limner.errors import MissingExtraError, ModelError, OptionError
from limner.kinds import is_checkpoint
from limner.models.card import SEGMENT
from limner.models.catalogue import find_model
from limner.runtimes.base import Array, Resized, TensorInfo
from limner.runtimes.checks import check_inputs, first_line
from limner.threads import check_threads

if TYPE_CHECKING:
    from torch import nn

    from limner.models.card import ModelCard


class TorchRuntime:
    """A net in PyTorch: the averaged one of a checkpoint, or that whose weights a .onnx file holds.

    Args:
        path: a .pt file of `limner train`; or a .onnx file that holds a net's own weights, as those that ship do, with
            a card that names the net.
        device: "cpu", "cuda", "cuda:1", "mps".
        threads: threads one call uses on the CPU; None is the number of physical cores, at most four.
        compile: translate the net with ``torch.compile``: minutes at first, then faster. Needs a C++ compiler.
        channels_last: keep pictures with their channels last in memory.
        resized: (height, width) of the net's input, and those that it is to have instead.

    Raises:
        MissingExtraError: torch, or what reads the file, is not installed.
        OptionError: the device is not there; ``compile`` does not work on this machine.
        ModelError: the file does not hold a net of Limner's.
    """

    name = "torch"

    def __init__(
        self,
        path: str | Path,
        *,
        device: str = "cpu",
        threads: int | None = None,
        compile: bool = False,
        channels_last: bool = False,
        resized: Resized | None = None,
    ) -> None:
        self.threads = check_threads(threads)
        # Threads that spin while they wait take their core away from decoding, effects and encoding.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        try:
            import torch

            net, card = _net(Path(path))
        except ImportError as error:
            raise MissingExtraError(f"running {Path(path).name} with PyTorch", str(error.name), "train") from None
        self._torch = torch
        self._device = _device(torch, device)
        self._format = torch.channels_last if channels_last else torch.contiguous_format
        whole: Any = net
        self._net = whole.to(self._device, memory_format=self._format).eval()
        spec = card.input if resized is None else replace(card.input, size=resized[1])
        self.inputs = (TensorInfo(spec.name, (None, *spec.shape[1:]), np.dtype(np.float32)),)
        if compile:
            self._net = torch.compile(self._net)
        example = {spec.name: np.zeros(spec.shape, np.float32)}
        self._output = card.output.name
        try:
            first = self.run(example)[self._output]
        except ModelError as error:
            if not compile:
                raise
            raise OptionError(f"‹runtime› option compile: torch.compile does not work here: {error}") from None
        self.outputs = (TensorInfo(self._output, (None, *first.shape[1:]), first.dtype),)
        self.device = str(next(net.parameters()).device)
        self.facts = {
            "precision": str(next(net.parameters()).dtype).removeprefix("torch."),
            "compiled": "yes" if compile else "no",
            "memory": "channels last" if channels_last else "channels first",
        }

    def run(self, inputs: Mapping[str, Array], *, laps: list[float] | None = None) -> dict[str, Array]:
        """Every output by name, from every input by name; ModelError where the model refuses them."""
        check_inputs(inputs, self.inputs)
        torch = self._torch
        if torch.get_num_threads() != self.threads:  # one number for the whole process
            torch.set_num_threads(self.threads)
        try:
            with torch.inference_mode():
                image = torch.from_numpy(np.ascontiguousarray(inputs[self.inputs[0].name]))
                image = image.to(self._device).contiguous(memory_format=self._format)
                handed = time.perf_counter()
                result = self._net(image)
                if self._device.type == "cuda":
                    torch.cuda.synchronize(self._device)
                computed = time.perf_counter()
                array = result.cpu().contiguous().numpy()
        except Exception as error:  # compilers raise errors of their own
            raise ModelError(f"the model cannot run on this input: {first_line(error)}") from None
        if laps is not None:
            laps += [handed, computed, time.perf_counter()]
        return {self._output: array}


def _net(path: Path) -> tuple[nn.Module, ModelCard]:
    """The net as a device runs it, activation and layout inside, and its card."""
    from limner.nets.deployed import Deployed, GraphOptions, OutputKind
    from limner.nets.rebuild import checkpoint_net, model_net

    if is_checkpoint(path):
        card = find_model(path, verify=False, task=SEGMENT).card
        net = checkpoint_net(path).net
    else:
        net, card = model_net(path)
    kind = card.output.kind
    if kind not in get_args(OutputKind):
        raise ModelError(f"{path}: PyTorch runs the outputs {', '.join(get_args(OutputKind))}, not {kind}")
    return Deployed(net, GraphOptions(output=kind, layout=card.input.layout)), card  # type: ignore[arg-type]


def _device(torch: Any, device: str) -> Any:
    """OptionError unless PyTorch can use it."""
    there = ["cpu"]
    if torch.cuda.is_available():
        there += ["cuda", *(f"cuda:{index}" for index in range(torch.cuda.device_count()))]
    if torch.backends.mps.is_available():
        there.append("mps")
    if device.lower() not in there:
        raise OptionError(
            f"‹device› {device!r}: this PyTorch ({torch.__version__}) finds none such; available: {', '.join(there)}"
        )
    return torch.device(device.lower())
