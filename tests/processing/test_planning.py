"""Which photo becomes which file, as the shell, folders and streams name them."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import pytest

from limner.errors import LimnerError, MediaError, OptionError
from limner.processing.planning import Plan, own_format, plan_jobs


def plan(photos: list[str], output: str, **options: Any) -> Plan:
    usual = {"format": None, "alpha": False, "lossless": False, "overwrite": False}
    return plan_jobs(photos, output, **(usual | options))


def pairs(made: Plan) -> dict[str, str]:
    return {job.name: job.output for job in made.jobs}


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with photos, one in a folder within, and other files."""
    monkeypatch.chdir(tmp_path)
    for name in (
        "in/b.jpg",
        "in/a.png",
        "in/more/c.webp",
        "in/.hidden.jpg",
        "in/.cache/d.jpg",
        "in/notes.txt",
        "in/e.pdf",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return tmp_path


def test_one_photo_into_a_file(desk: Path) -> None:
    made = plan(["in/b.jpg"], "out.png")
    (job,) = made.jobs
    assert (job.name, job.source, job.target, job.output, job.format) == (
        *("in/b.jpg", Path("in/b.jpg"), Path("out.png"), "out.png", ".png"),
    )
    assert (made.batch, made.notices) == (False, ())


@pytest.mark.parametrize(
    ("output", "options", "wanted", "format"),
    [
        ("out", {}, "out/b.jpg", ".jpg"),
        ("out/", {}, "out/b.jpg", ".jpg"),
        ("in/more", {}, "in/more/b.jpg", ".jpg"),
        ("out", {"format": "webp"}, "out", ".webp"),
        ("out/", {"format": ".WEBP"}, "out/b.webp", ".webp"),
        ("out", {"alpha": True}, "out/b.png", ".png"),
        ("out", {"lossless": True}, "out/b.png", ".png"),
        ("o.jpeg", {}, "o.jpeg", ".jpg"),
    ],
)
def test_where_one_photo_goes(desk: Path, output: str, options: dict[str, Any], wanted: str, format: str) -> None:
    (job,) = plan(["in/b.jpg"], output, **options).jobs
    assert (job.output, job.format) == (wanted, format)


def test_a_folder_keeps_its_shape_and_says_what_is_no_photo(desk: Path) -> None:
    made = plan(["in"], "out")
    assert pairs(made) == {"in/a.png": "out/a.png", "in/b.jpg": "out/b.jpg", "in/more/c.webp": "out/more/c.webp"}
    assert made.batch
    assert made.notices == ("2 files are no photo that can be read and left out: in/e.pdf, in/notes.txt",)
    (desk / "in/e.pdf").unlink()
    assert plan(["in"], "out").notices == ("1 file is no photo that can be read and left out: in/notes.txt",)
    for index in range(6):
        (desk / f"in/x{index}.txt").touch()
    (notice,) = plan(["in"], "out").notices
    assert notice.startswith("7 files are no photo")
    assert notice.endswith("in/x3.txt, …")


def test_results_of_an_earlier_run_are_no_photos(desk: Path) -> None:
    (desk / "in/out").mkdir()
    (desk / "in/out/b.jpg").touch()
    assert "in/out/b.jpg" not in pairs(plan(["in"], "in/out"))
    assert "in/out/b.jpg" in pairs(plan(["in"], "elsewhere"))


def test_a_photo_that_is_named_twice_is_done_once(desk: Path) -> None:
    (desk / "link.jpg").symlink_to(desk / "in/b.jpg")
    assert pairs(plan(["in/b.jpg", "in/../in/b.jpg", "link.jpg"], "out")) == {"in/b.jpg": "out/b.jpg"}


def test_photos_of_one_name_keep_their_extensions_apart(desk: Path) -> None:
    for name in ("a.jpg", "a.webp"):
        (desk / "in" / name).touch()
    assert pairs(plan(["in/a.jpg", "in/a.png", "in/a.webp"], "out", alpha=True)) == {
        "in/a.jpg": "out/a.jpg.png",
        "in/a.png": "out/a.png",
        "in/a.webp": "out/a.webp",
    }


@pytest.mark.parametrize(
    ("photos", "output", "options", "kind", "told"),
    [
        ([""], "out", {}, OptionError, "PHOTO: the name is empty"),
        (["in/b.jpg"], "", {}, OptionError, "output: the name is empty"),
        (["in/b.jpg"], "out.xyz", {}, OptionError, ".xyz is no format that can be written"),
        (["in/b.jpg"], "out", {"format": "xyz"}, OptionError, "format .xyz: .xyz is no format"),
        (["in/b.jpg"], "out", {"format": "jpg", "alpha": True}, OptionError, "format .jpg: JPEG cannot be transparent"),
        (
            ["in/b.jpg"],
            "out.png",
            {"format": "jpg"},
            OptionError,
            "output out.png is the name of a PNG file, and format",
        ),
        (["in/b.jpg"], "out.bmp", {"alpha": True}, OptionError, "output out.bmp: BMP cannot be transparent"),
        (["in/b.jpg", "in/a.png"], "out.jpg", {}, OptionError, "several photos need a folder, not a file"),
        (["in/b.jpg", "in/a.png"], "in/notes.txt", {}, OptionError, "several photos need a folder"),
        (["in/b.jpg"], "in", {}, OptionError, "output in/b.jpg: is a photo to read"),
        (["in/b.jpg"], "in/b.jpg", {}, OptionError, "output in/b.jpg: is a photo to read"),
        (["in/b.jpg"], "in/more/c.webp", {"read": [Path("in/more/c.webp")]}, LimnerError, "in/more/c.webp"),
        (["in/.cache"], "out", {}, MediaError, "in/.cache: there is no photo in this folder (."),
        (["in/b.jpg", "in/a.png"], "-", {"format": "png"}, OptionError, "only one photo fits into stdout"),
        (["in"], "-", {"format": "png"}, OptionError, "only one photo fits into stdout"),
        (["in/b.jpg"], "-", {}, OptionError, "stdout has no name that tells the format"),
    ],
)
def test_what_makes_no_sense_is_one_line(
    desk: Path, photos: list[str], output: str, options: dict[str, Any], kind: type[LimnerError], told: str
) -> None:
    (desk / "in/.cache/d.jpg").unlink()
    with pytest.raises(kind) as caught:
        plan(photos, output, **options)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_results_that_would_share_a_name_are_refused(desk: Path) -> None:
    (desk / "other").mkdir()
    (desk / "other/b.jpg").touch()
    with pytest.raises(OptionError, match=r"^in/b\.jpg and other/b\.jpg would both become out/b\.jpg; name the folder"):
        plan(["in/b.jpg", "other/b.jpg"], "out")


def test_inputs_may_be_replaced_where_that_is_said(desk: Path) -> None:
    assert pairs(plan(["in/b.jpg"], "in", overwrite=True)) == {"in/b.jpg": "in/b.jpg"}


class Stream(io.StringIO):
    """stdin or stdout: a terminal or not."""

    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self.terminal, self.buffer = terminal, io.BytesIO()

    def isatty(self) -> bool:
        return self.terminal


def test_streams(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Stream(False))
    monkeypatch.setattr(sys, "stdout", Stream(False))
    made = plan(["-"], "-", format="png")
    (job,) = made.jobs
    assert (job.name, job.output, job.format, made.batch) == ("stdin", "stdout", ".png", False)
    assert job.source is sys.stdin.buffer
    assert job.target is sys.stdout.buffer
    (job,) = plan(["in/b.jpg"], "-", format="webp").jobs
    assert (job.name, job.source, job.target, job.format) == ("in/b.jpg", Path("in/b.jpg"), sys.stdout.buffer, ".webp")
    (job,) = plan(["-"], "out.jpg").jobs
    assert (job.source, job.output) == (sys.stdin.buffer, "out.jpg")
    monkeypatch.setattr(sys, "stdout", Stream(True))
    with pytest.raises(OptionError, match="a terminal cannot show a picture"):
        plan(["in/b.jpg"], "-", format="png")


@pytest.mark.parametrize(
    ("extension", "alpha", "lossless", "wanted"),
    [
        (".jpg", False, False, ".jpg"),
        (".jpg", True, False, ".png"),
        (".jpg", False, True, ".png"),
        (".tif", False, True, ".tif"),
        (".webp", True, False, ".webp"),
        (".gif", False, False, ".png"),
        (".nef", False, False, ".png"),
        (".xyz", False, False, ".png"),
    ],
)
def test_the_photos_own_format_where_the_result_fits(extension: str, alpha: bool, lossless: bool, wanted: str) -> None:
    assert own_format(extension, alpha=alpha, lossless=lossless) == wanted


def test_folders_that_are_links_are_looked_at_as_they_are(desk: Path) -> None:
    (desk / "linked").symlink_to(desk / "in")
    assert set(pairs(plan(["linked"], "out")).values()) == {"out/a.png", "out/b.jpg", "out/more/c.webp"}
