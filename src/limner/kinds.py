"""The kinds of model files that Limner knows: the one place of their suffixes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ONNX, TFLITE, CHECKPOINT, SAFETENSORS = ".onnx", ".tflite", ".pt", ".safetensors"
OPENVINO, NCNN, TENSORRT = ".xml", ".param", ".engine"
GRAPH = ".pb"
"""Frozen graphs of TensorFlow, which are looked into and converted, and never run."""
COREML, SAVEDMODEL, TFJS, EXPORTED_PROGRAM = ".mlpackage", ".savedmodel", ".tfjs", ".pt2"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of model file.

    Attributes:
        suffix: of the file that a model is called by.
        beside: suffix of its weights, in a file of the same stem; None where they are in the file itself.
        folder: the model is a folder of that name.
        weights: whether a net's trainable weights can be read from it.
        model: whether it can be run, given a card; weights alone cannot.
    """

    suffix: str
    beside: str | None = None
    folder: bool = False
    weights: bool = False
    model: bool = True


KINDS: dict[str, Kind] = {
    kind.suffix: kind
    for kind in (
        Kind(ONNX, weights=True),
        Kind(TFLITE),
        Kind(OPENVINO, beside=".bin"),
        Kind(NCNN, beside=".bin"),
        Kind(COREML, folder=True),
        Kind(SAVEDMODEL, folder=True),
        Kind(TFJS, folder=True),
        Kind(EXPORTED_PROGRAM),
        Kind(TENSORRT),
        Kind(CHECKPOINT, weights=True),
        Kind(SAFETENSORS, weights=True, model=False),
    )
}
"""Suffix -> kind. A runtime of one's own may run files of others, one file a model."""

MODEL_SUFFIXES = tuple(kind.suffix for kind in KINDS.values() if kind.model)
WEIGHT_SUFFIXES = tuple(kind.suffix for kind in KINDS.values() if kind.weights)


def kind_of(path: str | Path) -> Kind | None:
    """The kind of a file by its name; None where it is none of them."""
    return KINDS.get(Path(path).suffix.lower())


def is_checkpoint(path: str | Path) -> bool:
    """Whether a file is called as checkpoints of `limner train` are."""
    return Path(path).suffix.lower() == CHECKPOINT
