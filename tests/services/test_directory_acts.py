"""Last day and demand for another password over the sandbox's directory: written and read back, or refused."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from csrdesk.flows import directory_effects as de
from csrdesk.flows import replies as r
from csrdesk.flows.kernel import AccountEffect, Failed
from csrdesk.model.proofs import Act
from csrdesk.sandbox import Sandbox, people
from csrdesk.sandbox.domain import NEVER, filetime
from csrdesk.sandbox.model import Entry
from csrdesk.services.directory.descriptors import may_change_password
from tests.services.conftest import Do
from tests.services.test_accounts import dn_of, read


def expire(
    box: Sandbox, ends_at: datetime | None, was: datetime | None = None, username: str = "ada"
) -> de.SetDirectoryExpiry:
    return de.SetDirectoryExpiry(
        person_id=box.world.user(username).id,
        dn=dn_of(box, username),
        ends_at=ends_at,
        was=was,
        act=Act.EXPIRE,
        reason="leaves",
    )


def demand(box: Sandbox, username: str = "ada") -> de.DemandPasswordChange:
    who = box.world.user(username).id
    return de.DemandPasswordChange(person_id=who, dn=dn_of(box, username), act=Act.MUST_CHANGE, reason="on a note")


def code(reply: object) -> str:
    assert isinstance(reply, Failed), reply
    return reply.problem.code


def days(box: Sandbox, some: int) -> datetime:
    return box.clock.now().replace(microsecond=0) + timedelta(days=some)


def without_the_day(entry: Entry) -> dict[str, list[str]]:
    written = ("accountExpires", "whenChanged")
    return {name: values for name, values in entry.attributes.items() if name not in written}


async def test_a_last_day_is_set_moved_and_taken_away_and_nothing_else_is(do: Do, box: Sandbox) -> None:
    entry = box.world.entry("ada")
    before = without_the_day(entry)
    was: datetime | None = None
    for ends_at in (days(box, 30), days(box, 10), None):
        assert await do(expire(box, ends_at, was)) == r.DirectoryChanged()
        assert entry.first("accountExpires") == (filetime(ends_at) if ends_at else "0")
        account = await read(do, box, "ada")
        assert account.directory
        assert account.directory.expires_at == ends_at
        was = ends_at
    assert without_the_day(entry) == before


@pytest.mark.parametrize("never", ["0", NEVER, None])
async def test_both_nevers_and_none_at_all_are_the_same(do: Do, box: Sandbox, never: str | None) -> None:
    entry = box.world.entry("ada")
    entry.attributes.pop("accountExpires")
    if never:
        entry.attributes["accountExpires"] = [never]
    assert await do(expire(box, None, days(box, 3))) == r.DirectoryChanged(changed=False)
    assert await do(expire(box, days(box, 9))) == r.DirectoryChanged()
    assert box.world.entry("ada").first("accountExpires") == filetime(days(box, 9))


async def test_a_day_that_somebody_else_has_set_meanwhile_is_not_overwritten(do: Do, box: Sandbox) -> None:
    box.world.entry("ada").attributes["accountExpires"] = [filetime(days(box, 5))]
    refused = await do(expire(box, days(box, 30), days(box, 60)))
    assert code(refused) == "conflict"
    assert box.world.entry("ada").first("accountExpires") == filetime(days(box, 5))


async def test_asking_for_another_password_is_seen_in_the_account(do: Do, box: Sandbox) -> None:
    assert await do(demand(box)) == r.DirectoryChanged()
    account = await read(do, box, "ada")
    assert account.directory
    assert account.directory.must_change_password
    assert await do(demand(box)) == r.DirectoryChanged(changed=False)


@pytest.mark.parametrize(
    ("control", "words"),
    [("514", "disabled"), (str(0x200 | 0x40000), "smart card"), (str(0x200 | 0x10000), "never to expire")],
)
async def test_none_is_asked_for_where_nobody_could_choose_one(do: Do, box: Sandbox, control: str, words: str) -> None:
    box.world.entry("ada").attributes["userAccountControl"] = [control]
    before = box.world.entry("ada").first("pwdLastSet")
    reply = await do(demand(box))
    assert code(reply) == "invalid_value"
    assert isinstance(reply, Failed)
    assert words in reply.problem.message
    assert "Nothing was changed" in reply.problem.message
    assert box.world.entry("ada").first("pwdLastSet") == before


async def test_none_is_asked_for_where_ad_lets_the_account_change_none(do: Do, box: Sandbox) -> None:
    box.world.entry("ada").attributes["nTSecurityDescriptor"] = [descriptor(ace(SELF))]
    reply = await do(demand(box))
    assert code(reply) == "invalid_value"
    assert isinstance(reply, Failed)
    assert "does not let this account change its password" in reply.problem.message


@pytest.mark.parametrize("which", ["expire", "demand"])
async def test_r_48_what_the_directory_ignores_is_a_failure(do: Do, box: Sandbox, which: str) -> None:
    effect: AccountEffect = expire(box, days(box, 9)) if which == "expire" else demand(box)
    box.faults.add(method="POST", path="/modify$", ignore_write=True)
    assert code(await do(effect)) == "read_back"


@pytest.mark.parametrize("which", ["expire", "demand"])
async def test_r_39_nobody_touches_a_protected_account(do: Do, box: Sandbox, which: str) -> None:
    who = people.PROTECTED
    effect: AccountEffect = expire(box, days(box, 9), None, who) if which == "expire" else demand(box, who)
    assert code(await do(effect)) == "forbidden"


EVERYONE, SELF = "010100000000000100000000", "01010000000000050a000000"
USERS = "010100000000000512020000"
CHANGE_PASSWORD, RESET_PASSWORD = "531a72ab2f1ed011981900aa0040529b", "709529006d24d011a76800aa006e0529"


def ace(sid: str, right: str = CHANGE_PASSWORD, *, kind: int = 6, flags: int = 0, mask: int = 0x100) -> bytes:
    body = mask.to_bytes(4, "little") + (1).to_bytes(4, "little") + bytes.fromhex(right) + bytes.fromhex(sid)
    return bytes((kind, flags)) + (len(body) + 4).to_bytes(2, "little") + body


def descriptor(*entries: bytes) -> str:
    """Self-relative, with an access list alone."""
    listed = b"".join(entries)
    acl = bytes((4, 0)) + (8 + len(listed)).to_bytes(2, "little") + len(entries).to_bytes(2, "little") + bytes(2)
    head = bytes((1, 0)) + (0x8004).to_bytes(2, "little") + bytes(12) + (20).to_bytes(4, "little")
    return (head + acl + listed).hex()


@pytest.mark.parametrize(
    ("entries", "may"),
    [
        ((), True),
        ((ace(EVERYONE),), False),
        ((ace(USERS), ace(SELF)), False),
        ((ace(SELF, kind=5),), True),
        ((ace(SELF, RESET_PASSWORD),), True),
        ((ace(USERS),), True),
        ((ace(SELF, flags=8),), True),
        ((ace(SELF, mask=0x10),), True),
    ],
    ids=["empty", "everyone", "second", "allowed", "another right", "others", "for children", "another mask"],
)
def test_only_a_denial_to_everyone_or_oneself_forbids_to_change_the_password(
    entries: tuple[bytes, ...], may: bool
) -> None:
    assert may_change_password(descriptor(*entries)) is may


@pytest.mark.parametrize("cut", ["", "01", descriptor(ace(SELF))[:60], descriptor(ace(SELF))[:40]])
def test_a_descriptor_that_is_cut_short_denies_nothing(cut: str) -> None:
    assert may_change_password(cut)
