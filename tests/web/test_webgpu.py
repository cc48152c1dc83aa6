"""The browser library on WebGPU, in Chromium with a device of software: the pictures of WebGL, the mattes of wasm.

Such a device takes seconds a frame, so all of it is slow. LIMNER_TEST_PICTURES names a folder for what was drawn.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx
import pytest

from conftest import build_onnx, save_card
from limner import samples
from web_library import WEB, library_page, run_script
from web_parts import serving

pytestmark = pytest.mark.slow

SIZE = (48, 64)
"""Not square, and no multiple of what shaders work on at a time."""
REDDISH = ((8.0, -2.0, -6.0),)
THREE = ((4.0, -1.0, -3.0), (-3.0, 1.0, 2.0), (0.5, 0.0, 0.0))
"""Skin, what is blue, and the rest."""
WITH_PRIOR = ((6.0, -1.5, -4.5, 2.0),)


@dataclass(frozen=True)
class Library:
    """A page that has the library, and small nets of the test in its folder ``own``."""

    page: Path
    url: str

    def scene(self, scene: str, *args: object) -> Any:
        """What web/tests/browser/webgpu.mjs found."""
        pictures = os.environ.get("LIMNER_TEST_PICTURES")
        job = {"url": self.url, "scene": scene, "args": args, "pictures": pictures}
        return run_script("webgpu.mjs", job, seconds=3600)

    @property
    def own(self) -> Path:
        return self.page / "own"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    page = library_page(tmp_path_factory.mktemp("library") / "page")
    shutil.copyfile(WEB / "tests/browser/stage.js", page / "stage.js")
    (page / "own").mkdir()
    (page / "samples").mkdir()
    for sample in (samples.PORTRAIT, samples.BACKGROUND, samples.CLIP):
        shutil.copyfile(sample, page / "samples" / sample.name)
    with serving(page) as client:
        yield Library(page, f"http://127.0.0.1:{client.port}/")


def make(folder: Path, name: str, *, weights: Any = REDDISH, card: dict[str, Any] | None = None, **net: Any) -> str:
    path = build_onnx(folder / f"{name}.onnx", size=SIZE, weights=weights, **net)
    save_card(path, name=name, file=path.name, input_size=list(SIZE), **(card or {}))
    return name


def test_pictures_of_every_effect_are_those_of_webgl(library: Library) -> None:
    found = library.scene("effects")
    assert found["apart"] < 0.001
    assert 0.4 < found["person"] < 0.8
    assert found["copies"] == 2, "the net's small input, and the matte that was asked for"
    assert set(found["psnr"]) == {"none", "blur", "replace", "replace mirrored", "color", "transparent", "mask"}
    assert {name: value for name, value in found["psnr"].items() if not value > 50} == {}


def test_a_net_on_the_device_gives_the_same_matte_and_nothing_is_read_back(library: Library) -> None:
    found = library.scene("net")
    assert found["apart"] < 0.01
    assert 0.4 < found["person"] < 0.8
    assert found["drawing"] == 0, "neither the frame, nor the net's input, nor its map"
    assert found["reading"] == 1, "the matte that was asked for"
    assert found["info"]["runtime"] == "ort-webgpu"
    assert found["info"]["renderer"] == "webgpu"


def test_the_mask_before_stays_on_the_device(library: Library) -> None:
    found = library.scene("clip", "video", 2)
    assert len(found["pairs"]) == 2
    assert max(found["pairs"]) < 0.01
    assert found["moved"] > 0.005, "the clip stands still: it would show nothing"
    assert min(found["person"]) > 0.1
    assert found["drawing"] == 0


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_a_small_net_is_told_the_mask_before_in_either_layout(library: Library, layout: str) -> None:
    card = {"input_channels": 4, "input_layout": layout, "input_resize": "letterbox"}
    make(library.own, "recurrent", weights=WITH_PRIOR, layout=layout, out_layout=layout, card=card)
    alone = {**card, "input_channels": 3}
    make(
        library.own, "forgetful", weights=[row[:3] for row in WITH_PRIOR], layout=layout, out_layout=layout, card=alone
    )
    told = library.scene("clip", "/own/recurrent.json", 3)
    untold = library.scene("clip", "/own/forgetful.json", 3)
    assert max(told["pairs"] + untold["pairs"]) < 0.006
    assert told["drawing"] == untold["drawing"] == 0
    assert abs(told["person"][2] - untold["person"][2]) > 0.02, (
        "the mask before makes no difference: it would show nothing"
    )
    assert abs(told["person"][0] - untold["person"][0]) < 0.005, "there is none before the first"


def with_state_input(path: Path) -> None:
    """Let a net take its fourth channel, the mask before, as an input of its own."""
    model = onnx.load(path)
    graph, helper = model.graph, onnx.helper
    (given,) = graph.input
    for node in graph.node:
        node.input[:] = ["joined" if name == given.name else name for name in node.input]
    shape = [1, 1, *SIZE]
    graph.node.insert(0, helper.make_node("Concat", [given.name, "previous"], ["joined"], axis=1))
    graph.node.append(helper.make_node("Identity", [graph.output[0].name], ["state"]))
    given.CopyFrom(helper.make_tensor_value_info(given.name, onnx.TensorProto.FLOAT, [1, 3, *SIZE]))
    graph.input.append(helper.make_tensor_value_info("previous", onnx.TensorProto.FLOAT, shape))
    graph.output.append(helper.make_tensor_value_info("state", onnx.TensorProto.FLOAT, shape))
    onnx.checker.check_model(model)
    onnx.save(model, path)


def test_a_net_is_told_the_mask_before_by_an_input_of_its_own(library: Library) -> None:
    make(library.own, "fourth", weights=WITH_PRIOR, card={"input_channels": 4})
    make(library.own, "stateful", weights=WITH_PRIOR, card={"state": {"input": "previous", "output": "state"}})
    with_state_input(library.own / "stateful.onnx")
    found = library.scene("clip", "/own/stateful.json", 3)
    fourth = library.scene("clip", "/own/fourth.json", 3)
    assert max(found["pairs"]) < 0.006
    assert found["drawing"] == 0
    assert found["person"] == pytest.approx(fourth["person"], abs=0.002)


def test_litert_tells_a_net_the_mask_before_on_the_device(library: Library) -> None:
    found = library.scene("clip", "video", 3, ["litert-wasm", "litert-webgpu"])
    assert max(found["pairs"]) < 0.01
    assert min(found["person"]) > 0.1
    assert found["drawing"] == 0


@pytest.mark.parametrize("runtimes", [("ort-wasm", "ort-webgpu"), ("litert-wasm", "litert-webgpu")])
def test_a_phone_that_is_turned_changes_the_nets_size_and_nothing_else(
    library: Library, runtimes: tuple[str, str]
) -> None:
    """ONNX Runtime with a small net that is told the mask before, LiteRT with `video`, which it runs sooner."""
    sizes = {"input_channels": 4, "input_other_sizes": [[36, 64], [64, 36]]}
    make(library.own, "turning", weights=WITH_PRIOR, card=sizes)
    model, wide, tall = {
        "ort-wasm": ("/own/turning.json", [64, 36], [36, 64]),
        "litert-wasm": ("video", [256, 144], [144, 256]),
    }[runtimes[0]]
    found = library.scene("turned", model, *runtimes)
    for runtime in runtimes:
        assert found["inputs"][runtime] == [wide, tall, tall, wide], runtime
        assert found["states"][runtime] == ["waiting", "running"], runtime
        assert found["gaps"][runtime] == 0, "a picture was away, or was shown without its own mask"
    assert max(found["pairs"]) < 0.01
    assert min(found["person"]) > 0.05
    assert found["opened"] == 1, "all sizes of a net share its device, and so does what draws"


FIRST_OF_THREE = {"output_kind": "logits", "output_person_class": 0}
KINDS: dict[str, dict[str, Any]] = {
    "sigmoid": {},
    "logits": {"end": None, "card": {"output_kind": "logits"}},
    "logits3": {"weights": THREE, "end": None, "card": FIRST_OF_THREE},
    "last3": {
        "weights": THREE,
        "end": None,
        "layout": "NHWC",
        "out_layout": "NHWC",
        "card": {**FIRST_OF_THREE, "input_layout": "NHWC"},
    },
    "softmax3": {"weights": THREE, "end": "Softmax", "card": {**FIRST_OF_THREE, "output_kind": "softmax"}},
    "argmax3": {
        "weights": THREE,
        "end": "ArgMax",
        "out_dtype": "int64",
        "card": {**FIRST_OF_THREE, "output_kind": "argmax"},
    },
    "bytes3": {
        "weights": THREE,
        "end": "ArgMax",
        "out_dtype": "uint8",
        "card": {**FIRST_OF_THREE, "output_kind": "argmax"},
    },
    "others3": {"weights": THREE, "end": None, "card": {"output_kind": "logits", "output_background_class": 1}},
    "odd": {
        "card": {
            "input_color_order": "BGR",
            "input_mean": [0.4, 0.5, 0.3],
            "input_std": [0.9, 1.1, 0.8],
            "input_resize": "letterbox",
        }
    },
    "islands": {"weights": ((30.0, -10.0, -20.0),), "bias": -2.0},
}


def test_outputs_of_every_kind(library: Library) -> None:
    found = library.scene("kinds", *(make(library.own, name, **net) for name, net in KINDS.items()))
    assert {name: result for name, result in found.items() if max(result["apart"]) > 0.005} == {}
    assert all(0.02 < result["person"] < 0.98 for result in found.values()), found


def halve(name: str, folder: Path) -> None:
    """Let a net compute in half precision, between inputs and outputs in single."""
    float16 = pytest.importorskip("onnxconverter_common.float16")
    path = folder / f"{name}.onnx"
    onnx.save(float16.convert_float_to_float16(onnx.load(path), keep_io_types=True), path)


def test_what_cannot_be_a_mask_is_refused(library: Library) -> None:
    make(library.own, "half", dtype="float16")
    make(library.own, "flat", flatten=True)
    make(library.own, "elsewhere", card={"output_name": "mask"})
    halve(make(library.own, "halved"), library.own)
    (library.own / "torn.onnx").write_bytes(b"no net")
    save_card(library.own / "torn.onnx", name="torn", file="torn.onnx")
    found = library.scene("refused", "half", "flat", "elsewhere", "torn", "halved")
    assert found["half"] == [
        "bad-model",
        "half: input image takes float16; here it must take float32, as Limner's own exports do",
    ]
    assert found["flat"][0] == "bad-model"
    assert "which is no map of its 48×64 input" in found["flat"][1]
    assert found["elsewhere"] == ["bad-model", "elsewhere: the model has no output mask"]
    assert found["halved"][0] == "no-runtime"
    assert "computes in half precision, which this graphics device does not" in found["halved"][1]
    assert found["torn"][0] == "no-runtime"
    assert found["torn"][1].startswith("ort-webgpu does not start here: ")


def test_nothing_of_a_frame_is_seen_where_the_map_holds_no_numbers(library: Library) -> None:
    nets: dict[str, dict[str, Any]] = {
        "nowhere": {"bias": float("nan")},
        "infinite": {"bias": float("inf")},
        "here-and-there": {"weights": ((3e38, 3e38, 3e38),)},
        "classes": {"weights": THREE, "bias": [0.0, float("nan"), 0.0], "card": FIRST_OF_THREE},
    }
    names = [make(library.own, name, end=None, **net) for name, net in nets.items()]
    found = library.scene("unsound", *names)
    assert list(found) == names
    for name in names:
        matte = found[name].pop("matte")
        assert matte == 0
        for effect, colors in found[name].items():
            assert colors == 1, f"{name}, {effect}: more than one plain colour is seen"


def test_frames_are_turned_and_cropped_alike(library: Library) -> None:
    make(library.own, "sigmoid")
    found = library.scene("frames")
    plain = ["r", "g", "b", "rgb"]
    wanted = {
        "plain": ([64, 32], plain),
        "turned": ([32, 64], ["b", "r", "rgb", "g"]),
        "upside down": ([64, 32], ["rgb", "b", "g", "r"]),
        "mirrored": ([64, 32], ["g", "r", "rgb", "b"]),
        "cropped": ([32, 32], ["g", "g", "rgb", "rgb"]),
        "stretched": ([128, 32], plain),
        "stretched and turned": ([32, 128], ["g", "rgb", "r", "b"]),
        "the same again": ([32, 128], ["g", "rgb", "r", "b"]),
        "the same size of other pixels": ([32, 128], ["r", "r", "b", "b"]),
    }
    for name, (size, corners) in wanted.items():
        for renderer in ("webgl2", "webgpu"):
            assert found[name][renderer] == {"size": size, "corners": corners}, f"{name}, {renderer}"
        assert found[name]["psnr"] > 40, name


def test_the_page_shows_what_the_worker_draws(library: Library) -> None:
    make(library.own, "sigmoid")
    found = library.scene("worker")
    assert found["size"] == [720, 900]
    assert found["psnr"] > 40


def test_a_lost_device_is_replaced(library: Library) -> None:
    make(library.own, "recurrent", weights=WITH_PRIOR, card={"input_channels": 4})
    found = library.scene("loss")
    for name, result in found.items():
        assert result["apart"] < 0.01, name
        assert 0.02 < result["person"] < 0.98, name
        assert all("failed" not in state for states in result["states"] for state in states), name
    assert found["ort-webgpu webgpu"]["opened"] == 1, (
        "two streams of a segmenter share the new device as they shared the old one"
    )
    assert found["ort-wasm webgpu"]["opened"] == 2, "renderers whose net is on the CPU have a device each"


def test_a_track_for_a_call_carries_the_effect(library: Library) -> None:
    make(library.own, "sigmoid")
    found = library.scene("track")
    assert found["size"] == [640, 480]
    assert max(abs(one - other) for one, other in zip(found["left"], (0, 255, 0), strict=True)) < 12, found
    assert max(abs(one - other) for one, other in zip(found["right"], (255, 0, 0), strict=True)) < 12, found


def test_a_photo_comes_back_when_the_browsers_graphics_die(library: Library) -> None:
    make(library.own, "sigmoid")
    found = library.scene("crash")
    assert set(found) == {"ort-webgpu webgpu", "ort-wasm webgl2"}
    for name, result in found.items():
        assert result["apart"] < 0.01, name
        assert result["states"] == ["waiting", "running"], name
