"""What each lever of training gives: one short run again and again, one thing changed; writes docs/ablation.md."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.table import ROOT, Surroundings
from limner.whole_file import whole_text

PORTRAITS, ANIMALS, NOBODY = "fashion + faces", "people_with_animals", "all without people"
LOOKS = ("tone", "saturation", "grey", "gradient", "dark", "soft", "motion", "small", "noise", "jpeg")
AUTO = ("news_faces", "hair", "fashion", "selfies", "face_masks", "celebrities", "stock")


@dataclass(frozen=True, slots=True)
class Variant:
    """A run of the table.

    Attributes:
        name: its folder.
        what: the change in words.
        changes: the same for ``limner train --set``.
        phases: sides in pixels of the pictures in training, and their shares.
        measured_at: side in pixels when it is measured.
        samples: as a multiple of the table's.
        against: the run whose figures are taken off; itself for those that others are compared with.
    """

    name: str
    what: str
    changes: tuple[str, ...] = ()
    phases: tuple[tuple[int, float], ...] = ((128, 1.0),)
    measured_at: int = 128
    samples: int = 1
    against: str = "base"


VARIANTS = (
    Variant("base", "the recipe as it is"),
    Variant("again", "another seed: the noise of this table", ("seed=2",)),
    Variant("no_edge", "edges weigh no more than other pixels", ("loss.bce.edge=0",)),
    Variant("bce_only", "edge-weighted cross entropy alone", ("loss={bce: {weight: 1, edge: 3.0}}",)),
    Variant(
        "few_negatives",
        "4 % photos without people instead of 22 %",
        ("data.sets.no_people=0.015", "data.sets.no_people_animals=0.018"),
    ),
    Variant("no_distractor", "no things pasted in that are no people", ("data.distractor=0",)),
    Variant(
        "no_composites",
        "every photo keeps its own background",
        tuple(f"data.{name}=0" for name in ("replace_hand", "replace_auto", "second_person", "distractor")),
    ),
    Variant("no_auto", "without the sets whose masks another net made", tuple(f"data.sets.auto_{n}=0" for n in AUTO)),
    Variant("no_rendered", "without rendered people", ("data.sets.rendered_people=0",)),
    Variant("no_look", "light, colour and sharpness left alone", tuple(f"data.look.{name}=0" for name in LOOKS)),
    Variant("taught", "taught by `fast` besides", ("teacher.models=[fast]", "loss.distill=1.0")),
    Variant("twice", "twice the samples", samples=2),
    Variant("base_192", "measured at 192 px, trained at 128 px", measured_at=192, against="base_192"),
    Variant(
        "size_192",
        "measured at 192 px, the last third trained at 192 px, the size that ships",
        phases=((128, 0.67), (192, 0.33)),
        measured_at=192,
        against="base_192",
    ),
)
_TEXT = """\
# What each lever of training gives

Made by `benchmarks/ablation.py`; do not edit.

`recipes/tiny_net.yaml`, randomly initialised, for {samples:,} samples at 128 px with one thing changed; a whole run has
thirty times as many. The figures are differences to the run with nothing changed, in points: mIoU and Boundary IoU on
fashion and faces, mIoU on people with animals (all split `val`), and the share of photos without people that was taken
for a person. Two runs that differ only in their seed stand in the table, too: what is not clearly more than their
difference is noise. Longer runs, of the shipped nets: [training](training.md#how-far-more-samples-lead).
"""

BY_NAME = {variant.name: variant for variant in VARIANTS}


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    for name in options.only or BY_NAME:
        _measure(BY_NAME[name], options)
    results = {
        name: json.loads(path.read_text()) for name in BY_NAME if (path := options.runs / f"{name}.json").is_file()
    }
    whole_text(options.page, page(results, options.samples, Surroundings.here()))
    print(f"wrote {options.page}", file=sys.stderr)
    return 0


def page(results: Mapping[str, Mapping[str, float]], samples: int, place: Surroundings) -> str:
    """The page as markdown; runs that have no figures yet are left out."""
    lines = [
        _TEXT.format(samples=samples),
        "| change | mIoU | Boundary IoU | with animals | false area |",
        "|---|---|---|---|---|",
    ]
    for name, figures in results.items():
        variant = BY_NAME[name]
        if variant.against not in results:
            continue
        itself = variant.against == name
        values = [
            f"**{value:.2f}**" if itself else f"{value - results[variant.against][key]:+.2f}"
            for key, value in figures.items()
        ]
        lines.append(f"| {variant.what} | {' | '.join(values)} |")
    lines.append(f"\n{place.date}, {place.processor}, commit {place.commit}.\n")
    return "\n".join(lines)


def _measure(variant: Variant, options: argparse.Namespace) -> None:
    target = options.runs / f"{variant.name}.json"
    if target.is_file():
        return
    from limner.datasets.manifest import PhotoFolder
    from limner.evaluation.contenders import net_maker
    from limner.evaluation.evaluate import evaluate, means
    from limner.nets.rebuild import checkpoint_net

    checkpoint = _train(variant, options)
    folder = PhotoFolder(options.data)
    empty = [photo for photo in folder.select(split="train") if photo.mask == "none"]
    photos = [*folder.select(split="val"), *empty[::4]]  # every fourth of the empty ones: enough, and no long wait
    table = means(evaluate(net_maker(checkpoint_net(checkpoint).net, variant.measured_at), folder, photos))
    figures = {
        "miou": table[PORTRAITS]["miou"],
        "boundary_iou": table[PORTRAITS]["boundary_iou"],
        "animals": table[ANIMALS]["miou"],
        "false_area": table[NOBODY]["false_area"],
    }
    print(variant.name, {key: round(value, 2) for key, value in figures.items()}, file=sys.stderr)
    whole_text(target, json.dumps(figures))


def _train(variant: Variant, options: argparse.Namespace) -> Path:
    """Run the variant, or what is left of it; runs with the same changes share a folder."""
    same = next(
        v for v in VARIANTS if (v.changes, v.phases, v.samples) == (variant.changes, variant.phases, variant.samples)
    )
    out: Path = options.runs / same.name
    phases = ", ".join(f"{{size: {size}, share: {share}}}" for size, share in variant.phases)
    changes = (f"samples={options.samples * variant.samples}", f"phases=[{phases}]", "ema=0.99", *variant.changes)
    command = [sys.executable, "-m", "limner", "train", str(ROOT / "recipes" / "tiny_net.yaml"), "--no-validate"]
    command += ["--data", str(options.data), "--output", str(out)]
    command += ["--cache", str(options.cache)] if options.cache else []
    subprocess.run([*command, *(part for change in changes for part in ("--set", change))], check=True)
    return out / "last.pt"


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.csv")
    parser.add_argument("--cache", type=Path, help="where decoded photos lie")
    parser.add_argument("--runs", type=Path, default=Path("runs/ablation"), help="checkpoints and figures; kept")
    parser.add_argument("--samples", type=int, default=12000)
    parser.add_argument("--only", nargs="*", choices=list(BY_NAME), help="these runs; the page keeps the others")
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "ablation.md")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
