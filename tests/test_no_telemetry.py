"""Nothing leaves the machine: looked at from outside, by the files that a process leaves and the hosts it looks up."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from limner.no_telemetry import SWITCHES, silenced
from limner.samples import PORTRAIT

SRC = Path(__file__).parents[1] / "src"


def run(home: Path, *command: str, trace: Path | None = None) -> subprocess.CompletedProcess[str]:
    """A fresh process of a user who never set anything; every connection it makes, children too, goes into `trace`."""
    kept = {k: v for k, v in os.environ.items() if k not in SWITCHES and not k.startswith(("XDG_", "LIMNER_"))}
    home.mkdir(exist_ok=True)
    environment = kept | {"HOME": str(home), "PYTHONPATH": str(SRC), "CI": "false", "LIMNER_RUNTIME": "onnxruntime"}
    watch = [] if trace is None else ["strace", "-f", "-qq", "-e", "trace=connect,sendto", "-o", str(trace)]
    return subprocess.run(
        [*watch, sys.executable, *command], env=environment, capture_output=True, text=True, check=True
    )


def written(home: Path) -> list[str]:
    return sorted(str(path.relative_to(home)) for path in home.rglob("*") if path.is_file())


def test_a_photo_leaves_no_file_but_its_result(tmp_path: Path) -> None:
    home = tmp_path / "home"
    run(home, "-m", "limner", "image", str(PORTRAIT), "-o", str(home / "out.png"), "--effect", "cutout")
    assert written(home) == ["out.png"]


@pytest.mark.parametrize("program", ["import limner, openvino", "import limner, openvino, nncf"])
def test_openvino_and_nncf_leave_no_client_id(tmp_path: Path, program: str) -> None:
    for name in ("openvino", "openvino-telemetry", *(["nncf"] if "nncf" in program else [])):
        try:
            metadata.version(name)
        except metadata.PackageNotFoundError:
            pytest.skip(f"{name} is not installed")
    ending = "; import sys; assert sys.modules['openvino_telemetry'] is None"
    run(tmp_path / "home", "-c", program + ending)
    assert written(tmp_path / "home") == []


def lookups(trace: Path) -> list[str]:
    """Lines of strace that go to another machine, or to the resolver."""
    return [line for line in trace.read_text().splitlines() if "AF_INET" in line and 'inet_addr("127.' not in line]


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
def test_no_host_is_looked_up(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    probe = "import socket; s = socket.socket(type=socket.SOCK_DGRAM); s.connect(('192.0.2.1', 53))"
    try:
        run(tmp_path / "home", "-c", probe, trace=trace)
    except subprocess.CalledProcessError:
        pytest.skip("strace may not trace here")
    assert lookups(trace)  # it would be seen
    photo = f"main(['image', {str(PORTRAIT)!r}, '-o', {str(tmp_path / 'out.png')!r}])"
    waits = f"""
import time
from limner.cli.app import main
try:
    {photo}
except SystemExit as stop:
    assert not stop.code
time.sleep(2)  # ONNX Runtime uploads from a thread of its own
"""
    run(tmp_path / "home", "-c", waits, trace=trace)
    assert (tmp_path / "out.png").exists()
    assert lookups(trace) == []


def test_children_inherit_the_switches() -> None:
    asked = "import os, json; print(json.dumps(dict(os.environ)))"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    assert {name: told[name] for name in SWITCHES} == SWITCHES


def test_a_switch_that_somebody_turned_back_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    assert all(item.off for item in silenced() if item.name != "openvino-telemetry")
    monkeypatch.setenv("ORT_DISABLE_TELEMETRY", "0")
    assert [item.name for item in silenced() if not item.off and item.name != "openvino-telemetry"] == ["ONNX Runtime"]
