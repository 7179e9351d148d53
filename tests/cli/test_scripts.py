"""Dry runs, and scripts that settings let act without a call, as programs against a running sandbox."""

from __future__ import annotations

import os
import pwd
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

from csrdesk.sandbox import Sandbox, people
from tests.cli.conftest import Ran, change

Csrdesk = Callable[..., Awaitable[Ran]]
WHY = ("--reason", "left the company", "--ticket", "HR-7", "--yes", "--json")
ME = pwd.getpwuid(os.getuid()).pw_name


def name_as_script(settings: Path, account: str) -> None:
    change(settings, "[desk]\n", f'[desk]\nscript_identities = ["{account}"]\n')


async def test_a_dry_run_says_what_would_be_written_where_and_writes_nothing(csrdesk: Csrdesk) -> None:
    protect = ("user", "disable", "ada", "--protective", "--reason", "taken over", "--ticket", "INC-1")
    ran = await csrdesk(*protect, "--dry-run", "--json")
    assert (ran.code, ran.data["dryRun"], ran.data["person"]["username"]) == (0, True, "ada")
    assert [(w["where"], w["action"], w["allowed"]) for w in ran.data["wouldWrite"]] == [
        ("AD", "ad.set_enabled", True),
        ("PingOne", "pingone.set_enabled", True),
        ("PingOne", "pingone.end_sessions", True),
    ]
    told = await csrdesk(*protect, "--dry-run")
    assert "Whom: Ada Lindqvist (ada, a***@m***.example" in told.out
    assert re.search(r"^AD +disable the account CN=.* allowed$", told.out, re.MULTILINE)
    assert told.err == "This was a dry run: nothing was written.\n"
    audit = await csrdesk("audit", "list", "--json")
    assert {row["kind"] for row in audit.data} <= {"lookup", "event"}
    done = await csrdesk(*protect, "--yes", "--json")
    assert [line["text"] for line in done.data["lines"]] == [
        "AD: disabled",
        "PingOne: disabled",
        "PingOne: 2 sessions ended",
        "What lives on: apps up to 60 min, Windows sign-ins up to 10 h",
        "Customer: told by mail",
    ]
    again = await csrdesk(*protect, "--dry-run")
    assert (again.code, "already disabled. Nothing was written." in again.out) == (0, True)


async def test_a_script_that_settings_name_disables_without_a_call_and_is_marked(
    settings: Path, csrdesk: Csrdesk
) -> None:
    name_as_script(settings, ME)
    missing = await csrdesk("user", "disable", "ada", "--reason", "r", "--yes", "--json")
    assert (missing.code, missing.error["errorDetails"]) == (4, "prompt=--ticket")
    done = await csrdesk("user", "disable", "ada", *WHY)
    assert (done.code, done.data["accountStatus"]) == (0, "DISABLED")
    enabled = await csrdesk("user", "enable", "ada", *WHY)
    assert (enabled.code, enabled.data["accountStatus"]) == (0, "ACTIVE")
    acts = [row for row in (await csrdesk("audit", "list", "--json")).data if row["kind"] in ("intent", "outcome")]
    told = [row for row in acts if row["action"] == "notice.send"]
    acts = [row for row in acts if row["action"] != "notice.send"]
    assert (len(acts), len(told)) == (10, 4)
    assert {(a["details"]["verified"], a["details"]["script"], a["ticket"]) for a in acts} == {(False, True, "HR-7")}


async def test_r_39_a_script_touches_no_protected_account_and_enables_only_what_the_desk_disabled(
    settings: Path, csrdesk: Csrdesk
) -> None:
    name_as_script(settings, ME)
    protected = await csrdesk("user", "disable", people.PROTECTED, *WHY)
    assert (protected.code, protected.error["code"]) == (6, "forbidden")
    dry = await csrdesk("user", "enable", people.DISABLED_BY_OTHERS, *WHY, "--dry-run")
    assert (dry.code, dry.error["code"], [w["allowed"] for w in dry.data["wouldWrite"]]) == (6, "forbidden", [False])
    foreign = await csrdesk("user", "enable", people.DISABLED_BY_OTHERS, *WHY)
    assert foreign.code != 0
    assert "not by the help desk" in foreign.error["errorDetails"]


async def test_an_account_that_settings_do_not_name_is_refused(settings: Path, csrdesk: Csrdesk) -> None:
    name_as_script(settings, f"not-{ME}")
    ran = await csrdesk("user", "disable", "ada", *WHY)
    assert (ran.code, ran.error["code"]) == (6, "not_verified")


async def test_the_settings_check_names_who_acts_without_verification(
    box: Sandbox, settings: Path, csrdesk: Csrdesk
) -> None:
    name_as_script(settings, "sweeper")
    ran = await csrdesk("config", "check")
    assert "desk.script_identities lets sweeper act on accounts with nobody verified." in ran.out


async def test_r_52_a_script_unlocks_nothing_and_is_told_so_before_it_is_asked_for_anything(
    settings: Path, csrdesk: Csrdesk
) -> None:
    name_as_script(settings, ME)
    ran = await csrdesk("user", "unlock", people.AD_LOCKED, "--json")
    assert (ran.code, ran.error["code"]) == (6, "not_verified")
