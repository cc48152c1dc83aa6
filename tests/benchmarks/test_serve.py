"""The arithmetic of benchmarks.serve, and that its batches give what photos alone give."""

from __future__ import annotations

import json
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from benchmarks.serve import Cell, summary, table
from benchmarks.serve_batched import Batched
from benchmarks.serve_client import asked, of_times, run, script
from limner.assembly import MatteOptions, PhotoOptions
from limner.media.images import read_image
from limner.processing.one_photo import process_photo
from limner.samples import PORTRAIT


def cell(what: str, clients: int, rate: float, refused: int = 0) -> Cell:
    return Cell(what, clients, rate, 10.0, 20.0, 30.0, refused)


def bare(at_once: int, rate: float) -> Cell:
    return Cell(f"bare loop, {at_once} at once", 0, rate, 10.0, 20.0, 30.0, 0, at_once)


def test_ratios_are_of_the_faster_loop_of_their_own_round() -> None:
    rounds = [
        [bare(1, 10), bare(2, 20), cell("limner", 4, 18)],
        [bare(1, 5), bare(2, 4), cell("limner", 4, 5, 2)],
        [bare(1, 10), bare(2, 10), cell("limner", 4, 8)],
    ]
    found = summary(rounds, [0.9, 1.1, 1.0])
    assert found["ratio"] == {"limner 4": 0.9}
    assert found["batch"] == 1.0
    assert [made["rate"] for made in found["cells"]] == [10, 10, 8]
    lines = table(found).splitlines()
    assert lines[4] == "| limner | 4 | 8.0 | 90% | 10 | 20 | 30 | 0 | 0.0 |"
    assert len({line.count("|") for line in lines[:5]}) == 1


def test_percentiles() -> None:
    found = of_times([0.001 * number for number in range(1, 101)], 5.0)
    assert found == pytest.approx({"rate": 20.0, "p50": 51.0, "p95": 96.0, "p99": 100.0})


def test_every_server_gets_the_same_photo() -> None:
    photo = PORTRAIT.read_bytes()
    assert asked("limner", photo)[2] == asked("ray", photo)[2] == photo
    assert len(json.loads(asked("litserve", photo)[2])["photo"]) > len(photo)


def test_a_batch_gives_what_photos_alone_give() -> None:
    photo = PORTRAIT.read_bytes()
    alone = process_photo(photo, PhotoOptions(matte=MatteOptions(runtime="onnxruntime", threads=1))).data
    expected = read_image(alone).pixels.astype(int)
    for result in Batched()([photo] * 3):
        assert abs(read_image(result).pixels - expected).mean() < 0.1


def test_a_server_that_failed_in_a_round_is_left_out() -> None:
    one = bare(1, 10)
    found = summary([[one, cell("limner", 1, 9), cell("ray", 1, 5)], [one, cell("limner", 1, 9)]], [1.0])
    assert found["ratio"] == {"limner 1": 0.9}


def test_one_client_is_beside_the_loop_of_one_photo() -> None:
    found = summary([[bare(1, 10), bare(2, 16), cell("limner", 1, 9), cell("limner", 8, 12)]], [1.0])
    assert found["ratio"] == {"limner 1": 0.9, "limner 8": 0.75}


def test_the_script_of_wrk_asks_what_is_asked(tmp_path: Path) -> None:
    text = script("limner", b"\xff\xd8photo", tmp_path / "body")
    assert (tmp_path / "body").read_bytes() == b"\xff\xd8photo"
    assert 'wrk.headers["Content-Type"] = "image/jpeg"' in text


@pytest.mark.skipif(shutil.which("wrk") is None, reason="needs wrk")
def test_wrk_counts_answers_and_refusals() -> None:
    class Server(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        served = 0

        def do_POST(self) -> None:
            assert self.rfile.read(int(self.headers["Content-Length"])) == PORTRAIT.read_bytes()
            Server.served += 1
            self.send_response(429 if Server.served % 3 == 0 else 200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None:
            return None

    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        found = run("limner", server.server_address[1], 2, 1)
        server.shutdown()
    assert found["rate"] > 0
    assert found["refused"] > 0
    assert found["p50"] <= found["p99"]
