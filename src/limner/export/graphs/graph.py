"""The graph that every target converts: a net with its activation, layout, preprocessing and state inside, batch norms
folded; and the files that converters start from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from limner.errors import OptionError
from limner.export.graphs.folding import fold_batch_norms
from limner.nets.base import SegmentationNet
from limner.nets.deployed import Deployed, GraphOptions
from limner.silence import silence

IMAGE, PREVIOUS = "image", "previous"
"""Inputs: the picture, and for nets of four channels the state: the person's probability in the frame before."""
LEAST_OPEN = 33
"""Smallest open height and width in pixels, unless the example is smaller: below, maps at stride 32 are one pixel."""
STATE = "state"
"""Output of nets of four channels: what ``previous`` takes in the next frame, (N, 1, H, W) in [0, 1]."""

OUTPUT_NAMES: dict[str, str] = {"logits": "logits", "sigmoid": "alpha", "argmax": "classes", "packed": "packed"}
Feeds = Mapping[str, NDArray[Any]]


@dataclass(kw_only=True)
class Graph:
    """What every target converts.

    Attributes:
        name: stem of the files to be.
        net: as it was trained, in eval mode without training heads, batch norms and all.
        module: in eval mode, training heads dropped, batch norms folded; ``module(*inputs.values())`` gives one tensor
            for each of ``output_names``.
        reference: the same computed by ``net``: what exports are compared with.
        inputs: example tensors, batch 1, by name, in the module's order.
        output_names: the output's first, then ``state`` where there is one.
        options: output kind, layout, open axes and input type, all inside ``module`` already.
        size_divisor: open heights and widths are multiples of it.
        workspace: a folder for files in between; it goes when the export is over.
        calibration: inputs by name (batch 1, as the module takes them) of real train photos; None where there are none.
    """

    name: str
    net: SegmentationNet
    module: nn.Module
    reference: nn.Module
    inputs: Mapping[str, Tensor]
    output_names: tuple[str, ...]
    options: GraphOptions
    size_divisor: int
    workspace: Path
    calibration: Sequence[Feeds] | None = None

    @property
    def rounded(self) -> bool:
        """Whether the module quantizes and dequantizes already: it was trained so, and int8 is its only precision."""
        return self.net.rounded

    @property
    def input_names(self) -> tuple[str, ...]:
        """Names of the inputs, in the module's order."""
        return tuple(self.inputs)

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the example inputs."""
        shape = self.inputs[IMAGE].shape
        return (int(shape[2]), int(shape[3])) if self.options.layout == "NCHW" else (int(shape[1]), int(shape[2]))

    @property
    def beyond_half(self) -> tuple[str, ...]:
        """Names of the module's tensors with finite numbers that half precision cannot say."""
        most = torch.finfo(torch.float16).max
        tensors = self.module.state_dict().items()
        return tuple(
            name
            for name, value in tensors
            if value.is_floating_point() and bool((value.isfinite() & (value.abs() > most)).any())
        )

    def calibration_for(self, precision: str) -> Sequence[Feeds]:
        """The calibration inputs; OptionError where there are none, naming ``precision``."""
        if not self.calibration:
            raise OptionError(
                f"‹precision› {precision}: needs real photos to calibrate on; name a data folder with ‹data›"
            )
        return self.calibration

    def torch_outputs(self, feeds: Feeds, *, reference: bool = False) -> dict[str, NDArray[Any]]:
        """What PyTorch computes on inputs by name."""
        module = self.reference if reference else self.module
        with torch.no_grad():
            found = module(*(torch.from_numpy(np.ascontiguousarray(feeds[name])) for name in self.inputs))
        tensors = found if isinstance(found, tuple) else (found,)
        return {name: tensor.numpy() for name, tensor in zip(self.output_names, tensors, strict=True)}

    @cached_property
    def exported_program(self) -> torch.export.ExportedProgram:
        """The module through torch.export, with the axes open that ``options.dynamic`` names."""
        return self._exported(self.module)

    def _exported(self, module: nn.Module) -> torch.export.ExportedProgram:
        examples, shapes = tuple(self.inputs.values()), self._dynamic_shapes()
        if shapes is not None and self.options.dynamic in ("batch", "both"):
            # torch.export takes a batch of one in the example for a batch that is always one
            examples = tuple(torch.cat([example, example]) for example in examples)
        with silence(), torch.no_grad():
            # Deferred: nets that take any size would be held to what the example's size happens to satisfy.
            return torch.export.export(
                module,
                examples,
                dynamic_shapes=shapes,
                strict=False,
                prefer_deferred_runtime_asserts_over_guards=True,
            )

    def program_file(self) -> Path:
        """The exported program as a .pt2 file in the workspace, for workers in another environment; made once."""
        path = self.workspace / f"{self.name}.pt2"
        if not path.is_file():
            with silence():
                torch.export.save(self.exported_program, path)
        return path

    def float_weights_file(self) -> Path:
        """As ``program_file``, of a quantization-aware net: its weights are floats that the program quantizes."""
        path = self.workspace / f"{self.name}.float_weights.pt2"
        if not path.is_file():
            module = Deployed(_integers(self.net, fold=False), self.options, width=self.size[1]).eval()
            with silence():
                torch.export.save(self._exported(module), path)
        return path

    def onnx_file(self) -> Path:
        """The graph as ONNX fp32 in the workspace, for converters that start from it; made once."""
        path = self.workspace / f"{self.name}.graph.onnx"
        if not path.is_file():
            save(translated(self), path)
        return path

    def calibration_file(self, precision: str) -> Path:
        """The calibration inputs as an .npz in the workspace, name -> (N, …) batches, for workers; made once.

        Raises:
            OptionError: there are no calibration photos.
        """
        path = self.workspace / "calibration.npz"
        if not path.is_file():
            rows = self.calibration_for(precision)
            arrays = {name: np.concatenate([row[name] for row in rows]) for name in self.inputs}
            np.savez(path, **arrays)  # type: ignore[arg-type]
        return path

    def _dynamic_shapes(self) -> tuple[dict[int, Any], ...] | None:
        opened = self.options.dynamic
        if opened == "none":
            return None
        axes: dict[int, Any] = {}
        if opened in ("batch", "both"):
            axes[0] = torch.export.Dim("batch", min=1, max=1024)
        if opened in ("size", "both"):
            first = 2 if self.options.layout == "NCHW" else 1
            step = self.size_divisor
            least = min(-(-LEAST_OPEN // step), min(self.size) // step)
            for axis, name in ((first, "rows"), (first + 1, "columns")):
                axes[axis] = step * torch.export.Dim(name, min=least, max=8192 // step)
        return (axes,) * len(self.inputs)


def check_size(net: SegmentationNet, size: tuple[int, int], *, field: str = "size") -> None:
    """
    Raises:
        OptionError: the net does not take this size, which is what somebody gave as ``field``.
    """
    try:
        net.check_size(*size)
    except OptionError as error:
        raise OptionError(f"‹{field}› {size[1]}x{size[0]}: {error}") from None


def make_graph(
    net: SegmentationNet,
    *,
    name: str,
    size: tuple[int, int],
    workspace: Path,
    options: GraphOptions | None = None,
    calibration: Sequence[Feeds] | None = None,
) -> Graph:
    """The graph of a net.

    Args:
        net: in eval mode or not; training heads are dropped. A quantization-aware one takes its own size
            only, and no open axes.
        size: (height, width) of the input.

    Raises:
        OptionError: the net does not take this size.
    """
    check_size(net, size)
    options = options or GraphOptions()
    if net.rounded and options.dynamic != "none":
        raise OptionError(f"‹dynamic› {options.dynamic}: a quantization-aware net has one size only")
    bare = net.for_inference()
    inputs = {IMAGE: _example(3, size, options)}
    output_names = [OUTPUT_NAMES[options.output]]
    if bare.in_channels == 4:
        inputs[PREVIOUS] = _example(1, size, options).to(torch.float32)
        output_names.append(STATE)
    folded = _integers(bare) if bare.rounded else fold_batch_norms(bare, torch.zeros(1, bare.in_channels, *size))
    return Graph(
        name=name,
        net=bare,
        module=Deployed(folded, options, width=size[1]).eval(),
        reference=Deployed(bare, options, width=size[1]).eval(),
        inputs=inputs,
        output_names=tuple(output_names),
        options=options,
        size_divisor=net.size_divisor,
        workspace=workspace,
        calibration=calibration,
    )


def _integers(net: SegmentationNet, *, fold: bool = True) -> SegmentationNet:
    """A quantization-aware net, with quantize and dequantize operators; weights are integers with ``fold``."""
    from limner.nets.quantized.net import QuantizedNet

    assert isinstance(net, QuantizedNet)
    return net.converted(fold=fold)


def _example(channels: int, size: tuple[int, int], options: GraphOptions) -> Tensor:
    shape = (1, channels, *size) if options.layout == "NCHW" else (1, *size, channels)
    return torch.zeros(shape, dtype=torch.uint8 if options.uint8_input else torch.float32)


def translated(graph: Graph) -> Any:
    """The graph as an onnx.ModelProto, without the exporter's notes."""
    with silence():
        program = torch.onnx.export(
            graph.exported_program,
            (),
            None,
            input_names=list(graph.input_names),
            output_names=list(graph.output_names),
            dynamo=True,
            optimize=True,
            verbose=False,
        )
    assert program is not None
    model = program.model_proto
    for item in (*model.graph.node, *model.graph.input, *model.graph.output, *model.graph.initializer):
        item.doc_string = ""
        del item.metadata_props[:]
    del model.graph.value_info[:], model.graph.metadata_props[:], model.metadata_props[:]
    return model


def save(model: Any, path: Path) -> None:
    """Write an onnx.ModelProto, in one file, checked for consistency."""
    import onnx

    onnx.checker.check_model(model)
    onnx.save_model(model, path)
