"""Numbers that half precision cannot hold: what phones' GPUs, NPUs and fp16 exports would make of the net."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from limner.inspect.advice.finding import Finding, some
from limner.inspect.advice.layers import LayerGraph
from limner.inspect.advice.ranges import Range

LARGEST = 65504.0
SMALLEST_NORMAL = 2.0**-14
SMALLEST = 2.0**-24
_NEAR = LARGEST / 4


def half_precision(graph: LayerGraph, ranges: Mapping[str, Range] | str) -> list[Finding]:
    """Overflow and underflow of weights, and of activations; ``ranges`` is why there are none where none are known."""
    if not graph.floats:
        return [
            Finding(level="fine", topic="fp16", text="the net computes in integers; half precision does not touch it")
        ]
    found = _weights(graph)
    if isinstance(ranges, str):
        return [*found, Finding(level="know", topic="fp16", text=f"activations were not measured: {ranges}")]
    measured = {layer.output: ranges[layer.output] for layer in graph.layers if layer.output in ranges}
    found += _overflow(measured)
    found += _sums(graph, ranges)
    found += _underflow(measured)
    if measured and not any(item.level != "fine" for item in found):
        name = max(measured, key=lambda item: measured[item].largest)
        largest = f"the largest activation is {measured[name].largest:.4g} ({some([name])})"
        text = f"{largest}; half precision ends at {LARGEST:.0f}"
        found.append(Finding(level="fine", topic="fp16", text=text))
    return found


def _weights(graph: LayerGraph) -> list[Finding]:
    used = {name for layer in graph.layers for name in layer.weights if name in graph.weights}
    too_large, too_small, vanishing = [], [], []
    for name in sorted(used):
        values = np.abs(graph.weights[name].astype(np.float64))
        if not values.size or not values.any():
            continue
        if not values.max() <= LARGEST:
            too_large.append(f"{name} ({values.max():.3g})")
        elif values.size == 1 and values.max() < SMALLEST:
            vanishing.append(f"{name} ({values.max():.1g})")
        elif values.size > 1 and np.sqrt(np.mean(values**2)) < SMALLEST_NORMAL:
            too_small.append(name)
    found = []
    if too_large:
        found.append(
            _change(f"weights above {LARGEST:.0f} become infinite in half precision: {some(too_large)}", too_large)
        )
    if vanishing:
        found.append(
            _change(
                f"constants below {SMALLEST:.0e} become 0 in half precision, and what they guard divides by it: "
                f"{some(vanishing)}. Use 1e-4 or more",
                vanishing,
            )
        )
    if too_small:
        found.append(
            _change(
                f"weights that lie below {SMALLEST_NORMAL:.0e} lose most of their digits in half precision: "
                f"{some(too_small)}. Scale them up and what follows down",
                too_small,
            )
        )
    return found


def _overflow(measured: Mapping[str, Range]) -> list[Finding]:
    broken = [name for name, found in measured.items() if not found.finite]
    over = [name for name, found in measured.items() if found.finite and found.largest > LARGEST]
    near = [name for name, found in measured.items() if _NEAR < found.largest <= LARGEST]
    found = []
    if broken:
        found.append(_change(f"activations that are not finite even in float32: {some(broken)}", broken))
    for names, what in (
        (over, f"activations above {LARGEST:.0f} become infinite in half precision"),
        (near, f"activations come within a factor of four of {LARGEST:.0f}, where half precision ends"),
    ):
        if names:
            names.sort(key=lambda name: -measured[name].largest)
            shown = [f"{name} ({measured[name].largest:.3g})" for name in names]
            found.append(_change(f"{what}: {some(shown)}. Keep these layers in float32, or scale them down", names))
    return found


def _sums(graph: LayerGraph, ranges: Mapping[str, Range]) -> list[Finding]:
    """Means over a map, which add it up first."""
    found = []
    for layer in graph.layers:
        source = layer.inputs[0] if layer.inputs else ""
        if layer.kind == "MEAN" and source in ranges and graph.elements(layer.output) < graph.elements(source):
            largest = ranges[source].largest_sum
            if largest > LARGEST:
                found.append((largest, f"{layer.name} ({largest:.3g})"))
    if not found:
        return []
    shown = [name for _, name in sorted(found, reverse=True)]
    return [
        _change(
            f"means whose sums pass {LARGEST:.0f} overflow where half precision adds up too: {some(shown)}. Pool in "
            "two steps, or keep them in float32",
            shown,
        )
    ]


def _underflow(measured: Mapping[str, Range]) -> list[Finding]:
    small = [name for name, found in measured.items() if 0 < found.rms < SMALLEST_NORMAL]
    if not small:
        return []
    small.sort(key=lambda name: measured[name].rms)
    shown = [f"{name} ({measured[name].subnormal:.0%} of it)" for name in small]
    return [
        _change(
            f"activations mostly below {SMALLEST_NORMAL:.0e}, where half precision loses digits and some GPUs all: "
            f"{some(shown)}. Scale them up",
            small,
        )
    ]


def _change(text: str, layers: list[str]) -> Finding:
    return Finding(level="change", topic="fp16", text=text, layers=tuple(layers))
