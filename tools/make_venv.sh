#!/bin/sh
# Makes the virtual environment named by the first argument, or says in one line why it cannot.
set -eu
venv=$1

if [ -x "$venv/bin/python" ] && "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    exit 0
fi

new_enough='import sys; sys.exit(sys.version_info < (3, 11))'
found=
for python in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
    if command -v "$python" >/dev/null 2>&1 && "$python" -c "$new_enough" >/dev/null 2>&1; then
        found=$python
        break
    fi
done
if [ -z "$found" ]; then
    echo "limner: needs Python 3.11 or newer; found none as ${PYTHON:-python3} (name another: make PYTHON=/path/to/python3.11 …)" >&2
    exit 2
fi
if ! "$found" -c 'import venv, ensurepip' >/dev/null 2>&1; then
    echo "limner: $found lacks the venv module; install it first (Debian, Ubuntu: apt install python3-venv)" >&2
    exit 2
fi
echo "Making $venv with $("$found" --version) ..."
"$found" -m venv "$venv"
