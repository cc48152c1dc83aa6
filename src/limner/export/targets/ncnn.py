"""ncnn (.param and .bin) for phones and small boards, made by pnnx from a trace of the graph."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor, nn

from limner.errors import OptionError, ToolchainError
from limner.export.graphs.graph import Graph
from limner.export.targets.base import Made, Target
from limner.export.toolchains.known import PNNX
from limner.nets.packing import floats_only
from limner.silence import silence


class NcnnTarget(Target):
    """ncnn's files, channels first and without a batch, with the graph's names; fp16 stores the weights in half."""

    name: ClassVar[str] = "ncnn"
    precisions: ClassVar[tuple[str, ...]] = ("fp32", "fp16")
    suffix: ClassVar[str] = ".ncnn.param"

    def convert(self, graph: Graph, precision: str, out: Path) -> Made:
        _check(graph)
        folder = graph.workspace / f"{graph.name}.pnnx.{precision}"
        folder.mkdir(exist_ok=True)
        trace = folder / "net.pt"
        turned = graph.options.layout == "NHWC"
        examples = tuple(x.permute(0, 3, 1, 2).contiguous() if turned else x for x in graph.inputs.values())
        module = floats_only(graph.module)
        with silence(), torch.no_grad():
            traced = torch.jit.trace(_Planes(module) if turned else module, examples)  # type: ignore[no-untyped-call]
            torch.jit.save(traced, trace)
        shapes = [list(example.shape) for example in examples]
        PNNX.call(
            [
                _binary(),
                trace,
                f"inputshape={_told(shapes)}",
                *_other_size(graph, shapes),
                f"fp16={int(precision == 'fp16')}",
            ],
            cwd=folder,
        )
        names = {f"in{i}": name for i, name in enumerate(graph.input_names)}
        names |= {f"out{i}": name for i, name in enumerate(graph.output_names)}
        text = (folder / "net.ncnn.param").read_text(encoding="utf-8")
        sizes = {} if graph.options.dynamic == "size" else dict(zip(graph.input_names, shapes, strict=True))
        out.write_text(rewritten(text, names, sizes), encoding="utf-8")
        shutil.copyfile(folder / "net.ncnn.bin", out.with_suffix(".bin"))
        return Made(layout="NCHW")


class _Planes(nn.Module):
    """A graph of the other layout, with channels first outside."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, *inputs: Tensor) -> Tensor | tuple[Tensor, ...]:
        found = self.module(*(x.permute(0, 2, 3, 1) for x in inputs))
        if isinstance(found, tuple):
            return tuple(x.permute(0, 3, 1, 2) for x in found)
        planes: Tensor = found.permute(0, 3, 1, 2)
        return planes


def rewritten(param: str, names: Mapping[str, str], sizes: Mapping[str, Sequence[int]]) -> str:
    """The text of a .param file with blobs and the layers of inputs under other names, and the inputs' sizes told.

    Args:
        names: those pnnx gives -> those wanted.
        sizes: (1, channels, height, width) of inputs by their wanted names.

    Raises:
        ToolchainError: it lacks one of the blobs: pnnx could not translate all of the graph.
    """
    lines = param.splitlines()
    missing = set(names)
    for index, line in enumerate(lines[2:], 2):
        words = line.split()
        ends = 4 + int(words[2]) + int(words[3])  # type, layer, how many inputs and outputs, their blobs
        missing -= set(words[4:ends])
        words[4:ends] = [names.get(blob, blob) for blob in words[4:ends]]
        if words[0] == "Input":
            words[1] = words[4]
            if words[1] in sizes:
                channels, height, width = sizes[words[1]][1:]
                words[ends:] = [f"0={width}", f"1={height}", f"2={channels}"]
        lines[index] = " ".join(words)
    if missing:
        raise ToolchainError(f"ncnn: pnnx made a net without {', '.join(sorted(names[name] for name in missing))}")
    return "\n".join(lines) + "\n"


def _check(graph: Graph) -> None:
    options = graph.options
    if options.dynamic in ("batch", "both"):
        raise OptionError(f"‹dynamic› {options.dynamic}: ncnn has no batch; say size or none")
    if options.uint8_input:
        raise OptionError(
            "‹uint8_input›: ncnn takes floats only; its Mat::from_pixels reads camera bytes; leave it out"
        )
    if options.output == "argmax":
        raise OptionError("‹output› argmax: ncnn gives floats only; say sigmoid or logits")


def _other_size(graph: Graph, shapes: list[list[int]]) -> list[str]:
    """A second shape of the inputs tells pnnx which axes are open."""
    if graph.options.dynamic == "none":
        return []
    return [f"inputshape2={_told([[*shape[:2], *(2 * size for size in shape[2:])] for shape in shapes])}"]


def _told(shapes: list[list[int]]) -> str:
    return ",".join(f"[{','.join(map(str, shape))}]" for shape in shapes)


def _binary() -> Path:
    """pnnx itself; the script of that name on the path would import torch."""
    PNNX.ensure()
    return next(PNNX.folder.glob("lib/python*/site-packages/pnnx/pnnx"))
