#!/bin/sh
# Installs Debian packages, where this may, or says which ones are wanted; without any there is nothing to do.
set -eu
[ $# -gt 0 ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "limner: installing $* ..." >&2
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
else
    echo "limner: install $* first (Debian: sudo apt-get install $*)" >&2
    exit 2
fi
