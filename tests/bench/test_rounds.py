"""Measuring: stages add up, ratios are those of real work, batches, memory, requests; profiles and their pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from limner import samples
from limner.bench.cases import make_cases
from limner.bench.flame import flame
from limner.bench.memory import peak_megabytes
from limner.bench.operators import by_kind, check_profiling, profile, profile_lines
from limner.bench.results import as_dict, table, title
from limner.bench.rounds import measure
from limner.bench.subject import NET, STAGES, BatchError, Subject
from limner.errors import OptionError
from limner.media.images import read_image
from limner.runtimes.base import NodeTime


@pytest.fixture(scope="module")
def frame() -> np.ndarray:
    return read_image(samples.PORTRAIT).pixels


def test_rows_tell_what_ran_and_how_its_time_is_made_up(frame: np.ndarray) -> None:
    pytest.importorskip("openvino")
    cases = make_cases(["tiny"], runtimes=["onnxruntime", "openvino:hint=throughput,requests=2"], threads=[1])
    rows = measure([Subject(case, frame) for case in cases], rounds=3)
    first, second = rows
    assert (first.runtime, first.device, first.ratio, first.ratio_cpu, first.rounds) == ("onnxruntime", "cpu", 1, 1, 3)
    assert (second.runtime, second.facts["requests"]) == ("openvino", "2")
    for row in rows:
        assert tuple(row.stages) == STAGES
        assert min(row.stages.values()) > 0
        assert row.total > row.net > row.stages["inference"]
        assert sum(row.stages[name] for name in NET) == pytest.approx(row.net, rel=0.5)
    text = "\n".join(table(rows, [12.3, None]))
    assert "1.00×" in text
    assert "openvino:hint=throughput,requests=2" in text
    told = as_dict(rows, [12.3, None], {}, ["--batch 3: no"])
    assert [row["peak_megabytes"] for row in told["rows"]] == [12.3, None]
    assert told["rows"][0]["stages"].keys() == {name.replace(" ", "_") for name in STAGES}
    assert told["left_out"] == ["--batch 3: no"]


def test_batches(tmp_path: Path, frame: np.ndarray, make_onnx: Callable[..., Path], make_card: Callable) -> None:
    paths = {batch: make_onnx(tmp_path / f"{batch}.onnx", batch=batch) for batch in ("N", 1, 3)}
    for path in paths.values():
        make_card(path)

    def subject(batch: int | str, pictures: int) -> Subject:
        case = make_cases([str(paths[batch])], runtimes=["onnxruntime"], batches=[pictures])[0]
        return Subject(case, frame)

    for batch, pictures in (("N", 1), ("N", 3), (1, 1), (3, 3)):
        assert min(subject(batch, pictures).turn(1).stages.values()) > 0
    for batch, pictures in ((1, 3), (3, 1), (3, 2)):
        with pytest.raises(BatchError, match=rf"batch {pictures}: {batch}.onnx takes {batch} at a time"):
            subject(batch, pictures)
    first, row = measure([subject("N", 1), subject("N", 3)], rounds=1)
    assert title(row) == f"N.onnx, onnxruntime, {row.case.threads} threads, batch 3".replace("1 threads", "1 thread")
    assert row.ratio == pytest.approx(row.net / first.net / 3)  # of one picture, not of three
    assert row.pictures_per_second == pytest.approx(3e3 / row.net)


def test_memory(frame: np.ndarray) -> None:
    (case,) = make_cases(["tiny"], runtimes=["onnxruntime"])
    peak = peak_megabytes(case)
    assert peak is None or 5 < peak < 500


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_profiles(frame: np.ndarray, runtime: str) -> None:
    pytest.importorskip(runtime)
    (case,) = make_cases(["tiny"], runtimes=[runtime], threads=[1])
    nodes = profile(Subject(case, frame, profile=True))
    kinds = by_kind(nodes)
    assert {"onnxruntime": "Conv", "openvino": "Convolution"}[runtime] in {kind.kind for kind in kinds}
    assert kinds == sorted(kinds, key=lambda kind: -kind.microseconds)
    assert sum(kind.count for kind in kinds) == len(nodes) > 20
    assert {"onnxruntime": {"CPUExecutionProvider"}}.get(runtime) in (None, {node.how for node in nodes})
    assert sum(node.microseconds for node in nodes) > 0


NODES = [
    NodeTime("a", "Conv", "CPU", 100.0),
    NodeTime("b<&>", "Conv", "CPU", 200.0),
    NodeTime("c", "Resize", "CUDA", 100.0),
]


def test_tables_of_operators() -> None:
    lines = profile_lines("net", NODES, top=2)
    assert lines[0] == "net: 3 nodes, 0.400 ms"
    assert lines[3].split() == ["Conv", "2", "0.300", "75.0", "75.0"]
    assert lines[4].split() == ["Resize", "1", "0.100", "25.0", "100.0"]
    assert [line.split()[0] for line in lines[6:]] == ["node", "b<&>", "a"]
    with pytest.raises(OptionError, match="profile: litert does not tell the time of operators; onnxruntime and"):
        check_profiling("litert")


def test_flame_is_drawn_to_scale() -> None:
    root = ElementTree.fromstring(flame({"one": NODES, "half": [NodeTime("d", "Conv", "CPU", 200.0)]}))
    space = "{http://www.w3.org/2000/svg}"
    boxes = {
        group.findtext(f"{space}title"): float(group.find(f"{space}rect").get("width"))  # type: ignore[union-attr]
        for group in root.iter(f"{space}g")
    }
    whole = boxes["one, 0.40 ms: 0.400 ms, 100.0 %"]
    assert boxes["b<&> (CPU): 0.200 ms, 50.0 %"] == pytest.approx(whole / 2, abs=0.1)
    assert boxes["Conv ×2: 0.300 ms, 75.0 %"] == pytest.approx(0.75 * whole, abs=0.1)
    assert boxes["half, 0.20 ms: 0.200 ms, 100.0 %"] == pytest.approx(whole / 2, abs=0.1)
