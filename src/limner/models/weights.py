"""Where the trainable weights of a model lie, for training that goes on from them."""

from __future__ import annotations

from pathlib import Path

from limner.errors import ModelError
from limner.models.catalogue import ALIASES, find_model, model_names

WEIGHT_SUFFIXES = (".onnx", ".safetensors", ".pt")


def weights_path(name: str) -> Path:
    """The .onnx, .safetensors or .pt file that ``name`` means: a shipped model's name or a path.

    Raises:
        ModelError: there is no such file or model.
    """
    if Path(name).suffix in WEIGHT_SUFFIXES:
        if not Path(name).is_file():
            raise ModelError(f"{name}: no such file")
        return Path(name)
    if ALIASES.get(name, name) not in model_names():
        known = ", ".join(model_names())
        raise ModelError(f"{name}: no shipped model has weights of that name (there are: {known})")
    return find_model(name).path
