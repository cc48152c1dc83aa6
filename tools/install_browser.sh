#!/bin/sh
# Installs what the tests of exports need to run models in a browser, where it is missing, or says what to install.
set -eu
missing=
command -v npm >/dev/null 2>&1 || missing=npm
for name in "${LIMNER_CHROMIUM:-chromium}" chromium-browser google-chrome google-chrome-stable; do
    command -v "$name" >/dev/null 2>&1 && browser=$name && break
done
[ -n "${browser:-}" ] || missing="$missing chromium"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "limner: installing $missing ..." >&2
    apt-get update -qq
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
    echo "limner: install $missing first (Debian: sudo apt-get install $missing)" >&2
    exit 2
fi
