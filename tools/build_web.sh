#!/bin/sh
# Builds the page of `limner web` from web/ into src/limner/web/static, whole or not at all, or says in one line why it cannot.
set -eu
cd "$(dirname "$0")/.."
static=src/limner/web/static
aside=src/limner/web/.static.part

if [ ! -f web/package-lock.json ]; then
    echo "limner: web/ with the sources of the page is not here; build from a checkout, or from an sdist" >&2
    exit 2
fi
# What Vite 8 runs on.
new_enough='const [a, b] = process.versions.node.split(".").map(Number); process.exit((a == 20 && b >= 19) || (a == 22 && b >= 12) || a > 22 ? 0 : 1)'
if ! command -v npm >/dev/null 2>&1 || ! node -e "$new_enough" >/dev/null 2>&1; then
    echo "limner: building the page needs Node 20.19, 22.12 or newer, with npm; found $(node --version 2>/dev/null || echo none) (https://nodejs.org)" >&2
    exit 2
fi

if ! cmp -s web/package-lock.json web/node_modules/.limner-lock; then
    echo "Installing what builds the page into web/node_modules (once) ..."
    rm -f web/node_modules/.limner-lock
    (cd web && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
    cp web/package-lock.json web/node_modules/.limner-lock
fi

trap 'rm -rf "$aside"' EXIT
rm -rf "$aside"
(cd web && npm run --silent build -w page -- --outDir "$OLDPWD/$aside" --emptyOutDir --logLevel warn)
test -f "$aside/index.html"
rm -rf "$static"
mv "$aside" "$static"
echo "The page is in $static; \`limner web\` serves it."
