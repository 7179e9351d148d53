"""A customer who forgot their password, without any call: `csrdesk demo --play --flow recovery`.

Success, a mismatch, wrong codes, another code, the limit of tries, an address that nobody has, and what Protect stops.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from typing import Final

from csrdesk.demo.customer import Customer
from csrdesk.demo.stage import Stage
from csrdesk.demo.telling import Scene, Step, expect, expect_that
from csrdesk.sandbox import people

_WHO = people.ONLY_PINGONE
_OTHER = people.NO_DEVICE_PINGONE
_NOBODY = "nobody@mail.example"
_NEW = "Seven teal otters, 2 boats"
_WRONG = "AAAA2222"
_CODE = re.compile(r"recovery code is (\w{8})")
_FORM = "Type the code from our mail"


async def recovered(on_stage: Stage) -> AsyncIterator[Step]:
    """A forgotten password: the customer recovers the account by themselves."""
    user = on_stage.box.world.user(_WHO)
    before = user.password.changed_at
    async with _at_browser(on_stage, _WHO) as browser:
        await _begin(on_stage, browser, user.email)
        browser.reads(_FORM)
        yield Step("customer", f"types the address of {_WHO!r}: the page asks for the code of a mail")
        code = await _code(browser)
        await _type(browser, code, _NEW, "Seven teal otters, 3 boats")
        browser.reads("The two passwords are not the same")
        yield Step("customer", "types two different passwords: not counted, and nobody is asked")
        await _type(browser, _WRONG)
        browser.reads("That code is not right")
        browser.reads("4 more times")
        yield Step("customer", "types a wrong code: counted, 4 tries left")
        await _type(browser, code)
        browser.reads("Your new password is set")
        yield Step("customer", "types the code of the mail, and the new password twice: set")
        await browser.mail("Password Changed")
        yield Step("customer", "gets a mail about it")
    expect_that(user.password.changed_at != before, "PingOne has a new password")
    expect_that(not user.sessions, "no session is left")
    await _completed(on_stage, "SUCCESS")
    yield Step("desk", "has ended every session, and told Protect that it was them")


async def another_code(on_stage: Stage) -> AsyncIterator[Step]:
    """The mail does not come: another code, not at once, and the first is good no more."""
    async with _at_browser(on_stage, _OTHER) as browser:
        await _begin(on_stage, browser, on_stage.box.world.user(_OTHER).email)
        first = await _code(browser)
        await browser.answer("ResendChosen")
        browser.reads("Send another code?")
        await browser.answer("SendChosen")
        browser.reads("Another code can be sent in")
        yield Step("customer", "asks for another code at once: not yet")
        second = first
        while second == first:
            if not browser.offers("SendChosen"):
                await browser.answer("ResendChosen")
            await browser.answer("SendChosen")
            second = await _code(browser)
        yield Step("customer", "asks again after the pause, and says yes: another mail")
        await _type(browser, first)
        browser.reads("That code is not right")
        yield Step("customer", "types the first code: it is good no more")
        await browser.answer("Cancelled")
        browser.reads("Nothing was changed")
        yield Step("customer", "keeps the password: back to signing in")


async def all_tries(on_stage: Stage) -> AsyncIterator[Step]:
    """Five wrong codes, for an account and for an address that nobody has: the same pages."""
    async with _at_browser(on_stage, _OTHER) as known, _at_browser(on_stage, _OTHER) as unknown:
        await _begin(on_stage, known, on_stage.box.world.user(_OTHER).email)
        await _begin(on_stage, unknown, _NOBODY)
        expect(known.text, unknown.text, "the page for a known and an unknown address")
        yield Step("stranger", f"types an address that nobody has: the same page as for {_OTHER!r}")
        for _ in range(5):
            await _type(known, _WRONG)
            await _type(unknown, _WRONG)
            expect((known.status, known.text), (unknown.status, unknown.text), "the page after a wrong code")
        known.reads("All tries are used")
        yield Step("stranger", "types five wrong codes: that was all, and still the same page")
    expect_that(not [mail for mail in on_stage.box.world.mails if mail.to == _NOBODY], "nobody was mailed there")


async def high_risk(on_stage: Stage) -> AsyncIterator[Step]:
    """Protect says that the risk is high: it ends there."""
    async for step in _stopped(on_stage, "risk-high"):
        yield step


async def bot(on_stage: Stage) -> AsyncIterator[Step]:
    """Protect says that a program asks: it ends there, the owner is mailed, and the account stays as it is."""
    async for step in _stopped(on_stage, "bot"):
        yield step
    async with _at_browser(on_stage, _WHO) as owner:
        text = await owner.mail("Suspicious Activity")
        expect_that("we stopped it" in text, "the mail says so")
    yield Step("customer", "gets a mail about it, with whom to call")
    expect_that(on_stage.box.world.user(_WHO).enabled, "the account is enabled")


SCENES: Final[Mapping[str, tuple[Scene, ...]]] = {"recovery": (recovered, another_code, all_tries, high_risk, bot)}
"""What `--flow` plays."""


async def _stopped(on_stage: Stage, agent: str) -> AsyncIterator[Step]:
    user = on_stage.box.world.user(_WHO)
    mails = len(_codes(on_stage, user.email))
    async with _at_browser(on_stage, _WHO, agent) as browser:
        await _begin(on_stage, browser, user.email)
        browser.reads("This cannot go on here")
        yield Step("stranger", f"types the address of {_WHO!r} with a browser that says {agent!r}: stopped")
    expect(len(_codes(on_stage, user.email)), mails, "codes that were sent")
    await _completed(on_stage, "FAILED")


def _at_browser(on_stage: Stage, username: str, agent: str = "Mozilla/5.0 known") -> Customer:
    return Customer(on_stage.box.world.user(username).email, on_stage.mailbox_url, user_agent=agent)


async def _begin(on_stage: Stage, browser: Customer, address: str) -> None:
    await browser.open(f"{on_stage.desk.pages_url}/recover")
    await browser.answer("EmailGiven", email=address)


async def _code(browser: Customer) -> str:
    found = _CODE.search(await browser.mail("Your recovery code"))
    expect_that(found is not None, "the mail has a code")
    return found[1] if found else ""


async def _type(browser: Customer, code: str, password: str = _NEW, again: str = "") -> None:
    await browser.answer("RecoveryTyped", code=code, password=password, again=again or password)


async def _completed(on_stage: Stage, wanted: str) -> None:
    """How Protect's evaluation ends, which it hears behind the page that is shown already."""
    newest = list(on_stage.box.world.evaluations.values())[-1]
    for _ in range(100):
        if newest.completion != "IN_PROGRESS":
            break
        await asyncio.sleep(0.05)
    expect(newest.completion, wanted, "how Protect's evaluation ended")


def _codes(on_stage: Stage, address: str) -> list[object]:
    return [mail for mail in on_stage.box.world.mails if mail.to == address and "recovery code" in mail.subject]
