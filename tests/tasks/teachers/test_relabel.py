"""Auto masks are drawn anew where the passes agree, resumably, and no other mask is touched."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from drawn_people import draw_person
from limner.cli.app import main
from limner.datasets.adopting import adopt
from limner.datasets.decisions import Decisions
from limner.datasets.importing import ImportOptions, import_photos
from limner.datasets.manifest import PhotoFolder
from limner.datasets.masks_overlay import MasksOverlay
from limner.datasets.mix import Mix
from limner.datasets.photo_map import prepare
from limner.datasets.sampler import Sampler
from limner.errors import DataError, OptionError
from limner.nets import make_net
from limner.one_writer import OneWriter
from limner.tasks.recipes.recipe import from_dict, to_dict
from limner.tasks.recipes.teacher import TeacherRecipe
from limner.tasks.teachers.distillation import Teacher
from limner.tasks.teachers.gates import Gates
from limner.tasks.teachers.relabel import RelabelOptions, relabel
from limner.weights.checkpoint import Checkpoint

AUTO = "auto_selfies"


@pytest.fixture
def bright(tmp_path: Path, make_onnx: Callable[..., Path], make_card: Callable[..., Path]) -> Path:
    """The logit is 10·(red + green + blue) − 14: the drawn people are brighter than what is behind them."""
    path = make_onnx(tmp_path / "bright.onnx", weights=((10.0, 10.0, 10.0),), bias=-14.0)
    make_card(path)
    return path


class Moody:
    """Finds the left half, or the right half of the mirrored photo; so the passes never agree."""

    size, fixed_size = 32, True

    def __call__(self, images: Tensor, size: int) -> Tensor:
        found = torch.full((len(images), 1, size, size), 0.01)
        found[..., : size // 2] = 0.98
        return found


def moody_teacher(bright: Path) -> Teacher:
    teacher = Teacher(TeacherRecipe((str(bright),), mean="probability"))
    teacher.members = [Moody()]
    return teacher


def test_sure_masks_replace_the_old_ones(bright: Path, data_folder: Path, tmp_path: Path) -> None:
    out, options = tmp_path / "masks", RelabelOptions(gates=Gates(agree=0.5))
    with OneWriter(out), pytest.raises(OptionError, match="another run of limner writes into it"):
        relabel(PhotoFolder(data_folder), Teacher(TeacherRecipe((str(bright),))), out, options=options)
    rows = relabel(PhotoFolder(data_folder), Teacher(TeacherRecipe((str(bright),))), out, options=options)
    assert [(row.set, row.use, row.weight) for row in rows] == [(AUTO, "new", 1.0)] * 4
    assert [path.parent.name for path in out.rglob("*.png")] == [AUTO] * 4
    before, after = PhotoFolder(data_folder), PhotoFolder(data_folder, masks=out)
    for photo in before.photos:
        rgb, old = before.load(photo)
        same, new = after.load(photo)
        assert np.array_equal(rgb, same)
        if photo.set != AUTO:
            assert np.array_equal(old, new)
            continue
        logit = 10 * rgb.astype(float).sum(2) / 255 - 14
        clear = np.abs(logit) > 4  # resizing to the net's input blurs the rest
        assert ((new > 127) == (logit > 0))[clear].mean() > 0.9


@pytest.mark.parametrize("unsure", ["old", "drop"])
def test_unsure_masks_are_not_taken(bright: Path, data_folder: Path, tmp_path: Path, unsure: Any) -> None:
    out, options = tmp_path / "masks", RelabelOptions(unsure=unsure, unsure_weight=0.25)
    rows = relabel(PhotoFolder(data_folder), moody_teacher(bright), out, options=options)
    assert all(row.use == unsure and row.agreement < 0.9 for row in rows)
    after = PhotoFolder(data_folder, masks=out)
    auto = [photo for photo in after.photos if photo.set == AUTO]
    assert len(auto) == (4 if unsure == "old" else 0)
    assert all(photo.weight == 0.25 for photo in auto)
    for photo in auto:
        assert np.array_equal(after.load(photo)[1], PhotoFolder(data_folder).load(replace(photo, weight=1.0))[1])


def test_a_lower_weight_reaches_the_loss(bright: Path, data_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "masks"
    relabel(PhotoFolder(data_folder), moody_teacher(bright), out, options=RelabelOptions(unsure_weight=0.25))
    mix = Mix({AUTO: 1.0}, replace_auto=0.0)
    plain = Sampler(prepare(data_folder, tmp_path / "cache"), mix, seed=1).draw(3, 32)
    lighter = Sampler(prepare(data_folder, tmp_path / "cache", masks=out), mix, seed=1).draw(3, 32)
    np.testing.assert_allclose(lighter.weight, 0.25 * plain.weight)
    np.testing.assert_array_equal(lighter.target, plain.target)


def test_it_goes_on_where_it_stopped(bright: Path, data_folder: Path, tmp_path: Path) -> None:
    folder, out, options = PhotoFolder(data_folder), tmp_path / "masks", RelabelOptions(gates=Gates(agree=0.5))
    teacher = Teacher(TeacherRecipe((str(bright),)))
    rows = relabel(folder, teacher, out, options=options)
    lines = (out / "journal.csv").read_text().splitlines()
    (out / "journal.csv").write_text("\n".join(lines[:2]) + "\n" + lines[2][:-3])  # stopped within a line
    (out / "masks.csv").unlink()
    with pytest.raises(DataError, match="`limner data label` has finished"):
        PhotoFolder(data_folder, masks=out)
    looked: list[int] = []
    look = teacher.look
    teacher.look = lambda member, images, **rest: looked.append(len(images)) or look(member, images, **rest)  # type: ignore[method-assign,func-returns-value]
    assert relabel(folder, teacher, out, options=options) == rows
    assert len(looked) == 2 * 2 * (1 + 1 + 4)  # two photos were left; mirrored; farther, as they are, in four crops
    strict = replace(options, gates=Gates(agree=1.0), unsure="drop")
    assert {row.use for row in relabel(folder, teacher, out, options=strict)} == {"drop"}
    assert len(looked) == 24  # other thresholds look at nothing again
    with pytest.raises(OptionError, match="masks of other teachers"):
        relabel(folder, teacher, out, options=replace(options, flip=False))


def test_torch_teachers_see_every_scale(data_folder: Path, tmp_path: Path) -> None:
    raw = {
        "net": {"name": "fast", "options": {"width": 0.25}},
        "input_size": 64,
        "data": {"sets": {"no_people": 1.0}},
        "samples": 4,
        "batch": 4,
        "phases": [{"size": 64, "share": 1.0}],
        "optimizer": {"lr": 0.003},
    }
    weights = make_net("fast", width=0.25).state_dict()
    Checkpoint(to_dict(from_dict(raw, source="test")), 1, weights, weights, {}).save(tmp_path / "last.pt")
    teacher = Teacher(TeacherRecipe((str(tmp_path / "last.pt"),)))
    sizes: list[int] = []
    teacher.members[0].net.register_forward_pre_hook(lambda _net, args: sizes.append(args[0].shape[-1]))  # type: ignore[attr-defined]
    relabel(PhotoFolder(data_folder), teacher, tmp_path / "masks", options=RelabelOptions(scales=(0.5, 1.0, 1.5)))
    assert sizes == [32, 32, 64, 64, 96, 96] * 4


def test_masks_of_people_are_never_touched(bright: Path, data_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "masks"
    relabel(PhotoFolder(data_folder), Teacher(TeacherRecipe((str(bright),))), out, options=RelabelOptions())
    with (out / "masks.csv").open("a", newline="") as file:
        csv.writer(file).writerow(["faces_close_up", "0000", "new", 1.0, 1.0, 1.0])
    with pytest.raises(DataError, match="has a mask of kind hand, not auto"):
        PhotoFolder(data_folder, masks=out)


@pytest.fixture
def dim(tmp_path: Path, make_onnx: Callable[..., Path], make_card: Callable[..., Path]) -> Path:
    """As ``bright``, but it takes anything for somebody that is not very dark."""
    path = make_onnx(tmp_path / "dim.onnx", weights=((10.0, 10.0, 10.0),), bias=-4.0)
    make_card(path)
    return path


def _review(out: Path) -> list[dict[str, str]]:
    with (out / "review.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_what_is_in_dispute_goes_on_the_list(bright: Path, dim: Path, data_folder: Path, tmp_path: Path) -> None:
    out, folder = tmp_path / "masks", PhotoFolder(data_folder)
    teacher = Teacher(TeacherRecipe((str(bright), str(dim)), weights=(3.0, 1.0), mean="probability"))
    hopeless = RelabelOptions(scales=(1.0,), salient=(1,))
    rows = relabel(folder, teacher, out, options=hopeless)
    assert {(row.use, row.verdict) for row in rows} == {("old", "reject")}
    assert _review(out) == []
    options = replace(hopeless, gates=Gates(reject=0.0))
    rows = relabel(folder, teacher, out, options=options)
    assert {(row.use, row.verdict) for row in rows} == {("old", "ask")}
    listed = _review(out)
    assert [float(row["score"]) for row in listed] == sorted(float(row["score"]) for row in listed)
    assert {(row["set"], row["stem"]) for row in listed} == {(row.set, row.stem) for row in rows}
    assert all("what stands out is not who is found" in row["why"] for row in listed)
    assert all(Image.open(out / row["set"] / f"{row['stem']}.png").size == (72, 96) for row in listed)
    lax = replace(options, gates=Gates(kinds=0.0, blob=1.0))
    assert {(row.use, row.verdict) for row in relabel(folder, teacher, out, options=lax)} == {("new", "keep")}
    assert _review(out) == []


def test_decisions_outlive_other_gates(bright: Path, data_folder: Path, tmp_path: Path) -> None:
    out, folder = tmp_path / "masks", PhotoFolder(data_folder)
    teacher, options = Teacher(TeacherRecipe((str(bright),))), RelabelOptions(gates=Gates(agree=0.5))
    auto = [photo for photo in folder.photos if photo.set == AUTO]
    relabel(folder, teacher, out, options=options)
    said = Decisions(out)
    for photo, verdict in zip(auto, ("reject", "nobody", "repair"), strict=False):
        said.put(photo, verdict)  # type: ignore[arg-type]
    painted = out / AUTO / f"{auto[2].stem}.png"
    Image.fromarray(np.full((96, 72), 255, np.uint8)).save(painted)
    (out / "journal.csv").unlink()  # everything is looked at again
    rows = {row.stem: row for row in relabel(folder, teacher, out, options=replace(options, gates=Gates(agree=1.0)))}
    assert [rows[photo.stem].use for photo in auto] == ["drop", "nobody", "new", "old"]
    assert np.asarray(Image.open(painted)).min() == 255, "what a person painted stays"
    after = {photo.stem: photo.mask for photo in PhotoFolder(data_folder, masks=out).photos if photo.set == AUTO}
    assert after == {auto[1].stem: "none", auto[2].stem: "hand", auto[3].stem: "auto"}


def test_the_middle_is_made_steeper(bright: Path, data_folder: Path, tmp_path: Path) -> None:
    photo = next(PhotoFolder(data_folder).select(sets=(AUTO,)))
    found = []
    for name, steepen in (("plain", 1.0), ("steep", 1.6)):
        options = RelabelOptions(gates=Gates(agree=0.0), steepen=steepen)
        relabel(PhotoFolder(data_folder), Teacher(TeacherRecipe((str(bright),))), tmp_path / name, options=options)
        found.append(PhotoFolder(data_folder, masks=tmp_path / name).load(photo)[1].astype(float) / 255)
    np.testing.assert_allclose(found[1], np.clip(0.5 + 1.6 * (found[0] - 0.5), 0, 1), atol=0.01)


def test_hand_masks_are_replaced_in_named_sets_only(bright: Path, data_folder: Path, tmp_path: Path) -> None:
    out, options, folder = tmp_path / "masks", RelabelOptions(gates=Gates(agree=0.5)), PhotoFolder(data_folder)
    teacher = Teacher(TeacherRecipe((str(bright),)))
    named = relabel(folder, teacher, out, options=options, sets=["faces_close_up"])
    assert {(row.set, row.use, row.replaces) for row in named} == {("faces_close_up", "new", "hand")}
    after = {photo.set: photo for photo in PhotoFolder(data_folder, masks=out).photos}
    assert after["faces_close_up"].mask == "auto"
    assert after["fashion_full_body"].mask == "hand"
    both = relabel(folder, teacher, out, options=options)  # adds the auto sets
    assert {row.set for row in both} == {"faces_close_up", AUTO}
    strict = relabel(folder, teacher, out, options=replace(options, gates=Gates(agree=1.0), unsure="drop"))
    assert {(row.set, row.use, row.weight) for row in strict} == {("faces_close_up", "old", 1.0), (AUTO, "drop", 0.5)}
    for name, message in (
        ("people_with_animals", "undecided pixels"),
        ("rendered_people", "masks of kind exact"),
        ("cats", "there is no set 'cats'"),
    ):
        with pytest.raises(OptionError, match=message):
            relabel(folder, teacher, out, options=options, sets=[name])


def test_photos_alone_get_masks_and_are_adopted(bright: Path, tmp_path: Path) -> None:
    for index in range(3):
        rgb, _ = draw_person(index)
        (tmp_path / "photos").mkdir(exist_ok=True)
        Image.fromarray(rgb if index else np.zeros_like(rgb)).save(tmp_path / f"photos/p{index}.png")
    data, out = tmp_path / "data", tmp_path / "masks"
    import_photos(tmp_path / "photos", data, ImportOptions(name="found", rights="CC0"))
    options = RelabelOptions(gates=Gates(agree=0.5), unsure="old")
    rows = relabel(PhotoFolder(data), Teacher(TeacherRecipe((str(bright),))), out, options=options)
    assert [(row.use, row.replaces) for row in rows] == [("drop", "unlabelled"), *[("new", "unlabelled")] * 2]
    assert [row["why"] for row in _review(out)] == ["finds nobody"]
    labelled = PhotoFolder(data, masks=out)
    assert [(photo.stem, photo.mask) for photo in labelled.photos] == [("p1", "auto"), ("p2", "auto")]
    masks = [labelled.load(photo)[1] for photo in labelled.photos]
    assert adopt(data, out) == 2
    for folder in (PhotoFolder(data), PhotoFolder(data, masks=out)):
        assert [(photo.stem, photo.mask, photo.rights) for photo in folder.photos] == [
            ("p1", "auto", "CC0"), ("p2", "auto", "CC0"),
        ]  # fmt: skip
        assert [photo.stem for photo in folder.unlabelled] == ["p0"]
        for photo, mask in zip(folder.photos, masks, strict=True):
            np.testing.assert_array_equal(folder.load(photo)[1], mask)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("auto_selfies,0000,maybe,1,1,1", "use must be one of new, old, drop"),
        ("auto_selfies,0000,new,2,1,1", "weight must lie in"),
        ("auto_selfies,0000,new,x,1,1", "must be numbers"),
        ("auto_selfies,0000,new,1,1,1,best", "replaces must be one of hand, auto, exact, composite, none, unlabelled"),
    ],
)
def test_a_damaged_table_is_named(line: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "masks.csv").write_text("set,stem,use,weight,agreement,change,replaces\n" + line + "\n")
    with pytest.raises(DataError, match=r"masks\.csv:2: .*" + message):
        MasksOverlay(tmp_path)


@pytest.mark.parametrize(
    "field", [{"scales": ()}, {"scales": (0.0,)}, {"unsure": "new"}, {"steepen": 0.5}, {"unsure_weight": -1.0}]
)
def test_options_are_checked(field: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match=next(iter(field))):
        RelabelOptions(**field)


def test_the_command(bright: Path, data_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["data", "relabel", "--data", str(data_folder), "-o", str(tmp_path / "masks"), "--agree", "0.5"]
    with pytest.raises(SystemExit) as stop:
        main([*command, "--teacher", str(bright)])
    assert stop.value.code == 0
    assert "new 4  old 0  drop 0" in capsys.readouterr().out
    assert Image.open(tmp_path / "masks" / AUTO / "0000.png").size == (72, 96)
    assert json.loads((tmp_path / "masks/relabel.json").read_text())["flip"] is True
    for options, message in (
        (("--mean", "median"), "--mean"),
        (("--unsure", "new"), "unsure: must be"),
        (("--share", "1", "--share", "2"), "--share: there are 1 models, but 2 shares"),
        (("--share", "-1"), "weights: one number above 0"),
        (("--sets", "cats"), "there is no set 'cats'"),
        (("--blob", "2"), "blob: must lie in"),
    ):
        with pytest.raises(SystemExit) as stop:
            main([*command, "--teacher", str(bright), *options])
        assert stop.value.code == 2
        assert message in capsys.readouterr().err
