from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from csrdesk.config import Settings
from csrdesk.errors import (
    ConflictError,
    NotFoundError,
    UnauthorizedError,
    UnavailableError,
    UnexpectedAnswerError,
)
from csrdesk.model.secret import Secret
from csrdesk.sandbox import Sandbox, people
from csrdesk.services.directory.accounts import ATTRIBUTES, account_of, moment
from csrdesk.services.directory.port import AllOf, AnyOf, Change, Control, Directory, Entry, Equal, Octets
from csrdesk.services.directory.sandbox import SandboxDirectory
from csrdesk.services.directory.writes import read_entry, set_enabled
from csrdesk.services.keys import Secrets

NOW = datetime(2026, 3, 4, tzinfo=UTC)
CONTROL = "userAccountControl"


@pytest.fixture
async def directory(settings: Settings, secrets: Secrets) -> AsyncIterator[Directory]:
    opened = SandboxDirectory(settings.directory, secrets.directory or Secret(""))
    yield opened
    await opened.close()


def ada(box: Sandbox) -> str:
    return box.world.entry("ada").dn


@pytest.mark.parametrize("value", ["*", "a*", "ada)(cn=*", "*)(uid=*))(|(uid=*", "\\2a", "\0", "ada\\"])
async def test_r_45_a_filters_value_is_data_whatever_it_holds(directory: Directory, value: str) -> None:
    assert await directory.search(Equal("sAMAccountName", value), ("cn",)) == ()


async def test_r_45_an_accounts_name_full_of_metacharacters_is_found_by_its_whole_value(
    directory: Directory, box: Sandbox
) -> None:
    box.world.entry("ada").attributes["mail"] = ["*)(a=\\*\0"]
    (found,) = await directory.search(Equal("mail", "*)(a=\\*\0"), ("cn",))
    assert found.dn == ada(box)


async def test_parts_of_a_filter_are_alternatives_or_all_needed(directory: Directory) -> None:
    one, other = Equal("sAMAccountName", "ada"), Equal("sAMAccountName", "bruno")
    assert len(await directory.search(AnyOf((one, other)), ("cn",))) == 2
    assert await directory.search(AllOf((one, other)), ("cn",)) == ()


async def test_a_base_that_does_not_exist_holds_nothing(directory: Directory) -> None:
    assert await directory.search(Equal("cn", "ada"), ("cn",), base="OU=Nowhere,DC=csrdesk,DC=example") == ()
    with pytest.raises(NotFoundError):
        await read_entry(directory, "CN=nobody,DC=csrdesk,DC=example", ("cn",))


async def test_the_directory_says_of_itself_which_controls_it_knows(directory: Directory, box: Sandbox) -> None:
    root = await directory.root(("supportedControl",))
    assert root.values("supportedControl") == tuple(box.world.supported_controls)


async def test_a_control_that_the_directory_does_not_know_leaves_everything_as_it_was(
    directory: Directory, box: Sandbox
) -> None:
    change = Change("replace", CONTROL, ("514",))
    with pytest.raises(UnexpectedAnswerError):
        await directory.modify(ada(box), (change,), controls=(Control("1.2.3.4"),))
    assert box.world.entry("ada").first(CONTROL) == "512"


def test_r_16_a_value_that_is_no_text_is_neither_printed_nor_encoded() -> None:
    change = Change("replace", "unicodePwd", (Octets(b"harbour"),))
    assert "harbour" not in repr(change)
    with pytest.raises(TypeError):
        msgspec.json.encode(change)


@pytest.mark.parametrize("url", ["http://dc1.csrdesk.example/directory", "http://192.0.2.7:389"])
async def test_r_44_plain_http_is_private_on_this_machine_alone(settings: Settings, url: str) -> None:
    away = SandboxDirectory(msgspec.structs.replace(settings.directory, url=url), Secret(""))
    here = SandboxDirectory(settings.directory, Secret(""))
    assert (here.private, away.private) == (True, False)
    await here.close()
    await away.close()


async def test_a_wrong_password_is_csrdesks_own_problem(settings: Settings) -> None:
    opened = SandboxDirectory(settings.directory, Secret("wrong"))
    with pytest.raises(UnauthorizedError):
        await opened.search(Equal("cn", "ada"), ("cn",))
    await opened.close()


