"""Exports the net of fine edges: a checkpoint to an ONNX file of the task refine, with its card."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from limner.datasets.held_out_edges import held_out_edges
from limner.datasets.manifest import PhotoFolder
from limner.evaluation.edges import FINDER, GUIDED, SIZE, edge_cases, guided, model_drawer, score_drawers
from limner.export.trained import TrainedSubject
from limner.models.card import REFINE, Measurement, ModelCard
from limner.tasks.refinement import load_refiner

OUTPUT = "alpha"
PROTOCOL = (
    "SAD, gradient and connectivity errors (Rhemann et al. 2009) in the unknown band, in thousands, means over "
    f"held-out composites at {SIZE} px with rough mattes of {FINDER}, always the same; guided_ of the guided filter "
    "alone; lower is better"
)


class RefinerSubject(TrainedSubject):
    """See ``limner.export.one_file.Subject``. Input: a patch's RGB and the rough matte; output: alpha.

    Raises:
        ModelError: the checkpoint cannot be used.
    """

    task = REFINE
    output, says = OUTPUT, "alpha"

    def __init__(self, checkpoint: Path) -> None:
        super().__init__(load_refiner(checkpoint))

    def measure(self, model: Path, card: ModelCard, data: Path) -> list[Measurement]:
        card.save(model.with_suffix(".json"))
        cases = edge_cases(held_out_edges(PhotoFolder(data)))
        if not cases:
            return []
        scores = score_drawers({GUIDED: guided, REFINE: model_drawer(model)}, cases)
        own, before = asdict(scores[REFINE]), asdict(scores[GUIDED])
        metrics = {name: round(value, 3) for name, value in own.items()}
        metrics |= {f"guided_{name}": round(value, 3) for name, value in before.items()}
        return [Measurement(on=f"held out: {len(cases)} composites", protocol=PROTOCOL, metrics=metrics)]
