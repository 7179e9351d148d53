"""`csrdesk recovery`: the way in is mailed, each step of the customer is said once, and scripts read how it ended."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from csrdesk.cli.recovering import shown, started
from csrdesk.cli.result import Result
from csrdesk.config import load
from csrdesk.demo.customer import Customer
from csrdesk.flows.doors import Session
from csrdesk.sandbox import Sandbox, people
from csrdesk.wiring import open_desk
from tests.cli.conftest import Ran, change
from tests.cli.terminal import Terminal

Csrdesk = Callable[..., Awaitable[Ran]]
WHO = people.ONLY_PINGONE
NEW = "Winding-7-Lanes"
CODE = re.compile(r"recovery code is (\w{8})")
WAY_IN = re.compile(r"https?://\S+/recover")


@pytest.fixture
def with_page(settings: Path) -> Path:
    """Settings that have the page."""
    change(
        settings, "[flow]\n", "[limits]\nrecovery_answer_seconds = 0.1\n[flow]\nciam_accountRecoveryEnabled = true\n"
    )
    return settings


@pytest_asyncio.fixture
async def session(with_page: Path) -> AsyncIterator[Session]:
    """A desk in this process that serves its pages."""
    async with open_desk(load(with_page), serve_pages=True) as desk:
        yield desk.session(desk.agent)


def customer(box: Sandbox) -> Customer:
    return Customer(box.world.user(WHO).email, box.settings().mailbox_url, user_agent="Mozilla/5.0 known")


async def to_the_code(caller: Customer, box: Sandbox) -> str:
    """From the mail to the page that asks for the code, which is handed back."""
    found = WAY_IN.search(await caller.mail("Choose a new password"))
    assert found
    await caller.open(found[0])
    await caller.answer("EmailGiven", email=box.world.user(WHO).email)
    code = CODE.search(await caller.mail("Your recovery code"))
    assert code
    return code[1]


def came(result: Result) -> tuple[int, str, str]:
    error = result.error
    return result.exit_code, error.code if error else "", error.error_message if error else ""


async def test_a_recovery_is_followed_to_the_new_password_and_another_program_can_look(
    box: Sandbox, with_page: Path, csrdesk: Csrdesk
) -> None:
    async with Terminal(with_page, "recovery", "start", WHO, "--ticket", "INC-7", "--json", talk_here=True) as agent:
        call = (await agent.shows(r"Call (\S+): "))[1]
        async with customer(box) as caller:
            code = await to_the_code(caller, box)
            await agent.shows("code asked for, ")
            looked = await csrdesk("recovery", "show", call, "--json")
            await caller.answer("RecoveryTyped", code="WRONG234", password=NEW, again=NEW)
            await caller.answer("RecoveryTyped", code=code, password=NEW, again=NEW)
            caller.reads("Your new password is set")
        ran = await agent.ended()
    assert (looked.code, looked.data["stage"], looked.data["tries"]) == (0, "code_sent", 0), looked
    assert (ran.code, ran.data["stage"], ran.data["tries"]) == (0, "done", 2), ran
    assert ran.data["endedAt"]
    assert (looked.data["riskLabel"], looked.data["risk"]["risk"]["level"]) == ("low risk, known device", "LOW")
    assert "PingOne Protect: low risk, known device" in agent.screen
    for said in (ran.out, looked.out, looked.err, agent.screen):
        assert not any(secret in said for secret in (code, NEW, box.world.user(WHO).email))
    listed = await csrdesk("call", "list", "--json")
    assert listed.data == []


async def test_without_waiting_the_mail_is_sent_and_the_call_shows_the_rest(session: Session, box: Sandbox) -> None:
    mailed = await started(session, WHO, "", wait=False)
    assert (came(mailed), "Page opened" in "\n".join(mailed.lines)) == ((0, "", ""), True)
    assert isinstance(mailed.data, dict)
    assert (mailed.data["stage"], mailed.data["tries"]) == (None, 0)
    assert "Choose a new password" in {mail.subject for mail in box.world.mails}
    async with customer(box) as caller:
        await to_the_code(caller, box)
        await caller.answer("Cancelled")
    ended = await shown(session, mailed.data["call"])
    assert came(ended) == (1, "not_done", "No new password: ended without a new password.")


async def test_whoever_cannot_be_mailed_is_said_with_an_exit_code_that_fits(session: Session, box: Sandbox) -> None:
    assert came(await started(session, "nobody-of-that-name", "", wait=True))[:2] == (1, "not_found")
    assert came(await started(session, people.PROTECTED, "", wait=True))[:2] == (6, "forbidden")
    box.faults.add(method="SMTP", status=450, times=1)
    code, _, words = came(await started(session, WHO, "", wait=True))
    assert (code, "mail server" in words) == (3, True)
    for _ in range(2):
        assert (await started(session, WHO, "", wait=False)).exit_code == 0
    code, name, words = came(await started(session, WHO, "", wait=True))
    assert (code, name) == (6, "limit_reached")
    assert "which is the most. Nothing was sent." in words
    assert not [call for call in await session.calls() if call.stage == "Watching"][2:]


async def test_where_settings_have_no_page_nothing_is_mailed(box: Sandbox, settings: Path, csrdesk: Csrdesk) -> None:
    ran = await csrdesk("recovery", "start", WHO, "--json")
    assert (ran.code, ran.error["code"]) == (1, "conflict"), ran
    assert "flow.ciam_accountRecoveryEnabled" in ran.error["errorMessage"]
    assert box.world.mails == []
    wrong = await csrdesk("recovery", "show", "nothing", "--json")
    assert (wrong.code, wrong.error["code"]) == (1, "no_such_flow")
