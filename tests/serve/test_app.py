"""Every route of a real server, and every refusal: one line of JSON with its status."""

from __future__ import annotations

import io
import struct
import threading
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from limner.assembly import EffectOptions, MatteOptions, PhotoOptions, PhotoSaving
from limner.effects.registry import EFFECTS
from limner.processing.one_photo import process_photo
from limner.samples import BACKGROUND
from photo_files import png_chunk
from serve_parts import JPEG, PHOTO, Server, form, serving

LAKE = BACKGROUND.read_bytes()
KEY = "a-key-of-the-tests-0123456789"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("backgrounds")
    (folder / "lake.jpg").write_bytes(LAKE)
    (folder / "notes.txt").write_text("nothing")
    home = tmp_path_factory.mktemp("home")
    arguments = ("--model", "fast", "--model", "tiny", "--backgrounds", str(folder), "--body", "1")
    arguments += ("--worker-class", "processes")
    with serving(*arguments, "--max-pixels", "3000000", cwd=home, HOME=str(home), TMPDIR=str(home)) as started:
        yield started
        assert list(home.rglob("*")) == []  # nothing was written


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def test_a_photo_gets_what_the_library_makes_of_it(server: Server) -> None:
    answer = server.post("/v1/image?effect=blur&blur-strength=0.8&quality=80")
    options = PhotoOptions(
        effect=EffectOptions(effect="blur", settings={"blur_strength": 0.8}),
        matte=MatteOptions(runtime="onnxruntime", threads=1),
        saving=PhotoSaving(quality=80),
    )
    assert answer.status == 200
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.body == process_photo(PHOTO, options).data
    assert 0.5 < float(answer.headers["limner-person"]) < 0.8
    assert answer.headers["server-timing"].startswith("segment;dur=")


@pytest.mark.parametrize(
    "effect", [name for name in EFFECTS if name not in ("light_wrap", "color_transfer", "seamless_clone", "smoothstep")]
)
def test_every_effect(server: Server, effect: str) -> None:
    more = {"replace": [("background", LAKE)], "frame_in_frame": [("presentation", "navy")],
            "harmonize": [("background", "lake.jpg")], "stylize": []}.get(effect, [])  # fmt: skip
    spec = {"harmonize": "harmonize,replace", "stylize": "stylize:sepia"}.get(effect, effect)
    answer = server.form("/v1/image", ("photo", PHOTO), ("effect", spec), *more)
    assert answer.status == 200, answer.body
    assert opened(answer.body).size == (720, 900)
    assert answer.body != PHOTO


def test_effects_that_change_nothing_alone_say_what_to_name_with_them(server: Server) -> None:
    assert "changes nothing alone" in server.post("/v1/image?effect=seamless_clone").error
    assert server.post("/v1/image?effect=light_wrap,smoothstep:0.2-0.8,color_transfer,replace:teal").status == 200


@pytest.mark.parametrize(
    ("query", "accept", "kind", "mode"),
    [
        ("effect=cutout", None, "PNG", "RGBA"),
        ("effect=cutout&trim=true", None, "PNG", "RGBA"),
        ("effect=mask", None, "PNG", "L"),
        ("effect=mask&format=webp", None, "WEBP", "RGB"),
        ("effect=blur", "image/png", "PNG", "RGB"),
        ("effect=blur", "image/webp;q=0.5, image/avif", "AVIF", "RGB"),
        ("effect=cutout", "image/jpeg, image/webp;q=0.9", "WEBP", "RGBA"),
        ("effect=blur&format=png", "image/jpeg", "PNG", "RGB"),
        ("effect=blur", "text/html, */*;q=0.1", "JPEG", "RGB"),
    ],
)
def test_the_format_is_what_the_request_says_or_accepts(
    server: Server, query: str, accept: str | None, kind: str, mode: str
) -> None:
    answer = server.post(f"/v1/image?{query}", headers={**JPEG, **({} if accept is None else {"Accept": accept})})
    assert answer.status == 200, answer.body
    assert (opened(answer.body).format, opened(answer.body).mode) == (kind, mode)
    assert answer.headers["content-type"] == f"image/{kind.lower()}"


