"""`csrdesk device`, as a program of its own; the caller has shown a passkey or an authenticator app."""

from __future__ import annotations

from pathlib import Path

import pytest

from csrdesk.demo.customer import Customer
from csrdesk.sandbox import Sandbox, people
from tests.cli.terminal import Terminal
from tests.cli.test_calls import Csrdesk, verified_call

WHY = ("--reason", "phone lost", "--ticket", "INC-7", "--yes")


async def verified(box: Sandbox, settings: Path) -> str:
    """A call in which Amara has shown her passkey; its id."""
    who = people.PASSKEY_AND_PHONE
    async with Terminal(settings, "call", "start", who, "--json") as agent:
        code = await agent.code()
        async with Customer(f"{who}@mail.example", box.settings().mailbox_url, webauthn="FULL") as amara:
            await amara.open(await amara.newest_link())
            await amara.answer("CodeGiven", code=code)
            passkey = next(d for d in box.world.user(who).devices if d.type == "FIDO2")
            await amara.answer("DeviceChosen", device_id=passkey.id)
            await amara.use_passkey()
        ran = await agent.ended()
    assert ran.code == 0, ran
    return str(ran.data["call"])


async def test_a_lost_phone_is_removed_by_a_caller_with_a_passkey(
    box: Sandbox, settings: Path, csrdesk: Csrdesk
) -> None:
    call = await verified(box, settings)
    listed = (await csrdesk("device", "list", "--call", call, "--json")).data
    assert [(one["number"], one["type"], bool(one["whyNot"])) for one in listed] == [
        (1, "FIDO2", True),
        (2, "SMS", False),
    ]
    would = await csrdesk("device", "remove", "2", "--call", call, *WHY, "--dry-run", "--json")
    assert "Remove" in would.data["wouldWrite"][0]["what"]
    assert len(box.world.user(people.PASSKEY_AND_PHONE).devices) == 2
    ran = await csrdesk("device", "remove", "2", "--call", call, *WHY, "--json")
    assert (ran.code, [line["ok"] for line in ran.data["lines"]]) == (0, [True, True]), ran
    assert [d.type for d in box.world.user(people.PASSKEY_AND_PHONE).devices] == ["FIDO2"]
    assert box.world.mails[-1].subject == "Device Changed"
    rows = (await csrdesk("audit", "list", "--call", call, "--json")).data
    changed = [(row["kind"], row["reason"]) for row in rows if row["action"] == "pingone.change_device"]
    assert sorted(changed) == [("intent", "phone lost"), ("outcome", "phone lost")]
    gone = await csrdesk("device", "remove", "2", "--call", call, *WHY, "--json")
    assert (gone.code, gone.error["code"]) == (1, "not_found")


async def test_r_32_the_device_that_was_shown_is_not_changed_by_itself(
    box: Sandbox, settings: Path, csrdesk: Csrdesk
) -> None:
    call = await verified(box, settings)
    refused = await csrdesk("device", "remove", "1", "--call", call, *WHY, "--json")
    assert (refused.code, refused.error["code"]) == (6, "not_verified")
    assert "another strong device" in refused.error["errorMessage"]
    renamed = await csrdesk("device", "rename", "2", "Red phone", "--call", call, *WHY)
    assert renamed.code == 0
    blocked = await csrdesk("device", "block", "Red phone", "--call", call, *WHY)
    assert "blocked" in blocked.out
    assert box.world.user(people.PASSKEY_AND_PHONE).devices[1].blocked_at
    shown = await csrdesk("device", "list", "--call", call)
    assert "Red phone" in shown.out
    assert "blocked" in shown.out


async def test_r_32_a_text_message_is_not_enough_to_change_a_device(
    box: Sandbox, settings: Path, csrdesk: Csrdesk
) -> None:
    call = await verified_call(box, settings, people.ONE_DEVICE)
    refused = await csrdesk("device", "remove", "1", "--call", call, *WHY, "--json")
    assert (refused.code, refused.error["code"]) == (6, "not_verified")
    assert box.world.user(people.ONE_DEVICE).devices


@pytest.mark.parametrize(
    ("words", "code", "exit_code"), [((), "needs_answer", 4), (("--reason", "lost"), "needs_answer", 4)]
)
async def test_what_is_missing_is_asked_for_and_nothing_is_done(
    box: Sandbox, settings: Path, csrdesk: Csrdesk, words: tuple[str, ...], code: str, exit_code: int
) -> None:
    call = await verified(box, settings)
    refused = await csrdesk("device", "remove", "2", "--call", call, *words, "--json")
    assert (refused.code, refused.error["code"]) == (exit_code, code)
    assert len(box.world.user(people.PASSKEY_AND_PHONE).devices) == 2


async def test_without_a_verified_call_there_are_no_devices(settings: Path, csrdesk: Csrdesk) -> None:
    refused = await csrdesk("device", "list", "--call", "nothing", "--json")
    assert (refused.code, refused.error["code"]) == (1, "no_such_flow")
