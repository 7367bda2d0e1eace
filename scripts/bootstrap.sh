#!/usr/bin/env bash
# Make the environment once: locked libraries, each checked by its hash, and Hoiva itself.
set -euo pipefail
venv=$1
python=${PYTHON:-python3.11}
command -v "$python" >/dev/null 2>&1 || python=python3
if ! "$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
    echo "Hoiva needs Python 3.11: install it, or name it: make PYTHON=/path/to/python3.11" >&2
    exit 2
fi
started=$SECONDS
echo "Making $venv with the locked libraries (once; about half a minute)"
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
if ! "$venv/bin/uv" --version >/dev/null 2>&1; then
    # uv's own lines of the lock, hashes included
    awk '/^uv==/ {take = 1} take {print} take && !/\\$/ {exit}' requirements.lock > "$venv/uv.lock"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$venv/uv.lock" || true
fi
if "$venv/bin/uv" --version >/dev/null 2>&1; then
    "$venv/bin/uv" pip install --quiet --python "$venv/bin/python" --require-hashes -r requirements.lock
    "$venv/bin/uv" pip install --quiet --python "$venv/bin/python" --no-deps --no-build-isolation --editable .
else
    echo "uv is not to be had; pip takes about three minutes"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
fi
touch "$venv/.ready"
echo "Ready in $((SECONDS - started)) s"
