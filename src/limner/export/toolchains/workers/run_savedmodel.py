"""Runs a SavedModel on arrays; runs in the toolchain ``tensorflow``.

    run_savedmodel.py FOLDER INPUTS.npz OUTPUTS.npz

INPUTS holds one array of N rows for each input, by the names of ``serving_default``; each row is one call, on one
thread. OUTPUTS gets the outputs likewise. Prints one line of JSON: ``load_ms`` and the calls' ``times_ms``.
"""

from __future__ import annotations

import json
import os
import sys
import time

os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf


def main(folder: str, inputs: str, outputs: str) -> None:
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    feeds = dict(np.load(inputs))
    started = time.perf_counter()
    model = tf.saved_model.load(folder)
    serve = model.signatures["serving_default"]
    load_ms = 1000 * (time.perf_counter() - started)
    found: dict[str, list[np.ndarray]] = {}
    times = []
    for row in range(len(next(iter(feeds.values())))):
        begun = time.perf_counter()
        values = serve(**{name: tf.constant(array[row : row + 1]) for name, array in feeds.items()})
        got = {name: value.numpy() for name, value in values.items()}
        times.append(1000 * (time.perf_counter() - begun))
        for name, value in got.items():
            found.setdefault(name, []).append(value)
    arrays = {name: np.concatenate(rows) for name, rows in found.items()}
    np.savez(outputs, **arrays)  # type: ignore[arg-type]
    print(json.dumps({"load_ms": load_ms, "times_ms": times}))


if __name__ == "__main__":
    main(*sys.argv[1:])
