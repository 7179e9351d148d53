"""What is changed in AD alone, in a call whose caller is verified: the last day, there and back, and a password."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from csrdesk.demo.agent import Call
from csrdesk.demo.telling import Step, expect_that
from csrdesk.flows import answers as a
from csrdesk.flows import prompts as p
from csrdesk.flows.kernel import Answer
from csrdesk.model.days import NEVER, ends_of, last_day, moment_of


async def in_ad_alone(call: Call) -> AsyncIterator[Step]:
    """Begins and ends at the account."""
    ends = ends_of((datetime.now().astimezone() + timedelta(days=30)).date().isoformat())
    said = await _done(call, a.ExpireChosen(), a.Confirmed("Leaves next month", "INC-1005", ends))
    yield Step("agent", f"lets the account end: {said}")
    at = moment_of(ends)
    found = call.sees(p.AccountPrompt).account.directory
    expect_that(found is not None and found.expires_at == at, f"the last day as read back: {found}")
    expect_that(at is not None and last_day(at) in said, said)
    said = await _done(call, a.ExpireChosen(), a.Confirmed("It was somebody else", "INC-1005", NEVER))
    yield Step("agent", f"takes back what the desk had set: {said}")
    said = await _done(call, a.MustChangeChosen(), a.Confirmed("Found on a note", "INC-1005"))
    found = call.sees(p.AccountPrompt).account.directory
    expect_that(found is not None and found.must_change_password, "must change, as read back")
    expect_that(found is not None and found.expires_at is None, "no last day, as read back")
    yield Step("agent", f"asks for another password: {said}")


async def _done(call: Call, chosen: Answer, confirmed: Answer) -> str:
    """The first line of the notice; the account is shown anew."""
    await call.say(chosen)
    await call.say(confirmed)
    first = call.sees(p.NoticePrompt).lines[0]
    expect_that(first.ok, first.text)
    await call.say(a.NoticeRead())
    return first.text
