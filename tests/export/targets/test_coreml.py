"""CoreML packages have the graph's names, sizes and types; nothing here can run them."""

from __future__ import annotations

from pathlib import Path

import pytest

from limner.errors import OptionError
from limner.export.targets.base import NotRunHereError
from limner.export.targets.coreml import CoreMlTarget
from limner.export.toolchains.known import COREML
from limner.models.files import model_bytes
from limner.nets.deployed import GraphOptions
from small_graphs import SIZE, needs, small_graph

DESCRIBE = """
import sys, coremltools
spec = coremltools.models.MLModel(sys.argv[1], skip_model_load=True).get_spec()
for what in (*spec.description.input, *spec.description.output):
    image = what.type.imageType
    print(what.name, what.type.WhichOneof("Type"), *(what.type.multiArrayType.shape or [image.height, image.width]))
"""


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (GraphOptions(dynamic="size"), "dynamic size: CoreML files have fixed sizes here"),
        (GraphOptions(uint8_input=True, layout="NHWC"), "layout NHWC: CoreML's images are NCHW"),
    ],
)
def test_what_it_does_not_do_is_one_line(tmp_path: Path, options: GraphOptions, told: str) -> None:
    with pytest.raises(OptionError, match=f"^{told}"):
        CoreMlTarget().convert(small_graph(tmp_path, options=options), "fp32", tmp_path / "small.mlpackage")


def test_running_it_says_where_it_runs() -> None:
    with pytest.raises(NotRunHereError, match="macOS and iOS only"):
        CoreMlTarget().execute(Path("small.mlpackage"), [])


@pytest.mark.slow
@pytest.mark.parametrize("uint8", [False, True])
def test_packages_take_and_give_what_the_graph_does(tmp_path: Path, uint8: bool) -> None:
    needs(COREML)
    graph = small_graph(tmp_path, options=GraphOptions(uint8_input=uint8), in_channels=4)
    target, sizes = CoreMlTarget(), []
    for precision in target.precisions if uint8 else target.precisions[:1]:
        out = tmp_path / target.file_name("small", precision)
        assert target.convert(graph, precision, out).names == {"state": "state_out"}
        rows, columns = SIZE
        image = f"image imageType {rows} {columns}" if uint8 else f"image multiArrayType 1 3 {rows} {columns}"
        told = COREML.call([COREML.python, "-c", DESCRIBE, out]).splitlines()
        assert told == [
            image,
            *(f"{name} multiArrayType 1 1 {rows} {columns}" for name in ("previous", "alpha", "state_out")),
        ]
        sizes.append(model_bytes(out))
    assert sizes == sorted(sizes, reverse=True)