async def test_a_search_is_tried_again_and_a_modify_never(directory: Directory, box: Sandbox) -> None:
    box.faults.add(path="/directory/search", status=503, times=2)
    assert len(await directory.search(Equal("sAMAccountName", "ada"), ("cn",))) == 1
    box.faults.add(path="/directory/modify", status=503, times=1)
    with pytest.raises(UnavailableError):
        await directory.modify(ada(box), (Change("replace", CONTROL, ("514",)),))
    assert box.world.entry("ada").first(CONTROL) == "512"


async def test_a_change_by_somebody_else_in_between_is_not_overwritten(directory: Directory, box: Sandbox) -> None:
    entry = await read_entry(directory, ada(box), (CONTROL,))
    box.world.entry("ada").attributes[CONTROL] = [str(0x10200)]
    with pytest.raises(ConflictError):
        await set_enabled(directory, entry, enabled=False)
    assert box.world.entry("ada").first(CONTROL) == str(0x10200)


async def test_an_entry_that_the_directory_protects_is_not_ours_to_change(directory: Directory, box: Sandbox) -> None:
    entry = await read_entry(directory, box.world.entry(people.PROTECTED).dn, (CONTROL,))
    with pytest.raises(UnauthorizedError):
        await set_enabled(directory, entry, enabled=False)


async def test_nothing_is_written_where_the_bit_is_so_already(directory: Directory, box: Sandbox) -> None:
    entry = await read_entry(directory, ada(box), (CONTROL,))
    assert not await set_enabled(directory, entry, enabled=True)


@pytest.mark.parametrize("value", ["abc", "", "0x200"])
async def test_control_bits_that_are_no_number_are_never_guessed(directory: Directory, value: str) -> None:
    with pytest.raises(UnexpectedAnswerError):
        await set_enabled(directory, Entry("CN=x", {CONTROL: (value,)}), enabled=False)


@pytest.mark.parametrize("never", [0, 0x7FFF_FFFF_FFFF_FFFF])
def test_both_nevers_are_no_moment(never: int) -> None:
    assert moment(never) is None


def test_a_filetime_is_a_moment_to_the_microsecond() -> None:
    assert moment(116_444_736_000_000_000) == datetime(1970, 1, 1, tzinfo=UTC)
    assert moment(116_444_736_000_000_019) == datetime(1970, 1, 1, microsecond=1, tzinfo=UTC)


def test_a_moment_out_of_range_is_an_answer_of_another_shape() -> None:
    with pytest.raises(UnexpectedAnswerError):
        moment(0x7FFF_FFFF_FFFF_FFFE)


def entry(**attributes: str) -> Entry:
    known = {CONTROL: "512", "msDS-User-Account-Control-Computed": "0"} | attributes
    return Entry("CN=x", {name: (value,) for name, value in known.items()})


def filetime(at: datetime) -> str:
    return str((at - datetime(1601, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 10)


def test_an_account_expires_at_its_moment_and_not_before() -> None:
    assert account_of(entry(accountExpires=filetime(NOW)), NOW).expired
    assert not account_of(entry(accountExpires=filetime(NOW + timedelta(seconds=1))), NOW).expired
    assert account_of(entry(accountExpires="9223372036854775807"), NOW).expires_at is None


def test_a_lock_is_read_from_what_the_directory_computes() -> None:
    computed = {"msDS-User-Account-Control-Computed": str(0x10)}
    assert account_of(entry(**computed), NOW).locked
    assert not account_of(entry(lockoutTime=filetime(NOW)), NOW).locked


def test_must_change_and_expired_are_told_apart() -> None:
    computed = {"msDS-User-Account-Control-Computed": str(0x800000)}
    must = account_of(entry(pwdLastSet="0", **computed), NOW)
    assert (must.must_change_password, must.password_expired, must.password_changed_at) == (True, False, None)
    old = account_of(entry(pwdLastSet=filetime(NOW - timedelta(days=99)), **computed), NOW)
    assert (old.must_change_password, old.password_expired) == (False, True)


@pytest.mark.parametrize("missing", [CONTROL, "msDS-User-Account-Control-Computed"])
def test_an_account_whose_state_is_missing_is_not_called_fine(missing: str) -> None:
    whole = entry()
    part = {name: values for name, values in whole.attributes.items() if name != missing}
    with pytest.raises(UnexpectedAnswerError):
        account_of(Entry("CN=x", part), NOW)


async def test_what_is_asked_for_is_what_is_needed(directory: Directory, box: Sandbox) -> None:
    found = await read_entry(directory, ada(box), ATTRIBUTES)
    assert account_of(found, datetime.now(UTC)).username == "ada"
