"""Buckets as a storage: S3 from a server on this machine, memory and archives."""

from __future__ import annotations

import http.server
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from limner.batch.storage import FaultError, storage_of
from limner.errors import LimnerError, MediaError

FILES = ("b.jpg", "a.txt", "deep/c.jpg", ".hidden/d.jpg", ".e.jpg", "out/f.jpg")


@pytest.fixture
def memory() -> Iterator[str]:
    yield "memory://bucket"
    fsspec.filesystem("memory").store.clear()


@pytest.fixture(params=["s3", "memory"])
def place(request: pytest.FixtureRequest) -> str:
    """A bucket with a few files."""
    address: str = request.getfixturevalue("bucket" if request.param == "s3" else "memory")
    for name in FILES:
        storage_of(address).write(f"{address}/in/{name}", name.encode())
    return address


@pytest.mark.parametrize(
    ("address", "below"),
    [
        ("in", ["a.txt", "b.jpg", "deep/c.jpg"]),
        ("in/", ["a.txt", "b.jpg", "deep/c.jpg"]),
        ("in/b.jpg", ["b.jpg"]),
        ("in/*.jpg", ["b.jpg"]),
        ("in/**/*.jpg", ["b.jpg", "deep/c.jpg"]),
    ],
)
def test_what_is_found(place: str, address: str, below: list[str]) -> None:
    storage = storage_of(place)
    found = list(storage.find(f"{place}/{address}", f"{place}/in/out"))
    assert [file.below for file in found] == below
    assert all(storage.read(file.address).decode().endswith(Path(file.below).name) for file in found)
    assert all(file.size == len(storage.read(file.address)) for file in found)


def test_a_change_changes_the_identity(place: str) -> None:
    storage, address = storage_of(place), f"{place}/in/b.jpg"
    (before,) = storage.find(address, f"{place}/out")
    storage.write(address, b"B.JPG")
    (after,) = storage.find(address, f"{place}/out")
    assert (before.size, before.identity != after.identity) == (after.size, True)


def test_parts_and_sizes(place: str) -> None:
    storage = storage_of(place)
    assert storage.read(f"{place}/in/deep/c.jpg", (5, 3)) == b"c.j"
    assert storage.sizes([f"{place}/in/b.jpg", f"{place}/in/deep/c.jpg", f"{place}/none"]) == {
        f"{place}/in/b.jpg": 5,
        f"{place}/in/deep/c.jpg": 10,
    }
    assert storage.sizes([f"{place}/none/a.jpg"]) == {}
    assert storage.sizes([]) == {}


def test_what_is_not_there(place: str) -> None:
    storage = storage_of(place)
    with pytest.raises(MediaError, match=r"none.jpg: cannot be read: no such file or folder") as raised:
        storage.read(f"{place}/in/none.jpg")
    assert not isinstance(raised.value, FaultError)
    with pytest.raises(MediaError, match="no such file or folder"):
        list(storage.find(f"{place}/none.jpg", f"{place}/out"))


def test_whether_results_can_be_written_is_found_out_before(bucket: str) -> None:
    storage_of(bucket).check(f"{bucket}/out")
    assert list(storage_of(bucket).find(f"{bucket}/", "s3://other")) == []
    with pytest.raises(LimnerError, match=r"s3://no-such-bucket/out/.*: cannot be written"):
        storage_of("s3://no-such-bucket").check("s3://no-such-bucket/out")


def test_a_server_that_is_gone_is_worth_another_try(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import s3fs

    storage = storage_of(bucket)
    monkeypatch.setattr(s3fs.S3FileSystem, "retries", 1)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    s3fs.S3FileSystem.clear_instance_cache()
    with pytest.raises(FaultError, match="cannot be read"):
        storage_of(bucket).read(f"{bucket}/a.jpg")
    assert storage is not None


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """A web server of this machine with one photo."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site/a.jpg").write_bytes(b"0123456789")

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=str(tmp_path / "site"))  # type: ignore[arg-type]

        def log_message(self, *_: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_the_web_is_read(web: str) -> None:
    pytest.importorskip("aiohttp")
    (found,) = storage_of(web).find(f"{web}/a.jpg?size=full", "out")
    assert (found.below, found.size) == ("a.jpg", 10)
    assert storage_of(web).read(found.address) == b"0123456789"
    with pytest.raises(LimnerError, match=r"http can only be read"):
        storage_of(web).check(web)
    with pytest.raises(MediaError, match=r"none.jpg: cannot be read"):
        storage_of(web).read(f"{web}/none.jpg")


def test_archives_are_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr("in/a.jpg", b"first")
        file.writestr("in/deep/b.jpg", b"second")
    address = f"zip://in::{tmp_path / 'a.zip'}"
    found = list(storage_of(address).find(address, "out"))
    assert [file.below for file in found] == ["a.jpg", "deep/b.jpg"]
    assert [storage_of(file.address).read(file.address) for file in found] == [b"first", b"second"]
    with pytest.raises(LimnerError, match="could be half-written"):
        storage_of(address).check(address)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("foo://bucket/a.jpg", "foo://bucket/a.jpg: cannot be opened: Protocol not known: foo"),
        ("gs://bucket/a.jpg", "gs:// needs a package that is not installed: "),
    ],
)
def test_addresses_that_cannot_be_opened(address: str, told: str) -> None:
    if address.startswith("gs"):
        try:
            import gcsfs  # noqa: F401
        except ImportError:
            pass
        else:
            pytest.skip("gcsfs is installed")
    with pytest.raises(LimnerError) as raised:
        storage_of(address)
    assert told in str(raised.value)
