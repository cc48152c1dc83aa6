"""The clients of benchmarks.serve: each asks again once it has its answer: SERVER, PORT, CLIENTS, SECONDS"""

from __future__ import annotations

import base64
import http.client
import json
import sys
import threading
import time
import urllib.request
from collections.abc import Sequence

from limner.samples import PORTRAIT


def asked(name: str, photo: bytes) -> tuple[str, dict[str, str], bytes]:
    """Path, headers and body of a request to a server: a photo, whose background is to be blurred."""
    if name == "litserve":  # takes JSON, as its documentation shows for pictures
        body = json.dumps({"photo": base64.b64encode(photo).decode()}).encode()
        return "/predict", {"Content-Type": "application/json"}, body
    path = "/v1/image" if name == "limner" else "/"
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


def run(name: str, port: int, clients: int, seconds: float) -> dict[str, float]:
    """All clients for so long, after one request each that does not count."""
    path, headers, body = asked(name, PORTRAIT.read_bytes())
    took: list[float] = []
    refused: list[int] = []
    ready = threading.Barrier(clients + 1)
    until = 0.0

    def work() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        counts = False
        while True:
            began = time.perf_counter()
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            answer.read()
            if not counts:
                ready.wait()
                counts = True
            elif answer.status == 200:
                took.append(time.perf_counter() - began)
            else:
                refused.append(answer.status)
                time.sleep(0.05)
            if until and time.perf_counter() > until:
                connection.close()
                return

    workers = [threading.Thread(target=work) for _ in range(clients)]
    for worker in workers:
        worker.start()
    ready.wait()
    began = time.perf_counter()
    until = began + seconds
    for worker in workers:
        worker.join()
    return {**of_times(took, time.perf_counter() - began), "refused": len(refused)}


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))))
