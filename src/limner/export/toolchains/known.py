"""The toolchains that targets use: versions that were tried together; docs/dependencies.md says what each is for."""

from __future__ import annotations

from limner.export.toolchains.environments import Toolchain

LITERT = Toolchain(
    name="litert",
    installs=(
        (
            "torch==2.13.0",
            "torchao==0.18.0",
            "litert-torch==0.10.0",
            "litert-converter==0.5.0",
            "ai-edge-quantizer==0.10.0",
            "ai-edge-litert==2.3.0",
        ),
    ),
    purpose="LiteRT",
    size=2.2,
    pythons=((3, 11), (3, 14)),
)
COREML = Toolchain(
    name="coreml",
    installs=(("torch==2.13.0", "coremltools==9.0"),),
    purpose="CoreML",
    size=1.3,
    pythons=((3, 11), (3, 13)),
)
PNNX = Toolchain(
    name="pnnx",
    installs=(("--no-deps", "pnnx==20261020"),),
    purpose="ncnn",
    size=0.1,
    pythons=((3, 11), (3, 14)),
)
TENSORFLOW = Toolchain(
    name="tensorflow",
    installs=(
        # 1.29.18 and later turn every addition of feature maps to NCHW and back
        ("onnx2tf==1.29.12",),
        # its own requirements would bring decision forests and jax, and another TensorFlow
        ("--no-deps", "tensorflowjs==4.22.0", "tensorflow-hub==0.16.1"),
        # reads frozen graphs, SavedModels and models of TensorFlow.js; its requirements are there already
        ("--no-deps", "tf2onnx==1.17.0"),
    ),
    purpose="TensorFlow",
    size=2.6,
    pythons=((3, 11), (3, 12)),
)
TOOLCHAINS: dict[str, Toolchain] = {toolchain.name: toolchain for toolchain in (LITERT, COREML, PNNX, TENSORFLOW)}
"""Name -> toolchain. Adding one is adding it here."""
