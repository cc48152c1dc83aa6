"""Exported program (.pt2) -> .tflite fp32, in litert-torch's environment. Tensors get the graph's names."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import litert_torch
import tflite_file
import torch


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("program", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--inputs", required=True, help="names, comma-separated")
    parser.add_argument("--outputs", required=True)
    parser.add_argument("--channels-last", action="store_true", help="the program is NCHW; the file is to be NHWC")
    parser.add_argument("--rounded", action="store_true", help="the program quantizes and dequantizes: make it int8")
    args = parser.parse_args()
    config = integers() if args.rounded else None
    inputs, outputs = args.inputs.split(","), args.outputs.split(",")
    program = torch.export.load(args.program)
    module, examples = program.module(), program.example_inputs[0]
    if args.channels_last:
        module = litert_torch.to_channel_last_io(
            module, args=list(range(len(inputs))), outputs=list(range(len(outputs)))
        )
        examples = tuple(example.permute(0, 2, 3, 1).contiguous() for example in examples)
    litert_torch.convert(module, examples, quant_config=config).export(str(args.out))
    model = tflite_file.read(args.out)
    if args.rounded:
        tflite_file.float_inputs(model)
    tflite_file.name_ends(model, inputs, outputs)
    tflite_file.write(model, args.out)


def integers() -> Any:
    """What tells the converter to take pairs of quantize and dequantize for int8 operators."""
    import torchao.quantization.pt2e  # noqa: F401  # knows the operators of the program
    from litert_torch.quantize.pt2e_quantizer import PT2EQuantizer, get_symmetric_quantization_config
    from litert_torch.quantize.quant_config import QuantConfig

    quantizer = PT2EQuantizer().set_global(get_symmetric_quantization_config(is_per_channel=True))
    return QuantConfig(pt2e_quantizer=quantizer)


if __name__ == "__main__":
    main()
