"""What the server of a review gives and keeps, and what it refuses: other names, sites and paths, and bad bodies."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from limner.address import local_names
from limner.review.answers import ReviewAnswers
from limner.review.desk import Desk, ReviewOptions
from limner.web.server import WebServer
from review_parts import SIZE, scene, write_review
from web_parts import Client, Reply

KEY = "a-key_of-the-test"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Desk(*write_review(tmp_path), ReviewOptions(all=True)) as made:
        yield made


@pytest.fixture
def client(desk: Desk) -> Iterator[Client]:
    answers = ReviewAnswers(desk, local_names("127.0.0.1", "127.0.0.1"), KEY)
    with WebServer(("127.0.0.1", 0), answers, body_bytes=200_000) as server:
        yield Client(server.port)


def png(red: np.ndarray, green: np.ndarray | None = None) -> bytes:
    file = io.BytesIO()
    green = np.zeros_like(red) if green is None else green
    Image.fromarray(np.dstack([red, green, np.zeros_like(red)])).save(file, "PNG")
    return file.getvalue()


def post(client: Client, path: str, body: bytes, **headers: str) -> Reply:
    return client.ask(f"/{KEY}/{path}", method="POST", body=body, **headers)


def test_photos_masks_and_decisions(client: Client, desk: Desk) -> None:
    page = client.ask(f"/{KEY}/")
    assert (page.status, b"review.js" in page.body) == (200, True)
    for name in ("review.js", "mask.js", "service.js", "review.css"):
        assert client.ask(f"/{KEY}/{name}").status == 200
    told = json.loads(client.ask(f"/{KEY}/items.json").body)
    assert [item["stem"] for item in told["items"]] == ["0", "1", "2", "9"]
    seen = np.asarray(Image.open(io.BytesIO(client.ask(f"/{KEY}/photo/0").body)))
    assert np.abs(seen.astype(int) - scene()[0]).mean() < 5
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(client.ask(f"/{KEY}/mask/0").body))), scene()[1])
    assert json.loads(post(client, "decide/0", b'{"verdict": "reject"}').body) == {"verdict": "reject"}
    assert json.loads(post(client, "decide/0", b'{"verdict": null}').body) == {"verdict": None}
    painted = np.full(SIZE, 7, np.uint8)
    assert json.loads(post(client, "repair/3", png(painted)).body) == {"verdict": "repair"}
    np.testing.assert_array_equal(desk.mask(3), painted)
    whole = np.full(SIZE, 255, np.uint8)
    whole[:5] = whole[-5:] = 0
    found = np.asarray(Image.open(io.BytesIO(post(client, "snap/1", png(desk.mask(1), whole)).body)))
    assert ((found > 127) == (scene()[1] > 127)).mean() > 0.97
    assert desk.told()[1]["verdict"] is None, "snapping alone keeps nothing"


@pytest.mark.parametrize(
    "path",
    ["/", "/index.html", "/items.json", "/photo/0", "/a-key/photo/0", f"/{KEY}", f"/{KEY}/photo/4", f"/{KEY}/photo/-1",
     f"/{KEY}/photo/0/1", f"/{KEY}/../review.js", f"/{KEY}/%2e%2e/desk.py", f"/{KEY}/..%2fdesk.py",
     f"/{KEY}//etc/passwd",     f"/{KEY}/manifest.csv", f"/{KEY}/photo/{'9' * 30}", f"/{KEY}/answers.py"],
)  # fmt: skip
def test_there_is_nothing_else(client: Client, path: str) -> None:
    assert client.ask(path).status in (400, 404)


def test_other_names_and_other_sites_are_refused(client: Client, desk: Desk) -> None:
    assert client.ask(f"/{KEY}/items.json", Host="rebound.example").status == 421
    body = b'{"verdict": "reject"}'
    assert post(client, "decide/0", body, Origin="http://evil.example").status == 403
    assert post(client, "decide/0", body, Origin="null").status == 403
    assert desk.told()[0]["verdict"] is None
    own = f"127.0.0.1:{client.port}"
    assert post(client, "decide/0", body, Host=own, Origin=f"http://{own}").status == 200


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("decide/0", b"", 400),
        ("decide/0", b"[]", 400),
        ("decide/0", b'{"verdict": "burn"}', 400),
        ("decide/0", b'{"verdict": "repair"}', 400),
        ("decide/0", b'{"verdict": ["accept"]}', 400),
        ("decide/9", b'{"verdict": "accept"}', 404),
        ("repair/0", b"no picture", 422),
        ("repair/0", b"\x89PNG\r\n\x1a\n", 422),
        ("repair/0", png(np.zeros((3, 3), np.uint8)), 422),
        ("snap/0", png(np.zeros((3, 3), np.uint8)), 422),
        ("repair/0", b"\x89PNG" + bytes(300_000), 413),
        ("photo/0", b"x", 405),
    ],
)
def test_bad_bodies_keep_nothing(client: Client, desk: Desk, path: str, body: bytes, status: int) -> None:
    reply = post(client, path, body)
    assert reply.status == status
    assert reply.body.count(b"\n") == 1
    assert all(item["verdict"] is None for item in desk.told())
    assert client.ask(f"/{KEY}/items.json").status == 200


def test_reading_asks_for_nothing_to_be_kept(client: Client, desk: Desk) -> None:
    for path in ("decide/0", "repair/0", "snap/0"):
        assert client.ask(f"/{KEY}/{path}").status == 405
    assert client.ask(f"/{KEY}/items.json", method="DELETE").status == 405
