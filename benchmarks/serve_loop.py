"""The bare loop of benchmarks.serve: one photo again and again, no server: PHOTOS AT ONCE, THREADS, SECONDS"""

from __future__ import annotations

import json
import sys
import threading
import time

from benchmarks.serve_client import of_times
from limner.assembly import MatteOptions, PhotoOptions
from limner.processing.one_photo import PhotoProcessor
from limner.samples import PORTRAIT
from limner.threads import opencv_threads


def loop(photos: int, threads: int, seconds: float) -> dict[str, float]:
    """Photos a second, milliseconds of a photo, and of processor time for one."""
    photo = PORTRAIT.read_bytes()
    options = PhotoOptions(matte=MatteOptions(runtime="onnxruntime", threads=threads))
    processors = [PhotoProcessor(options) for _ in range(photos)]
    for processor in processors:
        processor(photo)
    took: list[float] = []

    def work(processor: PhotoProcessor) -> None:
        while time.perf_counter() < until:
            began = time.perf_counter()
            processor(photo)
            took.append(time.perf_counter() - began)

    began, spent = time.perf_counter(), time.process_time()
    until = began + seconds
    workers = [threading.Thread(target=work, args=(processor,)) for processor in processors]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    cpu = 1e3 * (time.process_time() - spent) / len(took)
    return {**of_times(took, time.perf_counter() - began), "cpu": cpu}


if __name__ == "__main__":
    at_once, net_threads = int(sys.argv[1]), int(sys.argv[2])
    with opencv_threads(net_threads):
        print(json.dumps(loop(at_once, net_threads, float(sys.argv[3]))))
