"""Ids that are the same in every sandbox, so that demos, snapshots and tests can be repeated.

What comes into being while a sandbox runs (device authentications, activities, mails) has ids of its own time.
"""

from __future__ import annotations

import functools
import uuid

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "sandbox.csrdesk.example")


@functools.cache
def stable(kind: str, name: str) -> str:
    """The id of that thing, the same at each call; lower case, as PingOne and the directory write it."""
    return str(uuid.uuid5(_NAMESPACE, f"{kind}:{name}"))


def fresh() -> str:
    """An id nothing else has."""
    return str(uuid.uuid4())


ENVIRONMENT = stable("environment", "desk")
ORGANIZATION = stable("organization", "desk")
CLIENT = stable("client", "desk")
DESK_APP = stable("client", "csrdesk")
DESK_SCRIPT = stable("client", "csrdesk scripts")
DESK_RESOURCE = stable("resource", "csrdesk")
OTHER_CLIENT = stable("client", "staff office")
DEFAULT_MFA_POLICY = stable("mfa policy", "default")
DESK_MFA_POLICY = stable("mfa policy", "help desk")
PASSWORD_POLICY = stable("password policy", "standard")
PASSPHRASE_POLICY = stable("password policy", "passphrase")
FIDO2_POLICY = stable("fido2 policy", "default")
RISK_POLICY = stable("risk policy", "default")
AGREEMENT = stable("agreement", "terms of use")
AGREEMENT_PLAIN = stable("agreement", "terms of use in plain text")
AGREEMENT_OFF = stable("agreement", "switched off")
APPLICATION = stable("application", "mobile app")
IDENTITY_DATA_ADMIN = "0bd9c966-7664-4ac1-b059-0ff9293908e2"
"""Ping's own role of that name; the same in every environment."""
