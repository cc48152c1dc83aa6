"""Converts ONNX to a TensorFlow SavedModel in NHWC; runs in the toolchain ``tensorflow``.

    onnx_to_savedmodel.py MODEL.onnx OUT

MODEL, in NCHW, is overwritten by the tools that simplify it: give a copy, in a folder that goes. OUT gets one
signature, ``serving_default``, whose inputs and outputs have the ONNX file's names; tensors of four axes are NHWC.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import onnx
import onnx2tf
import tensorflow as tf
from onnx2tf.ops import Resize
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

_SAMPLES = "calibration_image_sample_data_20x128x128x3_float32.npy"
"""onnx2tf tries its translation on these pictures, and would download them; any will do."""


_make_resize = Resize.make_node
# onnx2tf heeds a resize's align_corners only up to opset 17; it means the same in the later ones.
Resize.make_node = lambda *, opset, **rest: _make_resize(opset=min(opset, 17), **rest)


def main(model_file: str, out: str) -> None:
    path = Path(model_file).resolve()
    out = str(Path(out).resolve())
    os.chdir(path.parent)  # where onnx2tf looks for the pictures
    np.save(_SAMPLES, np.random.default_rng(0).random((20, 128, 128, 3), dtype=np.float32))
    graph = onnx.load(path).graph
    model = onnx2tf.convert(
        input_onnx_file_path=str(path),
        output_folder_path=str(path.with_suffix(".onnx2tf")),
        output_signaturedefs=True,
        disable_model_save=True,
        verbosity="error",
    )
    names = [value.name for value in graph.output]
    shapes = [_shape(value) for value in graph.output]
    if len(model.outputs) != len(names):
        raise SystemExit(f"onnx2tf gave {len(model.outputs)} outputs where the ONNX file has {len(names)}")

    specs = [tf.TensorSpec(x.shape, x.dtype, x.name.partition(":")[0]) for x in model.inputs]
    whole = tf.function(lambda *inputs: tf.nest.flatten(model(list(inputs))), input_signature=specs)
    # Constants: Keras does not track the variables of the layers that onnx2tf makes.
    frozen = convert_variables_to_constants_v2(whole.get_concrete_function())

    def serve(*inputs: Any) -> dict[str, Any]:
        found = tf.nest.flatten(frozen(*inputs))
        rows = zip(names, found, shapes, strict=True)
        return {name: tf.identity(_channels_last(value, shape), name) for name, value, shape in rows}

    module = tf.Module()
    module.frozen = frozen
    tf.saved_model.save(module, out, signatures=tf.function(serve, input_signature=specs))


def _shape(value: Any) -> list[int | None]:
    return [axis.dim_value or None for axis in value.type.tensor_type.shape.dim]


def _channels_last(value: Any, shape: list[int | None]) -> Any:
    """``value`` as NHWC. onnx2tf turns most outputs itself; one that still has the ONNX file's shape is turned here."""
    if len(shape) != 4 or value.shape[1:] != tuple(shape[1:]) or shape[1] == shape[2] == shape[3]:
        return value
    return tf.transpose(value, [0, 2, 3, 1])


if __name__ == "__main__":
    main(*sys.argv[1:])
