"""Nets that give no numbers, and cameras that go away: nothing of the background is shown that should not be."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.reliability_check import Kept, Tally, broken
from benchmarks.reliability_run import run

Frame = NDArray[np.uint8]
SIZE = (96, 128)
_RAW = 12.0
"""Mean step between neighbours above which the background's pattern is to be seen: it has about 50, a cover none."""
_FAULTS = ("nan", "infinite", "nan in a corner", "nan now and then", "beyond a probability", "empty")


def scene(index: int) -> Frame:
    """A red disc, which is the person of these nets, before a sharp blue pattern; every other second it is brighter."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    frame = np.zeros((*SIZE, 3), np.uint8)
    frame[..., 2] = np.where((x // 4 + y // 4) % 2, 250, 110)
    frame[..., 1] = 60 if index // 16 % 2 else 0
    centre = SIZE[1] * (0.5 + 0.1 * np.sin(index / 7))
    frame[(x - centre) ** 2 + (y - SIZE[0] * 0.55) ** 2 < (SIZE[0] / 4) ** 2] = (230, frame[0, 0, 1], 20)
    return frame


def raw(picture: Frame) -> bool:
    """Whether the background's pattern is to be seen."""
    return float(np.abs(np.diff(picture[:12, :, 2].astype(int), axis=1)).mean()) > _RAW


