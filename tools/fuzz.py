"""Feeds our parsers bytes that nobody thought of: python tools/fuzz.py image --seconds 60

    make fuzz [ARGS="--seconds 600"]

Files come from strangers, so a parser says in one line what is wrong with them (an error of Limner's) and never dies
of anything else, hangs or takes all memory. Coverage-guided by atheris (libFuzzer), from small valid files that are
made here. An input that a parser dies of is kept under build/fuzz, with what it said; fix the parser, and make a test
of a harmless form of it.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "build" / "fuzz"
_PIXELS = 1_000_000
"""Larger photos are refused here before they are decoded."""
_LONGEST = 20
"""Seconds after which an input counts as a hang."""
_MEGABYTES = 3000


@dataclass(frozen=True, slots=True)
class Target:
    """A parser.

    Attributes:
        load: imports it and gives what takes the bytes; only what is imported then is watched for coverage.
        seeds: small valid inputs.
    """

    load: Callable[[], Callable[[bytes], object]]
    seeds: Callable[[], list[bytes]]


def _image() -> Callable[[bytes], object]:
    from limner.media.images import read_image

    return lambda data: read_image(data, max_pixels=_PIXELS)


def _photos() -> list[bytes]:
    import numpy as np
    from PIL import Image

    ramp = np.add.outer(np.arange(12), np.arange(16)).astype(np.uint8) * 9
    grey = Image.fromarray(ramp)
    alpha = Image.merge("RGBA", (grey, grey.rotate(180), grey, grey))
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "maker"
    exif.get_ifd(0x8825)[1] = "N"
    made = []
    for kind, picture, more in (
        ("JPEG", alpha.convert("RGB"), {"exif": exif}),
        ("JPEG", alpha.convert("CMYK"), {}),
        ("PNG", alpha, {"exif": exif}),
        ("PNG", Image.fromarray(ramp.astype(np.uint16) * 257), {}),
        ("TIFF", alpha, {"compression": "tiff_lzw"}),
        ("TIFF", grey, {}),
        ("WEBP", alpha, {"lossless": True}),
        ("GIF", grey, {"save_all": True, "append_images": [grey.rotate(90)]}),
        ("BMP", alpha.convert("RGB"), {}),
        ("AVIF", alpha, {}),
    ):
        file = io.BytesIO()
        picture.save(file, kind, **more)
        made.append(file.getvalue())
    return made


def _exif() -> Callable[[bytes], object]:
    from PIL import Image

    from limner.media.exif import fit_exif, upright_exif, without_place

    def run(data: bytes) -> None:
        whole = Image.Exif()
        try:
            whole.load(data)
        except Exception:  # as Pillow drops what is none when it opens a photo
            return
        upright = upright_exif(whole, (16, 12))
        if upright is not None:
            without_place(upright)
            fit_exif(upright, 200)

    return run


def _exifs() -> list[bytes]:
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "maker" * 60
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8769)[0x9003] = "2026:11:29 12:00:00"
    return [exif.tobytes(), exif.tobytes()[6:]]


def _metadata() -> Callable[[bytes], object]:
    from limner.media.code_points import heif_code_points, png_code_points
    from limner.media.heif_boxes import heif_bits
    from limner.media.iptc import clean_iptc
    from limner.media.tiff_pages import count_pages, why_unreadable
    from limner.media.xmp import clean_xmp

    def run(data: bytes) -> None:
        for parse in (heif_code_points, png_code_points, heif_bits, clean_iptc, count_pages, why_unreadable, clean_xmp):
            parse(data)

    return run


def _packets() -> list[bytes]:
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></x:xmpmeta>'
    return [*_photos()[-1:], *_photos()[2:6], b"\x1c\x02\x78\x00\x03abc", xmp]


def _card() -> Callable[[bytes], object]:
    from limner.models.card import ModelCard

    folder = Path(tempfile.mkdtemp(prefix="limner-fuzz-"))

    def run(data: bytes) -> None:
        path = folder / "card.json"
        path.write_bytes(data)
        ModelCard.load(path)

    return run


def _cards() -> list[bytes]:
    cards = (ROOT / "src/limner/models").glob("*.json")
    return [json.dumps({**json.loads(card.read_bytes()), "training": None}).encode() for card in cards]


def _onnx() -> Callable[[bytes], object]:
    from limner.errors import ModelError
    from limner.models.onnx_batch import with_open_batch
    from limner.models.onnx_input_size import with_input_size

    def run(data: bytes) -> None:
        for change in (with_open_batch, lambda model: with_input_size(model, old=(64, 64), new=(32, 96))):
            try:
                change(data)
            except ModelError:
                continue

    return run


def _graphs() -> list[bytes]:
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper

    sizes = numpy_helper.from_array(np.array([1, 2, 64, 64], np.int64), "sizes")
    nodes = [
        helper.make_node("MaxPool", ["x"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Constant", [], ["shape"], value=sizes),
        helper.make_node("Resize", ["p", "", "", "shape"], ["y"], mode="linear"),
    ]
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 2, 64, 64]) for name in ("x", "y")]
    model = helper.make_model(helper.make_graph(nodes, "net", values[:1], values[1:], [sizes]))
    return [bytes(model.SerializeToString())]


TARGETS = {
    "image": Target(_image, _photos),
    "exif": Target(_exif, _exifs),
    "metadata": Target(_metadata, _packets),
    "card": Target(_card, _cards),
    "onnx": Target(_onnx, _graphs),
}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("targets", nargs="*", help=f"of {', '.join(TARGETS)}; all of them if none is named")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--out", type=Path, default=OUT, help="inputs that a parser died of")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if unknown := set(options.targets) - set(TARGETS):
        parser.error(f"there is no target {sorted(unknown)[0]!r}; the targets are {', '.join(TARGETS)}")
    if options.inside:
        fuzz(TARGETS[options.targets[0]], options.out, options.seconds)
    failed = [name for name in options.targets or TARGETS if not survives(name, options.out, options.seconds)]
    if failed:
        print(f"fuzz: {', '.join(failed)} died; see {options.out}", file=sys.stderr)
    return 1 if failed else 0


def survives(name: str, out: Path, seconds: int) -> bool:
    """Whether a target, in a process of its own, stands all that is tried on it. What it says is in ``out``."""
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, __file__, name, "--inside", "--seconds", str(seconds), "--out", str(folder)]
    with (folder / "said.txt").open("w") as said:
        code = subprocess.run(command, stdout=said, stderr=subprocess.STDOUT, cwd=ROOT, check=False).returncode
    lines = (folder / "said.txt").read_text("utf-8", "replace").splitlines()
    done = next((line for line in reversed(lines) if line.startswith("Done ")), "")
    print(f"{name}: {done or f'ended with {code}: ' + (lines[-1] if lines else '')}", flush=True)
    return code == 0


def fuzz(target: Target, out: Path, seconds: int) -> None:
    """Try inputs until the time is up, or one of them ends this process; it does not return."""
    import warnings

    import atheris

    from limner.errors import LimnerError

    warnings.simplefilter("ignore")
    with atheris.instrument_imports(include=["limner"]):
        parse: Any = target.load()

    def one(data: bytes) -> None:
        try:
            parse(data)
        except LimnerError as error:
            if "\n" in str(error).strip():
                raise AssertionError(f"an error of several lines: {error}") from error

    corpus = Path(tempfile.mkdtemp(prefix="limner-fuzz-"))
    for number, seed in enumerate(target.seeds()):
        (corpus / f"seed-{number}").write_bytes(seed)
    atheris.Setup(
        [
            sys.argv[0],
            str(corpus),
            f"-max_total_time={seconds}",
            f"-artifact_prefix={out}{os.sep}",
            f"-timeout={_LONGEST}",
            f"-rss_limit_mb={_MEGABYTES}",
            "-max_len=8192",
            "-print_final_stats=1",
        ],
        one,
    )
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