def test_background_by_name_by_upload_and_by_colour(server: Server) -> None:
    named = server.post("/v1/image?effect=replace&background=lake.jpg")
    in_text = server.post("/v1/image?effect=replace:lake.jpg")
    sent = server.form("/v1/image", ("photo", PHOTO), ("effect", "replace"), ("background", LAKE))
    assert named.status == in_text.status == sent.status == 200
    assert named.body == in_text.body == sent.body
    corner = opened(server.post("/v1/image?effect=replace:red&format=png").body).getpixel((0, 0))
    assert corner == (255, 0, 0)


def test_info(server: Server) -> None:
    answer = server.form("/v1/info", ("photo", PHOTO), ("model", "tiny"))
    assert answer.status == 200
    found = answer.json
    assert (found["model"], found["width"], found["height"], found["format"]) == ("tiny", 720, 900, "JPEG")
    assert 0.5 < found["person"] < 0.8
    assert 0 <= found["box"]["left"] < found["box"]["left"] + found["box"]["width"] <= 720
    assert set(found["milliseconds"]) == {"decode", "segment"}
    nobody = io.BytesIO()
    Image.new("RGB", (64, 48), (90, 120, 200)).save(nobody, "PNG")
    assert server.post("/v1/info", nobody.getvalue(), {"Content-Type": "image/png"}).json["box"] is None


def test_facts(server: Server) -> None:
    assert [model["name"] for model in server.ask("GET", "/v1/models").json] == ["fast", "tiny"]
    found = server.ask("GET", "/v1/effects").json
    assert [effect["name"] for effect in found["effects"]] == list(EFFECTS)
    assert found["backgrounds"] == ["lake.jpg"]
    assert server.ask("GET", "/health/live").json == {"status": "live"}
    assert server.ask("GET", "/health/ready").json == server.ask("GET", "/health").json == {"status": "ready"}
    paths = set(server.ask("GET", "/openapi.json").json["paths"])
    assert {"/v1/image", "/v1/info", "/v1/models", "/v1/effects", "/health", "/metrics"} <= paths


def test_the_page_loads_nothing_from_elsewhere(server: Server) -> None:
    page = server.ask("GET", "/")
    assert page.headers["content-type"].startswith("text/html")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in page.body.decode().replace("http-equiv", "")
    assert b"onclick" not in page.body
    assert b"style=" not in page.body
    for name in ("page.js", "page.css"):
        assert name.encode() in page.body
        assert server.ask("GET", f"/{name}").status == 200


def test_metrics_count_what_was_answered(server: Server) -> None:
    series = 'limner_requests_total{route="/v1/info",status="200"}'
    before = server.metric(series)
    assert server.post("/v1/info").status == 200
    assert server.post("/v1/info?model=none").status == 422
    assert server.metric(series) == before + 1
    assert server.metric("limner_in_flight") == 0
    text = server.ask("GET", "/metrics").body
    server.ask("GET", "/a-path-that-somebody-made-up")
    assert b"made-up" not in server.ask("GET", "/metrics").body
    assert b"limner_stage_seconds_bucket" in text


def bomb() -> bytes:
    """A PNG of 30,000 × 30,000 pixels that says so honestly, in some kB."""
    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0)
    data = zlib.compress(bytes(30_001) * 200, 9)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", head) + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b"")


PNG = {"Content-Type": "image/png"}


