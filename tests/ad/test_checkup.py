"""`csrdesk doctor` before a real controller: what is well, what is missing, and the command that mends it."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from csrdesk.config import DirectorySettings, PingOneSettings, Settings
from csrdesk.model.checkup import Finding, Level
from csrdesk.wiring import checkup
from tests.ad.conftest import Open
from tests.ad.controller import DOMAIN, STAFF, Controller
from tests.ad.people import PASSWORD, POWERLESS

EVERYTHING = "disable and enable, unlock, reset passwords and ask for others, set the last day"


@pytest.fixture
def password_file(tmp_path: Path) -> str:
    path = tmp_path / "password"
    path.write_text(PASSWORD)
    path.chmod(0o600)
    return str(path)


async def looked(directory: DirectorySettings, password_file: str) -> tuple[Finding, ...]:
    """What the check-up finds of the directory."""
    settings = Settings(
        pingone=PingOneSettings(environment_id="env", client_id="client"),
        directory=replace(directory, password_file=password_file),
    )
    looks = [one for one in checkup.looks(settings, Path("config.toml")) if one.area == "Directory"]
    return await checkup.take_all(tuple(looks), lambda _waiting: None)


async def test_a_desk_with_its_rights_is_said_to_be_well(opened: Open, password_file: str) -> None:
    found = await looked(replace(opened.settings, scope_ous=(STAFF,)), password_file)
    assert {one.level for one in found} == {Level.OK}, found
    words = " ".join(one.what for one in found)
    assert "dc1.csrdesk.test answers, over an encrypted connection" in words
    assert "Changes are made at dc1.csrdesk.test" in words
    assert f"csrdesk may {EVERYTHING} in {STAFF}" in words


async def test_rights_that_are_missing_are_named_with_the_command_that_grants_them(
    opened: Open, password_file: str
) -> None:
    user = f"{POWERLESS}@csrdesk.test"
    found = await looked(replace(opened.settings, user=user, scope_ous=(STAFF,)), password_file)
    (bad,) = (one for one in found if one.level is Level.WRONG)
    assert f"csrdesk may not {EVERYTHING}" in bad.what
    for attribute in ("userAccountControl", "lockoutTime", "pwdLastSet", "accountExpires"):
        assert f'dsacls "{STAFF}" /I:S /G "{user}:RPWP;{attribute};user"' in bad.todo
    assert f'dsacls "{STAFF}" /I:S /G "{user}:CA;Reset Password;user"' in bad.todo


async def test_a_unit_that_is_not_there_or_not_named_is_said(opened: Open, password_file: str) -> None:
    for units, words in (((f"OU=Nowhere,{DOMAIN}",), "No account was found"), ((), "names no units")):
        found = await looked(replace(opened.settings, scope_ous=units), password_file)
        assert any(words in one.what and one.level is Level.WARNING for one in found), found


async def test_a_controller_that_is_down_beside_one_that_answers_is_named(
    dc: Controller, opened: Open, password_file: str
) -> None:
    settings = replace(opened.settings, controllers=(dc.url, "ldaps://127.255.255.1"), scope_ous=(STAFF,))
    (bad,) = (one for one in await looked(settings, password_file) if one.level is Level.WRONG)
    assert bad.what.startswith("The domain controller 127.255.255.1 cannot be reached on port 636")


async def test_a_wrong_certificate_is_said_in_words(opened: Open, password_file: str) -> None:
    (bad,) = (one for one in await looked(replace(opened.settings, ca_file=""), password_file))
    assert "shows a certificate that is not taken" in bad.what
