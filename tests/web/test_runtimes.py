"""The browser's runtimes: their mattes are Python's, and a net that gives no numbers is never shown."""

from __future__ import annotations

import functools
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from limner import Segmenter, samples
from limner.models.catalogue import find_model
from limner.models.files import model_sha256
from limner.segment.proportions import best_size
from limner.web.shelf import CONVERTED
from page_parts import camera_clip
from web_library import library_page, run_script
from web_parts import serving

PEOPLE = Path(__file__).resolve().parents[2] / "benchmarks" / "people"
RUNTIMES = ("ort-wasm", "litert-wasm", "tfjs-wasm")
WEBGPU = (
    "--enable-unsafe-webgpu",
    "--use-webgpu-adapter=swiftshader",
    "--use-vulkan=swiftshader",
    "--enable-features=Vulkan",
    "--ignore-gpu-blocklist",
)
"""Flags for a device of software."""
LEAST = 0.97
"""IoU of a browser's matte and Python's."""


@dataclass(frozen=True)
class Library:
    """The page that has the library, and where it is served."""

    page: Path
    url: str

    def run(
        self, runs: Sequence[dict[str, Any]], pictures: Sequence[str], out: Path, **more: object
    ) -> list[dict[str, Any]]:
        """What each run gave; mattes as uint8 (H, W)."""
        job = {"url": self.url, "out": str(out), "runs": runs, "pictures": pictures, **more}
        found: list[dict[str, Any]] = run_script("runtimes.mjs", job)
        for number, run in enumerate(found):
            for index, matte in enumerate(run.get("mattes", [])):
                data = (out / f"{number}-{index}.bin").read_bytes()
                matte["alpha"] = np.frombuffer(data, np.uint8).reshape(matte["height"], matte["width"])
        return found


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    page = library_page(tmp_path_factory.mktemp("library") / "page")
    (page / "pictures").mkdir()
    shutil.copyfile(samples.PORTRAIT, page / "pictures" / "portrait.jpg")
    for index, person in enumerate(sorted(PEOPLE.glob("*.webp"))[:2]):
        staged(person).save(page / "pictures" / f"person{index}.png")
    with serving(page) as client:
        yield Library(page, f"http://127.0.0.1:{client.port}/")


