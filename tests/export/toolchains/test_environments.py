"""Toolchains: made once, whole or not at all, shared by processes, and one line for what goes wrong."""

from __future__ import annotations

import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from limner.errors import ToolchainError
from limner.export.toolchains import environments as toolchains
from limner.export.toolchains.environments import Toolchain
from limner.export.toolchains.processes import run_to_end


def wheel(folder: Path) -> Path:
    """A package of one module, ``painter``, that pip installs without an index."""
    path = folder / "painter-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("painter.py", "colour = 'umber'\n")
        archive.writestr("painter-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: painter\nVersion: 1.0\n")
        archive.writestr(
            "painter-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("painter-1.0.dist-info/RECORD", "")
    return path


def toolchain(*installs: tuple[str, ...], pythons: tuple[tuple[int, int], tuple[int, int]] = ((3, 11), (3, 99))):
    return Toolchain(name="paint", installs=installs, purpose="tests", size=0.1, pythons=pythons)


@pytest.fixture(scope="module")
def paint(tmp_path_factory: pytest.TempPathFactory):
    """A toolchain with ``painter`` in it, made once for this module, and what was told while it was made."""
    home = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LIMNER_CACHE", str(home))
        made = toolchain(("--no-index", str(wheel(home))))
        told: list[str] = []
        assert not made.ready
        made.ensure(tell=told.append)
        yield made, told, home


@pytest.fixture
def workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of workers for this test."""
    monkeypatch.setattr(toolchains, "WORKERS", tmp_path)
    return tmp_path


def test_it_is_made_once_with_one_line(paint) -> None:
    made, told, home = paint
    assert len(told) == 1
    assert "paint: installing the tools for tests, once: 0.1 GB" in told[0]
    assert made.folder.parent == home / "toolchains"
    again: list[str] = []
    assert made.ensure(tell=again.append) == made.python
    assert again == []


def test_a_worker_runs_in_it_and_not_in_limners_python(paint, workers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, _, _ = paint
    (workers / "show.py").write_text("import sys, painter\nprint(painter.colour, sys.argv[1])\nimport limner\n")
    monkeypatch.setenv("PYTHONPATH", str(Path(toolchains.__file__).parents[3]))
    with pytest.raises(ToolchainError, match=r"^paint: show.py failed: No module named 'limner' \(log: .*\)$"):
        made.run("show.py", "sienna")
    (workers / "show.py").write_text("import sys, painter\nprint(painter.colour, sys.argv[1])\n")
    assert made.run("show.py", "sienna") == "umber sienna\n"


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("raise SystemExit('the operator FOO is not known')", "the operator FOO is not known"),
        ("raise ValueError('no\\nsecond line')", "second line"),
        ("import os; os.kill(os.getpid(), 9)", "it was ended by SIGKILL; too little memory?"),
        ("import time; time.sleep(60)", "it took longer than 0.5 s"),
    ],
)
def test_a_failing_worker_is_one_line_with_a_log(paint, workers: Path, code: str, told: str) -> None:
    made, _, home = paint
    (workers / "fail.py").write_text(f"print('on the way')\n{code}\n")
    with pytest.raises(ToolchainError) as caught:
        made.run("fail.py", timeout=0.5 if "sleep" in code else None)
    assert str(caught.value) == f"paint: fail.py failed: {told} (log: {home / 'toolchains/logs/paint-fail.log'})"


def test_a_folder_without_its_marker_or_in_another_place_is_not_used(paint, tmp_path: Path) -> None:
    made, _, _ = paint
    marker = made.folder / "limner-toolchain.json"
    text = marker.read_text()
    marker.unlink()
    try:
        assert not made.ready
    finally:
        marker.write_text(text)
    assert made.ready
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").symlink_to(sys.executable)
    (tmp_path / marker.name).write_text(text)
    assert not toolchains.is_whole(tmp_path)


def test_another_pin_is_another_folder(paint) -> None:
    made, _, _ = paint
    assert toolchain(("painter==1.1",)).folder != made.folder


def test_what_pip_cannot_have_is_one_line_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIMNER_CACHE", str(tmp_path))
    absent = toolchain(("--no-index", "limner-no-such-package==9"))
    with pytest.raises(ToolchainError) as caught:
        absent.ensure(tell=lambda line: None)
    line = str(caught.value)
    assert "\n" not in line
    assert "toolchain paint cannot be installed: Could not find a version that satisfies" in line
    assert "go online, or point pip at your package index" in line
    assert not absent.folder.exists()


def test_a_python_that_does_not_fit_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIMNER_CACHE", str(tmp_path))
    old = toolchain((), pythons=((3, 3), (3, 4)))
    with pytest.raises(ToolchainError, match=r"do not exist for Python 3\.\d+; install python3.4 so that"):
        old.ensure(tell=lambda line: None)


def test_a_cache_that_cannot_be_written_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LIMNER_CACHE", str(tmp_path / "file"))
    with pytest.raises(ToolchainError, match=r"cannot be written: .*set LIMNER_CACHE to a folder with room"):
        toolchain(()).ensure(tell=lambda line: None)


def test_a_second_process_waits_for_the_first(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from limner.export.toolchains.environments import taking_turns\n"
        "with taking_turns(Path(sys.argv[1]), lambda: print('waits', flush=True)):\n"
        "    print('has it', flush=True); time.sleep(float(sys.argv[2]))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "folder")]
    with subprocess.Popen([*command, "1"], stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "has it\n"
        second = subprocess.run([*command, "0"], capture_output=True, text=True, check=True)
        assert second.stdout == "waits\nhas it\n"


def test_what_is_interrupted_takes_its_children_along(tmp_path: Path) -> None:
    child = "import time, pathlib; time.sleep(1); pathlib.Path('late').touch()"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    done = run_to_end([sys.executable, "-c", parent], cwd=tmp_path, environment={}, timeout=0.4)
    assert done.returncode == 124
    time.sleep(1.2)
    assert not (tmp_path / "late").exists()
