"""What an exported site tells its host."""

from __future__ import annotations

import re

import pytest

from limner.web import hosting
from limner.web.headers import FOREVER, POLICY, TYPES

KEPT = ["assets/index-B2x9_a1c.js", "assets/index-B2x9_a1c.js.br", "assets/deep/a.b-C3d4E5f6.css"]
OTHER = ["assets/plain.wasm", "index.html"]


def test_compressed_forms_are_kept_as_long_as_their_files() -> None:
    assert hosting.hashed([*KEPT, *OTHER]) == KEPT


def rules(text: str) -> dict[str, dict[str, str]]:
    """Place -> headers, of a ``_headers``."""
    found: dict[str, dict[str, str]] = {}
    for line in text.splitlines():
        if line.startswith("/"):
            found[line] = place = {}
        elif line.startswith("  "):
            name, _, value = line.strip().partition(": ")
            place[name] = value
    return found


@pytest.mark.parametrize(
    ("paths", "places"),
    [
        ([*KEPT, "index.html"], ["/assets/*"]),
        ([*KEPT, *OTHER], [f"/{path}" for path in KEPT]),
        (["index.html"], []),
    ],
)
def test_headers_file(paths: list[str], places: list[str]) -> None:
    text = hosting.headers_file(paths)
    assert rules(text) == {"/*": POLICY, **{place: {"Cache-Control": FOREVER} for place in places}}
    assert max(map(len, text.splitlines())) < 2000  # what Cloudflare reads of a line


def test_the_snippets_name_every_header_and_the_files_to_keep() -> None:
    paths = [*KEPT, *OTHER]
    for text, times in ((hosting.htaccess(paths), 1), (hosting.nginx(paths), 2)):
        for name, value in POLICY.items():
            assert text.count(f'{name} "{value}"') == times
        assert text.count(f'Cache-Control "{FOREVER}"') == 1
        assert text.count('Cache-Control "no-cache"') == 1
        assert "application/wasm" in text
    (place,) = re.findall(r'<FilesMatch "(.+)">', hosting.htaccess(paths))
    assert [path for path in paths if re.search(place, path.rpartition("/")[2])] == KEPT
    (place,) = re.findall(r'location ~ "(.+)" \{', hosting.nginx(paths))
    assert [path for path in paths if re.search(place, f"/{path}")] == KEPT
    assert all(f" {suffix[1:]};" in hosting.nginx(paths) for suffix in TYPES)
    assert FOREVER not in hosting.htaccess(OTHER) + hosting.nginx(OTHER)


def test_the_readme_says_what_a_host_without_headers_costs() -> None:
    text = hosting.readme()
    assert re.search(r"GitHub Pages cannot set headers.*\n?.*one thread", text)
    assert all(name in text for name in ("_headers", ".htaccess", "nginx.conf", "HTTPS", "crossOriginIsolated"))
    assert max(map(len, text.splitlines())) <= 120
