"""The rights of the service account: what the guide tells administrators to run is what doctor and tests stand on."""

from __future__ import annotations

from pathlib import Path

from csrdesk.services.directory.rights import RIGHTS, missing, samba_commands, windows_commands

GUIDE = Path(__file__).parents[2] / "docs/how-to/connect-active-directory.md"
UNIT = "OU=Staff,DC=example,DC=org"


def test_the_guides_commands_are_those_that_the_tests_of_the_real_controller_run() -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    for command in windows_commands(UNIT, "EXAMPLE\\svc-csrdesk"):
        assert command in guide
    ((*words, objectdn, sddl),) = samba_commands(UNIT, "S-1-5-21-1-2-3-1104")
    quoted = [f'{word.partition("=")[0]}="{word.partition("=")[2]}"' for word in (objectdn, sddl)]
    assert " ".join([*words, *quoted]) in guide


def test_what_is_not_granted_is_missing_whatever_its_letter_case() -> None:
    assert missing(("USERACCOUNTCONTROL", "lockouttime", "pwdLastSet", "ACCOUNTEXPIRES", "mail")) == ()
    assert [right.attribute for right in missing(("lockoutTime",))] == [
        "userAccountControl",
        "pwdLastSet",
        "accountExpires",
    ]
    assert missing(()) == RIGHTS