def staged(person: Path) -> Image.Image:
    """A rendered person in front of the lake, 640×360."""
    with Image.open(samples.BACKGROUND) as lake, Image.open(person) as cut:
        scene, figure = lake.convert("RGB").resize((640, 360)), cut.convert("RGBA")
    figure = figure.resize((round(figure.width * 340 / figure.height), 340))
    scene.paste(figure, (320 - figure.width // 2, 20), figure)
    return scene


@functools.cache
def python_matte(model: str, picture: Path) -> NDArray[np.float32]:
    with Image.open(picture) as image:
        return Segmenter(model).matte(np.asarray(image.convert("RGB"))).alpha


def iou(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    return float((one & other).sum() / (one | other).sum())


def check(
    library: Library,
    runs: list[dict[str, Any]],
    pictures: list[str],
    out: Path,
    *,
    inputs: Mapping[str, list[list[int]]] | None = None,
    **more: object,
) -> None:
    """Each run's mattes are Python's; ``inputs``: by runtime, width and height at which the net saw each picture."""
    for run, found in zip(runs, library.run(runs, pictures, out, **more), strict=True):
        assert "error" not in found, (run, found["error"])
        assert found["info"]["runtime"] == run["runtime"]
        for picture, matte in zip(pictures, found["mattes"], strict=True):
            expected = python_matte(run["model"], library.page / picture)
            got = iou(matte["alpha"] >= 128, expected >= 0.5)
            assert got >= LEAST, f"{run}, {picture}: {got:.4f}"
        if inputs is not None:
            wanted = inputs.get(run["runtime"]) or python_inputs(library, run["model"], pictures)
            assert [matte["input"] for matte in found["mattes"]] == wanted, run


def test_each_runtime_finds_in_the_portrait_what_python_finds(library: Library, tmp_path: Path) -> None:
    check(library, [{"runtime": runtime, "model": "fast"} for runtime in RUNTIMES], ["pictures/portrait.jpg"], tmp_path)


def test_masks_of_the_clip_that_is_the_camera_are_those_of_python(library: Library, tmp_path: Path) -> None:
    pictures = []
    with av.open(str(samples.CLIP)) as clip:
        for number, frame in enumerate(clip.decode(video=0)):
            if number % 40 == 0:
                pictures.append(f"pictures/clip{number}.png")
                frame.to_image().save(library.page / pictures[-1])
    assert len(pictures) > 1
    check(library, [{"runtime": "litert-wasm", "model": "fast", "renderer": "canvas"}], pictures, tmp_path)


def wide_and_tall(library: Library) -> list[str]:
    """A frame of the clip, 16:9, and the middle of it, 9:16."""
    with av.open(str(samples.CLIP)) as clip:
        frame = next(clip.decode(video=0)).to_image()
    middle = round(frame.height * 9 / 16)
    left = (frame.width - middle) // 2
    for name, picture in (("wide", frame), ("tall", frame.crop((left, 0, left + middle, frame.height)))):
        picture.save(library.page / "pictures" / f"{name}.png")
    return ["pictures/wide.png", "pictures/tall.png"]


def python_inputs(library: Library, model: str, pictures: Sequence[str]) -> list[list[int]]:
    """Width and height of the inputs at which Python's net sees pictures; none is the one that squeezes them."""
    spec, found = find_model(model).card.input, []
    for picture in pictures:
        with Image.open(library.page / picture) as image:
            height, width = best_size(spec, (image.height, image.width))
        assert (height, width) != spec.size
        found.append([width, height])
    return found


def test_wide_and_tall_frames_keep_their_proportions_as_in_python(library: Library, tmp_path: Path) -> None:
    pictures = wide_and_tall(library)
    nets = (("ort-wasm", "fast"), ("ort-wasm", "tiny"), ("tfjs-wasm", "fast"))
    runs = [{"runtime": runtime, "model": model, "renderer": "canvas"} for runtime, model in nets]
    check(library, runs, pictures, tmp_path, inputs={})


@pytest.mark.slow
def test_tensorflow_keeps_the_proportions_of_wide_and_tall_frames(library: Library, tmp_path: Path) -> None:
    nets = (("tfjs-wasm", "tiny"), ("tfjs-wasm", "video"), ("tfjs-webgl", "tiny"))
    runs = [{"runtime": runtime, "model": model, "renderer": "canvas"} for runtime, model in nets]
    check(library, runs, wide_and_tall(library), tmp_path, inputs={})


@pytest.mark.slow
def test_wide_and_tall_frames_keep_their_proportions_on_a_device(library: Library, tmp_path: Path) -> None:
    """Drawn elsewhere. In tests/web/test_webgpu.py a phone is turned while the device draws as well."""
    runs = [{"runtime": "ort-webgpu", "model": "tiny", "renderer": "canvas"}]
    check(library, runs, wide_and_tall(library), tmp_path, inputs={}, flags=WEBGPU)


@pytest.mark.slow
def test_each_runtime_and_net_finds_people_as_python_does(library: Library, tmp_path: Path) -> None:
    pictures = ["pictures/portrait.jpg", "pictures/person0.png", "pictures/person1.png"]
    nets = [(model, threads) for model in ("fast", "tiny", "video") for threads in (1, 2)]
    runs = [{"runtime": runtime, "model": model, "threads": threads} for runtime in RUNTIMES for model, threads in nets]
    check(library, [run for run in runs if run["threads"] == 1 or run["model"] == "tiny"], pictures, tmp_path)


@pytest.mark.slow
def test_tensorflow_finds_the_same_on_the_graphics_device(library: Library, tmp_path: Path) -> None:
    runs = [{"runtime": "tfjs-webgl", "model": model} for model in ("fast", "video")]
    check(library, runs, ["pictures/portrait.jpg"], tmp_path)


@pytest.mark.slow
def test_litert_finds_the_same_on_a_device_of_webgpu(library: Library, tmp_path: Path) -> None:
    runs = [{"runtime": "litert-webgpu", "model": "fast", "renderer": renderer} for renderer in ("webgpu", "canvas")]
    pictures = wide_and_tall(library)[:1]
    check(library, runs, pictures, tmp_path, inputs={"litert-webgpu": [[256, 144]]}, flags=WEBGPU)


def test_a_runtime_is_found_for_models_that_ship_and_for_others(library: Library, tmp_path: Path) -> None:
    for folder, file in (("litert", "tiny.tflite"), ("tfjs", "tiny.tfjs")):
        (library.page / folder).mkdir()
        copy = shutil.copytree if file.endswith(".tfjs") else shutil.copyfile
        copy(CONVERTED / folder / file, library.page / folder / file)
        shutil.copyfile(CONVERTED / folder / "tiny.json", library.page / folder / "mine.json")
    runs = [{"model": model} for model in ("fast", "selfie", "/litert/mine.json", "/tfjs/mine.json")]
    found = library.run(runs, ["pictures/portrait.jpg"], tmp_path)
    used = [run["info"]["runtime"] for run in found]
    assert used == ["litert-wasm", "ort-wasm", "litert-wasm", "tfjs-wasm"]  # `selfie` ships as ONNX alone


def test_measurements_have_a_row_for_each_file_and_say_what_does_not_run(library: Library, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    broken_file(own)
    (own / "lite.json").rename(own / "broken.tflite.json")
    with serving(library.page, own=own) as client:
        url = f"http://127.0.0.1:{client.port}/"
        job = {"url": url, "picture": "pictures/portrait.jpg", "runtimes": ["litert-wasm"], "rounds": 2}
        rows = run_script("bench.mjs", job)
    assert [(row["model"], row["precision"], row["width"]) for row in rows] == [
        *(("fast", "fp32", side) for side in (256, 128, 192, 320, 384, 512)),
        ("tiny", "fp32", 176),
        ("video", "fp32", 256),
        ("broken", "fp32", 256),
    ]
    *good, bad = rows
    for row in good:
        assert "error" not in row
        assert row["inference"] > 0
        assert row["readback"] >= 0
        assert row["fps"] == pytest.approx(1000 / row["total"])
    assert "is not a number" in bad["error"]


def broken_graph(folder: Path, *, bits: int) -> None:
    """The graph model `fast`; all weights of its last convolution have these bits, as float32."""
    model = folder / "broken.tfjs"
    shutil.copytree(CONVERTED / "tfjs" / "fast.tfjs", model)
    graph = json.loads((model / "model.json").read_text())
    (group,) = graph["weightsManifest"]
    halves = np.frombuffer((model / group["paths"][0]).read_bytes(), np.uint8)
    parts, at = [], 0
    names = [weight["name"] for weight in group["weights"]]
    last = last_convolution(graph, names)
    for weight in group["weights"]:
        kept = weight.get("quantization", {}).get("dtype", weight["dtype"])
        size = int(np.prod(weight["shape"], dtype=int)) * {"float16": 2, "float32": 4, "int32": 4}[kept]
        data = halves[at : at + size].tobytes()
        at += size
        if weight["name"] in last:
            weight.pop("quantization", None)
            data = np.full(int(np.prod(weight["shape"], dtype=int)), bits, np.uint32).tobytes()
        parts.append(data)
    (model / group["paths"][0]).write_bytes(b"".join(parts))
    (model / "model.json").write_text(json.dumps(graph))
    card = json.loads((CONVERTED / "tfjs" / "fast.json").read_text())
    (folder / "broken.json").write_text(json.dumps({**card, "file": model.name, "sha256": model_sha256(model)}))


def last_convolution(graph: dict[str, Any], weights: list[str]) -> set[str]:
    """Names of the weights of the convolution that comes last in the graph."""
    nodes = [node for node in graph["modelTopology"]["node"] if "Conv2D" in node["op"]]
    return {name for name in nodes[-1]["input"] if name in weights}


def broken_file(folder: Path) -> None:
    """The .tflite of `fast` with something in the middle of its weights that is not a number."""
    data = bytearray((CONVERTED / "litert" / "fast.tflite").read_bytes())
    middle = len(data) // 8 * 4
    data[middle : middle + 4] = np.float32("nan").tobytes()
    (folder / "broken.tflite").write_bytes(data)
    card = json.loads((CONVERTED / "litert" / "fast.json").read_text())
    card |= {"file": "broken.tflite", "sha256": model_sha256(folder / "broken.tflite")}
    (folder / "lite.json").write_text(json.dumps(card))


NAN, LARGEST = 0x7FC00000, 0x7F7FFFFF


def test_a_net_that_gives_no_numbers_is_refused_or_shows_nothing(library: Library, tmp_path: Path) -> None:
    for name, bits in (("nan", NAN), ("large", LARGEST)):
        (library.page / name).mkdir()
        broken_graph(library.page / name, bits=bits)
    broken_file(library.page / "nan")
    runs = [
        {"runtime": "tfjs-wasm", "model": "/nan/broken.json"},
        {"runtime": "litert-wasm", "model": "/nan/lite.json"},
        {"runtime": "tfjs-wasm", "model": "/large/broken.json"},
    ]
    graph, lite, large = library.run(runs, ["pictures/portrait.jpg"], tmp_path)
    for refused in (graph, lite):
        assert refused["code"] == "bad-model"
        assert "is not a number" in refused["error"]
    assert large["error"] == "the net gave numbers that are no mask"
    assert large["states"][-1][0] == "failed"


@pytest.mark.slow
def test_a_hidden_tab_goes_on_with_its_effect(library: Library, tmp_path: Path) -> None:
    found = run_script("hidden.mjs", {"url": library.url, "camera": str(camera_clip(tmp_path))})
    assert set(found) == {"standard", "chromium", "captured"}  # ways to make a track
    for way, seen in found.items():
        assert seen["hidden"], way
        assert seen["frames"] >= 15, way
        assert seen["wrong"] == 0, f"{way}: {seen['wrong']} of {seen['frames']} frames show the room"
