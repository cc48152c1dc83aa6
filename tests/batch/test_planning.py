"""The names of results, and plans that are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from limner.assembly import EffectOptions, build_effect
from limner.assembly.photo import PhotoOptions
from limner.assembly.saving import PhotoSaving
from limner.batch.planning import plan_batch
from limner.batch.request import BatchRequest
from limner.errors import LimnerError
from limner.media.images import write_image
from limner.processing.planning import plan_jobs

TREE = ("in/a.jpg", "in/a.png", "in/b.gif", "in/deep/a.jpg", "in/deep/c.webp", "in/words.txt", "more/a.jpg")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in TREE:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def plan(*inputs: str, to: str = "out", effect: str = "blur", root: str | None = None, **saving: str) -> list[str]:
    request = BatchRequest(
        inputs=inputs,
        to=to,
        root=root,
        options=PhotoOptions(effect=EffectOptions(effect=effect), saving=PhotoSaving(**saving)),  # type: ignore[arg-type]
    )
    return [item.target for item in plan_batch(request, build_effect(request.options.effect)).items]


@pytest.mark.parametrize(("effect", "format"), [("blur", None), ("cutout", None), ("mask", None), ("blur", "webp")])
def test_folders_get_the_names_that_limner_image_gives(here: Path, effect: str, format: str | None) -> None:
    chain = build_effect(EffectOptions(effect=effect))
    jobs = plan_jobs(
        ["in"], "out", format=format, alpha=chain.has_alpha, lossless=chain.is_matte, overwrite=False
    ).jobs  # fmt: skip
    given = {} if format is None else {"format": format}
    assert plan("in", effect=effect, **given) == [job.output for job in jobs]


@pytest.mark.parametrize(
    ("inputs", "root", "targets"),
    [
        (("in/deep/a.jpg",), None, ["out/a.jpg"]),
        (("in/deep/a.jpg",), "in", ["out/deep/a.jpg"]),
        (("in/a.jpg", "more/a.jpg"), ".", ["out/in/a.jpg", "out/more/a.jpg"]),
        (("in/**/*.jpg",), None, ["out/a.jpg", "out/deep/a.jpg"]),
        (("in/a.jpg", "in/a.png"), None, ["out/a.jpg", "out/a.png"]),
    ],
)
def test_the_names_of_results(here: Path, inputs: tuple[str, ...], root: str | None, targets: list[str]) -> None:
    assert plan(*inputs, root=root) == targets


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"inputs": ("in/a.jpg", "more/a.jpg")}, "in/a.jpg and more/a.jpg would both become out/a.jpg"),
        ({"inputs": ("in/a.jpg",), "to": "in"}, "to: in/a.jpg is read as well; name another place"),
        ({"inputs": ("in",), "format": "jpg", "effect": "cutout"}, "format .jpg: JPEG cannot be transparent"),
        ({"inputs": ("in/a.png",), "effect": "replace:more/a.jpg", "to": "more"}, "to more/a.png"),
    ],
)
def test_what_is_refused(here: Path, arguments: dict[str, object], told: str) -> None:
    write_image(here / "more/a.jpg", np.zeros((20, 20, 3), np.uint8))
    (here / "more/a.png").hardlink_to(here / "more/a.jpg")
    inputs = arguments["inputs"]
    rest = {name: value for name, value in arguments.items() if name != "inputs"}
    with pytest.raises(LimnerError) as raised:
        plan(*inputs, **rest)  # type: ignore[misc, arg-type]
    assert told in str(raised.value)
