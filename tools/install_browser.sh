#!/bin/sh
# Installs what the tests need to run models and the page in a browser, where it is missing, or says what to install.
# --all: Firefox and WebKit too, in which the page is tried.
set -eu
missing=
command -v npm >/dev/null 2>&1 || missing=npm
for name in "${LIMNER_CHROMIUM:-chromium}" chromium-browser google-chrome google-chrome-stable; do
    command -v "$name" >/dev/null 2>&1 && browser=$name && break
done
[ -n "${browser:-}" ] || missing="$missing chromium"
if [ "${1:-}" = --all ]; then
    command -v firefox-esr >/dev/null 2>&1 || command -v firefox >/dev/null 2>&1 || missing="$missing firefox-esr"
    command -v WebKitWebDriver >/dev/null 2>&1 || missing="$missing webkit2gtk-driver"
    command -v Xvfb >/dev/null 2>&1 || missing="$missing xvfb"
fi
# shellcheck disable=SC2086
exec sh "$(dirname "$0")/install_packages.sh" $missing
