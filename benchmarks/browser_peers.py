"""The browser library beside others, on the same clips in the same Chromium: make bench-browser [ARGS="--write"]

Masks of rendered people in moving rooms, whose exact masks are known, and the time they take, in WebAssembly on one
thread: Limner's whole way to a matte, and MediaPipe's image segmenter on the CPU with three of its nets. Contenders
take turns, and ratios are medians over rounds. Then what whole pipelines do with a camera that is turned and pulled
out. Packages of others are installed in benchmarks/browser, for this alone.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.steady_clips import BRISK, clips  # noqa: E402
from benchmarks.table import Surroundings  # noqa: E402
from limner.datasets.moving_clips import MovingClip  # noqa: E402
from limner.evaluation import metrics  # noqa: E402
from limner.evaluation.contenders import Alpha  # noqa: E402
from limner.export.browser.run import chromium  # noqa: E402

WEB, HERE = ROOT / "web", ROOT / "benchmarks" / "browser"
SITE, CLIPS, MASKS = (ROOT / "build" / f"bench-browser{part}" for part in ("", "-clips", "-masks"))
PAGE = ROOT / "docs" / "browser.md"
MARKS = "<!-- peers -->", "<!-- /peers -->"
PEER = "selfie"
NAMES = ("limner", "limner tiny", "limner video", PEER, "landscape", "multiclass")
TIMED = (*NAMES, "limner, 2 threads", "limner, onnxruntime", "limner, tfjs")
PIPELINES = ("limner", "twilio", "shiguredo", "stream-io", "livekit")
LABELS = {
    "limner": "Limner, `fast`",
    "limner video": "Limner, `video`",
    "limner tiny": "Limner, `tiny`",
    "limner, 2 threads": "Limner, `fast`, 2 threads",
    "limner, onnxruntime": "Limner, `fast`, `ort-wasm`",
    "limner, tfjs": "Limner, `fast`, `tfjs-wasm`",
    PEER: "MediaPipe, selfie 256×256",
    "landscape": "MediaPipe, landscape 144×256",
    "multiclass": "MediaPipe, multiclass 256×256",
}


@dataclass(frozen=True, slots=True)
class Quality:
    """Of one contender's masks of one clip; percent, and thousandths for the flicker."""

    miou: float
    boundary_iou: float
    flicker: float


def quality(alphas: Alpha, clip: MovingClip) -> Quality:
    """Means over the frames, of masks cut at 0.5; flicker of the soft ones, on pixels where nothing moves."""
    pairs = [(alpha > 0.5, truth > 0.5) for alpha, truth in zip(alphas, clip.truths, strict=True)]
    return Quality(
        miou=100 * float(np.mean([metrics.mean_iou(got, truth) for got, truth in pairs])),
        boundary_iou=100 * float(np.mean([metrics.boundary_iou(got, truth) for got, truth in pairs])),
        flicker=metrics.flicker(alphas, clip.still),
    )


Times = Mapping[str, Sequence[Mapping[str, float]]]
"""Contender -> a round each: milliseconds a mask that the processors "spent", and that "passed"."""


def ratio(times: Times, name: str, what: str, peer: str = PEER) -> float:
    """Masks of ``name`` in the time of one of the peer's: the median over the rounds in which they took turns."""
    return statistics.median(theirs[what] / own[what] for own, theirs in zip(times[name], times[peer], strict=True))


def masks_table(found: Mapping[str, Sequence[Quality]], times: Times) -> Iterator[str]:
    """Markdown, a line at a time: a contender each; those that were only timed have no quality."""
    yield "| | processor ms a mask | rate | rate by the clock | mIoU | Boundary IoU | flicker | of selfie's |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|"
    for name in TIMED:
        spent = statistics.median(row["spent"] for row in times[name])
        rates = " | ".join(f"{ratio(times, name, what):.2f}×" for what in ("spent", "passed"))
        line = f"| {LABELS[name]} | {spent:.1f} | {rates} "
        if name in found:
            rows = found[name]
            mean = [statistics.mean(values) for values in zip(*map(astuple, rows), strict=True)]
            share = statistics.median(r.flicker / peer.flicker for r, peer in zip(rows, found[PEER], strict=True))
            line += f"| {mean[0]:.2f} | {mean[1]:.2f} | {mean[2]:.2f} | {share:.2f}× |"
        else:
            line += "| | | | |"
        yield line


