"""Fine edges beside the guided filter on val photos: python -m benchmarks.fine_edges_photos --data <folder> --write"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from limner.datasets.manifest import PhotoFolder
from limner.evaluation.evaluate import score_photo
from limner.segment.segmenter import Segmenter

PAGE = Path(__file__).resolve().parents[1] / "docs" / "fine-edges.md"
BEGIN, END = "<!-- photos -->", "<!-- /photos -->"
SETS = {"wild": "wild", "faces_close_up": "faces", "fashion_full_body": "full body"}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", default="fast,quality")
    parser.add_argument("--every", type=int, default=1, help="take every so-many-th photo")
    parser.add_argument("--write", action="store_true", help=f"into {PAGE.name}")
    options = parser.parse_args(arguments)
    text = table(PhotoFolder(options.data), options.models.split(","), options.every)
    print(text)
    if options.write:
        head, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
        PAGE.write_text(f"{head}{BEGIN}\n{text}\n{END}{rest.partition(END)[2]}", "utf-8")
    return 0


def table(folder: PhotoFolder, models: Sequence[str], every: int) -> str:
    """Markdown: mIoU / Boundary IoU of whole mattes cut at one half, by model, edges and set."""
    scores: dict[tuple[str, str, str], list[tuple[float, float]]] = defaultdict(list)
    photos = [photo for name in SETS for photo in list(folder.select(split="val", sets=(name,)))[::every]]
    for model in models:
        guided = Segmenter(model, threads=1)
        drawers = {"guided": guided, "fine": guided.sharing_net(edges="fine")}
        for photo in photos:
            rgb, mask = folder.load(photo)
            begun = guided.begin(rgb)
            for edges, segmenter in drawers.items():
                values = score_photo(segmenter.finish(begun).alpha, mask, photo).values
                scores[model, edges, photo.set].append((values["miou"], values["boundary_iou"]))
    counts = [len(scores[models[0], "fine", name]) for name in SETS]
    titles = [f"{title} ({count})" for title, count in zip(SETS.values(), counts, strict=True)]
    lines = [f"| model | edges | {' | '.join(titles)} |", "|---|---|" + "---|" * len(SETS)]
    for model in models:
        for edges in ("guided", "fine"):
            cells = ["{:.1f} / {:.1f}".format(*np.mean(scores[model, edges, name], axis=0)) for name in SETS]
            lines.append(f"| {f'`{model}`' if edges == 'guided' else ''} | {edges} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
