"""`csrdesk invite`: an address that nobody has is mailed the way in, and scripts read how far it came."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from csrdesk.cli.inviting import invited
from csrdesk.cli.result import Result
from csrdesk.cli.resuming import Wishes, take_up
from csrdesk.config import load
from csrdesk.demo.customer import Customer
from csrdesk.flows.doors import Session
from csrdesk.sandbox import Sandbox, people
from csrdesk.wiring import Desk, open_desk
from tests.cli.conftest import Ran, change
from tests.cli.terminal import Terminal

Csrdesk = Callable[..., Awaitable[Ran]]
NEW = "new.nurse@mail.example"
PASSWORD = "Winding-7-Lanes"


@pytest.fixture
def with_page(settings: Path) -> Path:
    """Settings that have the page."""
    change(
        settings,
        "[flow]\n",
        "[limits]\nrecovery_answer_seconds = 0.1\n[registration]\nenabled = true\n"
        'no_domains = ["forbidden.example"]\n[flow]\n',
    )
    return settings


@pytest_asyncio.fixture
async def desk(with_page: Path) -> AsyncIterator[Desk]:
    """A desk in this process that serves its pages."""
    async with open_desk(load(with_page), serve_pages=True) as desk:
        yield desk


@pytest.fixture
def session(desk: Desk) -> Session:
    return desk.session(desk.agent)


def came(result: Result) -> tuple[int, str, str]:
    error = result.error
    return result.exit_code, error.code if error else "", error.error_message if error else ""


async def test_an_invitation_is_followed_and_its_end_is_an_exit_code(box: Sandbox, with_page: Path) -> None:
    async with Terminal(with_page, "invite", NEW, "--ticket", "INC-7", "--json", talk_here=True) as agent:
        await agent.shows(r"Call (\S+): mailed to n\*\*\*e@m\*\*\*\.example")
        async with Customer(NEW, box.settings().mailbox_url, user_agent="Mozilla/5.0 known") as caller:
            mail = await caller.mail("Make your account")
            await caller.open(next(word for word in mail.split() if word.endswith("/register")))
            await caller.answer("RegisterEmailGiven", email=NEW)
            await agent.shows("a code was asked for")
            await caller.answer("PasscodeGiven", passcode=await caller.newest_passcode())
            await agent.shows("the code was right")
            await caller.answer("NamesGiven", given_name="Grace", family_name="Hopper")
            await caller.answer("FirstPasswordTyped", password=PASSWORD, again=PASSWORD)
            caller.reads("You are registered")
        ran = await agent.ended()
    assert (ran.code, ran.data["stage"], ran.data["tries"]) == (0, "done", 1), ran
    assert box.world.user(NEW).enabled
    for said in (ran.out, agent.screen):
        assert not any(secret in said for secret in (NEW, PASSWORD))


async def test_without_waiting_the_mail_is_sent_and_the_call_is_taken_up_for_the_rest(
    session: Session, box: Sandbox
) -> None:
    mailed = await invited(session, NEW, "", wait=False)
    assert came(mailed) == (0, "", "")
    assert isinstance(mailed.data, dict)
    assert (mailed.data["stage"], mailed.data["mailedTo"]) == (None, "n***e@m***.example")
    assert [mail.to for mail in box.world.mails] == [NEW]
    later = await take_up(session, mailed.data["call"], Wishes())
    assert (later.exit_code, "not opened yet" in "\n".join(later.lines)) == (0, True)


async def test_whoever_cannot_be_invited_is_said_with_an_exit_code_that_fits(
    session: Session, desk: Desk, box: Sandbox
) -> None:
    known = box.world.user(people.ONLY_PINGONE).email
    assert came(await invited(session, known, "", wait=True))[:2] == (1, "conflict")
    assert came(await invited(session, "no address", "", wait=True))[:2] == (1, "invalid_value")
    code, name, words = came(await invited(session, "x@forbidden.example", "", wait=True))
    assert (code, name) == (1, "conflict")
    assert "registration.no_domains" in words
    box.faults.add(method="SMTP", status=450, times=1)
    assert came(await invited(session, NEW, "", wait=True))[0] == 3
    for _ in range(2):
        assert (await invited(session, NEW, "", wait=False)).exit_code == 0
    assert came(await invited(session, NEW, "", wait=True))[:2] == (6, "limit_reached")
    rows = [row for row in await desk.audit.list() if row.action == "registration.invite"]
    assert sorted((row.kind, row.result) for row in rows if row.kind == "outcome") == [
        ("outcome", "done"), ("outcome", "done"), ("outcome", "failed"), ("outcome", "refused"),
    ]  # fmt: skip
    assert all(NEW not in repr(row) for row in rows)


async def test_where_settings_have_no_page_nobody_is_invited(box: Sandbox, csrdesk: Csrdesk) -> None:
    ran = await csrdesk("invite", NEW, "--json")
    assert (ran.code, ran.error["code"]) == (1, "conflict"), ran
    assert "registration.enabled" in ran.error["errorMessage"]
    assert box.world.mails == []
