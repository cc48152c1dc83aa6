"""What lies where on a site, while files come and go."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from conftest import build_onnx, save_card
from limner.web import site as built
from limner.web.site import NotBuiltError, Site
from web_parts import build_page


def test_without_a_page_there_is_no_site(tmp_path: Path) -> None:
    with pytest.raises(NotBuiltError, match="run `make web`"):
        Site(tmp_path)


def test_a_page_that_is_built_again_is_found(tmp_path: Path) -> None:
    site = Site(build_page(tmp_path))
    assert site.find("assets/new-A1b2C3d4.js") is None
    (tmp_path / "assets/new-A1b2C3d4.js").write_text("new")
    found = site.find("assets/new-A1b2C3d4.js")
    assert found is not None
    assert found.forms == {"identity": tmp_path / "assets/new-A1b2C3d4.js"}


def test_a_models_folder_is_read_again_when_the_index_is(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    save_card(build_onnx(own / "first.onnx"))
    site = Site(build_page(tmp_path / "page"), own=own)
    save_card(build_onnx(own / "second.onnx"))
    assert site.find("models/own/second.onnx") is None
    assert site.find("models/index.json") is not None
    assert site.find("models/own/second.onnx") is not None
    for path in own.iterdir():
        path.unlink()
    assert "own/second.onnx" in site.shelf.names  # an empty folder is refused: what was there before stays


def test_files_of_the_page(tmp_path: Path) -> None:
    paths = Site(build_page(tmp_path)).page_files()
    assert "assets/index-B2x9_a1c.js.br" in paths
    assert not any("secret" in path for path in paths)


@pytest.mark.skipif(not (built.PAGE / "index.html").is_file(), reason="the page is not built: make web")
def test_the_built_page_is_whole() -> None:
    """Whatever index.html names is there."""
    site = Site()
    html = (built.PAGE / "index.html").read_text(encoding="utf-8")
    named = [name.removeprefix("./").removeprefix("/") for name in re.findall(r'(?:src|href)="([^"#:?]+)"', html)]
    assert named
    assert [name for name in named if site.find(name) is None] == []
