#!/bin/sh
# Makes .venv from requirements.lock and installs csrdesk into it, editable. Quick when nothing changed.
# PYTHON names the interpreter (3.11 or newer); the default is python3.
set -eu
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}
venv=.venv
stamp=$venv/.set-up

fail() {
    echo "setup: $*" >&2
    exit 1
}

command -v "$python" >/dev/null 2>&1 || fail "no $python here; install Python 3.11 or newer, or say PYTHON=/path/to/python"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "$("$python" --version) is too old; csrdesk needs 3.11 or newer (PYTHON=/path/to/python make setup)"

# The stamp holds what the environment was made from: the lock, the project's metadata, this script and the interpreter.
wanted=$("$python" - <<'PY'
import hashlib, pathlib, sys, tomllib
project = tomllib.loads(pathlib.Path("pyproject.toml").read_text("utf-8"))
del project["tool"]
files = [pathlib.Path(name).read_bytes() for name in ("requirements.lock", "scripts/setup.sh")]
print(hashlib.sha256(b"\0".join([sys.version.encode(), repr(project).encode(), *files])).hexdigest())
PY
)
if [ -x "$venv/bin/python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && "$venv/bin/python" -c '' 2>/dev/null; then
    exit 0
fi

# Debian ships python3 without venv and ensurepip.
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        echo "setup: $python has no venv; installing $package"
        scripts/apt.sh "$package" || fail "could not install $package"
    else
        fail "$python has no venv; run: sudo apt-get install $package"
    fi
fi

echo "setup: making $venv (once; about a minute)"
rm -f "$stamp"
if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1 ||
    [ "$("$venv/bin/python" -c 'import sys; print(sys.version)')" != "$("$python" -c 'import sys; print(sys.version)')" ]; then
    "$python" -m venv --clear "$venv"
fi
pip="$venv/bin/python -m pip --disable-pip-version-check --quiet --no-input"
$pip install --require-hashes --no-compile -r requirements.lock
# Nothing is fetched here: the build back end came with the lock.
$pip install --no-deps --no-build-isolation --no-index --editable .
# Modules that are not compiled are compiled again at every start.
env -u PYTHONDONTWRITEBYTECODE "$venv/bin/python" -m compileall -q -j 0 "$venv"/lib/python*/site-packages >/dev/null 2>&1 || true
echo "$wanted" >"$stamp"
