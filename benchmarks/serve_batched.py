"""Photos in batches through one run of the net, for benchmarks.serve: what a server that batches would compute.

As a program: BATCH, SECONDS; prints the processor time of a photo in a batch by that of a photo alone.
"""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Sequence

from limner.assembly import EffectOptions, PhotoSaving, build_effect
from limner.frame import Frame
from limner.matte import Matte
from limner.media.images import read_image
from limner.models.catalogue import find_model
from limner.processing.photos import Job, Result, composed, encode
from limner.segment.net import Net
from limner.segment.pyramid import build_pyramid
from limner.segment.segmenter import Begun, Segmenter
from limner.threads import opencv_threads


class Batched:
    """The default net and effect on several photos at once, the net in so many ``threads``."""

    def __init__(self, threads: int = 1) -> None:
        self._segmenter = Segmenter("default", runtime="onnxruntime", threads=threads)
        found = find_model("default")
        self._net = Net(found, runtime="onnxruntime", device="cpu", threads=threads, batch=True)
        self._effect = build_effect(EffectOptions())

    def __call__(self, photos: Sequence[bytes]) -> list[bytes]:
        images = [read_image(photo) for photo in photos]
        pyramids = [build_pyramid(image.pixels) for image in images]
        prepared = [self._net.prepare(pyramid, None) for pyramid in pyramids]
        outputs = self._net.run(prepared)
        results = []
        for image, pyramid, one, output in zip(images, pyramids, prepared, outputs, strict=True):
            matte = self._segmenter.finish(Begun(pyramid, self._net.read(output, one)))
            target = io.BytesIO()
            result = Result(Job("photo", io.BytesIO(), target, "photo", ".jpg"))
            saving = PhotoSaving()
            encode(result, *composed(result, image, _Given(matte), self._effect, saving, None), saving)
            results.append(target.getvalue())
        return results


class _Given:
    """Has a matte already."""

    def __init__(self, matte: Matte) -> None:
        self._matte = matte

    def matte(self, frame: Frame, *, previous: Matte | None = None) -> Matte:
        return self._matte


def gain(batch: int, seconds: float) -> float:
    """Processor time of a photo in a batch by that of a photo alone; both in turns."""
    from limner.samples import PORTRAIT

    batched, photo = Batched(), PORTRAIT.read_bytes()
    spent = {1: 0.0, batch: 0.0}
    done = {1: 0, batch: 0}
    until = time.perf_counter() + seconds
    batched([photo] * batch)
    while time.perf_counter() < until or not done[1]:
        for size, times in ((1, batch), (batch, 1)):
            began = time.process_time()
            for _ in range(times):
                batched([photo] * size)
            spent[size] += time.process_time() - began
            done[size] += size * times
    return (spent[batch] / done[batch]) / (spent[1] / done[1])


if __name__ == "__main__":
    with opencv_threads(1):
        print(json.dumps({"ratio": gain(int(sys.argv[1]), float(sys.argv[2]))}))
