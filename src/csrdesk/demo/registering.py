"""Customers who make an account by themselves, without any call: `csrdesk demo --play --flow registration`.

With a password and with each kind of device in its place; an address that somebody has; a page that is left and found
again by its mail; and a call of somebody who registered, before and after three days, by
which the one clock of desk and sandbox is moved on.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Final

from csrdesk.demo.agent import Call
from csrdesk.demo.customer import Customer
from csrdesk.demo.pairing import register_device
from csrdesk.demo.stage import Stage
from csrdesk.demo.telling import DifferenceError, Scene, Step, expect, expect_that
from csrdesk.flows import answers as a
from csrdesk.flows import prompts as p
from csrdesk.sandbox import people

_PASSWORD = "Seven teal otters, 2 boats"  # noqa: S105 - invented, for the demo's sandbox alone
_OTHER_PASSWORD = "Nine grey storks, 4 ponds"  # noqa: S105 - as above
_DAYS = timedelta(hours=73)
_CODE = "Type the code from our mail"
_WAY_BACK = re.compile(r"https?://\S+/register/again/\S+")


async def with_password(on_stage: Stage) -> AsyncIterator[Step]:
    """A new customer registers with a password, and accepts the terms."""
    address = "wilma.weaver@mail.example"
    async with _at_browser(on_stage, address) as browser:
        await _begin(on_stage, browser, address)
        browser.reads(_CODE)
        yield Step("customer", "types a mail address: the page asks for the code of a mail")
        code = await browser.newest_passcode()
        await browser.answer("PasscodeGiven", passcode="000000" if code != "000000" else "111111")
        browser.reads("That code is not right")
        yield Step("customer", "types a wrong code: counted, 4 tries left")
        await browser.answer("PasscodeGiven", passcode=code)
        await browser.answer("NamesGiven", given_name="<b>Wilma</b>", family_name="Weaver")
        browser.reads("letters, digits, blanks")
        await browser.answer("NamesGiven", given_name="Wilma", family_name="Weaver")
        browser.reads("Choose a password")
        yield Step("customer", "types the code of the mail, and a name; markup is not taken for one")
        await browser.answer("FirstPasswordTyped", password="short1A", again="short1A")  # noqa: S106 - invented
        browser.reads("12 characters" if "12 characters" in browser.text else "at least")
        await browser.answer("FirstPasswordTyped", password=_PASSWORD, again=_PASSWORD)
        yield Step("customer", "types a password that is too short, then one that is taken: the account is made")
        await browser.answer("AgreementDeclined")
        browser.reads("you must accept the agreement")
        await browser.answer("AgreementAccepted")
        browser.reads("You are registered")
        yield Step("customer", "declines the terms: the page stays; accepts them: registered")
        await browser.mail("New Account Created")
    user = on_stage.box.world.user(address)
    expect((user.email_verified, user.password.status), (True, "OK"), "address and password in PingOne")
    expect([device.type for device in user.devices], ["EMAIL"], "devices in PingOne")
    await _completed(on_stage, "SUCCESS")
    yield Step("desk", "has made the account in PingOne, with its address as a device, and told Protect")


async def by_passkey(on_stage: Stage) -> AsyncIterator[Step]:
    """Without a password: a passkey in its place."""
    async for step in _without_password(on_stage, "FIDO2", "fay.finch@mail.example"):
        yield step


async def by_app(on_stage: Stage) -> AsyncIterator[Step]:
    """Without a password: an authenticator app in its place."""
    async for step in _without_password(on_stage, "TOTP", "tom.tern@mail.example"):
        yield step


async def by_text(on_stage: Stage) -> AsyncIterator[Step]:
    """Without a password: a mobile number in its place."""
    async for step in _without_password(on_stage, "SMS", "sam.swift@mail.example"):
        yield step


async def by_voice(on_stage: Stage) -> AsyncIterator[Step]:
    """Without a password: a number that is rung in its place."""
    async for step in _without_password(on_stage, "VOICE", "vic.vireo@mail.example"):
        yield step


async def by_mail(on_stage: Stage) -> AsyncIterator[Step]:
    """Without a password: the mailbox in its place, which was verified on the way."""
    async for step in _without_password(on_stage, "EMAIL", "eve.egret@mail.example"):
        yield step


async def known_address(on_stage: Stage) -> AsyncIterator[Step]:
    """An address that somebody has: the same pages, and its owner is told."""
    user, nobody = on_stage.box.world.user(people.ONLY_PINGONE), "nobody@mail.example"
    async with _at_browser(on_stage, user.email) as known, _at_browser(on_stage, nobody) as unknown:
        await _begin(on_stage, known, user.email)
        await _begin(on_stage, unknown, nobody)
        expect(known.text, unknown.text, "the page for a known and an unknown address")
        for _ in range(5):
            for browser in (known, unknown):
                await browser.answer("PasscodeGiven", passcode="000000")
            expect((known.status, known.text), (unknown.status, unknown.text), "the page after a wrong code")
        known.reads("All tries are used")
        yield Step(
            "stranger", f"types the address of {people.ONLY_PINGONE!r}, and five codes: the pages of any address"
        )
        text = await known.mail("Somebody tried to register with your address")
        expect_that("nothing was made" in text, "the mail says so")
    yield Step("customer", "gets a mail about it, with whom to call")


async def resumed(on_stage: Stage) -> AsyncIterator[Step]:
    """The page is left once the account is there: its mail leads back, to where it was left."""
    address = "rosa.robin@mail.example"
    async with _at_browser(on_stage, address) as browser:
        await _named(on_stage, browser, address, "Rosa", "Robin")
        await browser.answer("WithoutPasswordChosen")
        browser.reads("Terms of use")
        found = _WAY_BACK.search(await browser.mail("New Account Created"))
        left = browser.url
        yield Step("customer", "registers without a password, and closes the page before the terms")
    if found is None:
        raise DifferenceError("the mail leads nowhere")
    async with _at_browser(on_stage, address) as other:
        expect(await other.fetch(found[0], user_agent="MailScanner/1.0"), 200, "a scanner's fetch")
        await other.open(found[0])
        await other.answer("TakeUp")
        await other.answer("AgreementAccepted")
        await other.answer("PasswordInsteadChosen")
        await other.answer("FirstPasswordTyped", password=_PASSWORD, again=_PASSWORD)
        other.reads("You are registered")
        yield Step("customer", "goes on by the mail in another browser, after a scanner has looked: registered")
    async with _at_browser(on_stage, address) as late:
        await late.open(found[0])
        await late.answer("TakeUp")
        expect(late.status, 410, "the mail's link once more")
        await late.open(left)
        expect(late.status, 410, "the page that was left")
    expect(len([user for user in on_stage.box.world.users.values() if user.email == address]), 1, "accounts")
    yield Step("stranger", "finds nothing behind the mail's link any more; and there is one account")


async def then_calls(on_stage: Stage) -> AsyncIterator[Step]:
    """Somebody who registered calls: the device is too new; three days later it verifies, and the password is reset."""
    address = "hanna.heron@mail.example"
    async with _at_browser(on_stage, address) as browser:
        await _named(on_stage, browser, address, "Hanna", "Heron")
        await browser.answer("WithoutPasswordChosen")
        await browser.answer("AgreementAccepted")
        await register_device(browser, "TOTP", name="Hanna's app")
        browser.reads("You are registered")
        yield Step("customer", "registers with an authenticator app, and calls at once")
    call = await Call.begin(on_stage.desk.session(on_stage.desk.agent))
    await call.look_up(address)
    card = call.sees(p.UnverifiableCardPrompt)
    expect(card.obstacles, ("registered too recently",), "why the device does not count")
    yield Step("agent", f"cannot verify them: {card.why} Their device was {card.obstacles[0]}")
    await call.end()
    on_stage.box.clock.move(_DAYS)
    call = await Call.begin(on_stage.desk.session(on_stage.desk.agent))
    await call.look_up(address)
    call.sees(p.CardPrompt)
    code = await call.send_link()
    yield Step("agent", "looks them up in a call three days later, by the clock, and sends a link")
    async with _at_browser(on_stage, address) as caller:
        await caller.open(await caller.newest_link())
        await caller.answer("CodeGiven", code=code)
        await caller.answer("PasscodeGiven", passcode=await caller.app_passcode())
        account = await call.waits_for(p.AccountPrompt)
        expect(account.evidence.auth_method, "ml totp", "what was shown")
        yield Step("customer", "types the code, then the passcode of the app that they registered: verified")
        await call.say(a.ResetChosen())
        await call.say(a.Confirmed("Wants a password after all", "INC-1020"))
        await caller.waits_for("NewPasswordTyped")
        await caller.answer(
            "NewPasswordTyped", password=_OTHER_PASSWORD, again=_OTHER_PASSWORD, sign_out_elsewhere="yes"
        )
        caller.reads("your new password is set")
    notice = await call.waits_for(p.NoticePrompt)
    expect([line.ok for line in notice.lines], [True] * len(notice.lines), f"all done: {notice.lines}")
    expect(on_stage.box.world.user(address).password.status, "OK", "the password in PingOne")
    yield Step("agent", "reads: " + "; ".join(line.text for line in notice.lines))
    await call.end()


async def _without_password(on_stage: Stage, kind: str, address: str) -> AsyncIterator[Step]:
    async with _at_browser(on_stage, address) as browser:
        given, family = (part.capitalize() for part in address.partition("@")[0].split("."))
        await _named(on_stage, browser, address, given, family)
        await browser.answer("WithoutPasswordChosen")
        await browser.answer("AgreementAccepted")
        browser.reads("Add a way to prove that it is you")
        yield Step("customer", "registers without a password, and accepts the terms: the page asks for a device")
        await register_device(browser, kind, name="Mine")
        browser.reads("You are registered")
        yield Step("customer", f"registers {_WORDS[kind]}: that is how they sign in")
    user = on_stage.box.world.user(address)
    expect(user.password.status, "NO_PASSWORD", "the password in PingOne")
    expect_that(kind in [device.type for device in user.devices if device.status == "ACTIVE"], "the device is active")
    expect_that(user.mfa_enabled, "PingOne asks for it from now on")
    yield Step("desk", "has registered the device in PingOne, and switched MFA on")


_WORDS: Final = {
    "FIDO2": "a passkey, which PingOne verifies",
    "TOTP": "an authenticator app, with the key on the page",
    "SMS": "a mobile number, by the passcode that was sent there",
    "VOICE": "a number, by the passcode that a voice said",
    "EMAIL": "their mailbox, which they have read already",
}
VARIANTS: Final[Mapping[str, Scene]] = {
    "fido2": by_passkey,
    "totp": by_app,
    "sms": by_text,
    "voice": by_voice,
    "email": by_mail,
}
"""By the kind of device in place of a password."""
SCENES: Final[tuple[Scene, ...]] = (with_password, *VARIANTS.values(), known_address, resumed, then_calls)
"""What `--flow registration` plays."""


def _at_browser(on_stage: Stage, address: str) -> Customer:
    return Customer(address, on_stage.mailbox_url, webauthn="FULL", user_agent="Mozilla/5.0 known")


async def _begin(on_stage: Stage, browser: Customer, address: str) -> None:
    await browser.open(f"{on_stage.desk.pages_url}/register")
    await browser.answer("RegisterEmailGiven", email=address)


async def _named(on_stage: Stage, browser: Customer, address: str, given: str, family: str) -> None:
    """As far as the password."""
    await _begin(on_stage, browser, address)
    await browser.answer("PasscodeGiven", passcode=await browser.newest_passcode())
    await browser.answer("NamesGiven", given_name=given, family_name=family)
    browser.reads("Choose a password")


async def _completed(on_stage: Stage, wanted: str) -> None:
    """How Protect's evaluation ends, which it hears behind the page that is shown already."""
    newest = list(on_stage.box.world.evaluations.values())[-1]
    for _ in range(100):
        if newest.completion != "IN_PROGRESS":
            break
        await asyncio.sleep(0.05)
    expect(newest.completion, wanted, "how Protect's evaluation ended")
