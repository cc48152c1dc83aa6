"""Advice on nets made to deserve it, with shares counted by hand, and on those that ship."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from limner.inspect.advice.advise import advise
from limner.inspect.advice.delegates import EDGE_TPU, MOBILE_GPU, runs
from limner.inspect.advice.finding import Finding
from limner.inspect.advice.reading import read_layers
from limner.models.catalogue import find_model

onnx = pytest.importorskip("onnx")
SIDE = 16
NOT_RUN = "nobody asked"


def node(kind: str, inputs: str, output: str, **attributes: Any) -> Any:
    return onnx.helper.make_node(kind, inputs.split(), [output], name=output, **attributes)


@pytest.fixture
def net(tmp_path: Path) -> Callable[..., Path]:
    def build(nodes: list[Any], weights: dict[str, Any], *, channels: int = 3, side: int | str = SIDE) -> Path:
        graph = onnx.helper.make_graph(
            nodes,
            "g",
            [onnx.helper.make_tensor_value_info("image", onnx.TensorProto.FLOAT, [1, channels, side, side])],
            [onnx.helper.make_tensor_value_info("out", onnx.TensorProto.FLOAT, None)],
            [onnx.numpy_helper.from_array(np.asarray(value), name) for name, value in weights.items()],
        )
        model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)])
        model.ir_version = 8
        onnx.save(onnx.shape_inference.infer_shapes(model), tmp_path / "net.onnx")
        return tmp_path / "net.onnx"

    return build


def kernel(out: int, into: int, side: int = 1, fill: float = 0.1) -> Any:
    return np.full((out, into, side, side), fill, np.float32)


def feeds(value: float = 1.0, channels: int = 3) -> list[dict[str, Any]]:
    return [{"image": np.full((1, channels, SIDE, SIDE), value, np.float32)}]


def about(findings: list[Finding], topic: str) -> Finding:
    (found,) = [finding for finding in findings if finding.topic == topic]
    return found


def test_channels_that_are_no_multiple_of_four_cost_what_the_padding_costs(net: Callable[..., Path]) -> None:
    nodes = [node("Conv", "image a", "x"), node("Conv", "x b", "y"), node("Conv", "y c", "out")]
    path = net(nodes, {"a": kernel(6, 3), "b": kernel(8, 6), "c": kernel(1, 8)})
    found = about(advise(path, NOT_RUN), "channels")
    macs = SIDE * SIDE * (3 * 6 + 6 * 8 + 8)
    assert found.level == "change"
    # 6 channels become 8; those of the picture (3) and the mask (1) are what they are.
    assert found.share == pytest.approx(SIDE * SIDE * (3 * 2 + 2 * 8) / macs)
    assert found.layers == ("y (6 to 8)", "x (3 to 6)")
    even = net(nodes, {"a": kernel(8, 3), "b": kernel(8, 8), "c": kernel(1, 8)})
    assert about(advise(even, NOT_RUN), "channels").level == "fine"


def test_channels_that_are_no_multiple_of_eight_are_told_for_tensor_cores(net: Callable[..., Path]) -> None:
    nodes = [
        node("Conv", "image a", "x"),
        node("Conv", "x b", "y"),
        node("Conv", "y d", "z", group=12),
        node("Conv", "z c", "out"),
    ]
    path = net(nodes, {"a": kernel(8, 3), "b": kernel(12, 8), "d": kernel(12, 1), "c": kernel(1, 12)})
    found = about(advise(path, NOT_RUN), "tensor cores")
    macs = SIDE * SIDE * (3 * 8 + 8 * 12 + 12 + 12)
    assert found.level == "know"
    assert found.layers == (
        "y (8 to 12)",
        "out (12 to 1)",
    )  # the picture's 3, the mask's 1 and depthwise ones do not count
    assert found.share == pytest.approx(SIDE * SIDE * (8 * 12 + 12) / macs)
    assert found.gain == pytest.approx(SIDE * SIDE * (8 * 4 + 4) / macs)
    assert about(advise(path, NOT_RUN), "channels").level == "fine"
    even = net([*nodes[:2], node("Conv", "y c", "out")], {"a": kernel(8, 3), "b": kernel(16, 8), "c": kernel(1, 16)})
    assert about(advise(even, NOT_RUN), "tensor cores").level == "fine"


def test_packing_a_mask_is_no_padding_to_complain_of(net: Callable[..., Path]) -> None:
    nodes = [node("Conv", "image a", "x"), node("Floor", "x", "f"), node("Conv", "f bits", "out", strides=[1, 8])]
    path = net(nodes, {"a": kernel(1, 3), "bits": np.full((1, 1, 1, 8), 2.0, np.float32)})
    assert about(advise(path, NOT_RUN), "channels").level == "fine"


def test_norms_and_activations_are_fused_and_constants_folded(net: Callable[..., Path]) -> None:
    ones, path = np.ones(8, np.float32), None
    path = net(
        [
            node("Cast", "half", "a", to=onnx.TensorProto.FLOAT),
            node("Conv", "image a", "x"),
            node("BatchNormalization", "x one one one one", "y"),
            node("Relu", "y", "z"),
            node("Conv", "z b", "w"),
            node("Sigmoid", "w", "out"),
        ],
        {"half": kernel(8, 3).astype(np.float16), "one": ones, "b": kernel(1, 8)},
    )
    graph = read_layers(path)
    assert [(layer.kind, layer.output) for layer in graph.layers] == [
        ("CONV_2D", "z"),
        ("CONV_2D", "w"),
        ("LOGISTIC", "out"),
    ]
    assert graph.macs == SIDE * SIDE * (3 * 8 + 8)
    assert graph.traffic == SIDE * SIDE * (3 + 8 + 8 + 1 + 1 + 1)


def test_operators_that_move_data_are_named_with_their_share(net: Callable[..., Path]) -> None:
    nodes = [
        node("Conv", "image a", "x"),
        node("Transpose", "x", "t", perm=[0, 1, 3, 2]),
        node("Conv", "t b", "out"),
    ]
    found = about(advise(net(nodes, {"a": kernel(4, 3), "b": kernel(1, 4)}), NOT_RUN), "moves")
    assert (found.level, found.layers) == ("change", ("t",))
    assert found.share == pytest.approx((4 + 4) / (3 + 4 + 4 + 4 + 4 + 1))


@pytest.mark.parametrize(
    ("pads", "strides", "odd"),
    [([1] * 4, [1, 1], False), ([0, 0, 1, 1], [2, 2], False), ([0] * 4, [2, 2], False), ([1] * 4, [2, 2], True)],
)
def test_padding_that_litert_has_no_word_for(
    net: Callable[..., Path], pads: list[int], strides: list[int], odd: bool
) -> None:
    path = net([node("Conv", "image a", "out", pads=pads, strides=strides)], {"a": kernel(4, 3, 3)})
    found = [item for item in advise(path, NOT_RUN) if item.topic == "pads"]
    assert len(found) == odd
    if odd:
        moved = 3 + 4 / 4
        assert found[0].share == pytest.approx(2 * 3 / (moved + 2 * 3))


def test_a_pointwise_convolution_may_go_before_the_resize(net: Callable[..., Path]) -> None:
    nodes = [
        node("Conv", "image a", "x"),
        node("Resize", "x none scales", "r", mode="linear"),
        node("Conv", "r b", "out"),
    ]
    weights = {"a": kernel(8, 3), "b": kernel(1, 8), "none": np.zeros(0, np.float32)}
    path = net(nodes, {**weights, "scales": np.array([1, 1, 2, 2], np.float32)})
    found = about(advise(path, NOT_RUN), "order")
    small, large = SIDE * SIDE, 4 * SIDE * SIDE
    assert found.gain == pytest.approx((large - small) * 8 / (small * 24 + large * 8))
    wider = net(nodes, {**weights, "b": kernel(16, 8), "scales": np.array([1, 1, 2, 2], np.float32)})
    assert [item for item in advise(wider, NOT_RUN) if item.topic == "order"] == []


def test_what_delegates_lack(net: Callable[..., Path]) -> None:
    nodes = [node("Conv", "image a", "x"), node("Erf", "x", "e"), node("Conv", "e b", "out")]
    findings = advise(net(nodes, {"a": kernel(4, 3), "b": kernel(4, 4)}), NOT_RUN)
    gpu, tpu = about(findings, "mobile GPU"), about(findings, "Edge TPU")
    assert (gpu.level, gpu.layers) == ("change", ("e",))
    assert "Erf ×1; that copies 8 KiB" in gpu.text  # 4 channels of 16 × 16 floats, there and back
    assert tpu.share == pytest.approx(16 / (12 + 16))
    assert about(findings, "WebGPU").level == "fine"
    assert runs("HARDSIGMOID", MOBILE_GPU)
    assert not runs("HARD_SWISH", EDGE_TPU)


def test_large_and_dilated_windows(net: Callable[..., Path]) -> None:
    nodes = [
        node("Conv", "image a", "x", pads=[3] * 4),
        node("Conv", "x b", "out", pads=[2] * 4, dilations=[2, 2]),
    ]
    found = about(advise(net(nodes, {"a": kernel(4, 3, 7), "b": kernel(4, 4, 3)}), NOT_RUN), "kernels")
    assert found.share == pytest.approx(1.0)
    assert found.layers == ("x (7×7)", "out (3×3, dilated 2)")


@pytest.mark.parametrize(
    ("fill", "value", "level", "says"),
    [
        (0.1, 1.0, "fine", "the largest activation is 0.5744 (out)"),
        (1e3, 1e3, "change", "above 65504 become infinite in half precision: x (3e+06)"),
        (1e3, 10.0, "change", "within a factor of four of 65504"),
        (1e-3, 1e-3, "change", "activations mostly below 6e-05"),
        (1e5, 1e-5, "change", "weights above 65504 become infinite"),
        (1e-6, 1e4, "change", "weights that lie below 6e-05"),
        (1e38, 1e38, "change", "not finite even in float32"),
    ],
)
def test_what_half_precision_cannot_hold(
    net: Callable[..., Path], fill: float, value: float, level: str, says: str
) -> None:
    path = net([node("Conv", "image a", "x"), node("Sigmoid", "x", "out")], {"a": kernel(4, 3, fill=fill)})
    findings = [item for item in advise(path, feeds(value)) if item.topic == "fp16"]
    assert any(item.level == level and says in item.text for item in findings), findings


def test_sums_and_guards_that_overflow_and_vanish(net: Callable[..., Path]) -> None:
    nodes = [node("Conv", "image a", "x"), node("ReduceMean", "x", "m", axes=[2, 3]), node("Add", "m tiny", "out")]
    path = net(nodes, {"a": kernel(4, 3, fill=1.0), "tiny": np.float32(1e-9)})
    texts = [item.text for item in advise(path, feeds(100.0)) if item.level == "change"]
    assert any("m (7.68e+04)" in text for text in texts)  # 300 at each of 256 places
    assert any("tiny (1e-09)" in text for text in texts)
    calm = [item.text for item in advise(path, feeds(10.0)) if item.level == "change"]
    assert not any("sums" in text for text in calm)


def test_open_shapes_are_closed_by_the_size_or_told(net: Callable[..., Path]) -> None:
    path = net([node("Conv", "image a", "out")], {"a": kernel(6, 3)}, side="side")
    assert about(advise(path, NOT_RUN), "shapes").level == "know"
    assert read_layers(path, size=(8, 8)).macs == 8 * 8 * 18


def test_a_net_that_does_not_run_is_still_advised_on(net: Callable[..., Path]) -> None:
    path = net([node("Conv", "image a", "out")], {"a": kernel(4, 3)})
    found = about(advise(path, feeds(channels=5)), "fp16")
    assert found.level == "know"
    assert "cannot be run" in found.text


def test_tflite(tmp_path: Path, make_tflite: Callable[..., Path]) -> None:
    path = make_tflite(tmp_path / "net.tflite", size=(16, 8))
    graph = read_layers(path)
    assert [(layer.kind, layer.channels, layer.macs) for layer in graph.layers] == [
        ("CONV_2D", (3, 1), 16 * 8 * 3),
        ("LOGISTIC", None, 0),
    ]
    picture = np.zeros((1, 16, 8, 3), np.float32)
    picture[..., 0] = 1.0
    findings = advise(path, [{"image": picture}])
    assert "the largest activation is 20 (logits)" in about(findings, "fp16").text
    assert about(findings, "mobile GPU").level == about(findings, "channels").level == "fine"
    quantised = read_layers(make_tflite(tmp_path / "int.tflite", quantised=True))
    assert [layer.kind for layer in quantised.layers] == ["CONV_2D", "LOGISTIC"]


@pytest.mark.parametrize("name", ["fast", "quality", "selfie", "tiny", "video"])
def test_nets_that_ship_have_nothing_to_change_but_what_the_selfie_net_brings(name: str) -> None:
    """Five strided convolutions padded as TensorFlow does it, and channels whose sums are large: docs/nets.md."""
    found = find_model(name)
    channels = found.card.input.channels
    picture = np.random.default_rng(0).random((1, channels, *found.card.input.size), np.float32)
    findings = advise(found.path, [{"image": picture}])
    changes = [item for item in findings if item.level == "change"]
    moves = [item.text for item in changes if item.topic == "moves"]
    gated = name in (
        "fast",
        "video",
    )  # a deep block more, and a convolution over 162 channels that costs next to nothing
    assert {item.topic for item in changes} <= {"moves", "fp16", *(("channels",) if gated else ())}
    count = {"fast": 6, "video": 13}.get(name, 4)
    assert all(text.startswith(f"{count} operators that only move data") for text in moves)
    assert bool(moves) == (name != "quality")  # beside whose own work they are next to nothing
    assert any("means whose sums pass 65504" in item.text for item in changes)
