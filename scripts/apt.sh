#!/bin/sh
# Installs Debian packages quietly, as root; fetches the package lists first when this machine has none.
set -eu
export DEBIAN_FRONTEND=noninteractive

if ! ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1; then
    apt-get update -qq </dev/null >/dev/null
fi
apt-get install -y -qq --no-install-recommends "$@" </dev/null >/dev/null 2>&1 || {
    # Lists that are there may be old.
    apt-get update -qq </dev/null >/dev/null
    apt-get install -y -qq --no-install-recommends "$@" </dev/null >/dev/null
}
