"""Channel counts that are padded: to multiples of four on mobile GPUs, of eight for the tensor cores of NVIDIA's."""

from __future__ import annotations

from collections.abc import Sequence

from limner.inspect.advice.finding import Finding, in_bytes, percent, some
from limner.inspect.advice.layers import Layer, LayerGraph

_EIGHT = 8
_ON_TENSOR_CORES = ("CONV_2D", "TRANSPOSE_CONV")
_MATTERS = 0.02
"""Part of all work from which padding is worth a change."""


def padded_channels(graph: LayerGraph) -> Finding:
    """Convolutions inside the net whose channels mobile GPUs pad, with the work that is spent on the padding."""
    given = _given(graph)
    found, wasted_macs = _padded(given, 4, [layer for layer in graph.layers if layer.channels is not None])
    padding = sum(
        _padding(graph, name) for layer in graph.layers for name in (*layer.inputs, layer.output) if name not in given
    )
    wasted_traffic = padding / graph.traffic if graph.traffic else 0.0
    wasted = wasted_macs / graph.macs if graph.macs else 0.0
    if not found:
        return Finding(level="fine", topic="channels", text="all channel counts inside the net are multiples of four")
    layers = tuple(name for _, name in sorted(found, reverse=True))
    many = f"{len(found)} convolution{'s' * (len(found) > 1)}"
    cost = f"{percent(wasted)} more MACs and {percent(wasted_traffic)} more memory traffic on mobile GPUs"
    matters = max(wasted, wasted_traffic) >= _MATTERS
    return Finding(
        level="change" if matters else "fine",
        topic="channels",
        text=(
            f"{many} with channels that are no multiple of four, padded at a cost of {cost}: {some(layers)}. "
            "Round them up (as costly, and more able) or down"
            if matters
            else f"{many} with channels that are no multiple of four, too small to matter: {cost}"
        ),
        layers=layers,
        share=wasted,
        gain=wasted if matters else None,
        of="MACs",
    )


def tensor_cores(graph: LayerGraph) -> Finding | None:
    """Convolutions inside the net that tensor cores, which multiply blocks of eight channels in half precision, pad.

    Depthwise convolutions do not run on them. See NVIDIA's Deep Learning Performance guide, "Convolutional Layers".
    """
    whole = [layer for layer in graph.layers if layer.channels is not None and layer.kind in _ON_TENSOR_CORES]
    if not whole:
        return None
    found, extra = _padded(_given(graph), _EIGHT, whole)
    if not found:
        text = "all channel counts of convolutions inside the net are multiples of eight"
        return Finding(level="fine", topic="tensor cores", text=text)
    wasted = extra / graph.macs if graph.macs else 0.0
    concerned = {name.rpartition(" (")[0] for _, name in found}
    share = graph.mac_share(layer for layer in whole if layer.name in concerned)
    layers = tuple(name for _, name in sorted(found, reverse=True))
    many = f"{len(found)} convolution{'s' * (len(found) > 1)}"
    return Finding(
        level="know",
        topic="tensor cores",
        text=(
            f"{many} with channels that are no multiple of eight, {percent(share)} of the MACs, which NVIDIA's "
            f"tensor cores pad in half precision: {percent(wasted)} more MACs there: {some(layers)}. "
            "int8 wants multiples of 16"
        ),
        layers=layers,
        share=share,
        gain=wasted,
        of="MACs",
    )


def _padded(given: set[str], multiple: int, layers: Sequence[Layer]) -> tuple[list[tuple[int, str]], int]:
    """The layers with other channels, each with the MACs that padding them costs; and all of these MACs."""
    found: list[tuple[int, str]] = []
    for layer in layers:
        assert layer.channels is not None
        into, out = layer.channels
        inner_in = 0 if given.issuperset(layer.inputs) else -into % multiple
        inner_out = 0 if layer.output in given else -out % multiple
        if inner_in or inner_out:
            found.append((_padding_macs(layer, inner_in, inner_out), f"{layer.name} ({into} to {out})"))
    return found, sum(extra for extra, _ in found)


def _given(graph: LayerGraph) -> set[str]:
    """Tensors whose channels are those of the picture or the mask, which nobody can round: what lies before the first
    convolution, and what the output is made of without one."""
    given = {*graph.inputs, *graph.outputs}
    for layer in graph.layers:
        if not layer.is_convolution and given.issuperset(layer.inputs):
            given.add(layer.output)
    for layer in reversed(graph.layers):
        # A convolution from one channel to one makes a mask of a mask: it packs or blurs it.
        if layer.output in given and (not layer.is_convolution or layer.channels == (1, 1)):
            channels = graph.channels(layer.output)
            given.update(name for name in layer.inputs if graph.channels(name) == channels)
    return given


def _padding_macs(layer: Layer, more_in: int, more_out: int) -> int:
    if not layer.macs or layer.channels is None:
        return 0
    into, out = layer.channels
    if layer.kind == "DEPTHWISE_CONV_2D":
        return layer.macs * more_out // out
    return layer.macs * (into + more_in) * (out + more_out) // (into * out) - layer.macs


def _padding(graph: LayerGraph, name: str) -> int:
    """Numbers that a tensor grows by."""
    channels = graph.channels(name)
    if not channels:
        return 0
    return graph.elements(name) * (-channels % 4) // channels


def ends(graph: LayerGraph) -> Finding | None:
    """What a mask of one channel costs to read back from a GPU, as floats and packed."""
    name = graph.outputs[0]
    numbers, channels = graph.elements(name), graph.channels(name)
    last = graph.makers.get(name)
    if channels != 1 or numbers < 64 * 64 or not graph.floats or (last is not None and last.kind == "CAST"):
        return None
    return Finding(
        level="know",
        topic="ends",
        text=(
            f"the mask {name} is {in_bytes(4 * numbers)} of floats to read back, {in_bytes(16 * numbers)} where a "
            "mobile GPU keeps it in fours; where a hard mask will do, `limner export --output-kind packed` sends "
            f"{in_bytes(numbers / 8)}"
        ),
    )
