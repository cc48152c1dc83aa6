"""Import of small COCO pairs: time, processor time and memory for one count and for ten times as many.

python -m benchmarks.data_import
python -m benchmarks.data_import --count 1000 --datumaro /path/to/python      beside Datumaro, installed there
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

_DATUMARO = """
import sys, datumaro
data = datumaro.Dataset.import_from(sys.argv[1], "coco_instances")
data.transform("polygons_to_masks")
data.export(sys.argv[2], "voc_segmentation", save_media=True)
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds by the clock, seconds of processor time, and the peak of resident memory, of a process."""

    seconds: float
    processor: float
    mib: float


def write_coco(folder: Path, count: int) -> None:
    """Photos of 320×240 with a drawn head and shoulders, and their polygons."""
    (folder / "images").mkdir(parents=True)
    (folder / "annotations").mkdir()
    rng = np.random.default_rng(0)
    turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    images, annotations = [], []
    for number in range(count):
        small = rng.integers(0, 256, (6, 8, 3)).astype(np.uint8)
        picture = cv2.resize(small, (320, 240), interpolation=cv2.INTER_CUBIC)
        x = float(rng.integers(80, 240))
        head = np.stack([x + 35 * np.cos(turn), 80 + 45 * np.sin(turn)], 1)
        body = np.array([[-70, 239.5], [-60, 150], [-20, 125], [20, 125], [60, 150], [70, 239.5]]) + np.array([x, 0])
        for ring in (head, body):
            cv2.fillPoly(picture, [ring.astype(np.int32)], (170, 180, 200))
        cv2.imwrite(str(folder / f"images/{number:06}.jpg"), picture)
        images.append({"id": number, "file_name": f"{number:06}.jpg", "height": 240, "width": 320})
        rings = [ring.round(2).reshape(-1).tolist() for ring in (head, body)]
        common = {"category_id": 1, "iscrowd": 0, "area": 1, "bbox": [0, 0, 1, 1]}
        annotations.append({"id": number, "image_id": number, "segmentation": rings, **common})
    content = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "person"}]}
    (folder / "annotations/instances_train.json").write_text(json.dumps(content), encoding="utf-8")


def cost(command: Sequence[str], *, well: Sequence[int] = (0,)) -> Cost:
    """What a process takes, with those that it waits for; ``well`` are the exit codes of one that did its work."""
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in well:
        raise RuntimeError(f"{' '.join(command[:6])} … ended with {process.returncode}")
    return Cost(time.monotonic() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def measure(count: int, *, datumaro: str | None = None) -> dict[str, Cost]:
    """Label -> cost, of the import of ``count`` pairs and of ten times as many, one after the other."""
    found = {}
    with tempfile.TemporaryDirectory() as place:
        for number in (count, 10 * count):
            source = Path(place, f"coco{number}")
            write_coco(source, number)
            out = Path(place, f"out{number}")
            ours = [sys.executable, "-m", "limner", "data", "import", str(source), "-o", str(out)]
            found[f"limner data import, {number} pairs"] = cost(ours)
            if datumaro is not None:
                theirs = [datumaro, "-c", _DATUMARO, str(source), str(Path(place, f"voc{number}"))]
                found[f"Datumaro to VOC, {number} pairs"] = cost(theirs)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000, help="pairs of the smaller import")
    parser.add_argument("--datumaro", metavar="PYTHON", help="a Python that has Datumaro")
    args = parser.parse_args()
    print("| what | seconds | processor | peak MiB |\n|---|---|---|---|")
    for label, each in measure(args.count, datumaro=args.datumaro).items():
        print(f"| {label} | {each.seconds:.1f} | {each.processor:.1f} | {each.mib:.0f} |")


if __name__ == "__main__":
    main()
