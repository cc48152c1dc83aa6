"""docs/results.md: nets are measured, records of the others are kept and marked, and the chart's labels keep clear."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks import results, results_page
from benchmarks.records import Model, Record, load_records, measure
from benchmarks.scatter import Panel, Point, draw, place_labels

ROOT = Path(__file__).resolve().parents[2]

BRIGHT = ((9.0, 9.0, 9.0),)


def _record(name: str, miou: float, ratio: float, origin: str = "trained here") -> Record:
    quality = {"photos": 4, "miou": miou, "boundary_iou": miou - 25}
    return Record(
        name=name,
        what="a net",
        origin=origin,
        input="64×64×3",
        parameters=690_000,
        macs=None,
        bytes=3_250_000,
        quality={"fashion + faces": quality, "faces_close_up": quality},
        false_area={"all without people": 1.5},
        clips={"flicker": 2.0, "dtssd": 3.0, "messddt": 4.0},
        recovery={"full": 75.0},
        latency={"ratio": ratio},
        training="160,008 samples in batches of 24. 18 minutes on 2 CPU cores. 91 minutes on a GPU.",
        sets={"faces": 800, "rooms": 200},
        measured={"date": "2026-01-02", "commit": "commit abc"},
    )


@pytest.fixture
def models(tmp_path: Path, make_onnx: Callable, make_card: Callable) -> dict[str, Path]:
    """Three nets that find what is bright; the last one looks at the matte before."""
    made = {}
    for name, weights in (("peer", BRIGHT), ("bright", BRIGHT), ("video", ((9.0, 9.0, 9.0, 4.0),))):
        folder = tmp_path / "models"
        folder.mkdir(exist_ok=True)
        made[name] = make_onnx(folder / f"{name}.onnx", weights=weights, bias=-15.0)
        make_card(made[name], file=f"{name}.onnx", input_channels=len(weights[0]), summary=f"{name} net")
    return made


def test_nets_are_measured_beside_the_peer(models: dict[str, Path], data_folder: Path, tmp_path: Path) -> None:
    wanted = [Model(name, path, "peer" if name == "peer" else "trained here") for name, path in models.items()]
    records = measure(wanted, data_folder, models["peer"], measured={"date": "today"}, limit=2, clips=2)
    peer, bright, video = records
    assert bright.quality == peer.quality
    assert bright.quality["fashion + faces"]["miou"] > 80
    assert bright.quality["fashion + faces"]["photos"] == 4
    assert "all without people" in bright.false_area
    assert (bright.parameters, bright.macs, bright.input) == (4, 3 * 32 * 32, "32×32×3")
    assert bright.clips["flicker"] > 0
    assert bright.latency["ratio"] > 0
    assert (bright.recovery, set(video.recovery)) == ({}, {"empty", "full", "shifted", "someone else"})
    for record in records:
        record.save(tmp_path / "records")
    assert load_records(tmp_path / "records") == {record.name: record for record in records}


def test_records_of_other_nets_are_kept_and_marked(tmp_path: Path) -> None:
    records, page, chart = (
        tmp_path / "records",
        tmp_path / "docs" / "results.md",
        tmp_path / "docs" / "images" / "r.svg",
    )
    old = _record("sinet", 88.04, 0.8)
    old.save(records)
    _record("fast", 50, 1, "ships").save(records)
    fast = _record("fast", 94.5, 0.7, "ships")
    results.write([fast, replace(fast, name="mediapipe-selfie", origin="peer")], records, page, chart)
    assert load_records(records) == {
        "fast": fast,
        "sinet": old,
        "mediapipe-selfie": load_records(records)["mediapipe-selfie"],
    }
    text = page.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert lines[2].startswith(
        "| **fast** | 64×64×3 | 0.69 M | ? | 3.25 MB | – | 94.5 / 69.5 | 0.70× | 2.00 | 1.50 | 160 k samples, 109 min |"
    )
    assert lines[4].startswith("| sinet † |")
    assert "full 75 %" in text
    assert "† Not measured in the last run" in text
    assert "](images/r.svg)" in text
    assert "On 1,000 photos of 2 sets." in text
    tables = text.split("\n\n")
    assert all(len({line.count("|") for line in table.splitlines()}) == 1 for table in tables if table.startswith("|"))
    svg = ElementTree.fromstring(chart.read_text(encoding="utf-8"))
    labels = [str(item.text) for item in svg.iter() if item.get("class") == "label"]
    assert sorted(labels) == sorted(["fast", "sinet", "mediapipe-selfie"] * 2)


def test_nets_are_in_the_order_of_the_unseen_photos(tmp_path: Path) -> None:
    flattered, honest, unscored = (_record(name, miou, 1) for name, miou in (("a", 95), ("b", 90), ("c", 99)))
    flattered.quality["wild"] = {"miou": 85.0, "boundary_iou": 60.0}
    honest.quality["wild"] = {"miou": 92.0, "boundary_iou": 71.0}
    rows = [flattered, unscored, honest]
    text = results_page.page(rows, fresh={"a", "b", "c"}, chart="c.svg")
    order = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith(("| a ", "| b ", "| c "))]
    assert order[:3] == ["b", "a", "c"]
    assert "| 92.0 / 71.0 | 90.0 / " in text
    labels = ElementTree.fromstring(results_page.chart(rows)).iter()
    assert sorted(str(item.text) for item in labels if item.get("class") == "label") == ["a", "a", "b", "b"]


def test_a_page_of_fresh_records_marks_none() -> None:
    assert "†" not in results_page.page([_record("fast", 94, 1, "ships")], fresh={"fast"}, chart="c.svg")


def test_a_damaged_record_is_named(tmp_path: Path) -> None:
    (tmp_path / "fast.json").write_text(json.dumps({"name": "fast"}))
    with pytest.raises(RuntimeError, match=r"fast\.json: is no record of this version"):
        load_records(tmp_path)


def test_which_models_are_found(
    models: dict[str, Path], tmp_path: Path, make_onnx: Callable, make_card: Callable
) -> None:
    runs = tmp_path / "runs"
    (runs / "deep").mkdir(parents=True)
    for path in (runs / "flat.onnx", runs / "deep" / "nested.onnx", runs / "fast.onnx"):
        make_onnx(path)
        make_card(path)
    make_onnx(runs / "no-card.onnx")
    (runs / "deep" / "last.pt").write_bytes(b"")
    found = results._trained(runs)
    assert {name: path.suffix for name, path in found.items()} == {
        "flat": ".onnx",
        "nested": ".onnx",
        "fast": ".onnx",
        "deep": ".pt",
    }
    (runs / "deep" / "last.pt").unlink()
    listed = {model.name: model.origin for model in results.find_models(runs, tmp_path, tmp_path)}
    assert listed["fast"] == "ships"
    assert listed["flat"] == listed["nested"] == "trained here"
    assert {model.origin for model in results.find_models(None, tmp_path, tmp_path)} == {"ships"}


@pytest.mark.slow  # it imports torch in a process of its own
def test_a_checkpoint_that_cannot_be_exported_is_named(tmp_path: Path, data_folder: Path) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "broken.pt").write_bytes(b"nothing")
    with pytest.raises(RuntimeError, match=r"broken\.pt: .*no checkpoint"):
        results.find_models(tmp_path / "runs", tmp_path / "work", data_folder)


@pytest.mark.parametrize("crowd", [1.0, 0.25])
def test_labels_keep_clear_of_each_other_and_of_the_points(crowd: float) -> None:
    texts = ["tiny", "fast", "video", "quality", "mediapipe-selfie", "mobile_unet", "deeplab_v3plus", "sinet"]
    around = ((-180, 80), (-90, -60), (-84, -52), (160, -110), (-60, 20), (70, -30), (80, -34), (-70, 120))
    spots = [(240 + crowd * dx, 200 + crowd * dy) for dx, dy in around]
    frame = (50.0, 40.0, 464.0, 354.0)
    boxes = place_labels(spots, texts, frame)
    for a, b in combinations(boxes, 2):
        assert min(a[2], b[2]) <= max(a[0], b[0]) or min(a[3], b[3]) <= max(a[1], b[1]), (a, b)
    for at, box in enumerate(boxes):
        assert frame[0] <= box[0] < box[2] <= frame[2]
        assert frame[1] <= box[1] < box[3] <= frame[3]
        for other, (x, y) in enumerate(spots):
            assert other == at or not (box[0] < x < box[2] and box[1] < y < box[3])


def test_points_lie_on_a_logarithmic_axis() -> None:
    points = [Point("a", 0.5, 90, "ships"), Point("b", 1, 91, "peer"), Point("c", 2, 92, "trained")]
    svg = ElementTree.fromstring(draw([Panel("mIoU", "latency", points, line=1.0)]))
    circles = [item for item in svg.iter() if item.tag.endswith("circle")]
    x = [float(circle.get("cx", "")) for circle in circles]
    y = [float(circle.get("cy", "")) for circle in circles]
    assert x[1] - x[0] == pytest.approx(x[2] - x[1], abs=0.2)
    assert y[0] > y[1] > y[2]
    assert [circle.get("class") for circle in circles] == ["ships", "peer", "trained"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--data", "nowhere"], "holds no manifest.csv"),
        (["--data", "DATA", "--runs", "nowhere"], "is no folder"),
    ],
)
def test_wrong_options_are_refused(arguments: list[str], told: str, data_folder: Path) -> None:
    given = [str(data_folder) if argument == "DATA" else argument for argument in arguments]
    done = subprocess.run(
        [sys.executable, "benchmarks/results.py", *given], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert told in done.stderr


def test_a_quick_look_does_not_touch_the_page(data_folder: Path, tmp_path: Path) -> None:
    options = results._options(["--data", str(data_folder), "--limit", "2", "--work", str(tmp_path)])
    assert options.page == tmp_path / "quick" / "docs" / "results.md"
    assert results._options(["--data", str(data_folder)]).page == ROOT / "docs" / "results.md"
