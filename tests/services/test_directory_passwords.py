from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import msgspec
import pytest

from csrdesk.config import Settings
from csrdesk.errors import (
    ForbiddenError,
    InvalidValueError,
    NotFoundError,
    ReadBackError,
    UnauthorizedError,
    UnexpectedAnswerError,
)
from csrdesk.model.secret import Secret
from csrdesk.sandbox import Sandbox, people
from csrdesk.sandbox.directory_passwords import signs_on
from csrdesk.sandbox.domain import DOMAIN
from csrdesk.sandbox.model import Entry as SandboxEntry
from csrdesk.services.directory.passwords import ATTRIBUTES, DomainPolicy, read_policy, set_password
from csrdesk.services.directory.port import Change, Control, Directory, Entry
from csrdesk.services.directory.sandbox import SandboxDirectory
from csrdesk.services.directory.writes import read_entry
from csrdesk.services.keys import Secrets

GOOD = Secret("Winding-7-Lanes")
OLD = people.person("ada").password
HINTS = "1.2.840.113556.1.4.2239"


@pytest.fixture
async def directory(settings: Settings, secrets: Secrets) -> AsyncIterator[Directory]:
    opened = SandboxDirectory(settings.directory, secrets.directory or Secret(""))
    yield opened
    await opened.close()


async def entry_of(directory: Directory, box: Sandbox, username: str) -> Entry:
    return await read_entry(directory, box.world.entry(username).dn, ATTRIBUTES)


def takes(box: Sandbox, username: str, password: Secret) -> bool:
    """Whether somebody can sign on at the directory with it."""
    return signs_on(box.world, box.world.entry(username), password.reveal(), box.clock.now())


@pytest.mark.parametrize("password", [GOOD, Secret('A "quoted" 1'), Secret("  Blanks-1  "), Secret("Grüße 🌊 7 mal")])
async def test_a_password_reaches_the_directory_as_it_was_typed(
    directory: Directory, box: Sandbox, password: Secret
) -> None:
    await set_password(directory, await entry_of(directory, box, "ada"), password)
    assert takes(box, "ada", password)


async def test_a_reset_ends_must_change(directory: Directory, box: Sandbox) -> None:
    who = people.MUST_CHANGE
    before = await entry_of(directory, box, who)
    assert before.first("pwdLastSet") == "0"
    await set_password(directory, before, GOOD)
    assert int(box.world.entry(who).first("pwdLastSet")) > 0


async def test_the_lock_ends_in_the_same_modify(directory: Directory, box: Sandbox) -> None:
    watched = Beside(directory)
    await set_password(watched, await entry_of(directory, box, people.AD_LOCKED), GOOD)
    assert watched.modified == [["unicodePwd", "lockoutTime"]]
    assert box.world.entry(people.AD_LOCKED).first("lockoutTime") == "0"


async def test_the_stamp_goes_with_the_password_in_one_modify_so_neither_is_there_alone(
    directory: Directory, box: Sandbox
) -> None:
    watched = Beside(directory)
    stamp = (Change("replace", "info", ("csrdesk ad.set_password grace INC-1",)),)
    with pytest.raises(UnauthorizedError):  # the sandbox lets nobody write that attribute
        await set_password(watched, await entry_of(directory, box, "ada"), GOOD, stamp)
    assert watched.modified == [["unicodePwd", "info"]]
    assert not takes(box, "ada", GOOD)


async def test_where_nothing_is_locked_only_the_password_is_written(directory: Directory, box: Sandbox) -> None:
    watched = Beside(directory)
    await set_password(watched, await entry_of(directory, box, "ada"), GOOD)
    assert watched.modified == [["unicodePwd"]]


async def test_a_password_that_the_policy_refuses_ends_no_lock(directory: Directory, box: Sandbox) -> None:
    with pytest.raises(InvalidValueError):
        await set_password(directory, await entry_of(directory, box, people.AD_LOCKED), Secret("short"))
    assert box.world.entry(people.AD_LOCKED).first("lockoutTime") != "0"


@pytest.mark.parametrize(
    ("password", "rule"),
    [
        ("Ab1-", "minPwdLength"),
        ("Ab1-" * 80, "length"),
        ("onlylowercase", "pwdProperties"),
        ("my-name-is-Ada-7", "pwdProperties"),
        (OLD, "pwdHistoryLength"),
    ],
)
async def test_each_rule_of_the_domain_is_named_where_it_is_broken(
    directory: Directory, box: Sandbox, password: str, rule: str
) -> None:
    before = box.world.entry("ada").first("pwdLastSet")
    with pytest.raises(InvalidValueError) as raised:
        await set_password(directory, await entry_of(directory, box, "ada"), Secret(password))
    assert raised.value.rules == (rule,)
    assert password not in raised.value.message + raised.value.details
    assert box.world.entry("ada").first("pwdLastSet") == before