@pytest.mark.parametrize(
    ("path", "body", "headers", "status", "says"),
    [
        ("/v1/image", b"", JPEG, 422, "the photo is empty"),
        ("/v1/image", b"no photo at all", JPEG, 422, "is no photo that can be read"),
        ("/v1/image", PHOTO[:5000], JPEG, 422, "truncated or damaged"),
        ("/v1/image", bomb(), PNG, 413, "has 30000×30000 pixels, and 3,000,000 is the limit here"),
        ("/v1/image", b"\xff\xd8" + b"\xff\xda\0\x02" * 101, JPEG, 422, "in more than 100 passes"),
        ("/v1/image", b"II*\0\x10\0\0\0CR" + bytes(400), PNG, 415, "raw data of cameras is not taken here"),
        ("/v1/image", bytes(1_100_000), JPEG, 413, "larger than 1 MiB"),
        ("/v1/image", PHOTO, {}, 415, "Content-Type is missing"),
        ("/v1/image", PHOTO, {"Content-Type": "text/html"}, 415, "Content-Type 'text/html' is not taken"),
        ("/v1/image", PHOTO, {**JPEG, "Content-Encoding": "gzip"}, 415, "a compressed body is not taken"),
        ("/v1/image", PHOTO, {**JPEG, "Accept": "text/html"}, 406, "it can be image/jpeg, image/png"),
        ("/v1/image?effect=cutout", PHOTO, {**JPEG, "Accept": "image/jpeg"}, 406, "Accept leaves no format"),
        ("/v1/image?effect=nothing", PHOTO, JPEG, 422, "effect 'nothing' is unknown"),
        ("/v1/image?effect=cutout&format=jpg", PHOTO, JPEG, 422, "format"),
        ("/v1/image?blur-strength=2", PHOTO, JPEG, 422, "blur-strength 2.0 is out of range"),
        ("/v1/image?blur-strength=nan", PHOTO, JPEG, 422, "blur-strength"),
        ("/v1/image?blur_strength=1", PHOTO, JPEG, 422, "did you mean 'blur-strength'?"),
        ("/v1/image?tint=red", PHOTO, JPEG, 422, "tint belongs to the effect overlay"),
        ("/v1/image?threshold=1", PHOTO, JPEG, 422, "threshold '1'"),
        ("/v1/image?quality=0", PHOTO, JPEG, 422, "quality '0'"),
        ("/v1/image?subject=nobody", PHOTO, JPEG, 422, "subject 'nobody'"),
        ("/v1/image?model=quality", PHOTO, JPEG, 422, "model 'quality' is not loaded here: say fast or tiny"),
        ("/v1/image?model=/etc/passwd", PHOTO, JPEG, 422, "is not loaded here"),
        ("/v1/image?effect=replace", PHOTO, JPEG, 422, "needs background"),
        ("/v1/image?effect=replace:/etc/passwd", PHOTO, JPEG, 422, "is no colour, nor a background of this server"),
        ("/v1/image?effect=replace&background=../lake.jpg", PHOTO, JPEG, 422, "upload it as the part background"),
        ("/v1/image?effect=replace:red&background=red", PHOTO, JPEG, 422, "already says its background"),
        ("/v1/info?effect=blur", PHOTO, JPEG, 422, "'effect' is no parameter"),
        ("/v1/image", b'{"url": 1}', {"Content-Type": "application/json"}, 422, '"url", a text'),
        ("/v1/image", b"{", {"Content-Type": "application/json"}, 400, "the body is no JSON"),
        ("/v1/image", b"[" * 9000, {"Content-Type": "application/json"}, 400, "the body is no JSON"),
        ("/v1/image", b'{"url": "http://127.0.0.1/"}', {"Content-Type": "application/json"}, 403, "fetches nothing"),
        ("/v1/image", b"--x--", {"Content-Type": "multipart/form-data; boundary=y"}, 400, "no whole multipart"),
        ("/v1/image", b"--y--", {"Content-Type": "multipart/form-data"}, 400, "no whole multipart"),
        ("/v1/image", PHOTO, {**JPEG, "Host": "evil.example"}, 421, "is not called evil.example"),
        ("/v1/image", PHOTO, {**JPEG, "Origin": "http://evil.example"}, 403, "pages of other sites"),
    ],
)  # fmt: skip
def test_refusals(server: Server, path: str, body: bytes, headers: dict[str, str], status: int, says: str) -> None:
    answer = server.ask("POST", path, body, headers)
    assert answer.status == status, answer.body
    assert says in answer.error


