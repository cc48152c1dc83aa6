"""The wheel alone is enough: built, installed into a fresh environment, and used far from the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
from email.parser import Parser
from pathlib import Path
from zipfile import ZipFile

import cv2
import pytest

ROOT = Path(__file__).resolve().parents[1]
SETS = "data.sets={fashion_full_body: 0.4, faces_close_up: 0.3, no_people_rooms: 0.3}"

pytestmark = pytest.mark.slow


def run(*command: str | Path, folder: Path) -> str:
    """What a command prints, run in ``folder`` and without this process's paths; it must end well."""
    env = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(
        [str(part) for part in command], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr[-3000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", out, folder=ROOT)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of an environment with the wheel; dependencies come from this one, Limner itself does not."""
    home = tmp_path_factory.mktemp("environment") / "venv"
    venv.create(home, with_pip=False)
    bin_ = home / "bin"
    pip = (sys.executable, "-m", "pip", "--python", bin_ / "python", "--disable-pip-version-check", "--quiet")
    run(*pip, "install", "--no-deps", "--no-index", wheel, folder=home)
    (packages,) = home.glob("lib/python*/site-packages")
    paths = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (packages / "dependencies.pth").write_text("\n".join(sorted(paths)) + "\n", encoding="utf-8")
    return bin_


def test_the_wheel_holds_what_the_package_reads(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())
        (metadata,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        fields = Parser().parsestr(archive.read(metadata).decode())
    assert {f"limner/recipes/{path.name}" for path in (ROOT / "recipes").glob("*.yaml")} <= names
    tracked = (ROOT / "src/limner").rglob("*")
    data = {path for path in tracked if path.is_file() and path.suffix not in (".py", ".pyc")}
    assert {path.relative_to(ROOT / "src").as_posix() for path in data} <= names
    assert not [name for name in names if name.startswith(("tests/", "src/", "benchmarks/", "web/"))]
    assert not [name for name in names if "node_modules" in name or name.endswith((".ts", ".tsx"))]
    extras = set(fields.get_all("Provides-Extra", []))
    needed = " ".join(fields.get_all("Requires-Dist", []))
    assert extras
    assert all(f"extra == '{extra}'" in needed for extra in extras), "an extra installs nothing"


def test_the_installed_package_is_the_wheel(installed: Path, tmp_path: Path) -> None:
    where = run(installed / "python", "-c", "import limner; print(limner.__file__)", folder=tmp_path)
    assert Path(where.strip()).is_relative_to(installed.parent)
    version = run(installed / "limner", "--version", folder=tmp_path).split()[1]
    found = run(
        installed / "python", "-c", "from importlib.metadata import version; print(version('limner'))", folder=tmp_path
    )
    assert version == found.strip()


def test_photos_and_videos(installed: Path, tmp_path: Path) -> None:
    place = run(installed / "python", "-c", "from limner import samples; print(samples.FOLDER)", folder=tmp_path)
    samples = Path(place.strip())
    assert samples.is_relative_to(installed.parent)
    limner = installed / "limner"
    run(limner, "image", samples / "portrait.jpg", "-o", "cut.png", "--effect", "cutout", folder=tmp_path)
    cut = cv2.imread(str(tmp_path / "cut.png"), cv2.IMREAD_UNCHANGED)
    photo = cv2.imread(str(samples / "portrait.jpg"))
    assert cut is not None
    assert photo is not None
    assert cut.shape == (*photo.shape[:2], 4)
    assert 0.1 < (cut[..., 3] > 127).mean() < 0.9
    run(limner, "video", samples / "clip.mp4", "-o", "blurred.mp4", "--duration", "0.5", folder=tmp_path)
    clip = cv2.VideoCapture(str(tmp_path / "blurred.mp4"))
    assert clip.read()[0]


PAGE = ROOT / "src/limner/web/static"
needs_page = pytest.mark.skipif(not (PAGE / "index.html").is_file(), reason="the page is not built: make web")


@needs_page
def test_the_page_is_in_the_wheel(installed: Path, tmp_path: Path) -> None:
    run(installed / "limner", "web", "--export", "site", folder=tmp_path)
    for path in PAGE.rglob("*"):
        if path.is_file():
            assert (tmp_path / "site" / path.relative_to(PAGE)).read_bytes() == path.read_bytes()
    assert (tmp_path / "site/models/index.json").is_file()


@needs_page
def test_the_sdist_becomes_the_same_wheel_without_node(
    wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", tmp_path, folder=ROOT)
    (packed,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(packed) as archive:
        archive.extractall(tmp_path, filter="data")
    source = packed.with_name(packed.name.removesuffix(".tar.gz"))
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path, folder=source)
    with ZipFile(wheel) as direct, ZipFile(next(tmp_path.glob("*.whl"))) as again:
        assert again.namelist() == direct.namelist()


def test_training_from_a_shipped_recipe(installed: Path, tmp_path: Path, data_folder: Path) -> None:
    few = ("samples=8", "batch=4", "processes=1", "input_size=64", "phases=[{size: 64, share: 1.0}]")
    changes = [part for change in (SETS, *few) for part in ("--set", change)]
    said = run(
        *(installed / "limner", "train", "fast", "--data", data_folder, "--no-validate", *changes), folder=tmp_path
    )
    assert "runs/fast/last.pt: complete" in said
    assert (tmp_path / "runs/fast/last.pt").stat().st_size > 100_000
