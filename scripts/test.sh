#!/bin/sh
# Runs everything, with the coverage gate. The tests of a real domain controller need ports below 1024: whoever is not root
# runs those in a network namespace of their own, where such ports are free to take.
set -eu
cd "$(dirname "$0")/.."
PATH="$PATH:/usr/sbin:/sbin"
export PATH
python=.venv/bin/python

# Where there is no PostgreSQL, the gate asks for everything but what speaks to it.
if ! command -v initdb >/dev/null && ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
    export COVERAGE_OMITS='*/engine/*postgres*'
fi

if [ "$(id -u)" != 0 ] && command -v samba >/dev/null && unshare -Urn true 2>/dev/null; then
    unshare -Urn sh -c 'ip link set lo up && exec "$0" -m pytest tests/ad' "$python"
    exec "$python" -m pytest --cov -n 2 --dist loadgroup --ignore=tests/ad
fi
exec "$python" -m pytest --cov -n 2 --dist loadgroup
