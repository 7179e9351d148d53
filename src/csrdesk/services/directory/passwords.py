"""A password in the directory: what the domain asks of one, setting it, and proving by the server that it was set.

Sources: [MS-ADTS] 3.1.1.3.1.5 (`unicodePwd`: quoted, UTF-16LE, over an encrypted connection alone), 3.1.1.3.4.1.27
(policy hints), [MS-ADA2] (`msDS-ResultantPSO`); [MS-SAMR] 3.1.1.8.7 (complexity, `pwdProperties`).
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from csrdesk.errors import ForbiddenError, InvalidValueError, ReadBackError, UnexpectedAnswerError
from csrdesk.model.secret import Secret
from csrdesk.services.attempts import both
from csrdesk.services.directory.accounts import COMPUTED, LAST_SET, is_locked, moment, password_set
from csrdesk.services.directory.errors import SYSTEM
from csrdesk.services.directory.port import Change, Control, Directory, Entry, Octets
from csrdesk.services.directory.writes import read_entry

ATTRIBUTES = (LAST_SET, COMPUTED)
"""What `set_password` needs of an entry."""
LONGEST = 256
"""Characters that `unicodePwd` takes at most."""
_LONGEST_VALUE = 2 * (LONGEST + len('""'))
_NOT_PRIVATE = "Passwords are sent to the directory over an encrypted connection alone. Nothing was changed."

_FLAGS = b"\x30\x03\x02\x01\x01"
"""`SEQUENCE { Flags 1 }` in BER: mind the history."""
_HINTS = (Control("1.2.840.113556.1.4.2239", _FLAGS), Control("1.2.840.113556.1.4.2066", _FLAGS))
"""Policy hints: without them an administrative reset ignores the history. The second is the older name."""
_COMPLEX = 1
_ROOT = ("defaultNamingContext", "supportedControl")
_FINE_GRAINED = "msDS-ResultantPSO"
_OF_DOMAIN = ("minPwdLength", "pwdProperties", "pwdHistoryLength")
_OF_GROUPS = ("msDS-MinimumPasswordLength", "msDS-PasswordComplexityEnabled", "msDS-PasswordHistoryLength")


class DomainPolicy(msgspec.Struct, frozen=True):
    """What the domain asks of a new password; 0 and False where nothing is asked."""

    min_length: int = 0
    complexity: bool = False
    """Three of five kinds of character, and no part of the account's names."""
    history: int = 0
    """How many earlier ones are not taken again, where the directory can be told to mind that."""


class Written(msgspec.Struct, frozen=True):
    """What the server shows after the write."""

    changed_at: datetime | None
    unlocked: bool


async def read_policy(directory: Directory, dn: str) -> DomainPolicy:
    """What is asked of this account: by the policy made for it or its groups, where there is one, else by the domain.

    Raises `UnexpectedAnswerError` for what is no policy, `NotFoundError` where the one that counts may not be read.
    """
    account, root = await both(read_entry(directory, dn, (_FINE_GRAINED,)), directory.root(_ROOT))
    own = account.first(_FINE_GRAINED)
    if own is None:
        return await _of_domain(directory, root)
    policy = await read_entry(directory, own, _OF_GROUPS)
    length, complexity, history = (policy.first(name) or "0" for name in _OF_GROUPS)
    return DomainPolicy(_number(length), complexity.upper() == "TRUE", _minded(root, history))


async def read_domain_policy(directory: Directory) -> DomainPolicy:
    """What is asked of everybody for whom no policy of their own was made. Raises as `read_policy`."""
    return await _of_domain(directory, await directory.root(_ROOT))


async def _of_domain(directory: Directory, root: Entry) -> DomainPolicy:
    policy = await read_entry(directory, root.first("defaultNamingContext") or "", _OF_DOMAIN)
    length, properties, history = (policy.first(name) or "0" for name in _OF_DOMAIN)
    return DomainPolicy(_number(length), bool(_number(properties) & _COMPLEX), _minded(root, history))


def _minded(root: Entry, history: str) -> int:
    """How far back the directory minds, which it does only where it can be told to."""
    return _number(history) if _hints(root) else 0


async def set_password(directory: Directory, entry: Entry, password: Secret, stamp: tuple[Change, ...] = ()) -> Written:
    """Set it, and end the lock where there is one, in one modify with the `stamp`. `entry` was just read with
    `ATTRIBUTES`.

    Raises `ForbiddenError` where the connection is not encrypted, `InvalidValueError` where the policy refuses it, and
    `ReadBackError` where the server that was written to does not show a new password that may be used as it is.
    """
    if not directory.private:
        raise ForbiddenError(_NOT_PRIVATE)
    value = f'"{password.reveal()}"'.encode("utf-16-le")
    if len(value) > _LONGEST_VALUE:
        # Windows refuses it; Samba stores what no sign-on can type again.
        words = "The directory's password policy refused it."
        raise InvalidValueError(words, rules=("length",), system=SYSTEM, details="longer than it may be")
    controls = _hints(await directory.root(("supportedControl",)))
    changes = [Change("replace", "unicodePwd", (Octets(value),)), *stamp]
    locked = is_locked(entry)
    if locked:
        changes.append(Change("replace", "lockoutTime", ("0",)))
    await directory.modify(entry.dn, tuple(changes), controls=controls)
    after = await read_entry(directory, entry.dn, ATTRIBUTES)
    # Both moments are the server's own, so that no two clocks are compared.
    if password_set(after) <= password_set(entry):
        words = "The directory said that it was done, but shows no new password."
        raise ReadBackError(words, system=SYSTEM, details=f"{LAST_SET} did not move on")
    if is_locked(after):
        words = "The password is set, but the account is still locked in the directory."
        raise ReadBackError(words, system=SYSTEM)
    return Written(moment(password_set(after)), locked)


def _hints(root: Entry) -> tuple[Control, ...]:
    known = root.values("supportedControl")
    return next(((control,) for control in _HINTS if control.oid in known), ())


def _number(value: str) -> int:
    try:
        return int(value)
    except ValueError:
        words = "The directory gave an answer that csrdesk does not know. Ask an administrator."
        raise UnexpectedAnswerError(words, system=SYSTEM, details="a password policy that is no number") from None
