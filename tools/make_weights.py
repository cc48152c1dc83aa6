"""Makes the weights that ship, from public starts: trains every recipe, exports it, and writes its card.

    make weights DATA=<labelled photos> [OUT=build/weights] [ARGS="--only fast,video --small"]

Every training goes on where it was stopped, and what is exported already is left alone, so the same command finishes
what an interruption left. `--publish` puts the files in the place of those that ship; nothing else touches these.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from limner.models.card import ModelCard
from limner.models.pair import publish

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = ROOT / "src" / "limner" / "models"
PUBLIC = (
    "ISNet (Xuebin Qin and others, Apache-2.0) and MediaPipe's nets drew the masks of the sets called auto_*.",
    "People own their likeness; the photos come from public research and hobby collections and from templates of web "
    "sites, some of which allow research use only, and are not part of this file.",
    "The rows about photos without people are measured on photos that were trained on: there is no held-out split.",
)
GATED = ("MediaPipe Selfie Segmentation (Google, Apache-2.0), unchanged, and a gate that was trained here.", *PUBLIC)
KNOWN_ALPHA = ("The rough mattes that it learnt to refine are those of the models fast and quality.", *PUBLIC[:2])
WIDE_AND_TALL = "336x192,320x208,288x224,192x336"
GROWN = ("Grown out of MediaPipe Selfie Segmentation (Google, Apache-2.0).", *PUBLIC)


@dataclass(frozen=True, slots=True)
class Step:
    """A net to make: its recipe is ``recipes/<name>.yaml``.

    Attributes:
        after: the net made before, whose weights it starts from instead of what its recipe says.
        notes: for its card.
        other_sizes: width x height of its input for wide and tall frames; about as many pixels as the square.
    """

    name: str
    after: str | None = None
    notes: tuple[str, ...] = GROWN
    other_sizes: str | None = None


STEPS = (
    Step("fast", notes=GATED, other_sizes=WIDE_AND_TALL),
    Step("tiny", other_sizes="240x128,208x144,208x160,128x240"),
    Step("video", after="fast", notes=GATED, other_sizes=WIDE_AND_TALL),
    Step("edges", notes=KNOWN_ALPHA),
    Step(
        "quality",
        notes=("Its encoder began with ImageNet weights (EfficientNet-Lite0, Apache-2.0).", *GROWN),
        other_sizes="416x256,384x256,384x288",
    ),
)


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    for step in STEPS:
        if step.name not in options.only:
            continue
        model = options.out / f"{step.name}.onnx"
        if model.is_file() and model.with_suffix(".json").is_file():
            print(f"{model}: made already", flush=True)
            continue
        try:
            train(step, options)
            export(step, model, options)
        except subprocess.CalledProcessError as error:
            print(f"make weights: {step.name} stopped ({error.returncode}); the same command goes on", file=sys.stderr)
            return error.returncode
    for step in STEPS:
        if options.publish and step.name in options.only:
            made = options.out / f"{step.name}.onnx"
            aside = SHIPPED / f".{step.name}.onnx"
            shutil.copyfile(made, aside)
            publish(aside, SHIPPED / made.name, ModelCard.load(made.with_suffix(".json")))
            print(f"{SHIPPED / step.name}.onnx: published", flush=True)
    return 0


def train(step: Step, options: argparse.Namespace) -> None:
    """Run the step's recipe, or go on with it."""
    command = ["train", str(ROOT / "recipes" / f"{step.name}.yaml"), "--data", str(options.data)]
    command += ["--output", str(options.out / "runs" / step.name), "--cache", str(options.cache)]
    if step.after is not None and step.after in options.only:
        command += ["--init", str(options.out / f"{step.after}.onnx")]
    if options.small:
        command += ["--set", "samples=32", "--set", "batch=8", "--set", "validate_every=0", "--no-validate"]
    for change in options.set:
        command += ["--set", change]
    limner(*command)


def export(step: Step, model: Path, options: argparse.Namespace) -> None:
    """Write the model and its card, with figures on the val photos."""
    notes = [part for note in step.notes for part in ("--note", note)]
    limner(
        *("export", str(options.out / "runs" / step.name / "last.pt"), "-o", str(model), "--data", str(options.data)),
        *("--licence", "Apache-2.0", "--origin", "Limner", *notes),
        *(() if step.other_sizes is None else ("--other-sizes", step.other_sizes)),
    )


def limner(*arguments: str) -> None:
    """The command, in this Python; CalledProcessError where it fails."""
    print("limner", *arguments[:2], "…", flush=True)
    subprocess.run([sys.executable, "-m", "limner", *arguments], check=True)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    names = [step.name for step in STEPS]
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.csv and labelled photos")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "weights", help="runs and finished models")
    parser.add_argument("--cache", type=Path, default=ROOT / "build" / "cache", help="where decoded photos are kept")
    parser.add_argument("--only", default=",".join(names), help="nets, separated by commas")
    parser.add_argument("--set", action="append", default=[], help="a change of every recipe, as of limner train")
    parser.add_argument("--small", action="store_true", help="a few steps of each net: shows that it runs")
    parser.add_argument("--publish", action="store_true", help="then replace the models that ship")
    options = parser.parse_args(arguments)
    options.only = options.only.split(",")
    if unknown := set(options.only) - set(names):
        parser.error(f"--only: there is no net {sorted(unknown)[0]!r}; the nets are {', '.join(names)}")
    if not (options.data / "manifest.csv").is_file():
        parser.error(f"--data: {options.data} holds no manifest.csv")
    if options.small and options.publish:
        parser.error("--publish: weights of --small are of no use")
    return options


if __name__ == "__main__":
    sys.exit(main())
