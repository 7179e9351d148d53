"""A controller that is full, read-only or at a limit: nothing is changed, which is said plainly; reading goes on.

Full and read-only by a real one. What Windows says of itself where Samba says nothing, and each refusal by its number,
come from a scripted server.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from csrdesk.config import DirectorySettings
from csrdesk.errors import ServiceError, UnavailableError
from csrdesk.services.directory.accounts import COMPUTED, CONTROL, LAST_SET
from csrdesk.services.directory.must_change import demand_change
from csrdesk.services.directory.writes import read_entry, set_enabled, unlock
from csrdesk.services.probes import active_directory
from tests.ad import controller
from tests.ad.conftest import Open, settings_of
from tests.ad.controller import STAFF
from tests.ad.scripted import Scripted

DN = f"CN=ada,OU=Care,{STAFF}"
PLAIN = {
    "userAccountControl": ["512"],
    "msDS-User-Account-Control-Computed": ["16"],
    "pwdLastSet": ["130000000000000000"],
}


async def test_a_full_controller_changes_nothing_says_so_and_is_read_all_the_same(opened: Open) -> None:
    """A real controller whose files take nothing more."""
    with controller.running(settings=controller.WITHOUT_MAPPED_FILES) as full:
        directory = opened(settings_of(full))
        entry = await read_entry(directory, DN, (CONTROL, LAST_SET, COMPUTED))
        full.fill()
        for change in (set_enabled(directory, entry, enabled=False), demand_change(directory, entry)):
            with pytest.raises(UnavailableError, match=r"its disk may be full\. Nothing was changed\."):
                await change
        assert await read_entry(directory, DN, (CONTROL, LAST_SET, COMPUTED)) == entry
        full.fill(full=False)
        assert await set_enabled(directory, entry, enabled=False)
        assert full.value("ada", CONTROL) == "514"


async def test_a_branchs_own_controller_refers_a_change_elsewhere_and_nothing_is_changed(opened: Open) -> None:
    """A real one that the domain knows as read-only: csrdesk follows no referral, and says what to set."""
    with controller.running(read_only=True) as branch:
        directory = opened(replace(settings_of(branch), ad_write_to="first"))
        writer = await directory.writer()
        entry = await read_entry(writer, DN, (CONTROL, LAST_SET, COMPUTED))
        for change in (set_enabled(writer, entry, enabled=False), demand_change(writer, entry)):
            with pytest.raises(UnavailableError, match=r"takes no changes\. Nothing was changed\."):
                await change
        assert await read_entry(writer, DN, (CONTROL, LAST_SET, COMPUTED)) == entry
        assert branch.value("ada", CONTROL) == "512"


def scripted_settings(server: Scripted) -> DirectorySettings:
    return DirectorySettings(
        kind="ad",
        controllers=(server.url,),
        ca_file=str(server.ca_file),
        user="svc-csrdesk@csrdesk.test",
        ad_write_to="first",
        timeout_seconds=5,
    )


async def test_a_read_only_controller_is_known_before_anything_is_sent_to_it(opened: Open, tmp_path: Path) -> None:
    async with Scripted(tmp_path, PLAIN) as server:
        server.root["supportedCapabilities"] = ["1.2.840.113556.1.4.800", "1.2.840.113556.1.4.1920"]
        directory = opened(scripted_settings(server))
        with pytest.raises(UnavailableError) as refused:
            await directory.writer()
        assert refused.value.message == (
            "branch1.csrdesk.test takes no changes. Nothing was changed. "
            "Name another domain controller in directory.ad_write_to."
        )
        assert (await read_entry(directory, DN, (CONTROL,))).first(CONTROL) == "512"
        assert server.modified == 0
        found = await active_directory.probe(directory, scripted_settings(server))
        assert any(
            one.what.startswith("No changes can be made: branch1.csrdesk.test takes no changes") for one in found
        )


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        ((10, "0000202B: RefErr: DSID-0310082F, data 0, 1 access points"), "takes no changes"),
        ((80, "00000070: LdapErr: DSID-0C090D78, comment: disk"), "its disk may be full"),
        ((1, "00002020: IO Error"), "its disk may be full"),
        ((11, "00002028: LdapErr: DSID-0C090E5F"), "a limit that its administrators set"),
        ((51, "0000200E: LdapErr: DSID-0C0907D4"), "busy"),
        ((52, "0000200F: LdapErr: DSID-0C0907D4"), "busy"),
        ((53, "00002035: LdapErr: DSID-0C090D7B, comment: WILL_NOT_PERFORM"), "refused the change"),
    ],
    ids=["referral", "full", "io", "limit", "busy", "unavailable", "unwilling"],
)
async def test_a_refused_change_is_sent_once_and_said_in_plain_words(
    opened: Open, tmp_path: Path, refusal: tuple[int, str], words: str
) -> None:
    async with Scripted(tmp_path, PLAIN) as server:
        server.refusal = refusal
        directory = opened(scripted_settings(server))
        writer = await directory.writer()
        entry = await read_entry(writer, DN, (CONTROL, COMPUTED))
        with pytest.raises(ServiceError, match=words):
            await set_enabled(writer, entry, enabled=False)
        with pytest.raises(ServiceError, match=words):
            await unlock(writer, entry)
        assert server.modified == 2
        assert (await read_entry(writer, DN, (CONTROL,))).first(CONTROL) == "512"
