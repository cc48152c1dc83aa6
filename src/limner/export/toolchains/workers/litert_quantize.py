""".tflite fp32 -> fp16, dynamic, int8 or int8-float-io, with ai-edge-quantizer in its environment."""

from __future__ import annotations

import argparse
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import tflite_file
from ai_edge_litert.interpreter import Interpreter
from ai_edge_quantizer import qtyping, recipe
from ai_edge_quantizer.quantizer import Quantizer

SMALLEST_RANGE = 1e-2
Kind = qtyping.TFLOperationName


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--precision", choices=("fp16", "dynamic", "int8", "int8-float-io"), required=True)
    parser.add_argument("--calibration", type=Path, help=".npz: input name -> (N, …)")
    parser.add_argument("--channels-last", action="store_true", help="the calibration is NCHW, the model NHWC")
    parser.add_argument("--ranges", type=Path, help="what calibration found: read where it is there, else written")
    args = parser.parse_args()
    quantizer = Quantizer(str(args.model))
    plan(quantizer, args.precision)
    ranges = None
    if quantizer.need_calibration:
        if not args.ranges.is_file():
            found = calibrated(quantizer, args.model, args.calibration, channels_last=args.channels_last)
            args.ranges.write_bytes(pickle.dumps(found))
        ranges = pickle.loads(args.ranges.read_bytes())
    raw = args.out.with_suffix(".raw")  # which the quantizer makes executable
    quantizer.quantize(ranges).export_model(str(raw), overwrite=True)
    model = tflite_file.read(raw)
    raw.unlink()
    tflite_file.name_tensors(model)
    tflite_file.write(model, args.out)


def plan(quantizer: Quantizer, precision: str) -> None:
    if precision == "fp16":
        weights = qtyping.TensorQuantizationConfig(num_bits=16, dtype=qtyping.TensorDataType.FLOAT)
        half = qtyping.OpQuantizationConfig(weight_tensor_config=weights, explicit_dequantize=True)
        quantizer.update_quantization_recipe(".*", Kind.ALL_SUPPORTED, half, algorithm_key="float_casting")
    elif precision == "dynamic":
        # Not depthwise convolutions: XNNPACK has no kernel for them, and what stands in is far slower than float.
        for kind in (Kind.CONV_2D, Kind.FULLY_CONNECTED):
            quantizer.add_dynamic_config(".*", kind, num_bits=8)
    else:
        quantizer.load_quantization_recipe(recipe.static_wi8_ai8())
        if precision == "int8-float-io":
            for kind in (Kind.INPUT, Kind.OUTPUT):
                quantizer.update_quantization_recipe(".*", kind, algorithm_key="no_quantize")


def calibrated(quantizer: Quantizer, model: Path, photos: Path, *, channels_last: bool) -> dict[str, Any]:
    """Ranges of all tensors on the photos.

    Tensors that are one number on all photos, as those behind a dead ReLU are, get a range too: without one their scale
    would be next to 0, and what is divided by it more than XNNPACK takes.
    """
    arrays = dict(np.load(photos))
    if channels_last:
        arrays = {name: np.ascontiguousarray(array.transpose(0, 2, 3, 1)) for name, array in arrays.items()}
    count = len(next(iter(arrays.values())))
    rows = [{name: array[index : index + 1] for name, array in arrays.items()} for index in range(count)]
    (signature,) = Interpreter(str(model)).get_signature_list()
    found: dict[str, Any] = quantizer.calibrate({signature: rows})
    for ends in found.values():
        if "max" in ends:
            ends["max"] = np.maximum(ends["max"], ends["min"] + SMALLEST_RANGE)
    return found


if __name__ == "__main__":
    main()
