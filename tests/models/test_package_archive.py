"""Members of a package archive, read without unpacking it."""

from __future__ import annotations

from pathlib import Path

import pytest

from limner.errors import ModelError
from limner.models.package_archive import package_of, read_chunked, read_member, read_members
from package_archives import chunked, package_files, write_archive

TABLE, KEY = "dist/resources.json", "/models/medium"


def test_chunks_are_joined_in_the_order_of_the_table(tmp_path: Path) -> None:
    data = bytes(range(256)) * 40
    archive = write_archive(tmp_path / "p.tgz", package_files("@a/b@1.2.3", chunked(data, 1000)))
    assert package_of(archive) == "@a/b@1.2.3"
    assert read_chunked(archive, TABLE, KEY) == data
    assert read_member(archive, "package.json").startswith(b'{"name": "@a/b"')


def test_names_that_point_outside_write_nothing_and_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    outside = {"../evil.txt": b"1", "/tmp/evil-limner.txt": b"2", "package/../../evil.txt": b"3"}
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    archive = write_archive(
        tmp_path / "in/p.tgz",
        {**outside, **package_files("a@1", {"net.bin": b"weights"})},
        links={"package/link.bin": str(secret)},
    )
    assert read_member(archive, "net.bin") == b"weights"
    assert read_members(archive, [*outside, "package/link.bin"]).keys() == outside.keys()  # as bytes, by exact name
    with pytest.raises(ModelError, match=r"has no file package/link\.bin"):
        read_member(archive, "link.bin")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["in", "p.tgz", "secret"]
    assert not Path("/tmp/evil-limner.txt").exists()


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, r"has no file package/dist/resources\.json"),
        ({TABLE: b"[1]"}, r"package/dist/resources\.json is not a JSON object"),
        ({TABLE: b"{"}, r"package/dist/resources\.json is not a JSON object"),
        ({TABLE: b'{"/models/small": {}}'}, "lists no chunks for /models/medium"),
        ({TABLE: b'{"/models/medium": {"chunks": [{"hash": 5}]}}'}, "lists no chunks for /models/medium"),
        ({TABLE: b'{"/models/medium": {"chunks": [{"hash": "ab"}]}}'}, "has no file package/dist/ab"),
    ],
)
def test_a_package_without_the_weights(tmp_path: Path, files: dict[str, bytes], says: str) -> None:
    archive = write_archive(tmp_path / "p.tgz", package_files("a@1", files))
    with pytest.raises(ModelError, match=says):
        read_chunked(archive, TABLE, KEY)


def test_files_that_are_no_archives(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.tgz: no such file"):
        package_of(tmp_path / "none.tgz")
    (tmp_path / "text.tgz").write_bytes(b"not gzip")
    with pytest.raises(ModelError, match=r"text\.tgz: is not a whole \.tgz package archive"):
        package_of(tmp_path / "text.tgz")
    with pytest.raises(ModelError, match="cannot be read: Is a directory"):
        package_of(tmp_path)
    whole = write_archive(tmp_path / "p.tgz", package_files("a@1", {"net.bin": bytes(range(256)) * 999}))
    (tmp_path / "cut.tgz").write_bytes(whole.read_bytes()[:400])
    with pytest.raises(ModelError, match=r"cut\.tgz: is not a whole \.tgz package archive"):
        read_member(tmp_path / "cut.tgz", "net.bin")
    no_name = write_archive(tmp_path / "n.tgz", {"package/package.json": b"{}"})
    with pytest.raises(ModelError, match="names no package and version"):
        package_of(no_name)
