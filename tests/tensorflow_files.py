"""Files of TensorFlow, written field by field without it: a frozen graph and a SavedModel of one convolution."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from limner.models.protobuf import Field, encode

FLOAT = 1
RED_OVER_BLUE = np.array([20.0, 0.0, -20.0], np.float32).reshape(1, 1, 3, 1)


def text(number: int, value: str | bytes) -> Field:
    return number, 2, value.encode() if isinstance(value, str) else value


def message(number: int, *fields: Field) -> Field:
    return number, 2, encode(fields)


def shape(number: int, sizes: Any) -> Field:
    """A TensorShapeProto; -1 is an open size, None an unknown number of them."""
    if sizes is None:
        return message(number, (3, 0, 1))
    return message(number, *(message(2, (1, 0, size % (1 << 64))) for size in sizes))


def attribute(name: str, value: Field) -> Field:
    return message(5, text(1, name), message(2, value))


def node(name: str, kind: str, *inputs: str, number: int = 1, **attributes: Field) -> Field:
    fields = [text(1, name), text(2, kind), *(text(3, value) for value in inputs)]
    return message(number, *fields, *(attribute(key, value) for key, value in attributes.items()))


def placeholder(name: str, sizes: Any) -> Field:
    return node(name, "Placeholder", dtype=(6, 0, FLOAT), shape=shape(7, sizes))


def constant(name: str, values: np.ndarray) -> Field:
    tensor = message(8, (1, 0, FLOAT), shape(2, values.shape), text(4, values.tobytes()))
    return node(name, "Const", dtype=(6, 0, FLOAT), value=tensor)


def convolution(name: str, image: str, weights: str, number: int = 1) -> Field:
    strides = message(1, (3, 0, 1), (3, 0, 1), (3, 0, 1), (3, 0, 1))
    more = {"strides": strides, "padding": text(2, "SAME"), "data_format": text(2, "NHWC"), "T": (6, 0, FLOAT)}
    return node(name, "Conv2D", image, weights, number=number, **more)


def frozen_graph(sizes: Any = (1, 32, 48, 3), *, end: str = "Sigmoid") -> bytes:
    """image -> alpha: the sigmoid of 20·(red − blue)."""
    return encode(
        [
            placeholder("image", sizes),
            constant("weights", RED_OVER_BLUE),
            convolution("logits", "image", "weights"),
            node("probability", end, "logits:0", "^weights", T=(6, 0, FLOAT)),
            node("alpha", "Identity", "probability", T=(6, 0, FLOAT)),
            node("init", "NoOp", "^alpha"),
            message(4, (1, 0, 1882)),
        ]
    )


def saved_model(folder: Path, *, signature: str = "serving_default") -> Path:
    """The same as a SavedModel whose work is in a function, as TensorFlow 2 writes it; it cannot be run."""
    function = message(
        1,
        message(1, text(1, "__inference_serve_1"), message(3, text(1, "size")), message(3, text(1, "identity"))),
        convolution("Conv2D", "image", "weights", number=3),
        node("Sigmoid", "Sigmoid", "Conv2D:output:0", number=3, T=(6, 0, FLOAT)),
        node("Identity", "Identity", "Sigmoid:y:0", number=3, T=(6, 0, FLOAT)),
        message(4, text(1, "identity"), text(2, "Identity:output:0")),
        message(4, text(1, "size"), text(2, "Conv2D:output:0")),
    )
    saving = message(1, message(1, text(1, "__inference__traced_save_2")), node("SaveV2", "SaveV2", "x", number=3))

    def call(name: str, called: str, *inputs: str) -> Field:
        return node(name, "StatefulPartitionedCall", *inputs, f=message(10, text(1, called)))

    graph = [
        placeholder("serving_default_image", (-1, 32, 48, 3)),
        node("w", "VarHandleOp", dtype=(6, 0, FLOAT), shape=shape(7, (1, 1, 3, 1))),
        call("StatefulPartitionedCall", "__inference_serve_1", "serving_default_image", "w"),
        call("StatefulPartitionedCall_1", "__inference__traced_save_2", "w"),
        message(2, function, saving),
    ]

    def end(number: int, name: str, tensor: str, sizes: Any) -> Field:
        return message(number, text(1, name), message(2, text(1, tensor), (2, 0, FLOAT), shape(3, sizes)))

    ends = [
        end(1, "image", "serving_default_image:0", (-1, 32, 48, 3)),
        end(2, "alpha", "StatefulPartitionedCall:1", (-1, 32, 48, 1)),
    ]
    meta = message(
        2,
        message(1, text(4, "serve"), text(5, "2.19.0")),
        message(2, *graph),
        message(5, text(1, "__saved_model_init_op"), message(2)),
        *([message(5, text(1, signature), message(2, *ends))] if signature else []),
    )
    folder.mkdir()
    (folder / "saved_model.pb").write_bytes(encode([(1, 0, 1), meta]))
    return folder
