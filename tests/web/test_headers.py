"""What kind a file is, and how long it may be kept."""

from __future__ import annotations

import pytest

from limner.web.headers import CONTENT_POLICY, content_type, is_hashed


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("a.wasm", "application/wasm"),
        ("a/b.mjs", "text/javascript; charset=utf-8"),
        ("a.JS", "text/javascript; charset=utf-8"),
        ("fast.onnx", "application/octet-stream"),
        ("group1-shard1of1.bin", "application/octet-stream"),
        ("site.webmanifest", "application/manifest+json"),
        ("none", "application/octet-stream"),
    ],
)
def test_types(path: str, kind: str) -> None:
    assert content_type(path) == kind


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("assets/index-B2x9_a1c.js", True),
        ("assets/index-B-x9_a1c.css", True),
        ("assets/deep/ort-wasm-simd-threaded.asyncify-Dk29xQ_z.wasm", True),
        ("assets/ort-wasm-simd-threaded.wasm", False),
        ("assets/index.js", False),
        ("assets/index-B2x9.js", False),
        ("assets/indexB2x9_a1c.js", False),
        ("runtimes/index-B2x9_a1c.js", False),
        ("index-B2x9_a1c.js", False),
        ("assets", False),
    ],
)
def test_only_a_name_with_a_hash_is_kept_forever(path: str, expected: bool) -> None:
    assert is_hashed(path) is expected


def test_the_policy_lets_no_foreign_script_nor_address_in() -> None:
    rules = dict(rule.split(" ", 1) for rule in CONTENT_POLICY.split("; "))
    assert rules["script-src"] == "'self' 'wasm-unsafe-eval'"
    assert rules["connect-src"] == rules["default-src"] == "'self'"
    assert not any("unsafe-inline" in rule or "*" in rule or "http" in rule for rule in rules.values())
