"""TensorRT engines (.engine), built on the machine and for the kind of NVIDIA GPU that will run them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from limner.errors import ToolchainError
from limner.export.graphs.graph import Graph
from limner.export.targets.base import Execution, Feeds, Made, NotMadeHereError, NotRunHereError, Target
from limner.kinds import TENSORRT

_LARGEST_BATCH, _LARGEST_FACTOR = 16, 4


class TensorRtTarget(Target):
    """Engines from the graph's ONNX file.

    Written after NVIDIA's documentation of TensorRT 10; the project has not run it, for lack of the libraries.
    """

    name: ClassVar[str] = "tensorrt"
    precisions: ClassVar[tuple[str, ...]] = ("fp32", "fp16")
    suffix: ClassVar[str] = TENSORRT
    device: ClassVar[str] = "cuda"

    def convert(self, graph: Graph, precision: str, out: Path) -> Made:
        trt = _tensorrt()
        logger = trt.Logger(trt.Logger.ERROR)
        builder = trt.Builder(logger)
        if builder is None:
            raise ToolchainError(
                "tensorrt: no NVIDIA GPU that TensorRT can use; build engines on the machine that runs them"
            )
        network = builder.create_network(0)
        parser = trt.OnnxParser(network, logger)
        if not parser.parse_from_file(str(graph.onnx_file())):
            why = parser.get_error(0).desc() if parser.num_errors else "no reason given"
            raise ToolchainError(f"tensorrt: the graph cannot be read: {' '.join(why.split())[:300]}")
        config = builder.create_builder_config()
        config.clear_flag(trt.BuilderFlag.TF32)  # ten bits of mantissa are not fp32
        if precision == "fp16":
            config.set_flag(trt.BuilderFlag.FP16)
        if graph.options.dynamic != "none":
            config.add_optimization_profile(_profile(builder, graph))
        engine = builder.build_serialized_network(network, config)
        if engine is None:
            raise ToolchainError(
                f"tensorrt: TensorRT {trt.__version__} cannot build this graph for the GPU of this machine"
            )
        out.write_bytes(engine)
        return Made(notes=(f"built with TensorRT {trt.__version__}; runs on this version and kind of GPU only",))

    def execute(self, path: Path, feeds: Sequence[Feeds]) -> Execution:
        """As the other targets, where TensorRT is installed; NotRunHereError elsewhere."""
        try:
            _tensorrt()
        except NotMadeHereError as error:
            raise NotRunHereError(str(error)) from None
        return super().execute(path, feeds)


def _tensorrt() -> Any:
    try:
        import tensorrt
    except ImportError:
        raise NotMadeHereError(
            "‹to› tensorrt: TensorRT is not installed; on a machine with an NVIDIA GPU, pip install tensorrt from "
            "NVIDIA's index"
        ) from None
    return tensorrt


def _profile(builder: Any, graph: Graph) -> Any:
    """Smallest, usual and largest shapes of open axes: batches to 16, sizes up to four times the usual."""
    profile = builder.create_optimization_profile()
    channels_first = graph.options.layout == "NCHW"
    for name, example in graph.inputs.items():
        usual = list(example.shape)
        least, most = list(usual), list(usual)
        if graph.options.dynamic in ("batch", "both"):
            most[0] = _LARGEST_BATCH
        if graph.options.dynamic in ("size", "both"):
            for axis in (2, 3) if channels_first else (1, 2):
                least[axis], most[axis] = graph.size_divisor, _LARGEST_FACTOR * usual[axis]
        profile.set_shape(name, least, usual, most)
    return profile
