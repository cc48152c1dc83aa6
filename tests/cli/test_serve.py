"""`limner serve` as a command: what it says, and what it refuses, in one line with exit code 2."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from serve_parts import SRC, serving


def run(*arguments: str, **environment: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "limner", "serve", "--port", "0", *arguments],
        env={**os.environ, "PYTHONPATH": str(SRC), **environment},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_a_busy_port_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        code, out, err = run("--port", str(port))
    assert (code, out) == (2, "")
    told = f"limner: --port {port} is in use by another program; end that, or choose another (0 takes a free one)\n"
    assert err == told


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--model", "nothing"), "no model 'nothing'"),
        (("--model", "fast", "--model", "default"), "--model default: a model called 'fast' is named already"),
        (("--workers", "0"), "--workers 0: must be 1 or more"),
        (("--timeout", "0"), "--timeout 0 is out of range"),
        (("--key-file", "/nowhere/key"), "--key-file /nowhere/key: cannot be read"),
        (("--backgrounds", "/nowhere"), "--backgrounds /nowhere: cannot be read"),
        (("--url-host", "http://x/"), "--url-host 'http://x/' is no host"),
        (("--host", ""), "--host is empty"),
    ],
)
def test_wrong_options_are_one_line(arguments: tuple[str, ...], says: str) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert says in err
    assert err.count("\n") == 1


def test_a_short_key_in_the_environment_is_refused() -> None:
    code, _, err = run(LIMNER_SERVE_KEY="short")
    assert code == 2
    assert "LIMNER_SERVE_KEY: a key has 16 signs or more" in err
    assert "short" not in err


def test_without_the_extra_the_command_names_it(tmp_path: Path) -> None:
    (tmp_path / "uvicorn.py").write_text("raise ModuleNotFoundError(\"No module named 'uvicorn'\", name='uvicorn')\n")
    code, _, err = run(PYTHONPATH=f"{tmp_path}{os.pathsep}{SRC}")
    assert code == 2
    assert err == "limner: limner serve needs uvicorn, which is not installed: pip install 'limner[serve]'\n"


def test_without_the_extra_for_live_video_the_command_names_it(tmp_path: Path) -> None:
    (tmp_path / "aiortc.py").write_text("raise ModuleNotFoundError(\"No module named 'aiortc'\", name='aiortc')\n")
    code, _, err = run("--live", "1", "--model", "tiny", PYTHONPATH=f"{tmp_path}{os.pathsep}{SRC}")
    assert code == 2
    assert err == "limner: live video needs aiortc, which is not installed: pip install 'limner[webrtc]'\n"


def test_it_listens_on_this_machine_alone_unless_told_otherwise() -> None:
    with serving() as server:
        lines = Path("/proc/net/tcp").read_text().splitlines()
        mine = [line.split()[1] for line in lines if line.split()[1].endswith(f":{server.port:04X}")]
        assert "0100007F" in {address.partition(":")[0] for address in mine}
        assert "00000000" not in {address.partition(":")[0] for address in mine}
