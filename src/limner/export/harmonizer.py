"""Exports the harmonizer: a checkpoint to an ONNX file of the task harmonize, with its card."""

from __future__ import annotations

from pathlib import Path

from limner.datasets.manifest import PhotoFolder
from limner.datasets.pairs import held_out_pairs
from limner.evaluation.harmonization import NOTHING, REINHARD, SIZE, model_fitter, score_fitters, usual_fitters
from limner.export.trained import TrainedSubject
from limner.models.card import HARMONIZE, Measurement, ModelCard
from limner.tasks.harmonization import load_harmonizer

OUTPUT = "adjustment"
PROTOCOL = (
    f"fMSE (mean squared error over the person's pixels, scale of 255), mean over photos whose person was recoloured, "
    f"{SIZE} px, always the same pairs; median_ of the net alone; lower is better"
)


class HarmonizerSubject(TrainedSubject):
    """See ``limner.export.one_file.Subject``. Input: RGB of the composite and the person's matte; output: numbers.

    Raises:
        ModelError: the checkpoint cannot be used.
    """

    task = HARMONIZE
    output, says = OUTPUT, "the numbers"

    def __init__(self, checkpoint: Path) -> None:
        super().__init__(load_harmonizer(checkpoint))

    def measure(self, model: Path, card: ModelCard, data: Path) -> list[Measurement]:
        return _measured(model, card, PhotoFolder(data))


def _measured(model: Path, card: ModelCard, folder: PhotoFolder) -> list[Measurement]:
    """Figures on the held-out pairs, as the effect makes them."""
    card.save(model.with_suffix(".json"))
    fitters = {name: fit for name, fit in usual_fitters().items() if name in (NOTHING, REINHARD)}
    pairs = list(held_out_pairs(folder, size=SIZE))
    if not pairs:
        return []
    scores = score_fitters(fitters | {HARMONIZE: model_fitter(model)}, pairs)
    metrics = {name: round(score.fmse, 1) for name, score in scores.items()}
    metrics[f"median_{HARMONIZE}"] = round(scores[HARMONIZE].median_fmse, 1)
    return [Measurement(on=f"val: {len(pairs)} pairs", protocol=PROTOCOL, metrics=metrics)]
