"""A real `limner serve` on loopback, and a client that says exactly what it sends."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from limner.samples import PORTRAIT

PHOTO = PORTRAIT.read_bytes()
JPEG = {"Content-Type": "image/jpeg"}
SRC = Path(__file__).resolve().parents[1] / "src"


@dataclass(frozen=True)
class Answer:
    """Status, headers by lower-case name, and body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> str:
        """Of a refusal, which is one line of JSON with the status and nothing else."""
        assert self.headers["content-type"] == "application/json"
        assert self.body.count(b"\n") == 1
        assert self.body.endswith(b"\n")
        found = self.json
        assert set(found) == {"status", "error"}
        assert found["status"] == self.status
        return str(found["error"])


@dataclass
class Server:
    """A running server."""

    process: subprocess.Popen[str]
    port: int

    def ask(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None, timeout: float = 60
    ) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body, dict(headers or {}))
            got = connection.getresponse()
            return Answer(got.status, {name.lower(): value for name, value in got.getheaders()}, got.read())
        finally:
            connection.close()

    def post(self, path: str, body: Any = PHOTO, headers: Mapping[str, str] = JPEG) -> Answer:
        return self.ask("POST", path, body, headers)

    def form(self, path: str, *parts: tuple[str, bytes | str], headers: Mapping[str, str] | None = None) -> Answer:
        body, kind = form(*parts)
        return self.ask("POST", path, body, {"Content-Type": kind, **(headers or {})})

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def metric(self, name: str, headers: Mapping[str, str] | None = None) -> float:
        """The value of a series without labels, or with those that ``name`` says."""
        text = self.ask("GET", "/metrics", headers=headers).body.decode()
        found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
        return float(found[1]) if found else 0.0

    def wait_for(self, name: str, value: float) -> None:
        """Until a metric has a value; half a minute at most."""
        until = time.monotonic() + 30
        while self.metric(name) != value:
            assert time.monotonic() < until, f"{name} is {self.metric(name)}, not {value}"
            time.sleep(0.02)

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)


def form(*parts: tuple[str, bytes | str]) -> tuple[bytes, str]:
    """A body of multipart/form-data, bytes as files and text as fields, and its Content-Type."""
    lines = []
    for name, value in parts:
        file = '; filename="../../x.jpg"' if isinstance(value, bytes) else ""
        data = value if isinstance(value, bytes) else value.encode()
        lines.append(
            f'--limit\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode() + data + b"\r\n"
        )
    return b"".join(lines) + b"--limit--\r\n", "multipart/form-data; boundary=limit"


@contextmanager
def serving(*arguments: str, cwd: Path | None = None, **environment: str) -> Iterator[Server]:
    """`limner serve` on a free port; killed at the end if it still runs. Threads begin sooner than processes do."""
    command = [sys.executable, "-m", "limner", "serve", "--port", "0", "--runtime", "onnxruntime", *arguments]
    if "--worker-class" not in arguments:
        command += ["--worker-class", "threads"]
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(SRC), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        line = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)/", line)
        assert found is not None, line + process.stderr.read()
        yield Server(process, int(found[1]))
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()
