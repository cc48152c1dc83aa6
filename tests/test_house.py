"""What a stranger meets first: make, the environment, the licence, the samples, the links, the package."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import zipfile
from itertools import pairwise
from pathlib import Path

import av
import pytest

import limner
from limner import demo, samples
from limner.errors import MediaError
from limner.media.images import read_image

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "benchmarks").glob("*.md"),
        *(ROOT / "src").rglob("*.md"),
    ]
)


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )


# ------------------------------------------------------------------ make


def test_make_help_names_every_target() -> None:
    told = run("make", "help").stdout
    targets = re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert {"run", "test", "lint", "bench"} <= set(targets)
    assert [name for name in targets if f"make {name} " not in told] == []


def test_make_run_installs_the_base_only_and_make_test_pins_torch(tmp_path: Path) -> None:
    venv = f"VENV={tmp_path / 'none'}"
    plan = run("make", "-n", "run", venv)
    assert plan.returncode == 0, plan.stderr
    assert "torch" not in plan.stdout
    assert "--editable ." in plan.stdout
    plan = run("make", "-n", "test", venv)
    assert re.search(r"pip install .*torch==\d+\.\d+\.\d+\n", plan.stdout)


def pytest_calls(target: str, folder: Path) -> list[list[str]]:
    """What a target of make gives to pytest, each call a list of its arguments."""
    plan = run("make", "-n", target, f"VENV={folder / 'none'}")
    assert plan.returncode == 0, plan.stderr
    return [shlex.split(line.partition("-m pytest")[2]) for line in plan.stdout.splitlines() if "-m pytest" in line]


def test_ci_runs_every_test(tmp_path: Path) -> None:
    """Each call runs the quick or the slow tests, of some places or of all but some; together they leave none out."""
    script = ROOT / ".ci/run"
    assert os.access(script, os.X_OK)
    targets = re.findall(r"^make (\S+)$", script.read_text(encoding="utf-8"), re.MULTILINE)
    assert targets[:3] == ["lint", "web", "test"]
    calls = [call for target in targets for call in pytest_calls(target, tmp_path)]
    for speed in ("slow", "not slow"):
        run_here, left_out, everywhere = set[str](), set[str](), False
        for call in calls:
            if call[call.index("-m") + 1] != speed:
                continue
            ignored = {after for word, after in pairwise(call) if word == "--ignore"}
            named = {word for word in call if word.startswith("tests")} - ignored
            run_here |= named
            left_out |= ignored
            everywhere |= not named
        assert everywhere, speed
        assert left_out <= run_here, speed


OLD = "#!/bin/sh\nexit 1\n"
BARE = '#!/bin/sh\ncase "$*" in *ensurepip*) exit 1;; *) exit 0;; esac\n'


@pytest.mark.parametrize(
    ("script", "told"),
    [(None, "needs Python 3.11"), (OLD, "needs Python 3.11"), (BARE, "lacks the venv module")],
    ids=["no python", "too old", "without venv"],
)
def test_a_python_that_will_not_do_is_one_clear_line(tmp_path: Path, script: str | None, told: str) -> None:
    python = tmp_path / "python"
    if script is not None:
        python.write_text(script, encoding="utf-8")
        python.chmod(0o755)
    result = run("sh", "tools/make_venv.sh", str(tmp_path / "venv"), PYTHON=str(python))
    assert result.returncode == 2
    assert told in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "venv").exists()


NPM = """#!/bin/sh
echo "$1" >> ../log
[ "$1" != ci ] || exec mkdir -p node_modules
while [ "$1" != --outDir ]; do shift; done
mkdir -p "$2"
%s
"""


def page_checkout(folder: Path, node: str | None, build: str = 'echo new > "$2/index.html"') -> dict[str, str]:
    """As much of a checkout as `make web` reads, with a page built before; the environment, with Node as scripts."""
    for place in ("tools", "web", "bin", "src/limner/web/static"):
        (folder / place).mkdir(parents=True)
    shutil.copy(ROOT / "tools/build_web.sh", folder / "tools")
    (folder / "web/package-lock.json").write_text("{}", encoding="utf-8")
    (folder / "src/limner/web/static/index.html").write_text("old\n", encoding="utf-8")
    for name in ("sh", "dirname", "cmp", "cp", "mv", "rm", "mkdir"):
        (folder / "bin" / name).symlink_to(str(shutil.which(name)))
    for name, text in {} if node is None else {"node": node, "npm": NPM % build}.items():
        (folder / "bin" / name).write_text(text, encoding="utf-8")
        (folder / "bin" / name).chmod(0o755)
    return {"PATH": str(folder / "bin")}


OLD_NODE = '#!/bin/sh\n[ "$1" = --version ] && echo v18.20.0\n'
NEW_NODE = "#!/bin/sh\n"


@pytest.mark.parametrize(
    ("node", "told"),
    [(None, "found none"), (OLD_NODE, "found v18.20.0")],
    ids=["no node", "too old"],
)
def test_a_node_that_will_not_do_is_one_clear_line(tmp_path: Path, node: str | None, told: str) -> None:
    result = run("/bin/sh", str(tmp_path / "tools/build_web.sh"), **page_checkout(tmp_path, node))
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("limner: building the page needs Node 20.19, 22.12 or newer")
    assert told in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_the_page_is_built_whole_or_not_at_all(tmp_path: Path) -> None:
    environment = page_checkout(tmp_path, NEW_NODE, '[ -e ../fine ] && echo new > "$2/index.html"')
    build = ("/bin/sh", str(tmp_path / "tools/build_web.sh"))
    place = tmp_path / "src/limner/web"
    assert run(*build, **environment).returncode != 0
    assert [(path.name, (path / "index.html").read_text()) for path in place.iterdir()] == [("static", "old\n")]
    (tmp_path / "fine").touch()
    assert run(*build, **environment).returncode == 0
    assert [(path.name, (path / "index.html").read_text()) for path in place.iterdir()] == [("static", "new\n")]
    assert (tmp_path / "log").read_text().split() == ["ci", "run", "run"]  # installs once
    (tmp_path / "web/package-lock.json").write_text("{ }", encoding="utf-8")
    assert run(*build, **environment).returncode == 0
    assert (tmp_path / "log").read_text().split()[3:] == ["ci", "run"]


# ------------------------------------------------------------------ the package


def test_versions_agree() -> None:
    """The version stands in one file, which the build reads; the changelog has a dated section for it."""
    assert PROJECT["dynamic"] == ["version"]
    built = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["version"]["path"]
    assert f'"{limner.__version__}"' in (ROOT / built).read_text(encoding="utf-8")
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    released = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d\d-\d\d$", changes, re.MULTILINE)
    assert released[0] == limner.__version__
    assert released == sorted(released, reverse=True)
    kinds = set(re.findall(r"^### (.+)$", changes, re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert run(sys.executable, "-m", "limner.cli.app", "--version").stdout.strip() == f"limner {limner.__version__}"


def test_the_licence_is_whole() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert PROJECT["license"] == "Apache-2.0"
    for part in (
        "Version 2.0, January 2004",
        "9. Accepting Warranty or Additional Liability",
        "END OF TERMS AND CONDITIONS",
    ):
        assert part in text


def test_the_wheel_holds_samples_models_and_types(tmp_path: Path) -> None:
    hatchling = shutil.which("hatchling", path=str(Path(sys.executable).parent))
    if hatchling is None:
        pytest.skip("hatchling is not installed")
    result = run(hatchling, "build", "--target", "wheel", "--directory", str(tmp_path))
    assert result.returncode == 0, result.stderr
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        names = set(wheel.namelist())
        sizes = {item.filename: item.compress_size for item in wheel.infolist()}
    for name in (
        "samples/portrait.jpg",
        "samples/clip.mp4",
        "samples/lake.jpg",
        "models/fast.onnx",
        "models/fast.json",
        "py.typed",
    ):
        assert f"limner/{name}" in names
    runtimes = sum(size for name, size in sizes.items() if name.startswith("limner/web/static/runtimes/"))
    assert sum(sizes.values()) - runtimes < 14e6
    assert runtimes < 25e6  # of the page, where it is built: WebAssembly of three libraries


def test_every_dependency_is_explained() -> None:
    page = (ROOT / "docs/dependencies.md").read_text(encoding="utf-8")
    wanted = [*PROJECT["dependencies"], *(d for extra in PROJECT["optional-dependencies"].values() for d in extra)]
    names = {re.split(r"[<>=\[ ]", item)[0] for item in wanted} - {"limner", "types-pyyaml"}
    assert sorted(name for name in names if name not in page) == []


def test_showing_what_it_does_needs_nothing_but_the_base() -> None:
    extras = {
        "torch",
        "onnx",
        "safetensors",
        "yaml",
        "pydantic",
        "psutil",
        "skimage",
        "scipy",
        "pytest",
        "ai_edge_litert",
        "pillow_heif",
    }
    code = f"import sys, limner.demo; print(*sorted({extras!r} & set(sys.modules)))"
    result = run(sys.executable, "-c", code)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == ""


# ------------------------------------------------------------------ samples and demo


def test_samples_are_small_and_whole() -> None:
    portrait = read_image(samples.PORTRAIT)
    assert portrait.pixels.shape[0] > portrait.pixels.shape[1] >= 700
    assert read_image(samples.BACKGROUND).pixels.shape == (1080, 1920, 3)
    with av.open(str(samples.CLIP)) as clip:
        assert len(clip.streams.audio) == 1
        assert sum(1 for _ in clip.decode(video=0)) >= 40
    limits = {samples.PORTRAIT: 300_000, samples.CLIP: 800_000, samples.BACKGROUND: 150_000}
    assert {path.name: path.stat().st_size for path, limit in limits.items() if path.stat().st_size > limit} == {}


def test_the_demo_makes_what_it_says(tmp_path: Path) -> None:
    told = "\n".join(demo.run(tmp_path / "new" / "out"))
    made = sorted((tmp_path / "new" / "out").iterdir())
    assert [path.name for path in made] == [
        "clip-blur.mp4",
        "clip-replace.mp4",
        "clip.mp4",
        "index.html",
        "lake.jpg",
        "portrait-blur.jpg",
        "portrait-cutout.png",
        "portrait-mask.png",
        "portrait-replace.jpg",
        "portrait.jpg",
    ]
    copies = {path.name for path in (samples.PORTRAIT, samples.CLIP, samples.BACKGROUND)}
    assert [path.name for path in made if path.name not in told and path.name not in copies] == []
    cutout = read_image(tmp_path / "new/out/portrait-cutout.png")
    assert cutout.alpha is not None
    # The person fills the middle of the lower edge and none of the upper corners.
    height, width = cutout.alpha.shape
    assert cutout.alpha[-height // 20 :, width // 3 : -width // 3].mean() > 200
    assert max(cutout.alpha[: height // 8, : width // 8].mean(), cutout.alpha[: height // 8, -width // 8 :].mean()) < 20
    with av.open(str(samples.CLIP)) as before, av.open(str(tmp_path / "new/out/clip-blur.mp4")) as after:
        assert len(after.streams.audio) == 1
        assert sum(1 for _ in after.decode(video=0)) == sum(1 for _ in before.decode(video=0))


def test_the_demo_says_where_it_cannot_write(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(MediaError, match="file"):
        list(demo.run(tmp_path / "file" / "out"))


# ------------------------------------------------------------------ the pages

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    missing = []
    for link in LINK.findall(text):
        path, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", link):
            continue
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            missing.append(link)
    assert missing == []


def anchors(page: Path) -> set[str]:
    """The anchors that a page's headings get."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_page_is_in_the_index() -> None:
    index = (ROOT / "docs/index.md").read_text(encoding="utf-8")
    linked = {(ROOT / "docs" / link.partition("#")[0]).resolve() for link in LINK.findall(index)}
    pages = {path.resolve() for path in (ROOT / "docs").glob("*.md")} - {(ROOT / "docs/index.md").resolve()}
    assert sorted(path.name for path in pages - linked) == []
