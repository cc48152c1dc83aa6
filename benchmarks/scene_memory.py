"""What remembering the scene gains: python -m benchmarks.scene_memory [--data FOLDER]

People cut out of photos sit, talk and rush before rooms that a still camera sees, with exact truth. Prints a table, in
Markdown: what is taken for a person that is none, what is lost of people, mIoU and Boundary IoU, without and with.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import cv2
import numpy as np

from benchmarks.steady_clips import clips
from limner.datasets.moving_clips import MovingClip, Span
from limner.evaluation.metrics.boundaries import boundary_iou
from limner.evaluation.metrics.regions import iou
from limner.segment.segmenter import Segmenter
from limner.segment.steady.temporal import TemporalSegmenter

KINDS = ("sitting", "talking", "rushing", "sitting again", "a slow pan", "other light", "after a cut")
SPANS = (
    Span(frames=12),
    Span(frames=40, person="sway"),
    Span(frames=8, person="fast"),
    Span(frames=12),
    Span(frames=8, pan=0.004),
    Span(frames=8, light=0.25),
    Span(frames=10, cut=True),
)


def scores(segmenter: Segmenter, clip: MovingClip, *, remembers: bool) -> tuple[np.ndarray, float]:
    """(frames, 4) in percent: false and lost area as shares of the person's, IoU, Boundary IoU; and milliseconds of
    processor time a frame."""
    stream = TemporalSegmenter(segmenter, gate=False, scene_memory=remembers)
    began = time.process_time()
    mattes = [stream.matte(np.ascontiguousarray(frame)).alpha for frame in clip.frames]
    spent = 1000 * (time.process_time() - began) / len(mattes)
    rows = []
    for alpha, truth in zip(mattes, clip.truths, strict=True):
        area = max(float(truth.sum()), 1.0)
        false, lost = float(alpha[truth < 0.02].sum()) / area, float((1 - alpha[truth > 0.98]).sum()) / area
        found, right = alpha > 0.5, truth > 0.5
        rows.append([false, lost, iou(found, right), boundary_iou(found, right)])
    return 100 * np.array(rows), spent


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="a data folder: people cut out of its val photos")
    parser.add_argument("--model", default="default", help="[default]")
    parser.add_argument("--clips", type=int, default=8, help="[8]")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    segmenter = Segmenter(options.model, threads=1)
    tables, spans, costs = [], [], []
    for clip in clips(options.clips, data=options.data, spans=SPANS):
        without, with_ = (scores(segmenter, clip, remembers=remembers) for remembers in (False, True))
        tables.append(np.stack([without[0], with_[0]], axis=-1))
        spans.append(clip.spans)
        costs.append((without[1], with_[1]))
    table, span = np.concatenate(tables), np.concatenate(spans)
    print("| frames | false area, % | lost, % | mIoU | Boundary IoU |\n|---|---|---|---|---|")
    for index, kind in enumerate((*KINDS, "all")):
        rows = table if kind == "all" else table[span == index]
        print(f"| {kind} | " + " | ".join(f"{a:.2f} → {b:.2f}" for a, b in rows.mean(axis=0)) + " |")
    before, after = np.median(costs, axis=0)
    print(f"\nProcessor time of the segment stage: {before:.1f} → {after:.1f} ms a frame.")


if __name__ == "__main__":
    main()
