"""What an exported site tells its host: headers, for Netlify, Cloudflare, Apache and nginx, and a README."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from limner.web.headers import FOREVER, POLICY, REVALIDATE, TYPES, is_hashed

_FILES = """\
# Read by Netlify, Cloudflare Pages and others, where this folder is the top of its domain.
"""
_APACHE = """\
# Read by Apache 2.4, where it has mod_headers and AllowOverride FileInfo is set for this folder.
"""
_NGINX = """\
# For nginx: inside of server { … }, say
#     root /path/of/this/folder;
#     include /path/of/this/folder/nginx.conf;
"""
_README = """\
Limner in the browser
=====================

A static site: put all of this folder on any web host, and open index.html there. Pictures are processed in the
visitor's browser; none of them is sent anywhere.

HTTPS   Browsers give a page a camera over HTTPS only (and on localhost). Photos and videos work without it.

Headers The page uses several threads where two headers isolate it from other sites:
            Cross-Origin-Opener-Policy: same-origin
            Cross-Origin-Embedder-Policy: require-corp
        Some hosts are told so by a file of this folder:
            _headers    Netlify, Cloudflare Pages
            .htaccess   Apache 2.4 with mod_headers
            nginx.conf  nginx: include it in a server
        Elsewhere set these two, and the others in _headers, as your host wants it.
        To see whether it works, type crossOriginIsolated in the browser's console: it says true.

GitHub  GitHub Pages cannot set headers. A visitor's first visit runs on one thread, which is slower; from the second
        one on the page's own service worker sets them.
        (.nojekyll keeps GitHub from leaving files out.)

Types   .wasm has to come as application/wasm. The files above say so.

Cache   Files in assets/ that have a hash in their name never change: {forever}
        All others have to be asked after each time: {revalidate}

Update  Run the same command again: limner web --export FOLDER. It replaces the folder if it holds nothing but what was
        exported, unchanged; limner-site.json is the list of that.

Licence Code and weights are under the Apache License 2.0. The card of each model (models/*.json) names its origin.
"""


def hashed(paths: Sequence[str]) -> list[str]:
    """Those of a site's paths that may be kept forever: with a hash in the name, compressed forms included."""
    return [path for path in paths if is_hashed(re.sub(r"\.(br|gz)$", "", path))]


def headers_file(paths: Sequence[str]) -> str:
    """``_headers``. Rules that meet in a file would join their values, so Cache-Control is in one of them only."""
    lines = ["/*", *(f"  {name}: {value}" for name, value in POLICY.items())]
    kept = hashed(paths)
    whole = len(kept) == sum(path.startswith("assets/") for path in paths)
    for place in ["assets/*"] if whole and kept else kept:
        lines += [f"/{place}", f"  Cache-Control: {FOREVER}"]
    return _FILES + "\n".join(lines) + "\n"


def htaccess(paths: Sequence[str]) -> str:
    """``.htaccess``, for Apache."""
    lines = ["<IfModule mod_headers.c>"]
    lines += [f'  Header always set {name} "{value}"' for name, value in POLICY.items()]
    lines += [f'  Header set Cache-Control "{REVALIDATE}"']
    if kept := hashed(paths):
        names = "|".join(_escaped(PurePosixPath(path).name) for path in kept)
        lines += [f'  <FilesMatch "^({names})$">', f'    Header set Cache-Control "{FOREVER}"', "  </FilesMatch>"]
    lines += ["</IfModule>", *(f'AddType "{kind}" {suffix}' for suffix, kind in TYPES.items())]
    return _APACHE + "\n".join(lines) + "\n"


def nginx(paths: Sequence[str]) -> str:
    """``nginx.conf``, to be included in a server."""
    texts = " ".join(sorted({_bare(suffix) for suffix, kind in TYPES.items() if "charset" in kind} - {"text/html"}))
    common = [
        "types {",
        *(f"  {_bare(suffix)} {suffix[1:]};" for suffix in TYPES),
        "}",
        "default_type application/octet-stream;",
        "charset utf-8;",
        f"charset_types {texts};",
        *(f'add_header {name} "{value}" always;' for name, value in POLICY.items()),
    ]
    blocks = [("/", REVALIDATE)]
    if kept := hashed(paths):
        names = "|".join(_escaped(path) for path in kept)
        blocks.append((f'~ "^/({names})$"', FOREVER))
    lines = []
    for place, cache in blocks:
        inner = [*common, f'add_header Cache-Control "{cache}";']
        lines += [f"location {place} {{", *(f"  {line}" for line in inner), "}"]
    return _NGINX + "\n".join(lines) + "\n"


def readme() -> str:
    """``README.txt``, for whoever finds the folder."""
    return _README.format(forever=FOREVER, revalidate=REVALIDATE)


def _bare(suffix: str) -> str:
    """A type without its charset."""
    return TYPES[suffix].partition(";")[0]


def _escaped(name: str) -> str:
    """A name in a regular expression of PCRE."""
    return re.sub(r"([.+*?^$()\[\]{}|\\])", r"\\\1", name)
