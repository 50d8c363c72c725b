#!/usr/bin/env bash
# Makes .venv from requirements.lock. Needs Python 3.11 or newer; brings uv into .tools/ if it is not on PATH.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}

fail() {
  printf 'setup: %s\n' "$@" >&2
  exit 1
}

command -v "$python" >/dev/null || fail "$python is not on PATH." "Install Python 3.11 or newer, or name it: make PYTHON=/path/to/python3 ..."
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
  fail "$("$python" --version) is too old: Python 3.11 or newer is needed." "Name a newer one: make PYTHON=/path/to/python3.12 ..."

uv=$(command -v uv || true)
if [ -z "$uv" ]; then
  uv=.tools/uv
  if [ ! -x "$uv" ]; then
    echo "Bringing uv into .tools/ ..."
    "$python" scripts/fetch_uv.py .tools || fail "uv cannot be had." "Install it yourself (any way that puts \`uv\` on PATH), then run make again."
  fi
fi

echo "Installing the locked packages into .venv ..."
[ -x .venv/bin/python ] || "$uv" venv --quiet --python "$python" .venv
# Compiled here, once: many images set PYTHONDONTWRITEBYTECODE, and every process would compile all it imports again.
"$uv" pip sync --quiet --require-hashes --compile-bytecode --python .venv/bin/python requirements.lock
"$uv" pip install --quiet --no-deps --python .venv/bin/python --editable .
.venv/bin/python -m compileall -q flows lineage_core tasks
touch .venv/.installed
