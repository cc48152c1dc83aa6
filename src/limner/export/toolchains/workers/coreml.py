"""Exported program (.pt2) -> CoreML .mlpackage, with coremltools in its environment."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import coremltools as ct
import torch

PRECISIONS = {"fp32": ct.precision.FLOAT32, "fp16": ct.precision.FLOAT16, "int8": ct.precision.FLOAT16}


class Pixels(torch.nn.Module):
    """A module whose first input is uint8, for an image of CoreML's, which comes as whole numbers in float."""

    def __init__(self, module: torch.nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, image: torch.Tensor, *more: torch.Tensor) -> Any:
        return self.module(image.to(torch.uint8), *more)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("program", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--precision", choices=PRECISIONS, required=True)
    parser.add_argument("--inputs", required=True, help="names, comma-separated")
    parser.add_argument("--outputs", required=True)
    args = parser.parse_args()
    program = torch.export.load(args.program)
    examples, names = program.example_inputs[0], args.inputs.split(",")
    inputs = [ct.TensorType(name=n, shape=tuple(e.shape)) for n, e in zip(names, examples, strict=True)]
    if examples[0].dtype == torch.uint8:
        examples = (examples[0].to(torch.float32), *examples[1:])
        program = torch.export.export(Pixels(program.module()), examples)
        inputs[0] = ct.ImageType(name=names[0], shape=tuple(examples[0].shape), color_layout=ct.colorlayout.RGB)
    model = ct.convert(
        program.run_decompositions({}),
        inputs=inputs,
        outputs=[ct.TensorType(name=name) for name in args.outputs.split(",")],
        convert_to="mlprogram",
        compute_precision=PRECISIONS[args.precision],
        minimum_deployment_target=ct.target.iOS17,
        skip_model_load=True,
    )
    if args.precision == "int8":
        how = ct.optimize.coreml.OpLinearQuantizerConfig(mode="linear_symmetric", granularity="per_channel")
        model = ct.optimize.coreml.linear_quantize_weights(
            model, ct.optimize.coreml.OptimizationConfig(global_config=how)
        )
    model.save(str(args.out))


if __name__ == "__main__":
    main()