async def test_the_history_is_minded_only_where_the_directory_knows_the_control(
    directory: Directory, box: Sandbox
) -> None:
    box.world.supported_controls = [oid for oid in box.world.supported_controls if not oid.startswith("1.2.840.113556")]
    assert (await read_policy(directory, box.world.entry("ada").dn)).history == 0
    await set_password(directory, await entry_of(directory, box, "ada"), Secret(OLD))


async def test_the_older_name_of_the_control_will_do(directory: Directory, box: Sandbox) -> None:
    box.world.supported_controls.remove(HINTS)
    assert (await read_policy(directory, box.world.entry("ada").dn)).history == 3
    with pytest.raises(InvalidValueError):
        await set_password(directory, await entry_of(directory, box, "ada"), Secret(OLD))


async def test_the_domains_policy_is_read_as_it_is_now(directory: Directory, box: Sandbox) -> None:
    assert await read_policy(directory, box.world.entry("ada").dn) == DomainPolicy(
        min_length=8, complexity=True, history=3
    )
    domain = box.world.entries[DOMAIN.lower()].attributes
    domain["minPwdLength"], domain["pwdProperties"] = ["14"], ["0"]
    assert await read_policy(directory, box.world.entry("ada").dn) == DomainPolicy(
        min_length=14, complexity=False, history=3
    )


async def test_a_policy_made_for_an_account_counts_instead_of_the_domains(directory: Directory, box: Sandbox) -> None:
    dn = f"CN=Strict,CN=Password Settings Container,CN=System,{DOMAIN}"
    box.world.entry("ada").attributes["msDS-ResultantPSO"] = [dn]
    with pytest.raises(NotFoundError):
        await read_policy(directory, box.world.entry("ada").dn)
    asks = {
        "distinguishedName": [dn],
        "msDS-MinimumPasswordLength": ["16"],
        "msDS-PasswordComplexityEnabled": ["FALSE"],
    }
    box.world.entries[dn.lower()] = SandboxEntry(dn=dn, attributes=asks)
    assert await read_policy(directory, box.world.entry("ada").dn) == DomainPolicy(min_length=16)
    box.world.entries[dn.lower()].attributes |= {
        "msDS-PasswordComplexityEnabled": ["TRUE"],
        "msDS-PasswordHistoryLength": ["24"],
    }
    assert await read_policy(directory, box.world.entry("ada").dn) == DomainPolicy(16, complexity=True, history=24)
    assert (await read_policy(directory, box.world.entry("bruno").dn)).min_length == 8


async def test_a_policy_that_is_no_number_is_not_guessed(directory: Directory, box: Sandbox) -> None:
    box.world.entries[DOMAIN.lower()].attributes["minPwdLength"] = ["eight"]
    with pytest.raises(UnexpectedAnswerError):
        await read_policy(directory, box.world.entry("ada").dn)


async def test_r_48_a_write_that_is_ignored_is_a_failure(directory: Directory, box: Sandbox) -> None:
    box.faults.add(path="/directory/modify", ignore_write=True)
    with pytest.raises(ReadBackError, match="no new password"):
        await set_password(directory, await entry_of(directory, box, "ada"), GOOD)


async def test_r_48_a_password_that_must_be_changed_at_once_is_a_failure(directory: Directory, box: Sandbox) -> None:
    entry = await entry_of(directory, box, "ada")
    with pytest.raises(ReadBackError, match="no new password"):
        await set_password(Beside(directory, Change("replace", "pwdLastSet", ("0",))), entry, GOOD)


async def test_no_clock_but_the_directorys_own_says_whether_it_was_set(directory: Directory, box: Sandbox) -> None:
    box.clock.move(timedelta(days=-40))
    box.world.entry("ada").attributes["pwdLastSet"] = ["132000000000000000"]
    await set_password(directory, await entry_of(directory, box, "ada"), GOOD)
    assert takes(box, "ada", GOOD)


async def test_r_44_no_password_goes_over_a_connection_in_clear(settings: Settings, box: Sandbox) -> None:
    away = msgspec.structs.replace(settings.directory, url="http://192.0.2.7:389", timeout_seconds=0.2)
    opened = SandboxDirectory(away, Secret(""))
    entry = Entry(box.world.entry("ada").dn, {"msDS-User-Account-Control-Computed": ("0",)})
    with pytest.raises(ForbiddenError):
        await set_password(opened, entry, GOOD)
    await opened.close()


class Beside:
    """A directory at which somebody else may write right after us, and which remembers what we wrote."""

    def __init__(self, directory: Directory, *spoiling: Change) -> None:
        self._directory = directory
        self._spoiling = spoiling
        self.private = directory.private
        self.server = directory.server
        self.keeps_moments = directory.keeps_moments
        self.root = directory.root
        self.search = directory.search
        self.at_each = directory.at_each
        self.close = directory.close
        self.modified: list[list[str]] = []

    async def writer(self) -> Directory:
        return self

    async def modify(self, dn: str, changes: tuple[Change, ...], *, controls: tuple[Control, ...] = ()) -> None:
        self.modified.append([change.attribute for change in changes])
        await self._directory.modify(dn, changes, controls=controls)
        if self._spoiling:
            await self._directory.modify(dn, self._spoiling)