@pytest.mark.parametrize(
    ("parts", "status", "says"),
    [
        ([("effect", "blur")], 422, "no part photo"),
        ([("photo", PHOTO), ("photo", PHOTO)], 422, "the part photo twice"),
        ([("photo", PHOTO), ("effect", "blur"), ("effect", "color")], 422, "the part 'effect' twice"),
        ([("photo", PHOTO), ("effect", b"blur")], 422, "the part 'effect' is a file"),
        ([("photo", PHOTO), ("effect", "replace"), ("background", b"no photo")], 422, "background: is no photo"),
        ([("photo", PHOTO), ("size", "3")], 422, "'size' is no parameter"),
        ([("photo", PHOTO), *((f"n{index}", "x") for index in range(70))], 400, "more than 64 parts"),
        ([("photo", PHOTO), ("effect", "x" * 5000)], 422, "no short text"),
        ([("photo", "")], 422, "the photo is empty"),
    ],
)  # fmt: skip
def test_forms_that_are_refused(server: Server, parts: list[tuple[str, bytes | str]], status: int, says: str) -> None:
    answer = server.form("/v1/image", *parts)
    assert answer.status == status, answer.body
    assert says in answer.error


def test_an_option_in_the_address_and_in_the_form_is_refused(server: Server) -> None:
    assert "effect is given twice" in server.form("/v1/image?effect=blur", ("photo", PHOTO), ("effect", "blur")).error


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/v1/image", 405), ("DELETE", "/", 405), ("GET", "/nothing", 404), ("GET", "/%2e%2e/etc/passwd", 404),
     ("GET", "//etc/passwd", 404), ("GET", "/page.js/../../app.py", 404), ("GET", "/docs", 404)],
)  # fmt: skip
def test_paths_that_are_not_there(server: Server, method: str, path: str, status: int) -> None:
    answer = server.ask(method, path)
    assert answer.status == status
    assert answer.error


def test_what_a_client_says_never_becomes_a_header(server: Server) -> None:
    for path in ("/v1/image?model=a%0d%0aSet-Cookie:%20x=1", "/%0d%0aSet-Cookie:%20x=1"):
        answer = server.post(path)
        assert answer.status in (404, 422)
        assert "set-cookie" not in answer.headers
        assert "\r" not in answer.error
    body, kind = form(("photo", PHOTO))
    odd = body.replace(b'filename="../../x.jpg"', b'filename="a\r\n\tSet-Cookie: x=1"')
    assert "set-cookie" not in server.ask("POST", "/v1/image", odd, {"Content-Type": kind}).headers


def test_sixteen_clients_at_once_get_what_one_gets(server: Server) -> None:
    paths = [f"/v1/image?effect={effect}&model={model}" for effect in ("blur", "mask") for model in ("fast", "tiny")]
    alone = {path: server.post(path).body for path in paths}
    with ThreadPoolExecutor(16) as pool:
        for path, answer in pool.map(lambda path: (path, server.post(path)), paths * 8):
            assert answer.status == 200, answer.body
            assert answer.body == alone[path]


def test_a_full_server_says_when_to_come_again() -> None:
    with serving("--workers", "1", "--queue", "1") as small, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: small.post("/v1/image?effect=cutout"), range(8)))
        told = [answer for answer in answers if answer.status != 200]
        assert {answer.status for answer in told} == {429}
        assert sum(answer.status == 200 for answer in answers) >= 2
        assert all(int(answer.headers["retry-after"]) >= 1 and "try again" in answer.error for answer in told)
        assert small.post("/v1/image").status == 200  # and takes the next one


