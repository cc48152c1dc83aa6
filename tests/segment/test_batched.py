"""Frames of several streams in one inference: each gets the matte that it gets alone, and its own errors."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from limner.errors import ModelError, OptionError
from limner.matte import Matte
from limner.media.images import read_image
from limner.models.catalogue import find_model
from limner.samples import PORTRAIT
from limner.segment.batched import Batched, load_batched
from limner.segment.net import Net, Prepared
from limner.segment.pyramid import build_pyramid
from limner.segment.segmenter import Segmenter


@pytest.fixture(scope="module")
def frames() -> list[np.ndarray]:
    """Four views of the portrait that differ, of several sizes."""
    whole = read_image(PORTRAIT).pixels
    sides = [(360, 480), (300, 400), (480, 360), (240, 320)]
    return [np.ascontiguousarray(whole[30 * i : 30 * i + h, 40 * i : 40 * i + w]) for i, (h, w) in enumerate(sides)]


class Held(Batched):
    """Lets its first batch begin only when `free` is set, so that others wait behind it."""

    def __init__(self, net: Net, **more: Any) -> None:
        super().__init__(net, **more)
        self.begun, self.free = threading.Event(), threading.Event()
        self.sizes: list[int] = []

    def _run(self, batch: Any) -> None:
        self.begun.set()
        assert self.free.wait(30)
        self.sizes.append(len(batch))
        super()._run(batch)


def see_all(net: Held, frames: Sequence[np.ndarray], previous: Sequence[Matte | None]) -> list[Any]:
    """What the net sees of frames that come at the same time: the first goes alone, the others wait behind it."""
    with ThreadPoolExecutor(len(frames)) as pool:
        asked = [pool.submit(net.see, build_pyramid(frames[0]), previous[0])]
        assert net.begun.wait(30)
        asked += [pool.submit(net.see, build_pyramid(f), p) for f, p in zip(frames[1:], previous[1:], strict=True)]
        while len(net._queue.waiting) < len(frames) - 1:
            threading.Event().wait(0.005)
        net.free.set()
        return [one.exception() or one.result() for one in asked]


@pytest.mark.parametrize(("model", "most", "sizes"), [("fast", 8, [1, 3]), ("video", 2, [1, 2, 1])])
def test_frames_that_wait_go_together(frames: list[np.ndarray], model: str, most: int, sizes: list[int]) -> None:
    alone = Segmenter(model, runtime="onnxruntime", threads=1)
    previous = [None, *(alone.matte(frame) for frame in frames[1:])]
    net = Held(Net(find_model(model), runtime="auto", device="cpu", threads=1, batch=True), most=most)
    for frame, before, seen in zip(frames, previous, see_all(net, frames, previous), strict=True):
        expected = alone._net.see(build_pyramid(frame), before)
        np.testing.assert_allclose(seen.probability, expected.probability, atol=1e-5)
    assert net.sizes == sizes
    assert (net.counts.frames, net.counts.inferences, net.counts.largest) == (4, len(sizes), max(sizes))


def test_an_error_reaches_only_whose_frame_it_is(frames: list[np.ndarray], monkeypatch: pytest.MonkeyPatch) -> None:
    net = Net(find_model("tiny"), runtime="auto", device="cpu", threads=1, batch=True)
    run = net.run

    def failing(prepared: Sequence[Prepared]) -> Any:
        if any(one.size == (480, 360) for one in prepared):
            raise ModelError("not this one")
        return run(prepared)

    monkeypatch.setattr(net, "run", failing)
    results = see_all(Held(net, most=8), frames, [None] * 4)
    assert [isinstance(result, ModelError) for result in results] == [False, False, True, False]


def test_the_mattes_of_many_threads_are_those_of_a_segmenter_alone(frames: list[np.ndarray]) -> None:
    alone, shared = Segmenter("fast", runtime="onnxruntime", threads=1), Segmenter("fast", threads=2, batch=4)
    expected = [alone.matte(frame).alpha for frame in frames]
    with ThreadPoolExecutor(4) as pool:
        for got, want in zip(pool.map(shared.matte, frames * 8), expected * 8, strict=True):
            np.testing.assert_allclose(got.alpha, want, atol=1e-4)
    assert shared.batches.frames == 32
    assert shared.runtime.name == "onnxruntime"


def test_a_runtime_that_takes_one_image_gets_them_one_by_one(frames: list[np.ndarray]) -> None:
    pytest.importorskip("openvino")
    net = load_batched(find_model("tiny"), runtime="openvino", device="cpu", threads=1, most=4)
    with ThreadPoolExecutor(4) as pool:
        seen = list(pool.map(lambda frame: net.see(build_pyramid(frame), None), frames))
    assert [one.probability.shape for one in seen] == [
        net.see(build_pyramid(f), None).probability.shape for f in frames
    ]


@pytest.mark.parametrize("batch", [0, 257])
def test_how_many(batch: int) -> None:
    with pytest.raises(OptionError, match="batch must be 1 to 256 frames"):
        Segmenter(batch=batch)
