"""Operators that cost more than they look, and those that phones, the Edge TPU and browsers do not run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from limner.inspect.advice.delegates import EDGE_TPU, MOBILE_GPU, WEBGPU, runs
from limner.inspect.advice.finding import Finding, in_bytes, percent, some
from limner.inspect.advice.layers import Layer, LayerGraph

_MOVES = frozenset(
    """
    RESHAPE TRANSPOSE SLICE STRIDED_SLICE SPLIT SPLIT_V PAD PADV2 MIRROR_PAD GATHER GATHER_ND TILE BROADCAST_TO PACK
    UNPACK SPACE_TO_DEPTH DEPTH_TO_SPACE PIXEL_SHUFFLE SPACE_TO_BATCH_ND BATCH_TO_SPACE_ND REVERSE_V2 CAST
    """.split()  # noqa: SIM905
)
_COSTLY = frozenset(
    """
    EXP LOG POW DIV SIN COS ERF SOFTMAX LOG_SOFTMAX GELU ELU RESIZE_BICUBIC RESIZE BATCH_MATMUL EINSUM ARG_MAX TOPK_V2
    CUMSUM INSTANCENORMALIZATION LAYERNORMALIZATION GROUPNORMALIZATION L2_NORMALIZATION GRIDSAMPLE LSTM NONZERO IF LOOP
    """.split()  # noqa: SIM905
)
_SHOWN, _MATTERS = 0.02, 0.05
"""Parts of all traffic from which operators are named, and from which they are worth a change."""
_LARGE_WINDOW = 7
_PADS = "a net trained with strided convolutions padded at the right and below alone, as SAME does, needs no PAD"


def moving(graph: LayerGraph) -> Finding:
    """Operators that compute nothing and only move data."""
    return _by_kind(
        graph,
        [layer for layer in graph.layers if layer.kind in _MOVES],
        topic="moves",
        what="that only move data",
        remedy="Each is a copy on a GPU" + f"; {_PADS}" * any(layer.kind.startswith("PAD") for layer in graph.layers),
        fine="operators that only move data (reshape, transpose, slice, pad, gather) touch {share} of the traffic",
    )


def pads(graph: LayerGraph) -> Finding | None:
    """Convolutions of an ONNX file whose padding becomes an operator of its own in LiteRT."""
    found = sorted((layer for layer in graph.layers if layer.odd_pads), key=graph.moved, reverse=True)
    added = sum(2 * graph.elements(layer.inputs[0]) for layer in found)
    share = added / (graph.traffic + added) if added else 0.0
    if not share >= _SHOWN:
        return None
    names = tuple(layer.name for layer in found)
    return Finding(
        level="know",
        topic="pads",
        text=f"in LiteRT a PAD goes before each of {len(found)} convolutions, with {percent(share)} of the traffic, "
        f"because they pad otherwise than its SAME: {some(names)}. {_PADS[0].upper()}{_PADS[1:]}",
        layers=names,
        share=share,
        gain=share,
        of="traffic",
    )


def costly(graph: LayerGraph) -> Finding:
    """Operators that take far longer than a multiplication for each number."""
    return _by_kind(
        graph,
        [layer for layer in graph.layers if layer.kind in _COSTLY],
        topic="costly",
        what="that cost many times what they look like",
        remedy="Use them on small maps, or something cheaper (hard-sigmoid, bilinear, batch norm)",
        fine="costly operators (exp, division, softmax, norms of the input, bicubic) touch {share} of the traffic",
    )


def _by_kind(graph: LayerGraph, layers: Sequence[Layer], *, topic: str, what: str, remedy: str, fine: str) -> Finding:
    total = graph.traffic_share(layers)
    worst = sorted(layers, key=graph.moved, reverse=True)
    names = tuple(layer.name for layer in worst)
    moved = Counter[str]()
    for layer in layers:
        moved[layer.operator] += graph.moved(layer)
    if not total >= _SHOWN:
        return Finding(level="fine", topic=topic, text=fine.format(share=percent(total)), layers=names, share=total)
    shares = [(kind, count / graph.traffic) for kind, count in moved.most_common()]
    kinds = ", ".join(f"{kind} {percent(share)}" for kind, share in shares if share >= _SHOWN)
    return Finding(
        level="change" if total >= _MATTERS else "know",
        topic=topic,
        text=f"{len(layers)} operator{'s' * (len(layers) > 1)} {what}, with {percent(total)} of the traffic ({kinds}): "
        f"{some(names)}. {remedy}",
        layers=names,
        share=total,
        gain=total if total >= _MATTERS else None,
        of="traffic",
    )


def order(graph: LayerGraph) -> Finding | None:
    """Enlarging before a 1×1 convolution that leaves fewer channels: the other way round gives the same, for less."""
    found: list[tuple[int, str]] = []
    for layer in graph.layers:
        readers = graph.readers.get(layer.output, [])
        if layer.kind not in ("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR") or len(readers) != 1:
            continue
        after, small, large = readers[0], graph.elements(layer.inputs[0]), graph.elements(layer.output)
        if after.kind != "CONV_2D" or after.window != (1, 1) or not after.channels or not 0 < small < large:
            continue
        into, out = after.channels
        if out <= into and len(after.inputs) == 1 and graph.elements(after.output) * into == large * out:
            found.append(((after.macs or 0) * (large - small) // large, f"{after.name} before {layer.name}"))
    if not found:
        return None
    names = tuple(name for _, name in sorted(found, reverse=True))
    gain = sum(saved for saved, _ in found) / graph.macs if graph.macs else None
    return Finding(
        level="change" if gain is not None and gain >= 0.01 else "know",
        topic="order",
        text=f"1×1 convolutions may go before the resizes that they follow (their activations stay behind), with the "
        f"same result, and save {'work' if gain is None else percent(gain) + ' of the MACs'}: {some(names)}",
        layers=names,
        gain=gain,
        of="MACs",
    )


def kernels(graph: LayerGraph) -> Finding:
    """Large windows and dilations."""
    large = [
        layer
        for layer in graph.layers
        if layer.window is not None and (max(layer.window) >= _LARGE_WINDOW or layer.dilation > 1)
    ]
    share = graph.mac_share(large)
    if not share >= _SHOWN:
        text = f"windows of {_LARGE_WINDOW} and more, or dilated ones, take {percent(share)} of the MACs"
        return Finding(level="fine", topic="kernels", text=text, share=share, of="MACs")
    worst = sorted(large, key=lambda layer: layer.macs or 0, reverse=True)
    names = tuple(f"{layer.name} ({_window(layer)})" for layer in worst)
    return Finding(
        level="know",
        topic="kernels",
        text=f"{len(large)} convolutions with large or dilated windows take {percent(share)} of the MACs, and more of "
        f"the time where they miss the fast kernels for 1×1 and 3×3: {some(names)}",
        layers=names,
        share=share,
        of="MACs",
    )


def _window(layer: Layer) -> str:
    assert layer.window is not None
    return f"{layer.window[0]}×{layer.window[1]}" + (f", dilated {layer.dilation}" if layer.dilation > 1 else "")


def mobile_gpu(graph: LayerGraph) -> Finding:
    """Whether LiteRT's GPU delegate runs all of it, and what each cut copies."""
    return _delegate(graph, "mobile GPU", "LiteRT's GPU delegate", lambda layer: runs(layer.kind, MOBILE_GPU))


