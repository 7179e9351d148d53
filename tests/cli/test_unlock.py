"""`csrdesk user unlock`, as a program of its own against a running sandbox."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from csrdesk.sandbox import Sandbox, people
from csrdesk.sandbox.domain import filetime
from tests.cli.test_calls import Csrdesk, verified_call

WHY = ("--reason", "typed the old password", "--ticket", "INC-7", "--yes")


@pytest.fixture
def mateo(box: Sandbox) -> str:
    """Locked in AD to begin with, and a password of his in PingOne after wrong tries."""
    password = box.world.user(people.AD_LOCKED).password
    password.status, password.locked_until = "OK", box.clock.now() + timedelta(hours=1)
    return people.AD_LOCKED


async def test_r_52_an_unlock_says_and_audits_each_lock_by_itself(
    box: Sandbox, settings: Path, csrdesk: Csrdesk, mateo: str
) -> None:
    call = await verified_call(box, settings, mateo)
    rehearsed = await csrdesk("user", "unlock", mateo, "--call", call, *WHY, "--dry-run", "--json")
    assert [(one["where"], one["what"].partition(" CN=")[0]) for one in rehearsed.data["wouldWrite"]] == [
        ("AD", "unlock the account"),
        ("PingOne", "unlock the password"),
    ]
    box.world.user(mateo).devices[0].locked_until = box.clock.now() + timedelta(hours=1)
    ran = await csrdesk("user", "unlock", mateo, "--call", call, *WHY, "--json")
    assert (ran.code, ran.data["accountStatus"], ran.data["halfDone"]) == (0, "ACTIVE", False)
    said = [(line["text"].partition(":")[0], line["aside"]) for line in ran.data["lines"]]
    device, told = ("Device text message +44 *** *** 54", True), ("Customer", True)
    assert said == [("AD", False), ("PingOne password", False), device, told]
    rows = (await csrdesk("audit", "list", "--call", call, "--json")).data
    kinds = {(row["action"], row["kind"]) for row in rows if "unlock" in row["action"]}
    actions = ("ad.unlock", "pingone.unlock_password")
    assert kinds == {(action, kind) for action in actions for kind in ("intent", "outcome")}
    assert {row["reason"] for row in rows if row["action"] in actions} == {"typed the old password"}

    again = await csrdesk("user", "unlock", mateo, "--call", call, *WHY)
    assert again.code == 0
    assert "Nothing of the account was locked. Nothing was written." in again.out
    assert "note    Device" in again.out


async def test_r_49_an_unlock_with_one_side_down_is_half_done_and_safe_to_try_again(
    box: Sandbox, settings: Path, csrdesk: Csrdesk, mateo: str
) -> None:
    call = await verified_call(box, settings, mateo)
    fault = box.faults.add(path="/directory/modify$", status=503)
    half = await csrdesk("user", "unlock", mateo, "--call", call, *WHY, "--json")
    assert (half.code, half.error["code"], half.data["halfDone"]) == (1, "half_done", True)
    assert [line["ok"] for line in half.data["lines"]] == [False, True, True]
    box.faults.clear(fault)
    again = await csrdesk("user", "unlock", mateo, "--call", call, *WHY, "--json")
    lines = ["AD: unlocked", "Customer: told by mail"]
    assert (again.code, [line["text"] for line in again.data["lines"]]) == (0, lines)
    assert box.world.entry(mateo).first("lockoutTime") == "0"


async def test_r_30_nobody_is_unlocked_without_a_verified_call(box: Sandbox, csrdesk: Csrdesk, mateo: str) -> None:
    before = filetime(box.clock.now())
    ran = await csrdesk("user", "unlock", mateo, *WHY, "--json")
    assert (ran.code, ran.error["code"]) == (6, "not_verified")
    assert "0" < (box.world.entry(mateo).first("lockoutTime") or "") < before
