"""Masks by skin tone: the angle and its bins, recoloured renders, intervals, and a net that is blind to dark skin."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from benchmarks import skin_tones
from benchmarks.skin_colour import (
    DARKEST,
    FEWEST_PIXELS,
    LIGHTEST,
    TONES,
    SkinFinder,
    median_colour,
    skin_tone,
    sure_skin,
    tone_of,
    typology_angle,
)
from benchmarks.skin_gaps import Gap, gap_of_groups, gap_within_sets, mean_with_interval
from benchmarks.skin_recolour import TARGETS, Person, recolour
from benchmarks.skin_renders import backgrounds, paste, people
from benchmarks.skin_scores import Case, group_names, paired
from conftest import build_onnx, save_card
from limner.datasets.manifest import PhotoFolder
from limner.datasets.photo import Photo

ROOT = Path(__file__).resolve().parents[2]

SIZE = (96, 72)
BLIND_BELOW = 0.45
"""Mean of red, green and blue under which the net of the last test sees nobody."""


def srgb(lab: tuple[float, float, float]) -> NDArray[np.uint8]:
    colour = cv2.cvtColor(np.array([[lab]], np.float32), cv2.COLOR_Lab2RGB)[0, 0]
    return np.round(255 * colour).astype(np.uint8)


def figure() -> NDArray[np.uint8]:
    mask = np.zeros(SIZE, np.uint8)
    cv2.ellipse(mask, (36, 60), (24, 46), 0, 0, 360, 255, -1)
    return mask


def picture(lab: tuple[float, float, float], *, behind: int = 60) -> NDArray[np.uint8]:
    rgb = np.full((*SIZE, 3), behind, np.uint8)
    rgb[figure() > 0] = srgb(lab)
    return rgb


@pytest.fixture(scope="module")
def skin_net(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six classes; face skin is what is redder than blue, everything else background."""
    path = tmp_path_factory.mktemp("net") / "skin.onnx"
    weights = [[0, 0, 0]] * 3 + [[100, 0, -100]] + [[0, 0, 0]] * 2
    build_onnx(path, size=SIZE, weights=weights, bias=[0.0, -20, -20, -5, -20, -20], end=None)
    save_card(path, input_size=list(SIZE), output_kind="logits", output_background_class=0, output_person_class=None)
    return path


# ------------------------------------------------------------------ angle and bins


@pytest.mark.parametrize(
    ("lab", "angle", "tone"),
    [
        ((70.0, 9.0, 10.0), 63.43, "very light"),
        ((65.0, 9.0, 15.0), 45.0, "light"),
        ((60.0, 9.0, 15.0), 33.69, "intermediate"),
        ((55.0, 9.0, 15.0), 18.43, "tan"),
        ((45.0, 9.0, 15.0), -18.43, "brown"),
        ((30.0, 9.0, 15.0), -53.13, "dark"),
    ],
)
def test_the_angle_and_its_bin(lab: tuple[float, float, float], angle: float, tone: str) -> None:
    assert typology_angle(lab) == pytest.approx(angle, abs=0.01)
    assert tone_of(typology_angle(lab)) == tone
    assert skin_tone(picture(lab), figure() > 0) == tone


def test_a_colour_survives_the_way_through_srgb() -> None:
    assert median_colour(picture((45.0, 13.0, 19.0)), figure() > 0) == pytest.approx((45, 13, 19), abs=0.5)


def test_too_little_skin_and_grey_photos_are_not_known() -> None:
    region = np.zeros(SIZE, bool)
    region.flat[: FEWEST_PIXELS - 1] = True
    skin = np.full((*SIZE, 3), srgb((65.0, 9.0, 15.0)), np.uint8)
    assert skin_tone(skin, region) is None
    region.flat[FEWEST_PIXELS] = True
    assert skin_tone(skin, region) == "light"
    assert skin_tone(picture((70.0, 0.0, 0.0)), figure() > 0) is None


def test_skin_is_found_inside_the_mask_and_away_from_its_rim(skin_net: Path) -> None:
    rgb, mask = picture((60.0, 12.0, 20.0)), figure()
    rgb[:10] = srgb((60.0, 12.0, 20.0))  # red things elsewhere are not the person's skin
    skin = SkinFinder(skin_net)(rgb)
    assert skin.probability[mask > 0].min() > 0.9
    assert skin.among_person[mask > 0].min() > 0.9
    sure = sure_skin(skin, mask)
    assert sure.any()
    assert not (sure & (cv2.erode(mask, np.ones((3, 3), np.uint8)) == 0)).any()
    assert sure_skin(skin, np.zeros_like(mask)).sum() == 0


# ------------------------------------------------------------------ renders


