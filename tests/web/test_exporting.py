"""Static sites: whole or not at all, and never in the place of what is not theirs."""

from __future__ import annotations

import json
import os
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest

from conftest import build_onnx, save_card
from limner.errors import OptionError
from limner.web import exporting
from limner.web.exporting import LIST, export_site
from limner.web.site import Site
from web_parts import build_page, serving


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(build_page(tmp_path / "page"))


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_a_site_has_all_that_the_server_serves(site: Site, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    save_card(build_onnx(own / "mine.onnx"))
    done = export_site(Site(site.page, own=own), tmp_path / "out")
    made = files(tmp_path / "out")
    assert done.files == len(made)
    extra = {"_headers", ".htaccess", "nginx.conf", "README.txt", ".nojekyll", LIST}
    assert extra <= made.keys()
    with serving(site.page, own=own) as client:
        names = [name for name in made if name not in extra and not name.endswith((".br", ".gz"))]
        served = {name: client.ask(f"/{name}").body for name in names}
    assert served == {name: made[name] for name in served}
    assert {"index.html", "models/index.json", "models/fast.onnx", "models/own/mine.onnx.json"} <= served.keys()
    listed = json.loads(made[LIST])["files"]
    assert listed.keys() == made.keys() - {LIST}
    assert all(entry["bytes"] == len(made[name]) for name, entry in listed.items())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "own", "page"]


def test_permissions_are_those_of_new_folders(site: Site, tmp_path: Path) -> None:
    export_site(site, tmp_path / "out")
    (tmp_path / "plain").mkdir()
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


def test_an_unchanged_export_is_replaced(site: Site, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()  # empty folders will do
    export_site(site, out)
    (site.page / "sw.js").unlink()
    (site.page / "new.js").write_text("new")
    export_site(site, out)
    assert (out / "new.js").read_text() == "new"
    assert not (out / "sw.js").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "page"]


def put_something_else_there(out: Path) -> None:
    for path in out.iterdir():
        path.unlink() if path.is_file() else shutil.rmtree(path)
    (out / "thesis.txt").write_text("dear")


def add(out: Path) -> None:
    (out / ".git").mkdir()
    (out / ".git/HEAD").write_text("ref: refs/heads/main")


def change(out: Path) -> None:
    (out / "_headers").write_text("/*\n  X-Own: 1\n")


def link(out: Path) -> None:
    (out / "assets/away").symlink_to(out.parent)


def break_list(out: Path) -> None:
    (out / LIST).write_text("{}")


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (put_something_else_there, "is not empty, and no earlier export"),
        (add, r"added or changed since it was exported \(\.git/HEAD\)"),
        (change, r"added or changed since it was exported \(_headers\)"),
        (link, r"added or changed since it was exported \(assets/away\)"),
        (break_list, "is not empty, and no earlier export"),
    ],
)
def test_what_somebody_put_there_is_kept(site: Site, tmp_path: Path, spoil: Any, told: str) -> None:
    out = tmp_path / "out"
    export_site(site, out)
    spoil(out)
    before = files(out)
    with pytest.raises(OptionError, match=told):
        export_site(site, out)
    assert files(out) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "page"]


@pytest.mark.parametrize(
    ("target", "told"),
    [("none/out", "there is no folder"), ("page/index.html", "is a file"), (".", "the folder you are in")],
)
def test_places_that_will_not_do(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OptionError, match=f"export {target}: .*{told}"):
        export_site(site, Path(target))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["page"]


@pytest.mark.parametrize("stage", ["_fill", "_listed", "_swap"])
def test_an_interruption_leaves_what_was_there(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    out = tmp_path / "out"
    export_site(site, out)
    before = files(out)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(exporting, stage, interrupted)
    with pytest.raises(KeyboardInterrupt):
        export_site(site, out)
    assert files(out) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "page"]


def test_a_swap_that_fails_brings_the_old_site_back(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    export_site(site, out)
    before, rename = files(out), Path.rename

    def fails(path: Path, target: Path) -> Path:
        if path.suffix == ".part":
            raise OSError(5, os.strerror(5))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fails)
    with pytest.raises(OptionError, match="cannot be written: Input/output error"):
        export_site(site, out)
    assert files(out) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "page"]


def test_a_link_to_a_folder_is_followed(site: Site, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    export_site(site, tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real/index.html").is_file()


def test_addresses_in_the_index_are_relative_to_it(site: Site, tmp_path: Path) -> None:
    export_site(site, tmp_path / "out")
    models = tmp_path / "out/models"
    for model in json.loads((models / "index.json").read_text())["models"]:
        assert (models / model["model"]).stat().st_size == model["bytes"]
        assert (models / model["card"]).is_file()
