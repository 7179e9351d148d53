"""One call for each kind of device: `csrdesk demo --play --method fido2`. The customer signs and answers for real."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Final

from csrdesk.demo.agent import Call
from csrdesk.demo.customer import Customer
from csrdesk.demo.stage import Stage
from csrdesk.demo.telling import Scene, Step, expect, expect_that
from csrdesk.flows import prompts as p
from csrdesk.sandbox import people


async def _begun(on_stage: Stage, who: str) -> tuple[Call, str]:
    call = await Call.begin(on_stage.desk.session(on_stage.desk.agent))
    await call.look_up(who)
    return call, await call.send_link()


def _at_browser(on_stage: Stage, who: str) -> Customer:
    return Customer(on_stage.box.world.user(who).email, on_stage.mailbox_url, webauthn="FULL")


async def _in(caller: Customer, code: str) -> None:
    await caller.open(await caller.newest_link())
    await caller.answer("CodeGiven", code=code)


async def _verified(call: Call, method: str) -> Step:
    account = await call.waits_for(p.AccountPrompt)
    expect(account.evidence.auth_method, f"ml {method}", "what was shown")
    await call.end()
    return Step("agent", f"sees {account.evidence.label}")


async def passkey(on_stage: Stage) -> AsyncIterator[Step]:
    """A passkey: link, code, and a signature that PingOne verifies."""
    call, code = await _begun(on_stage, people.ONLY_PASSKEY)
    async with _at_browser(on_stage, people.ONLY_PASSKEY) as caller:
        await _in(caller, code)
        caller.reads("use your passkey")
        yield Step("customer", "types the code; the page asks for the passkey")
        await caller.use_passkey()
        caller.reads("keep this page open")
        yield Step("customer", "uses the passkey: signed, and verified by PingOne")
    yield await _verified(call, "fido2")


async def push(on_stage: Stage) -> AsyncIterator[Step]:
    """The app on a phone: the number that the page shows is chosen there."""
    call, code = await _begun(on_stage, people.ONLY_APP)
    async with _at_browser(on_stage, people.ONLY_APP) as caller:
        await _in(caller, code)
        number = await caller.answer_push("approve")
        expect_that(bool(number), "the page shows a number")
        yield Step("customer", f"sees the number {number} on the page, and chooses it on the phone")
        yield await _verified(call, "mobile")


async def _passcode(on_stage: Stage, who: str, method: str) -> AsyncIterator[Step]:
    call, code = await _begun(on_stage, who)
    async with _at_browser(on_stage, who) as caller:
        await _in(caller, code)
        typed = await (caller.app_passcode() if method == "totp" else caller.newest_passcode())
        await caller.answer("PasscodeGiven", passcode=typed)
        caller.reads("keep this page open")
        yield Step("customer", "types the code, then the passcode")
    yield await _verified(call, method)


async def totp(on_stage: Stage) -> AsyncIterator[Step]:
    """An authenticator app: the passcode that it shows by the clock."""
    async for step in _passcode(on_stage, people.TOTP, "totp"):
        yield step


async def sms(on_stage: Stage) -> AsyncIterator[Step]:
    """A passcode by text message."""
    async for step in _passcode(on_stage, people.ONE_DEVICE, "sms"):
        yield step


async def email(on_stage: Stage) -> AsyncIterator[Step]:
    """A passcode to another mailbox than the link's."""
    async for step in _passcode(on_stage, people.EMAIL_ELSEWHERE, "email"):
        yield step


async def voice(on_stage: Stage) -> AsyncIterator[Step]:
    """A passcode by a phone call."""
    async for step in _passcode(on_stage, people.VOICE, "voice"):
        yield step


METHODS: Final[Mapping[str, Scene]] = {
    "fido2": passkey,
    "push": push,
    "totp": totp,
    "sms": sms,
    "email": email,
    "voice": voice,
}
"""By the word that chooses it."""