def test_recolouring_gives_the_tone_and_keeps_shading_and_clothes() -> None:
    mask = figure()
    shading = np.linspace(0.6, 1.3, SIZE[0])[:, None, None]
    rgb = np.clip(picture((60.0, 12.0, 20.0)) * shading, 0, 255).astype(np.uint8)
    clothes = np.arange(SIZE[0])[:, None] > 70
    skin = (mask > 0) & ~clothes
    person = Person(Photo("r", "0_0", "train", "exact", 72, 96, ""), rgb, mask, skin.astype(np.float32), skin)
    for tone, target in TARGETS.items():
        changed = recolour(person, target)
        assert skin_tone(changed, skin) == tone
        assert median_colour(changed, skin) == pytest.approx(target, abs=1.5)
        assert (changed[~skin] == rgb[~skin]).all()
        column = changed[30:70, 36].astype(int)
        assert (np.diff(column, axis=0) >= 0).all()
        assert (column[-1] > column[0]).all()
    assert list(TARGETS) == list(TONES)


def test_pasting_mixes_by_alpha() -> None:
    red, blue = np.full((*SIZE, 3), (200, 0, 0), np.uint8), np.full((*SIZE, 3), (0, 0, 100), np.uint8)
    alpha = np.zeros(SIZE, np.uint8)
    alpha[0], alpha[1] = 255, 51
    assert paste(red, alpha, blue)[:3, 0].tolist() == [[200, 0, 0], [40, 0, 80], [0, 0, 100]]


# ------------------------------------------------------------------ gaps


def test_a_gap_is_clear_where_it_stands_out_of_the_noise() -> None:
    rng = np.random.default_rng(1)
    high, low = (list(rng.normal(centre, 2, 40)) for centre in (90, 80))
    gap = gap_of_groups(low, high)
    assert gap is not None
    assert gap.value == pytest.approx(np.mean(low) - np.mean(high))
    assert gap.clear
    assert -11.5 < gap.low < gap.value < gap.high < -8.5
    same = gap_of_groups(list(rng.normal(90, 2, 40)), high)
    assert same is not None
    assert not same.clear
    assert gap_of_groups([], high) is None


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(2)
    hits = 0
    for _ in range(200):
        gap = gap_of_groups(list(rng.normal(1, 3, 30)), list(rng.normal(0, 3, 30)))
        assert gap is not None
        hits += gap.low <= 1 <= gap.high
    assert 180 <= hits <= 198


def test_a_set_that_is_hard_for_all_makes_no_gap_within_sets() -> None:
    dark = {"easy": [95.0, 96.0], "hard": [70.0, 71.0] * 10, "only dark": [1.0]}
    light = {"easy": [95.0, 96.0] * 10, "hard": [70.0, 71.0]}
    plain = gap_of_groups(dark["easy"] + dark["hard"], light["easy"] + light["hard"])
    within = gap_within_sets(dark, light)
    assert plain is not None
    assert within is not None
    assert plain.value < -15
    assert within.value == pytest.approx(0)


def test_a_set_of_several_kinds_of_source_is_several_groups() -> None:
    sources = {
        "a": ("wild", "Flickr"),
        "b": ("wild", "stock: one"),
        "c": ("wild", "stock: two"),
        "d": ("faces", "x: y"),
    }
    photos = [Photo(name, stem, "val", "auto", 9, 9, source) for stem, (name, source) in sources.items()]
    assert list(group_names(photos).values()) == ["wild: Flickr", "wild: stock", "wild: stock", "faces"]


def test_pairs_are_of_the_same_person() -> None:
    values = {("a", "dark"): 80.0, ("a", "light"): 90.0, ("b", "brown"): 50.0, ("b", "very light"): 60.0}
    values |= {("b", "dark"): 40.0, ("c", "dark"): 0.0}
    cases = [Case("net", "dark", person, tone, {"miou": value}) for (person, tone), value in values.items()]
    assert paired(cases, "miou", DARKEST, LIGHTEST) == [-10.0, -15.0]
    assert mean_with_interval([-10.0, -10.0]) == Gap(-10.0, -10.0, -10.0)
    assert mean_with_interval([]) is None


# ------------------------------------------------------------------ the command