def webgpu(graph: LayerGraph) -> Finding | None:
    """Whether ONNX Runtime Web runs all of an ONNX file on WebGPU."""
    if graph.format != "ONNX":
        return None
    return _delegate(graph, "WebGPU", "ONNX Runtime Web on WebGPU", lambda layer: layer.operator in WEBGPU)


def _delegate(graph: LayerGraph, topic: str, who: str, supported: Callable[[Layer], bool]) -> Finding:
    missing = [layer for layer in graph.layers if not supported(layer)]
    if not missing:
        return Finding(level="fine", topic=topic, text=f"{who} runs every operator")
    outside = {layer.output for layer in missing}
    makers = graph.makers
    crossing = {name for layer in missing for name in layer.inputs if name in makers and name not in outside}
    crossing |= {
        layer.output
        for layer in missing
        if any(reader.output not in outside for reader in graph.readers.get(layer.output, []))
    }
    copied = 4 * sum(map(graph.elements, crossing))
    return Finding(
        level="change" if crossing else "know",
        topic=topic,
        text=f"{who} leaves to the CPU: {_counted(missing)}; that copies {in_bytes(copied)} to and fro for a picture",
        layers=tuple(layer.name for layer in missing),
        share=graph.mac_share(missing),
        of="MACs",
    )


def edge_tpu(graph: LayerGraph) -> Finding:
    """What an Edge TPU would run of the net in int8: all up to the first operator that it does not have."""
    first = next((at for at, layer in enumerate(graph.layers) if not runs(layer.kind, EDGE_TPU)), None)
    if first is None:
        return Finding(level="fine", topic="Edge TPU", text="the Edge TPU has every operator, once all are int8")
    missing = [layer for layer in graph.layers if not runs(layer.kind, EDGE_TPU)]
    after = graph.mac_share(graph.layers[first:])
    return Finding(
        level="know",
        topic="Edge TPU",
        text=f"the Edge TPU's compiler leaves to the CPU everything from the first operator on that it does not have: "
        f"{percent(after)} of the MACs ({_counted(missing)})",
        layers=tuple(layer.name for layer in missing),
        share=after,
        of="MACs",
    )


def _counted(layers: Sequence[Layer]) -> str:
    counts = Counter(layer.operator for layer in layers)
    return ", ".join(f"{kind} ×{count}" for kind, count in counts.most_common())
