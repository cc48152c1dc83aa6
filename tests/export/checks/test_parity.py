"""Files are compared with PyTorch: differences are found whatever the output, and limits are held."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from limner.datasets.manifest import PhotoFolder
from limner.errors import LimnerError
from limner.export.card import Provenance, draft_card, graph_card
from limner.export.checks.parity import Figures, Judge, failures
from limner.export.checks.photos import prepare, stratified
from limner.export.graphs.graph import Feeds, Graph, make_graph
from limner.export.source import Source
from limner.export.targets.base import Execution, Made, Target
from limner.models.card import NetSpec
from limner.nets.deployed import GraphOptions
from small_nets import small_net

Spoil = Callable[[dict[str, Any]], dict[str, Any]]


class Replayed(Target):
    """Runs the graph in torch, with names and axes changed as ``made`` says, and spoils what comes out."""

    name: ClassVar[str] = "replayed"
    precisions: ClassVar[tuple[str, ...]] = ("fp32",)
    suffix: ClassVar[str] = ".none"

    def __init__(self, graph: Graph, spoil: Spoil = dict, *, turned: bool = False) -> None:
        self.graph, self.spoil = graph, spoil
        self.made = Made(layout="NHWC", names={"image": "x", "alpha": "y"}) if turned else Made()
        self.turned = turned

    def convert(self, graph: Graph, precision: str, out: Path) -> Made:
        return self.made

    def execute(self, path: Path, feeds: Sequence[Feeds]) -> Execution:
        return Execution(outputs=[self._run(row) for row in feeds], load_ms=1.0, latency_ms=2.0, runtime="replay")

    def _run(self, row: Feeds) -> dict[str, Any]:
        if self.turned:
            found = self.graph.torch_outputs({"image": row["x"].transpose(0, 3, 1, 2)})
            return {"y": found["alpha"].transpose(0, 2, 3, 1)}
        return self.spoil(self.graph.torch_outputs(row))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, data_folder: Path) -> Callable[..., tuple[Graph, Judge]]:
    """A graph and its judge, on real photos or on noise."""

    def make(*, photos: bool = True, channels: int = 3, **options: Any) -> tuple[Graph, Judge]:
        net = small_net(in_channels=channels)
        graph = make_graph(
            net,
            name="s",
            size=(16, 24),
            workspace=tmp_path_factory.mktemp("workspace"),
            options=GraphOptions(**options),
        )
        source = Source(net.for_inference(), NetSpec(name="small"), (16, 24), "s")
        card = graph_card(draft_card(source, Provenance(), size=(16, 24)), graph)
        folder = PhotoFolder(data_folder) if photos else None
        chosen = stratified(folder, "val", 3) if folder else []
        return graph, Judge(graph, card, list(prepare(folder, chosen, card, graph.inputs["image"].numpy().dtype)))

    return make


def test_the_same_numbers_agree_under_other_names_and_axes(world: Callable[..., tuple[Graph, Judge]]) -> None:
    graph, judge = world()
    for target in (Replayed(graph), Replayed(graph, turned=True)):
        figures = judge.judge(target, target.made, Path("net.none"))
        assert figures.max_error < 1e-6
        assert figures.agreement == pytest.approx(100, abs=0.5)
        assert (figures.miou, figures.runtime, figures.latency_ms) == (judge.reference.miou, "replay", 2.0)
        assert not failures(figures, judge.reference, "fp32")


@pytest.mark.parametrize(
    ("output", "turn"),
    [
        ("logits", np.negative),
        ("sigmoid", lambda alpha: 1 - alpha),
        ("argmax", lambda classes: 1 - classes),
        ("packed", np.invert),
    ],
)
def test_a_spoilt_output_is_found_whatever_its_kind(
    world: Callable[..., tuple[Graph, Judge]], output: str, turn: Callable[[Any], Any]
) -> None:
    graph, judge = world(photos=False, output=output)
    name = graph.output_names[0]

    def spoil(outputs: dict[str, Any]) -> dict[str, Any]:
        return {name: np.where(np.arange(16)[:, None] < 2, turn(outputs[name]), outputs[name])}

    figures = judge.judge(Replayed(graph, spoil), Made(), Path("net.none"))
    assert figures.mean_error > 1e-3
    assert figures.miou is None
    assert figures.agreement < 100
    assert "is not below 1e-05" in failures(figures, judge.reference, "fp32")["mean_error"]


def test_a_spoilt_state_numbers_that_are_none_and_missing_outputs(world: Callable[..., tuple[Graph, Judge]]) -> None:
    graph, judge = world(photos=False, channels=4)

    def judged(spoil: Spoil) -> Figures:
        return judge.judge(Replayed(graph, spoil), Made(), Path("net.none"))

    assert judged(lambda found: found | {"state": found["state"] * 0.5}).mean_error > 1e-2
    not_finite = judged(lambda found: found | {"alpha": found["alpha"] * np.float32(np.nan)})
    assert set(failures(not_finite, judge.reference, "int8")) == {"mean_error"}
    assert set(failures(not_finite, judge.reference, "fp32")) == {"mean_error"}
    with pytest.raises(LimnerError, match=r"net\.none: gives no output 'state', only alpha"):
        judged(lambda found: {"alpha": found["alpha"]})
    with pytest.raises(LimnerError, match=r"has the shape \(1, 1, 8, 24\), which is no map of a 16×24 input"):
        judged(lambda found: found | {"alpha": found["alpha"][:, :, :8]})


def test_integers_are_held_to_their_masks(world: Callable[..., tuple[Graph, Judge]]) -> None:
    _, judge = world()
    reference = judge.reference
    assert reference.miou is not None
    assert 0 < reference.miou < 100
    rough = replace(reference, mean_error=0.05, miou=reference.miou - 0.69)
    assert not failures(rough, reference, "int8")
    assert "loses 0.71 mIoU" in failures(replace(rough, miou=reference.miou - 0.71), reference, "int8")["miou"]
    assert failures(replace(rough, mean_error=2e-3), reference, "fp16").keys() == {"mean_error"}