def write_folder(folder: Path) -> None:
    """Two val sets of people in two tones, renders, and photos without people from dark to light."""
    rows: list[tuple[object, ...]] = []

    def put(name: str, stem: str, split: str, kind: str, rgb: NDArray[np.uint8]) -> None:
        for part in ("images", "masks"):
            (folder / name / part).mkdir(parents=True, exist_ok=True)
        if kind == "exact":
            rgb = np.dstack([rgb, figure()])
        Image.fromarray(rgb).save(folder / name / "images" / f"{stem}.png")
        if kind in ("hand", "auto"):
            Image.fromarray(figure()).save(folder / name / "masks" / f"{stem}.png")
        rows.append((name, stem, split, kind, SIZE[1], SIZE[0], "drawn by the tests"))

    for name, kind, tones in (
        ("wild", "auto", ("light", "light", "dark", "dark", "dark")),
        ("faces_close_up", "hand", ("very light", "tan", "dark")),
    ):
        for index, tone in enumerate(tones):
            put(name, f"{index}", "val", kind, picture(TARGETS[tone]))
    put("wild", "grey", "val", "auto", picture((70.0, 0.0, 0.0)))
    for index in range(3):
        put("rendered_people", f"{index}_0", "train", "exact", picture((58.0 + index, 12.0, 20.0)))
    for index, grey in enumerate((20, 30, 40, 80, 90, 100)):
        put("no_people_houses", f"{index}", "train", "none", np.full((*SIZE, 3), grey, np.uint8))
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["set", "stem", "split", "mask", "width", "height", "source"], *rows])


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tones")
    write_folder(folder)
    return folder


def test_backgrounds_and_people_are_the_same_every_time(data: Path, skin_net: Path) -> None:
    chosen = [backgrounds(PhotoFolder(data), SIZE, 2) for _ in range(2)]
    assert [(b.lightness, int(b.rgb.mean())) for b in chosen[0]] == [
        ("dark", 20),
        ("dark", 30),
        ("light", 90),
        ("light", 100),
    ]
    assert all((a.rgb == b.rgb).all() for a, b in zip(*chosen, strict=True))
    finder = SkinFinder(skin_net)
    found = [[p.photo.stem for p in people(PhotoFolder(data), finder, 2)] for _ in range(2)]
    assert found[0] == found[1]
    assert len(set(found[0])) == 2


def test_a_net_that_is_blind_to_dark_skin_is_found_out(data: Path, skin_net: Path, tmp_path: Path) -> None:
    blind, fair = tmp_path / "blind.onnx", tmp_path / "fair.onnx"
    build_onnx(blind, size=SIZE, weights=[[40 / 3] * 3], bias=-40 * BLIND_BELOW)
    build_onnx(fair, size=SIZE, weights=[[200, 0, -200]], bias=-10)
    for path in (blind, fair):
        save_card(path, input_size=list(SIZE))
    page = tmp_path / "page.md"
    page.write_text("# Words\n\n<!-- measured -->\nold\n<!-- end of what was measured -->\n\nmore words\n")
    options = ["--data", str(data), "--skin-model", str(skin_net), "--models", f"{blind},{fair}"]
    options += ["--recoloured", "2", "--people", "2", "--backgrounds", "1", "--write", "--page", str(page)]
    assert skin_tones.main(options) == 0
    text = page.read_text()
    assert text.startswith("# Words\n\n<!-- measured -->\n")
    assert text.endswith("<!-- end of what was measured -->\n\nmore words\n")
    assert "old" not in text
    lines = text.splitlines()
    assert "| wild | 0 | 2 | 0 | 0 | 0 | 3 | 1 |" in lines
    assert "| faces_close_up | 1 | 0 | 0 | 1 | 0 | 1 | 0 |" in lines
    blinds = [line for line in lines if line.startswith("| `blind.onnx` |")]
    fairs = [line for line in lines if line.startswith("| `fair.onnx` |")]
    assert all(gap.startswith("**-") for gap in cells(blinds[3])[:4])  # photos, mIoU and Boundary IoU
    assert cells(blinds[3])[4].startswith("**+100.0")  # skin missed
    assert all(not gap.startswith("**") for gap in cells(fairs[3]))
    paired_rows = [line for line in lines if line.startswith("| `blind.onnx` | all |")]
    assert len(paired_rows) == 2  # photos recoloured, and renders
    assert all("**" in gap for row in paired_rows for gap in cells(row)[1:])
    assert any(line.startswith("| `blind.onnx` | dark backgrounds | **-") for line in lines)
    assert [line for line in lines if line.startswith("| `fair.onnx` | all |") and "**" in line] == []


def cells(row: str) -> list[str]:
    return row.strip("| ").split(" | ")[1:]


def test_without_the_net_that_finds_skin_it_says_what_to_fetch(data: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.skin_tones", "--data", str(data)],
        cwd=ROOT,
        env={"LIMNER_CACHE": str(tmp_path), "PYTHONPATH": str(ROOT / "src"), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "limner models fetch studio" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_page_without_a_place_for_the_tables_is_refused() -> None:
    with pytest.raises(ValueError, match="measured"):
        skin_tones.with_section("# Words", "tables")
