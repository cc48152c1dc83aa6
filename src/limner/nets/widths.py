"""Channel counts of a net's layers: what pruning left of each, and a fresh net with exactly those."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from limner.errors import OptionError

Widths = Mapping[str, tuple[int, int]]
"""Layer name -> channels (in, out). Layers that have only one count (batch norm, PReLU) carry it twice."""


def layer_widths(net: nn.Module) -> dict[str, tuple[int, int]]:
    """The channels of every convolution, linear layer, batch norm and PReLU."""
    found = {}
    for name, layer in net.named_modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            found[name] = (layer.in_channels, layer.out_channels)
        elif isinstance(layer, nn.Linear):
            found[name] = (layer.in_features, layer.out_features)
        elif isinstance(layer, nn.BatchNorm2d):
            found[name] = (layer.num_features, layer.num_features)
        elif isinstance(layer, nn.PReLU):
            found[name] = (layer.num_parameters, layer.num_parameters)
    return found


def changed_widths(net: nn.Module, original: nn.Module) -> dict[str, tuple[int, int]]:
    """The layers of ``net`` whose channels differ from those in ``original``: what ``narrow`` needs to repeat it."""
    before = layer_widths(original)
    return {name: counts for name, counts in layer_widths(net).items() if before.get(name) != counts}


def narrow(net: nn.Module, widths: Widths) -> None:
    """Give the named layers of a freshly made net fewer channels, in place.

    Which of the initial weights stay is of no meaning: the weights are loaded, or trained, afterwards.

    Raises:
        OptionError: there is no such layer, or it would get more channels than it has.
    """
    layers = dict(net.named_modules())
    own = layer_widths(net)
    for name, (inputs, outputs) in widths.items():
        if name not in own:
            raise OptionError(f"net: pruned names the layer {name!r}, which the net does not have")
        if not (0 < inputs <= own[name][0] and 0 < outputs <= own[name][1]):
            raise OptionError(f"net: pruned gives {name} {inputs} → {outputs} channels; it has {own[name]}")
        _narrow_layer(layers[name], inputs, outputs)


def _narrow_layer(layer: nn.Module, inputs: int, outputs: int) -> None:
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
        if layer.groups == layer.in_channels and layer.groups > 1:
            layer.groups = inputs  # depthwise
        per_group = (outputs if layer.transposed else inputs) // layer.groups
        layer.weight = _part(layer.weight, inputs if layer.transposed else outputs, per_group)
        layer.in_channels, layer.out_channels = inputs, outputs
    elif isinstance(layer, nn.Linear):
        layer.weight = _part(layer.weight, outputs, inputs)
        layer.in_features, layer.out_features = inputs, outputs
    elif isinstance(layer, nn.BatchNorm2d):
        layer.weight, layer.num_features = _part(layer.weight, outputs), outputs
        assert layer.running_mean is not None
        assert layer.running_var is not None
        layer.running_mean, layer.running_var = layer.running_mean[:outputs], layer.running_var[:outputs]
    elif isinstance(layer, nn.PReLU):
        layer.weight, layer.num_parameters = _part(layer.weight, outputs), outputs
    bias = getattr(layer, "bias", None)
    if bias is not None:
        layer.bias = _part(bias, outputs)


def _part(parameter: Tensor, first: int, second: int | None = None) -> nn.Parameter:
    kept = parameter.detach()[:first] if second is None else parameter.detach()[:first, :second]
    return nn.Parameter(kept.clone(), requires_grad=parameter.requires_grad)
