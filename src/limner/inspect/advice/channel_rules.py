"""Channel counts that are no multiples of four: mobile GPUs keep four channels together and pad what is missing."""

from __future__ import annotations

from limner.inspect.advice.finding import Finding, in_bytes, percent, some
from limner.inspect.advice.layers import Layer, LayerGraph

_MATTERS = 0.02
"""Part of all work from which padding is worth a change."""


def padded_channels(graph: LayerGraph) -> Finding:
    """Convolutions inside the net whose channels mobile GPUs pad, with the work that is spent on the padding."""
    given = _given(graph)
    found: list[tuple[int, str]] = []
    wasted_macs = 0
    for layer in graph.layers:
        if layer.channels is None:
            continue
        into, out = layer.channels
        inner_in = 0 if given.issuperset(layer.inputs) else -into % 4
        inner_out = 0 if layer.output in given else -out % 4
        if not inner_in and not inner_out:
            continue
        extra = _padding_macs(layer, inner_in, inner_out)
        wasted_macs += extra
        found.append((extra, f"{layer.name} ({into} to {out})"))
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
