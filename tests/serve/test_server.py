"""How a server ends: what is in flight is answered, what is new is refused, and the exit code says whether all was."""

from __future__ import annotations

import signal
import socket
import threading

import pytest

from serve_parts import PHOTO, Answer, serving

SLOW = "/v1/image?effect=cutout&format=png"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_is_in_flight_is_answered(number: int) -> None:
    with serving("--workers", "1", "--queue", "8") as server:
        answers: list[Answer] = []
        threads = [threading.Thread(target=lambda: answers.append(server.post(SLOW))) for _ in range(3)]
        for thread in threads:
            thread.start()
        server.wait_for("limner_in_flight", 3)
        server.process.send_signal(number)
        refused = server.post(SLOW)
        ready = server.ask("GET", "/health/ready")
        live = server.ask("GET", "/health/live")
        for thread in threads:
            thread.join()
        assert [answer.status for answer in answers] == [200] * 3
        assert (refused.status, ready.status, live.status) == (503, 503, 200)
        assert "about to end" in refused.error
        assert refused.headers["retry-after"] == "5"
        assert server.process.wait(60) == 0
        assert server.process.stdout is not None
        assert "everything in flight was answered" in server.process.stdout.read()


def test_an_idle_server_ends_at_once_and_frees_its_port() -> None:
    with serving() as server:
        with server.connect():  # a connection that says nothing keeps nobody
            assert server.end() == 0
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", server.port), timeout=5)


def test_faults_of_clients_write_nothing() -> None:
    with serving() as server:
        answer = server.post("/v1/image", b"no form", {"Content-Type": "multipart/form-data; boundary=X"})
        assert (answer.status, answer.error) == (400, "the body is no whole multipart/form-data")
        assert server.end() == 0
        assert server.process.stderr is not None
        assert server.process.stderr.read() == ""


def test_a_second_signal_does_not_wait() -> None:
    with serving("--workers", "1", "--queue", "1") as server, server.connect() as half:
        half.sendall(b"POST /v1/image HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\n")
        half.sendall(b"Content-Length: %d\r\n\r\n" % len(PHOTO) + PHOTO[:9000])
        server.wait_for("limner_in_flight", 1)
        server.process.send_signal(signal.SIGTERM)
        while server.ask("GET", "/health/ready").status != 503:
            pass
        assert server.end() == 1
        assert server.process.stderr is not None
        assert server.process.stderr.read() == "limner: ended; what was still in flight was dropped\n"


def test_the_grace_ends() -> None:
    with serving("--workers", "1", "--queue", "1", "--grace", "0.1") as server, server.connect() as half:
        half.sendall(b"POST /v1/image HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\n")
        half.sendall(b"Content-Length: %d\r\n\r\n" % len(PHOTO) + PHOTO[:9000])
        server.wait_for("limner_in_flight", 1)
        assert server.end() == 1