def test_a_client_that_leaves_frees_its_place() -> None:
    with serving("--workers", "1", "--queue", "3") as small:
        for _ in range(6):  # in the middle of the body, and while the photo is worked on
            with small.connect() as connection:
                connection.sendall(b"POST /v1/image HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\n")
                connection.sendall(b"Content-Length: %d\r\n\r\n" % len(PHOTO) + PHOTO[:9000])
            with small.connect() as connection:
                connection.sendall(b"POST /v1/image?effect=cutout HTTP/1.1\r\nHost: localhost\r\n")
                connection.sendall(b"Content-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(PHOTO) + PHOTO)
            small.wait_for("limner_in_flight", 0)
        small.wait_for("limner_working", 0)
        assert small.metric("limner_gone_total") >= 6
        assert small.post("/v1/image").status == 200


def test_time_is_limited() -> None:
    with serving("--workers", "1", "--timeout", "0.02") as hurried:
        answer = hurried.post("/v1/image?effect=cutout")
        assert (answer.status, answer.headers["retry-after"]) == (503, "5")
        assert "no result within 0.02 s" in answer.error
        hurried.wait_for("limner_in_flight", 0)


def test_the_key(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEY + "\n")
    with serving("--key-file", str(tmp_path / "key")) as locked:
        right = {"Authorization": f"Bearer {KEY}"}
        wrong = [{}, {"Authorization": "Bearer x"}, {"Authorization": KEY}, {"Authorization": f"Basic {KEY}"},
                 {"Authorization": f"Bearer {KEY}x"}, {"Authorization": "Bearer \xfc"}]  # fmt: skip
        for headers in wrong:
            for method, path in (("POST", "/v1/image"), ("GET", "/v1/models"), ("GET", "/metrics"), ("POST", "/")):
                answer = locked.ask(method, path, PHOTO if method == "POST" else None, {**JPEG, **headers})
                assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
                assert "Authorization: Bearer KEY" in answer.error
        assert locked.ask("POST", "/v1/image", PHOTO, {**JPEG, **right}).status == 200
        assert locked.ask("GET", "/v1/models", headers=right).status == 200
        assert locked.ask("GET", "/health").status == locked.ask("GET", "/").status == 200
        described = locked.ask("GET", "/openapi.json").json
        assert described["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
        assert locked.ask("GET", "/health", headers={"Host": "anything.example"}).status == 200
        command = Path(f"/proc/{locked.process.pid}/cmdline").read_bytes()
        assert KEY.encode() not in command


def test_a_reverse_proxy_may_use_its_own_name() -> None:
    with serving("--name", "photos.example") as behind:
        assert behind.ask("GET", "/health", headers={"Host": "photos.example"}).status == 200
        assert behind.ask("GET", "/health", headers={"Host": "other.example"}).status == 421
        mine = {"Host": "photos.example", "Origin": "https://photos.example"}
        assert behind.ask("GET", "/health", headers=mine).status == 200


def test_the_pixels_of_backgrounds_count(server: Server) -> None:
    answer = server.form("/v1/image", ("photo", PHOTO), ("effect", "replace"), ("background", bomb()))
    assert answer.status == 413
    assert "background: has 30000×30000 pixels" in answer.error


def test_threads_of_the_server_stay_few(server: Server) -> None:
    status = Path(f"/proc/{server.process.pid}/status")
    before = status.read_text()
    workers = [threading.Thread(target=server.post, args=("/v1/info",)) for _ in range(12)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    threads = [
        int(line.split()[1])
        for text in (before, status.read_text())
        for line in text.splitlines()
        if line.startswith("Threads:")
    ]
    assert threads[1] - threads[0] <= 4
    assert np.all(np.array(threads) < 40)


def test_photos_go_through_the_model_together() -> None:
    ways = ("--worker-class", "threads", "--workers", "4", "--batch", "4", "--model", "quality")  # slow, so they meet
    with serving(*ways) as server, ThreadPoolExecutor(4) as pool:
        alone = opened(server.post("/v1/image?effect=mask&edges=guided").body)
        answers = list(pool.map(lambda _: server.post("/v1/image?effect=mask&edges=guided"), range(6)))
        assert {answer.status for answer in answers} == {200}
        for answer in answers:
            assert np.abs(np.asarray(opened(answer.body), np.int16) - np.asarray(alone, np.int16)).max() <= 2
        runs, photos = server.metric("limner_batch_runs_total"), server.metric("limner_batch_photos_total")
        assert photos == 1 + 1 + 6  # one warmed it
        assert runs < photos
