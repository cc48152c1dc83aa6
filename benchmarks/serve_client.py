"""The clients of benchmarks.serve: what they ask, and wrk, which asks it and leaves the cores to the servers."""

from __future__ import annotations

import base64
import json
import subprocess
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from limner.samples import PORTRAIT


def asked(name: str, photo: bytes) -> tuple[str, dict[str, str], bytes]:
    """Path, headers and body of a request to a server: a photo, whose background is to be blurred."""
    if name == "litserve":  # takes JSON, as its documentation shows for pictures
        body = json.dumps({"photo": base64.b64encode(photo).decode()}).encode()
        return "/predict", {"Content-Type": "application/json"}, body
    path = "/v1/image" if name.startswith("limner") else "/"
    return path, {"Content-Type": "image/jpeg"}, photo


def request(name: str, port: int, photo: bytes) -> urllib.request.Request:
    """The same for urllib."""
    path, headers, body = asked(name, photo)
    return urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, headers, method="POST")


def of_times(seconds: Sequence[float], whole: float) -> dict[str, float]:
    """Rate and percentiles of what took so long, within ``whole`` seconds."""
    ordered = sorted(seconds)

    def percentile(share: float) -> float:
        return 1e3 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    return {"rate": len(ordered) / whole, "p50": percentile(0.5), "p95": percentile(0.95), "p99": percentile(0.99)}


def script(name: str, photo: bytes, body: Path) -> str:
    """The request as a script of wrk, whose body goes into the file ``body``, and which prints what wrk found as JSON.

    Rates count answers of 200 alone.
    """
    _, headers, data = asked(name, photo)
    body.write_bytes(data)
    lines = ['wrk.method = "POST"', f"local file = io.open({json.dumps(str(body))}, 'rb')"]
    lines += ['wrk.body = file:read("*a")', "file:close()"]
    lines += [f"wrk.headers[{json.dumps(key)}] = {json.dumps(value)}" for key, value in headers.items()]
    values = {
        "rate": "(summary.requests - errors.status) / summary.duration * 1e6",
        "p50": "latency:percentile(50) / 1e3",
        "p95": "latency:percentile(95) / 1e3",
        "p99": "latency:percentile(99) / 1e3",
        "refused": "errors.status",
        "seconds": "summary.duration / 1e6",
        "broken": "errors.connect + errors.read + errors.write + errors.timeout",
    }
    told = ", ".join(f'"{key}": %f' for key in values)
    lines += ["function done(summary, latency)", "  local errors = summary.errors"]
    lines += [f"  print(string.format('{{{told}}}', {', '.join(values.values())}))", "end"]
    return "\n".join(lines) + "\n"


def run(name: str, port: int, clients: int, seconds: float) -> dict[str, float]:
    """So many clients of wrk for so long, each of which asks again once it has its answer.

    Raises:
        RuntimeError: a connection failed, or wrk could not be run.
    """
    with TemporaryDirectory() as folder:
        post = Path(folder, "post.lua")
        post.write_text(script(name, PORTRAIT.read_bytes(), Path(folder, "body")), encoding="utf-8")
        url = f"http://127.0.0.1:{port}{asked(name, b'')[0]}"
        command = [
            "wrk",
            "-t1",
            f"-c{clients}",
            f"-d{max(1, round(seconds))}s",
            "--timeout",
            "120s",
            "-s",
            str(post),
            url,
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {(done.stderr or done.stdout).strip()[-500:]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    if broken := found.pop("broken"):
        raise RuntimeError(f"{name}: {broken:.0f} connections of {clients} clients failed")
    return found