def pipelines_table(pipelines: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Markdown, a line at a time: a pipeline each."""
    yield "| pipeline | first frame | before its mask | turned camera | ends with the camera | asks elsewhere |"
    yield "|---|---:|---|---|---|---|"
    for name, seen in pipelines.items():
        if "error" in seen:
            yield f"| {name} | {seen['error']} | | | | {', '.join(seen['foreign']) or 'no'} |"
            continue
        yield (
            f"| {name} | {seen['first']:.1f} s | {'shown' if seen['rawFirst'] else 'hidden'} "
            f"| {'followed' if seen['resized'] else 'not followed'} | {'yes' if seen['ended'] else 'no'} "
            f"| {', '.join(seen['foreign']) or 'no'} |"
        )


def prepare(count: int) -> dict[str, MovingClip]:
    """The clips, their frames as files; the pages, built."""
    for folder in (WEB, HERE):
        if not (folder / "node_modules").is_dir():
            _run(["npm", "ci"], folder)
    _run(["npx", "vite", "build", "--config", str(HERE / "vite.config.ts")], WEB)
    made = {}
    for index, clip in enumerate(clips(count, spans=BRISK)):
        folder = CLIPS / f"clip{index}"
        folder.mkdir(parents=True, exist_ok=True)
        for number, frame in enumerate(clip.frames):
            Image.fromarray(frame).save(folder / f"{number}.png", compress_level=1)
        made[folder.name] = clip
    return made


def masks(name: str, clip: str, truth: MovingClip) -> Alpha:
    """What a contender made of a clip: (T, H, W) in [0, 1]."""
    data = np.fromfile(MASKS / "masks" / name / f"{clip}.bin", np.uint8)
    return data.reshape(truth.truths.shape) / np.float32(255)


def drive(job: Mapping[str, Any]) -> dict[str, Any]:
    """What ``browser/run.mjs`` finds."""
    whole = {"site": str(SITE), "clips": str(CLIPS), "out": str(MASKS), **job}
    out = _run(["node", "run.mjs", json.dumps(whole)], HERE)
    found: dict[str, Any] = json.loads(out.splitlines()[-1])
    return found


def _run(command: list[str], folder: Path) -> str:
    environment = {**os.environ, "LIMNER_CHROMIUM": chromium()}
    return subprocess.run(command, cwd=folder, env=environment, text=True, stdout=subprocess.PIPE, check=True).stdout


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--clips", type=int, default=4, help="how many clips [4]")
    parser.add_argument("--rounds", type=int, default=15, help="rounds in which contenders take turns [15]")
    parser.add_argument("--each", type=int, default=10, help="frames of a turn [10]")
    parser.add_argument("--only", default="masks,times,pipelines", help="which parts")
    parser.add_argument("--write", action="store_true", help=f"put the tables into {PAGE.relative_to(ROOT)}")
    options = parser.parse_args()
    shutil.rmtree(MASKS, ignore_errors=True)
    made = prepare(options.clips)
    first, parts = next(iter(made)), options.only.split(",")
    frames = {name: len(clip.frames) for name, clip in made.items()}
    found: dict[str, list[Quality]] = {}
    hosts: dict[str, str] = {}
    if "masks" in parts:
        asked = drive({"masks": {"clips": frames, "names": NAMES}})["masks"]
        for name in NAMES:
            hosts |= {host: LABELS[name].partition(",")[0] for host in asked[name]["foreign"]}
            found[name] = [quality(masks(name, clip, made[clip]), made[clip]) for clip in made]
    times: Times = {name: [{"spent": float("nan"), "passed": float("nan")}] for name in TIMED}
    if "times" in parts:
        timed = {"names": TIMED, "clip": first, "frames": frames[first], "rounds": options.rounds, "each": options.each}
        times = drive({"times": timed})["times"]
    pipelines = {}
    if "pipelines" in parts:
        watched = {"names": PIPELINES, "clip": first, "frames": BRISK[0].frames, "patience": 60}
        pipelines = drive({"pipelines": watched})["pipelines"]
    asks = [f"{who} asks {host}; it was not let." for host, who in hosts.items()]
    lines = [f"*{Surroundings.here()}*", "", *masks_table(found, times), "", *asks, "", *pipelines_table(pipelines)]
    print("\n".join(lines))
    if options.write:
        text = PAGE.read_text(encoding="utf-8")
        before, after = text.split(MARKS[0])[0], text.split(MARKS[1])[1]
        PAGE.write_text("\n".join([before + MARKS[0], *lines, MARKS[1]]) + after, encoding="utf-8")


if __name__ == "__main__":
    main()
