"""Fine edges: where the net draws, what it leaves alone, and what is wrong with models that cannot."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

import limner
from limner.errors import ModelError, OptionError
from limner.evaluation.edges import unknown_band
from limner.evaluation.metrics import sad
from limner.fitting import fit_frame
from limner.models.catalogue import find_model
from limner.segment.edge import DEFAULT_SOFTNESS
from limner.segment.fine import FineEdges, FinerWhenAsked, NotFiniteError, near_edge, without_islands
from limner.segment.pyramid import build_pyramid
from limner.segment.refine import refine, soften

Picture = np.ndarray
ROOT = Path(__file__).resolve().parents[2]
PEOPLE, LAKE = ROOT / "benchmarks/people", ROOT / "src/limner/samples/lake.jpg"


@pytest.fixture(scope="module")
def fine() -> FineEdges:
    return FineEdges(runtime="onnxruntime", threads=1)


def hair(height: int = 200, width: int = 260) -> tuple[Picture, Picture, Picture]:
    """A dark head with strands before a bright wall, its alpha, and the smooth map that a net would give."""
    rng = np.random.default_rng(3)
    alpha = np.zeros((height * 4, width * 4), np.float32)
    centre = np.array([width * 2, height * 2.4])
    cv2.ellipse(alpha, (int(centre[0]), int(centre[1])), (width, height), 0, 0, 360, 1.0, -1, cv2.LINE_AA)
    for angle in rng.uniform(np.pi, 2 * np.pi, 160):
        way = np.array([np.cos(angle), np.sin(angle)])
        start = centre + way * [width * 0.97, height * 0.97]
        end = start + way * rng.uniform(20, 70) + rng.normal(0, 12, 2)
        cv2.line(alpha, start.astype(int).tolist(), end.astype(int).tolist(), 1.0, 4, cv2.LINE_AA)
    alpha = cv2.resize(alpha, (width, height), interpolation=cv2.INTER_AREA)
    wall = np.clip(rng.normal(205, 3, (height, width, 3)), 0, 255)
    person = np.clip(rng.normal(48, 8, (height, width, 3)), 0, 255)
    picture = (person * alpha[..., None] + wall * (1 - alpha[..., None])).astype(np.uint8)
    rough = cv2.GaussianBlur(cv2.resize(alpha, (64, 64), interpolation=cv2.INTER_AREA), (0, 0), 1.2)
    return picture, alpha, rough


def composites() -> list[tuple[Picture, Picture]]:
    """The rendered people before the lake: RGB uint8 (H, W, 3) and the true alpha, float32."""
    found = []
    for path in sorted(PEOPLE.glob("*.webp")):
        rgba = np.asarray(Image.open(path).convert("RGBA"))
        alpha = rgba[..., 3].astype(np.float32) / 255
        lake = fit_frame(limner.read_image(LAKE).pixels, alpha.shape, "cover")
        mixed = rgba[..., :3] * alpha[..., None] + lake * (1 - alpha[..., None])
        found.append((mixed.astype(np.uint8), alpha))
    return found


def test_edges_are_nearer_the_truth_than_the_guided_filter_draws_them(fine: FineEdges) -> None:
    segmenter = limner.Segmenter("default", runtime="onnxruntime", threads=1)
    errors = []
    for picture, alpha in composites():
        probability, pyramid = segmenter.probability(picture), build_pyramid(picture)
        guided, drawn = refine(probability, pyramid, softness=DEFAULT_SOFTNESS), fine.draw(probability, pyramid)
        assert drawn.shape == alpha.shape
        assert drawn.dtype == np.float32
        assert drawn.flags.c_contiguous
        assert drawn.min() >= 0
        assert drawn.max() <= 1
        band = unknown_band(alpha)
        errors.append([sad(matte, alpha, band) for matte in (guided, drawn)])
    guided_error, own_error = np.mean(errors, 0)
    assert own_error < 0.97 * guided_error


def test_far_from_the_edge_nothing_changes(fine: FineEdges) -> None:
    picture, _, rough = hair()
    rough = refine(rough, build_pyramid(picture), softness=1.0)
    drawn = fine.redraw(picture, rough)
    far = near_edge(rough) == 0
    assert far.any()
    assert (drawn[far] == soften(rough, DEFAULT_SOFTNESS)[far]).all()
    nobody = np.zeros((70, 90), np.float32)
    assert not fine.redraw(np.full((70, 90, 3), 99, np.uint8), nobody).any()
    assert fine.redraw(np.full((70, 90, 3), 99, np.uint8), nobody + 1).all()


@pytest.mark.parametrize("size", [(1, 1), (7, 400), (300, 31), (129, 127), (700, 1300)])
def test_any_size_and_shape(fine: FineEdges, size: tuple[int, int]) -> None:
    frame = np.random.default_rng(0).integers(0, 256, (*size, 3)).astype(np.uint8)
    rough = np.tile(np.linspace(0, 1, 32, dtype=np.float32), (32, 1))
    assert fine.draw(rough, build_pyramid(frame)).shape == size


def test_the_parts_meet_without_seams(fine: FineEdges) -> None:
    picture, _, rough = hair()
    rough = refine(rough, build_pyramid(picture), softness=1.0)
    whole = fine.redraw(picture, rough)
    moved = fine.redraw(np.ascontiguousarray(picture[:, 40:]), np.ascontiguousarray(rough[:, 40:]))
    inner = (slice(None), slice(60, None))  # the border of a picture looks different to the net
    difference = np.abs(whole[:, 40:][inner] - moved[inner])
    assert difference.mean() < 0.015  # in faint haze beyond the hair, of which the net is unsure
    assert np.quantile(difference, 0.999) < 0.4


def test_a_ghost_is_not_made_solid(fine: FineEdges) -> None:
    """What the net that found the person hardly believes stays as faint as it is; a lock of hair beside it stays."""
    alpha, rough = np.zeros((80, 120), np.float32), np.zeros((80, 120), np.float32)
    alpha[20:70, 20:60] = rough[20:70, 20:60] = 1
    alpha[30:40, 63:66] = 1  # a lock
    alpha[20:50, 90:110], rough[20:50, 90:110] = 1, 0.3  # a picture on the wall
    rough[20:22, 90:95] = 0.6
    left = without_islands(alpha, rough)
    np.testing.assert_array_equal(left[:, :80], alpha[:, :80])
    assert left[20:50, 90:110].mean() < 0.3
    again = rough.copy()
    again[20:50, 90:110] = 0.8  # somebody else
    np.testing.assert_array_equal(without_islands(alpha, again), alpha)


def test_softness_makes_edges_steeper(fine: FineEdges) -> None:
    picture, _, rough = hair()
    pyramid = build_pyramid(picture)
    soft = [(lambda a: ((a > 0) & (a < 1)).mean())(fine.draw(rough, pyramid, softness=s)) for s in (0.6, 0.3, 0.0)]
    assert soft[0] > soft[1] > soft[2] == 0
    assert np.array_equal(fine.draw(rough, pyramid, softness=1.0), fine.draw(rough, pyramid))


def test_segmenter_draws_them_on_request(fine: FineEdges) -> None:
    picture = hair(480, 480)[0]
    guided = limner.Segmenter("default", runtime="onnxruntime")
    drawn = limner.Segmenter("default", runtime="onnxruntime", edges="fine")
    expected = fine.draw(guided.probability(picture), build_pyramid(picture))
    kept = limner.Segmenter("default", runtime="onnxruntime", edges="fine", clean=False).matte(picture).alpha
    assert np.abs(kept - expected).max() < 1e-5
    assert not np.array_equal(drawn.matte(picture).alpha, guided.matte(picture).alpha)
    with pytest.raises(OptionError, match=r"edges.*guided, fine, key"):
        limner.Segmenter("default", edges="sharp")


def test_models_that_cannot_draw_are_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="segment"):
        FineEdges("fast")
    found = find_model("edges")
    card = json.loads(found.path.with_suffix(".json").read_text())
    model = tmp_path / "edges.onnx"
    model.write_bytes(found.path.read_bytes())
    for change, told in (
        ({"size": [32, 32]}, "above 32"),
        ({"layout": "NHWC"}, "NCHW"),
        ({"size": [64, 128]}, "square"),
    ):
        (tmp_path / "edges.json").write_text(json.dumps(card | {"input": card["input"] | change}))
        with pytest.raises(ModelError, match=told):
            FineEdges(model)


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    """A model of edges that gives NaN where the rough matte is above one half, and else the rough matte."""
    onnx = pytest.importorskip("onnx")
    helper, kind, shape = onnx.helper, onnx.TensorProto.FLOAT, [1, 1, 128, 128]
    constants = {
        "matte": np.array([0, 0, 0, 1], np.float32).reshape(1, 4, 1, 1),
        "half": np.array(0.5, np.float32),
        "nan": np.array(np.nan, np.float32),
    }
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["image", "matte"], ["rough"]),
            helper.make_node("Greater", ["rough", "half"], ["above"]),
            helper.make_node("Where", ["above", "nan", "rough"], ["alpha"]),
        ],
        "faulty",
        [helper.make_tensor_value_info("image", kind, [1, 4, 128, 128])],
        [helper.make_tensor_value_info("alpha", kind, shape)],
        [onnx.numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    path = tmp_path / "faulty.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    card = json.loads(find_model("edges").path.with_suffix(".json").read_text())
    kept = {key: card[key] for key in ("schema", "task", "input", "output")}
    path.with_suffix(".json").write_text(json.dumps(kept | {"name": "faulty", "file": path.name}))
    return path


def test_numbers_that_are_not_finite_are_told_or_hide_the_frame(faulty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken, picture = FineEdges(faulty, runtime="onnxruntime"), composites()[0][0]
    with pytest.raises(NotFiniteError, match="model 'faulty': its output is not finite"):
        broken.draw(hair()[2], build_pyramid(hair()[0]))
    told = limner.Segmenter("default", runtime="onnxruntime")
    hidden = limner.Segmenter("default", runtime="onnxruntime", on_fault="hide")
    for segmenter in (told, hidden):
        monkeypatch.setattr(segmenter, "_fine", broken)
    with pytest.raises(NotFiniteError):
        told.matte(picture)
    assert hidden.matte(picture).hidden
    assert hidden.faults == 1


def test_edges_run_as_the_model_does() -> None:
    own = FinerWhenAsked(runtime="onnxruntime", device="cpu", threads=1).of("fine", refine=True)
    assert own is not None
    assert own._runtime.name == "onnxruntime"
    for runtime in ("litert", "torch"):  # which run no .onnx file, or none but those that find people
        other = FinerWhenAsked(runtime=runtime, device="cpu", threads=1)
        drawer = other.of("fine", refine=True)
        assert drawer is not None
        assert drawer._runtime.name in ("onnxruntime", "openvino")
    assert other.of("fine", refine=True) is drawer
    assert other.of("fine", refine=False) is None
    assert other.of("guided", refine=True) is None
