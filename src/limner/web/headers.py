"""Headers of everything that is served: what the page may do, what kind a file is, how long it may be kept."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

CONTENT_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "worker-src 'self' blob:",
        "img-src 'self' blob: data:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "style-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "form-action 'none'",
    )
)
ISOLATION = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Without these a page gets no threads of WebAssembly."""
POLICY = {
    **ISOLATION,
    "Content-Security-Policy": CONTENT_POLICY,
    "Permissions-Policy": "camera=(self), microphone=(self)",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
"""What every answer carries, errors too."""

FOREVER = "public, max-age=31536000, immutable"
REVALIDATE = "no-cache"
"""A browser may keep the file, but asks each time whether it is still the same."""

TYPES = {
    ".avif": "image/avif",
    ".css": "text/css; charset=utf-8",
    ".gif": "image/gif",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".mp4": "video/mp4",
    ".onnx": "application/octet-stream",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".tflite": "application/octet-stream",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webm": "video/webm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
"""Suffix -> type. Everything else is ``application/octet-stream``; what the system's own table says is not asked."""

_HASHED = re.compile(r"-(?=[\w-]*[A-Z0-9])[\w-]{8}$", re.ASCII)


def content_type(path: str) -> str:
    """The type of a file by its name."""
    return TYPES.get(PurePosixPath(path).suffix.lower(), "application/octet-stream")


def is_hashed(path: str) -> bool:
    """Whether a file under assets/ has a hash of its content in its name, as Vite writes it: ``index-B2x9_a1c.js``.

    Eight small letters are taken for a word (``…-threaded.wasm``): such a file is only asked after more often.
    """
    place = PurePosixPath(path)
    return place.parts[0] == "assets" and len(place.parts) > 1 and _HASHED.search(place.stem) is not None


def cache_rule(path: str) -> str:
    """Value of Cache-Control for the file at ``path``, relative to the site."""
    return FOREVER if is_hashed(path) else REVALIDATE
