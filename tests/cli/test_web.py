"""`limner web` as a process: it says where it is, serves, and stops."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from conftest import build_onnx, save_card
from limner.cli.app import main
from web_parts import build_page

WITH_PAGE = "import sys, pathlib; from limner.web import site; site.PAGE = pathlib.Path(sys.argv.pop(1)); {}".format(
    "from limner.cli.app import main; main()"
)
"""The command, with a page of the tests in the place of the built one."""


@pytest.fixture
def page(tmp_path: Path) -> Path:
    return build_page(tmp_path / "page")


@contextmanager
def started(page: Path, *args: str | Path, **environment: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", WITH_PAGE, str(page), "web", *map(str, args)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **environment}
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def run(page: Path, *args: str | Path) -> tuple[int, str, str]:
    with started(page, *args) as process:
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err


def port_of(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.fullmatch(r"limner: the page is at http://127\.0\.0\.1:(\d+)/ \(Ctrl-C stops it\)\n", line)
    assert found, line
    return int(found[1])


def get(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, answer.read()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 143)])
def test_it_serves_until_it_is_told_to_stop(page: Path, number: signal.Signals, code: int) -> None:
    with started(page, "--port", "0") as process:
        port = port_of(process)
        assert get(port, "/") == (200, (page / "index.html").read_bytes())
        with socket.create_connection(("127.0.0.1", port)) as stuck:
            stuck.sendall(b"GET / HT")
            process.send_signal(number)
            out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (code, "limner: stopped\n", "")


def test_own_models_are_offered_and_what_is_left_out_is_said(page: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    save_card(build_onnx(own / "mine.onnx"))
    build_onnx(own / "bare.onnx")
    with started(page, "--port", "0", "--models", own) as process:
        port = port_of(process)
        assert get(port, "/models/own/mine.onnx") == (200, (own / "mine.onnx").read_bytes())
        assert get(port, "/models/own/bare.onnx")[0] == 404
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert err.startswith(f"note: left out: {own}/bare.onnx: has no card bare.json beside it")
    assert err.count("\n") == 1


def test_open_opens_the_page(page: Path, tmp_path: Path) -> None:
    script, told = tmp_path / "browser", tmp_path / "told"
    script.write_text(f'#!/bin/sh\necho "$1" > "{told}.part" && mv "{told}.part" "{told}"\n')
    script.chmod(0o755)
    with started(page, "--port", "0", "--open", BROWSER=f"{script} %s") as process:
        port = port_of(process)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert told.read_text() == f"http://127.0.0.1:{port}/\n"


def test_without_a_screen_nothing_is_opened(page: Path) -> None:
    with started(page, "--port", "0", "--open", DISPLAY="", WAYLAND_DISPLAY="", BROWSER="") as process:
        port_of(process)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert err == "note: there is no browser to open here; open the address yourself\n"


def test_other_machines_get_no_camera_which_is_said(page: Path) -> None:
    with started(page, "--port", "0", "--host", "0.0.0.0") as process:
        port = port_of(process)
        assert get(port, "/")[0] == 200
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert err.startswith("note: browsers give a page a camera, and threads, over HTTPS or from localhost only")
    assert f"ssh -L {port}:localhost:{port}" in err


def test_a_busy_port_is_one_line(page: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        assert run(page, "--port", str(port)) == (
            2,
            "",
            f"limner: --port {port} is in use by another program; end that, or choose another (0 takes a free one)\n",
        )


def test_without_a_built_page(tmp_path: Path) -> None:
    code, out, err = run(tmp_path)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "run `make web`" in err


def test_export(page: Path, tmp_path: Path) -> None:
    code, out, err = run(page, "--export", tmp_path / "site")
    assert (code, err) == (0, "")
    assert re.fullmatch(rf"{tmp_path}/site: \d+ files, \d+\.\d MB; README.txt in it says how to host them\n", out)
    assert (tmp_path / "site/index.html").is_file()
    (tmp_path / "site/CNAME").write_text("limner.example")
    code, out, err = run(page, "--export", tmp_path / "site")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"limner: --export {tmp_path}/site: has files that were added or changed")


@pytest.mark.parametrize("more", [("--port", "1"), ("--host", "127.0.0.1"), ("--open",)])
def test_export_serves_nothing(more: tuple[str, ...], capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["web", "--export", str(tmp_path / "site"), *more])
    assert stop.value.code == 2
    assert capsys.readouterr().err == "limner: --export serves nothing; leave --port, --host and --open out\n"
