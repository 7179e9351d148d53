#!/bin/sh
# Installs what tests use and the lock file cannot bring: Chromium (the customer's browser), tmux (the agent's terminal),
# zsh and fish (whose words are completed), PostgreSQL, a C compiler (for a process whose clock is wrong), Samba (a real
# domain controller) and python-ldap, which is compiled here.
# As root on Debian only; elsewhere it names what is missing, and those groups of tests say in the end that they did not run.
# Names of groups as arguments install those alone: chromium terminal postgres ad.
set -eu
cd "$(dirname "$0")/.."
groups=${*:-chromium terminal postgres ad}

missing=
wants() { case " $groups " in *" $1 "*) return 0 ;; *) return 1 ;; esac; }
has() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ]; }

if wants chromium; then
    has chromium || has google-chrome || missing="$missing chromium"
fi
if wants terminal; then
    for program in tmux zsh fish; do has "$program" || missing="$missing $program"; done
fi
if wants postgres; then
    has initdb || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
    has cc || missing="$missing gcc libc6-dev"
fi
if wants ad; then
    has samba || missing="$missing samba samba-ad-provision samba-dsdb-modules samba-vfs-modules winbind python3-samba"
    has ldbmodify || missing="$missing ldb-tools"
    has ldapmodify || missing="$missing ldap-utils"
    has kinit || missing="$missing krb5-user libsasl2-modules-gssapi-mit"
    has openssl || missing="$missing openssl"
    if ! .venv/bin/python -c 'import ldap' 2>/dev/null; then
        [ -e /usr/include/ldap.h ] || missing="$missing libldap2-dev libsasl2-dev libkrb5-dev"
        has gcc || missing="$missing gcc libc6-dev"
    fi
fi

# Nothing that is installed for tests starts by itself: Debian asks this file before it starts a service.
policy=/usr/sbin/policy-rc.d
made_policy=
end() { [ -z "$made_policy" ] || rm -f "$policy"; }
trap end EXIT

if [ -z "$missing" ]; then
    :
elif [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "test-system: installing$missing"
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
        made_policy=yes
    fi
    # In newer Debian the controller is a package of its own.
    case "$missing" in *" samba "*) ! apt-cache show samba-ad-dc >/dev/null 2>&1 || missing="$missing samba-ad-dc" ;; esac
    # shellcheck disable=SC2086  # one word a package
    scripts/apt.sh $missing || echo "test-system: could not install$missing; the tests that need it will say so" >&2
else
    echo "test-system: not here:$missing; the tests that need it will say so (as root: scripts/test-system.sh)" >&2
fi

if wants ad && ! .venv/bin/python -c 'import ldap' 2>/dev/null && [ -e /usr/include/ldap.h ] && has gcc; then
    echo "test-system: compiling python-ldap"
    .venv/bin/python -m pip --disable-pip-version-check --quiet --no-input install --require-hashes -r requirements-ad.lock ||
        echo "test-system: could not compile python-ldap; the tests that need it will say so" >&2
fi
