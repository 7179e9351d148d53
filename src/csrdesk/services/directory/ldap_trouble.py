"""Why no connection came to be, in words: a name, a port, a certificate, a sign-in.

LDAP's library says only that the server cannot be reached. So a connection that failed is made once more with Python's
own TLS, which says what was wrong with the certificate; nothing is sent over it.
"""

from __future__ import annotations

import re
import socket
import ssl
from urllib.parse import urlsplit

from csrdesk.errors import ServiceError, TimedOutError, UnauthorizedError, UnreachableError
from csrdesk.services.directory.errors import SYSTEM

# The extended request of RFC 4511, 4.14.1: message 1, OID 1.3.6.1.4.1.1466.20037.
_START_TLS = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x16" + b"1.3.6.1.4.1.1466.20037"
_SUBCODE = re.compile(r"\bdata ([0-9A-Fa-f]+)\b")
_SIGN_IN = {
    "525": "there is no such user",
    "52e": "the user name or the password is wrong",
    "530": "it may not sign in at this time",
    "531": "it may not sign in from this machine",
    "532": "its password has expired",
    "533": "it is disabled",
    "701": "it has expired",
    "773": "it must change its password first",
    "775": "it is locked after wrong passwords",
}
"""Microsoft, "LDAP Wldap32 error 49 sub-codes" ([MS-ERREF] 2.2: ERROR_LOGON_FAILURE and those around it)."""


def sign_in_error(diagnostic: str) -> UnauthorizedError:
    """Our own sign-in was refused; AD's sub-code said in words."""
    found = _SUBCODE.search(diagnostic)
    code = found[1].lower() if found else ""
    why = _SIGN_IN.get(code)
    words = "The directory does not take csrdesk's sign-in" + (f": {why}." if why else ".")
    return UnauthorizedError(
        f"{words} Ask an administrator.", system=SYSTEM, details=f"resultCode=49 data={code}" if code else ""
    )


def host_and_port(url: str) -> tuple[str, int]:
    """Where a controller is: 636 for `ldaps`, 389 for `ldap`, unless the address says otherwise."""
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or (636 if parts.scheme == "ldaps" else 389)


def where(url: str) -> str:
    """What people call a controller."""
    return f"The domain controller {host_and_port(url)[0]}"


def explain(url: str, ca_file: str, *, seconds: float, tls: bool = True) -> ServiceError:
    """Why this controller could not be connected to. Blocks; for a worker thread."""
    host, port = host_and_port(url)
    at = where(url)
    try:
        context = ssl.create_default_context(cafile=ca_file or None)
    except OSError as error:  # `ssl.SSLError` is one
        words = f"directory.ca_file cannot be used: {error.strerror or error}. Ask an administrator."
        return UnreachableError(words, system=SYSTEM)
    try:
        with socket.create_connection((host, port), timeout=seconds) as raw:
            if tls:
                if not url.startswith("ldaps:") and not _starts_tls(raw):
                    words = f"{at} offers no TLS on port {port}, and csrdesk does not go on without."
                    return UnreachableError(words, system=SYSTEM, details="no StartTLS")
                with context.wrap_socket(raw, server_hostname=host):
                    pass
    except ssl.SSLCertVerificationError as error:
        words = f"{at} shows a certificate that is not taken: {_reason(error)}. Nothing was sent."
        return UnreachableError(words, system=SYSTEM, details=f"certificate code={error.verify_code}")
    except TimeoutError:
        words = f"{at} did not answer on port {port} in time. Nothing was sent."
        return TimedOutError(words, system=SYSTEM)
    except ssl.SSLError as error:
        words = f"{at} does not speak TLS on port {port}. Nothing was sent."
        return UnreachableError(words, system=SYSTEM, details=error.reason or "")
    except OSError as error:
        words = f"{at} cannot be reached on port {port}: {_plain(error)}. Nothing was sent."
        return UnreachableError(words, system=SYSTEM)
    words = f"{at} ended the connection. Nothing was sent."
    return UnreachableError(words, system=SYSTEM, details="connects when asked again")


def _starts_tls(raw: socket.socket) -> bool:
    raw.sendall(_START_TLS)
    answer = raw.recv(4096)
    # An extended response (RFC 4511, 4.12: tag 0x78) whose result is `success`.
    at = answer.find(b"\x78")
    return at > 0 and b"\x0a\x01\x00" in answer[at : at + 8]


def _reason(error: ssl.SSLCertVerificationError) -> str:
    match error.verify_code:
        case 10:
            return "it has expired"
        case 62 | 64:
            return "it was made for another name"
        case 18 | 19 | 20 | 21:
            return "it comes from an authority that directory.ca_file and this machine do not know"
        case _:
            return error.verify_message


def _plain(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return "nobody knows its name"
    return (error.strerror or type(error).__name__).lower()
