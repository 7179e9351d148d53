#!/bin/sh
# Installs the programs that tests use and pip cannot bring: Chromium (the customer's browser), tmux (the agent's terminal), and
# zsh and fish (whose words are completed).
# As root on Debian only; elsewhere it names what is missing, and those groups of tests say in the end that they did not run.
set -eu
cd "$(dirname "$0")/.."

missing=
command -v chromium >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1 || missing="$missing chromium"
for program in tmux zsh fish; do
    command -v "$program" >/dev/null 2>&1 || missing="$missing $program"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "test-system: installing$missing"
    # shellcheck disable=SC2086  # one word a package
    scripts/apt.sh $missing || echo "test-system: could not install$missing; the tests that need it will say so" >&2
else
    echo "test-system: not here:$missing; the tests that need it will say so (as root: scripts/test-system.sh)" >&2
fi