def make_net(path: Path, fault: str | None) -> Path:
    """A .onnx net, with its card, for which red is person and blue is not, and which has a fault."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    height, width = SIZE[0] // 2, SIZE[1] // 2
    constants = {
        "weights": np.array([20.0, 0.0, -20.0], np.float32).reshape(1, 3, 1, 1),
        "bright": np.float32(0.1),
        "wrong": np.full((1, 1, height, width), np.inf if fault == "infinite" else np.nan, np.float32),
        "far": np.float32(9.0),
    }
    if fault == "nan in a corner":
        constants["wrong"][..., 8:, :] = 0
    nodes = [
        helper.make_node("Conv", ["image", "weights"], ["logits"]),
        helper.make_node("Sigmoid", ["logits"], ["right"]),
    ]
    if fault in ("nan", "infinite", "nan in a corner"):
        nodes.append(helper.make_node("Add", ["right", "wrong"], ["alpha"]))
    elif fault == "nan now and then":
        nodes += [
            helper.make_node("Split", ["image"], ["red", "green", "blue"], axis=1, num_outputs=3),
            helper.make_node("ReduceMax", ["green"], ["green_most"], keepdims=1),
            helper.make_node("Greater", ["green_most", "bright"], ["now"]),
            helper.make_node("Where", ["now", "wrong", "right"], ["alpha"]),
        ]
    elif fault == "beyond a probability":
        nodes.append(helper.make_node("Mul", ["right", "far"], ["alpha"]))
    elif fault == "empty":
        constants["start"], constants["end"], constants["axis"] = (np.array([n]) for n in (0, 0, 2))
        nodes.append(helper.make_node("Slice", ["right", "start", "end", "axis"], ["alpha"]))
    else:
        nodes.append(helper.make_node("Identity", ["right"], ["alpha"]))
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, height, width])],
        [helper.make_tensor_value_info("alpha", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    onnx.save(onnx.shape_inference.infer_shapes(model), path)
    place = {"layout": "NCHW", "channels": 3, "color_order": "RGB", "scale": 1 / 255, "resize": "stretch"}
    card = {
        "schema": 1,
        "name": path.stem,
        "file": path.name,
        "input": {"name": "image", "size": [height, width], **place, "mean": [0.0] * 3, "std": [1.0] * 3},
        "output": {"name": "alpha", "kind": "sigmoid", "person_class": 1},
    }
    path.with_suffix(".json").write_text(json.dumps(card), encoding="utf-8")
    return path


def faulty_nets(folder: Path, count: int, random: Random) -> Tally:
    """Photos, clips and recordings with nets whose output is no matte."""
    tally = Tally(
        "nets that give NaN, infinity, numbers out of range or nothing",
        "one line that says so, or a result without the background",
    )
    folder.mkdir(parents=True)
    film, still = _film(folder / "in.mp4"), folder / "in.png"
    Image.fromarray(scene(20)).save(still)
    kept = Kept([film, still])
    tasks = [(name, fault) for name in ("image", "video", "camera") for fault in _FAULTS]
    for index in range(count):
        name, fault = tasks[index % len(tasks)]
        model = make_net(folder / f"net-{index}.onnx", fault)
        out = folder / f"out-{index}.{'png' if name == 'image' else 'mp4'}"
        commands: dict[str, list[object]] = {
            "image": ["image", still, "-o", out],
            "video": ["video", film, "-o", out],
            "camera": ["camera", "--camera", film, "--once", "--no-pace", "--no-window", "--record", out],
        }
        ended = run(*commands[name], "--model", model, "--effect", "color", folder=folder)
        tally.tried += 1
        if ended.fell is not None or (ended.code != 0 and not ended.refuses()):
            tally.otherwise.append(f"{name}, {fault}: {ended.fell or f'exit code {ended.code}, {ended.last!r}'}")
        if not out.exists():
            if ended.code == 0:
                tally.otherwise.append(f"{name}, {fault}: exit code 0 and no result")
            continue
        why = broken(out)
        tally.half += [why] if why else []
        shown = [index for index, picture in enumerate(_pictures(out)) if raw(picture)] if why is None else []
        if shown:
            tally.otherwise.append(f"{name}, {fault}: the background is to be seen in {len(shown)} pictures")
    tally.lost += kept.lost()
    return tally


class _Camera:
    """Frames at a rate; an exception among them is raised."""

    name = "a camera"

    def __init__(self, frames: Iterator[Frame | Exception]) -> None:
        self.rate, self.busy = 60.0, 0.0
        self._frames = frames

    def read(self) -> tuple[Frame, float] | None:
        time.sleep(1 / self.rate)
        item = next(self._frames, None)
        if isinstance(item, Exception):
            raise item
        return None if item is None else (item, time.monotonic())

    def close(self) -> None:
        pass


class _Viewer:
    """Keeps what is shown."""

    def __init__(self) -> None:
        self.pictures: list[Frame] = []

    def show(self, pixels: Frame, status: Any) -> None:
        self.pictures.append(pixels.copy())

    def say(self, text: str) -> None:
        pass

    def poll(self, session: Any) -> bool:
        return False

    def close(self) -> None:
        pass


def lost_cameras(folder: Path, count: int, random: Random) -> Tally:
    """A camera that is unplugged at a random frame, comes back after some vain attempts, or never does."""
    tally = Tally(
        "cameras that disappear during a recording", "the picture is hidden, goes on when it is back; the file is whole"
    )
    folder.mkdir(parents=True)
    model = make_net(folder / "net.onnx", None)
    for index in range(count):
        losses = random.randrange(1, 4)
        for_ever = index % 4 == 3
        target = folder / f"rec-{index}.mp4"
        viewer, result = _live(model, target, losses, for_ever, random)
        tally.tried += 1
        if result.losses != losses:
            tally.otherwise.append(f"{losses} losses, and {result.losses} were noticed")
        if any(raw(picture) for picture in viewer.pictures):
            tally.otherwise.append("the background was shown")
        why = broken(target) if target.exists() else "no recording"
        tally.half += [f"{target.name}: {why}"] if why else []
        if why is None and any(raw(picture) for picture in _pictures(target)):
            tally.otherwise.append("the background was recorded")
    return tally


def _live(model: Path, target: Path, losses: int, for_ever: bool, random: Random) -> tuple[_Viewer, Any]:
    from limner.effects import make_effect
    from limner.live.session import LiveOptions, LiveSession
    from limner.live.source import LatestFrames
    from limner.live.stages import Picked
    from limner.media.camera import CameraLostError
    from limner.segment.privacy.guard import PrivacyGuard
    from limner.segment.segmenter import Segmenter
    from limner.segment.steady.temporal import TemporalSegmenter

    left, vain, index = losses, 0, 0

    def play() -> Iterator[Frame | Exception]:
        nonlocal left, vain, index
        for _ in range(random.randrange(20, 50)):
            index += 1
            yield scene(index)
        if left:
            left, vain = left - 1, 10**6 if for_ever and left == 1 else random.randrange(3)
            yield random.choice((CameraLostError("a camera: was unplugged"), OSError(19, "No such device")))

    def connect() -> _Camera:
        nonlocal vain
        if vain:
            vain -= 1
            raise CameraLostError("a camera: is not there")
        return _Camera(play())

    segmenter = Segmenter(model, refine=False, threads=1)
    guard = PrivacyGuard(TemporalSegmenter(segmenter))
    viewer = _Viewer()
    session = LiveSession(
        LatestFrames(connect, retry=(0.02, 0.1)),
        Picked(guard),
        make_effect("color"),
        guard=guard,
        viewer=viewer,
        record=target,
        options=LiveOptions(seconds=6.0 if for_ever else 60.0),
    )
    return viewer, session.run()


def _film(path: Path) -> Path:
    import av

    with av.open(str(path), "w") as output:
        stream: Any = output.add_stream(
            "libx264", rate=16, width=SIZE[1], height=SIZE[0], pix_fmt="yuv444p", options={"crf": "4"}
        )
        for index in range(64):
            output.mux(stream.encode(av.VideoFrame.from_ndarray(scene(index), "rgb24")))
        output.mux(stream.encode(None))
    return path


def _pictures(path: Path) -> Iterator[Frame]:
    import av

    if path.suffix == ".png":
        yield np.asarray(Image.open(path).convert("RGB"))
        return
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            yield frame.to_ndarray(format="rgb24")
