"""MediaPipe's Python path from a camera to a window, as its own example does it; run by `benchmarks.live`.

Runs in an environment of its own, so it imports nothing of Limner. Prints one line of JSON: a mark for every frame that
was shown, (seconds of wall clock, seconds of CPU time).
"""

from __future__ import annotations

import json
import sys
import time

import cv2
import numpy as np


def segmenter():
    """(name, function from RGB to a mask in [0, 1] at the frame's size)."""
    if len(sys.argv) > 4:  # a .tflite file: the same net by LiteRT, where the package cannot be installed
        from ai_edge_litert.interpreter import Interpreter

        net = Interpreter(model_path=sys.argv[4], num_threads=2)
        net.allocate_tensors()
        source, target = net.get_input_details()[0], net.get_output_details()[0]
        height, width = source["shape"][1:3]

        def run(image: np.ndarray) -> np.ndarray:
            small = cv2.resize(image, (width, height)).astype(np.float32) / 255
            net.set_tensor(source["index"], small[None])
            net.invoke()
            mask = net.get_tensor(target["index"])[0, ..., 0]
            return cv2.resize(mask, (image.shape[1], image.shape[0]))

        return "its net by LiteRT", run
    import mediapipe

    solution = mediapipe.solutions.selfie_segmentation.SelfieSegmentation(model_selection=1)
    return f"mediapipe {mediapipe.__version__}", lambda image: solution.process(image).segmentation_mask


def main() -> None:
    clip, count, rate = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    name, masks = segmenter()
    capture, shown, start = cv2.VideoCapture(clip), [], None
    cv2.namedWindow("peer", cv2.WINDOW_AUTOSIZE)
    while len(shown) < count:
        there, image = capture.read()
        if not there:
            capture.set(cv2.CAP_PROP_POS_FRAMES, 0)
            continue
        if rate:  # as a camera: a frame is there when it is due, and those that nobody was ready for are gone
            start = start or time.perf_counter()
            due = (time.perf_counter() - start) * rate
            time.sleep((int(due) + 1 - due) / rate)
        image = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
        image.flags.writeable = False
        mask = masks(image)
        image.flags.writeable = True
        image = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
        condition = np.stack((mask,) * 3, axis=-1) > 0.1
        background = cv2.GaussianBlur(image, (55, 55), 0)
        cv2.imshow("peer", np.where(condition, image, background))
        cv2.waitKey(1)
        shown.append((time.perf_counter(), time.process_time()))
    print(json.dumps({"name": name, "shown": shown}))


if __name__ == "__main__":
    main()
