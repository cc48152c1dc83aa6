"""Makes src/limner/models/selfie.onnx from the package that publishes the net; needs the extras export and litert.

    pip download --no-deps mediapipe==0.10.14
    python tools/convert_selfie.py mediapipe-0.10.14-*.whl src/limner/models/selfie.onnx [--data <labelled photos>]

The wheel is only unpacked, never installed. The file's sha256 is checked, and what was written is compared with the
original, which LiteRT runs.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from limner.datasets.manifest import PhotoFolder
from limner.errors import LimnerError
from limner.export.card import Provenance, make_card, measure
from limner.export.checks.pictures import parity_pictures
from limner.export.one_file import parity_row
from limner.export.onnx_file import Parity, export_onnx
from limner.export.source import Source
from limner.models.card import NetSpec
from limner.models.pair import publish
from limner.nets.selfie import SelfieNet, from_published
from limner.runtimes.onnx_runtime import OnnxRuntime

MEMBER = "mediapipe/modules/selfie_segmentation/selfie_segmentation.tflite"
SHA256 = "9ee168ec7c8f2a16c56fe8e1cfbc514974cbbb7e434051b455635f1bd1462f5c"
SIZE = (256, 256)
NOTES = (
    "Weights by Google: MediaPipe Selfie Segmentation, general, as the package mediapipe 0.10.14 ships it; here in "
    "another file format, computed in a cheaper order. Google's card describes its training photos, people at a "
    "camera from many regions; they are not public.",
    "Sees a person in many photos of animals and clutter: 14 % of the area of all photos without people, 10 % where "
    "each set counts alike.",
    "Squeezed to 256×256, so small and distant people are missed.",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wheel", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path)
    options = parser.parse_args()
    with zipfile.ZipFile(options.wheel) as wheel:
        published = wheel.read(MEMBER)
    if hashlib.sha256(published).hexdigest() != SHA256:
        raise SystemExit(f"{options.wheel}: holds another {MEMBER} than that of mediapipe 0.10.14")
    net = SelfieNet()
    net.load_state_dict(from_published(convolutions(published)))
    net = net.for_inference()
    folder = PhotoFolder(options.data) if options.data else None
    pictures = parity_pictures(SIZE, 3, folder)
    aside = options.out.with_name(f".{options.out.stem}.{os.getpid()}.onnx")
    try:
        export_onnx(net, aside, size=SIZE, pictures=pictures, storage="fp16")  # as the original stores them
        source = Source(net, NetSpec(name="selfie"), SIZE, "selfie")
        provenance = Provenance(
            licence="Apache-2.0",
            origin="Google, MediaPipe Selfie Segmentation (general), package mediapipe 0.10.14",
            notes=NOTES,
        )
        card = make_card(source, aside, provenance, file=options.out.name, size=SIZE)
        parity = against_original(published, aside, pictures)
        row = replace(
            parity_row(parity, "fp16", photos=folder is not None),
            protocol="absolute differences of alpha between the file and the original in LiteRT",
        )
        measured = measure(aside, card, options.data) if options.data else ()
        publish(aside, options.out, replace(card, measured=(row, *measured)))
    except LimnerError as error:
        raise SystemExit(str(error)) from None
    finally:
        aside.unlink(missing_ok=True)
    print(f"{options.out}: largest difference from the original {parity.largest:.1e}, mean {parity.mean:.1e}")


def convolutions(published: bytes) -> list[tuple[NDArray[np.float16], NDArray[np.float16]]]:
    """Kernel and bias of every convolution of the file, in the order of computing."""
    interpreter = Interpreter(model_content=published)
    interpreter.allocate_tensors()
    constants: dict[str, NDArray[np.float16]] = {}
    for detail in interpreter.get_tensor_details():
        if detail["dtype"] == np.float16 and re.fullmatch(r".*/(Kernel|Bias)", detail["name"]):
            constants[detail["name"]] = interpreter.get_tensor(detail["index"])  # numbered as they are computed
    layers = dict.fromkeys(name.rpartition("/")[0] for name in constants)
    return [(constants[f"{layer}/Kernel"], constants[f"{layer}/Bias"]) for layer in layers]


def against_original(published: bytes, path: Path, pictures: NDArray[np.float32]) -> Parity:
    """Differences of alpha between the file at ``path`` and the original."""
    interpreter, runtime = Interpreter(model_content=published, num_threads=1), OnnxRuntime(path)
    interpreter.allocate_tensors()
    entry, exit_ = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]
    largest = total = 0.0
    for picture in pictures:
        interpreter.set_tensor(entry, np.ascontiguousarray(picture.transpose(1, 2, 0)[None]))
        interpreter.invoke()
        difference = np.abs(
            interpreter.get_tensor(exit_)[0, ..., 0] - runtime.run({"image": picture[None]})["alpha"][0, 0]
        )
        largest, total = max(largest, float(difference.max())), total + float(difference.mean())
    return Parity(largest, total / len(pictures), len(pictures))


if __name__ == "__main__":
    main()
