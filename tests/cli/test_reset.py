"""`csrdesk user reset`, as a program of its own against a running sandbox: nobody there types or gets a password."""

from __future__ import annotations

import asyncio
import re
import socket
from pathlib import Path

import httpx
import pytest

from csrdesk.cli.completing import places
from csrdesk.sandbox import Sandbox, password_cast
from tests.cli.conftest import Ran, change
from tests.cli.terminal import Customer, Terminal
from tests.cli.test_calls import Csrdesk, verified_call
from tests.server.visitor import Visitor

WHO = password_cast.EXTERNAL_ALLOWED
ADDRESS = f"{WHO}@mail.example"
NEW = "Seven teal otters, 2 boats"
WHY = ("--reason", "forgot it", "--ticket", "INC-9", "--yes")


@pytest.fixture
def pages(settings: Path) -> Path:
    """Settings whose pages keep their port from one command to the next, as in every desk but the demo's."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        change(settings, "listen_port = 0", f"listen_port = {free.getsockname()[1]}")
    return settings


class AtPage:
    """The customer's browser, which stays open from the verification on."""

    def __init__(self, box: Sandbox) -> None:
        self.customer = Customer(box, ADDRESS)
        self.client = httpx.AsyncClient()
        self.visitor: Visitor

    async def proves(self, code: str) -> None:
        link = await self.customer.link()
        self.client = httpx.AsyncClient(base_url=link.join("/"))
        self.visitor = Visitor(self.client, link.path.rpartition("/")[2])
        await self.visitor.open()
        await self.visitor.press("CodeGiven", code=code)
        passcode = (await self.customer.things("passcodes", to=ADDRESS))[0]["code"]
        await self.visitor.press("PasscodeGiven", passcode=passcode)

    async def chooses(self, password: str) -> str:
        """Type it once the page asks; gives the page that comes then."""
        async with asyncio.timeout(20):
            while not await self._asks():  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.1)
        await self.visitor.press("NewPasswordTyped", password=password, again=password, sign_out_elsewhere="yes")
        return self.visitor.page.text

    async def _asks(self) -> bool:
        """Whether the page asks for the password; between two commands nobody serves it."""
        try:
            return "NewPasswordTyped" in (await self.visitor.open()).text
        except httpx.ConnectError:
            return False


async def verified_with_page(box: Sandbox, settings: Path) -> tuple[str, AtPage]:
    at_page = AtPage(box)
    async with Terminal(settings, "call", "start", WHO, "--json") as agent:
        code = await agent.code()
        await at_page.proves(code)
        ran = await agent.ended()
    assert ran.code == 0, ran
    return str(ran.data["call"]), at_page


async def test_r_35_a_reset_waits_for_the_customer_and_says_what_came_of_it_without_the_password(
    box: Sandbox, pages: Path, csrdesk: Csrdesk
) -> None:
    call, at_page = await verified_with_page(box, pages)
    before = box.world.entry(WHO).first("pwdLastSet")
    async with Terminal(pages, "user", "reset", WHO, "--call", call, *WHY, "--json") as agent:
        assert "new password is set" in await at_page.chooses(NEW)
        ran = await agent.ended()
    assert (ran.code, ran.data["subflowResult"], ran.data["halfDone"]) == (0, "complete", False)
    told = [line["text"] for line in ran.data["lines"]]
    assert told[:2] == ["AD: password set", "PingOne: 1 session ended"]
    assert "Customer: told by mail" in told
    assert box.world.entry(WHO).first("pwdLastSet") != before
    assert "The customer's page asks for a new password" in ran.err
    rows = await csrdesk("audit", "list", "--call", call, "--json")
    kinds = [(row["kind"], row["result"]) for row in rows.data if row["action"] == "ad.set_password"]
    assert sorted(kinds) == [("intent", ""), ("outcome", "done")]
    for said in (ran.out, ran.err, agent.screen, rows.out):
        assert "otters" not in said
    help_text = (await csrdesk("user", "reset", "--help")).out
    assert "--call" in help_text
    assert "password" not in {word.strip("-") for word in re.findall(r"--[\w-]+", help_text)}
    await at_page.client.aclose()


async def test_interrupted_a_reset_goes_on_and_is_taken_up_again(box: Sandbox, pages: Path) -> None:
    call, at_page = await verified_with_page(box, pages)
    async with Terminal(pages, "user", "reset", WHO, "--call", call, *WHY, talk_here=True) as agent:
        await agent.shows("The customer's page asks for a new password")
        agent.interrupt()
        ran = await agent.ended()
        taken_up = await agent.shows(r"csrdesk call resume ([0-9a-f]+)")
    assert ran.code == 130
    async with Terminal(pages, "call", "resume", taken_up[1], "--json") as agent:
        await at_page.chooses(NEW)
        ran = await agent.ended()
    assert (ran.code, ran.data["subflowResult"]) == (0, "complete")
    await at_page.client.aclose()


async def test_a_reset_by_its_own_link_shows_its_code_on_the_terminal_alone(box: Sandbox, pages: Path) -> None:
    call, first = await verified_with_page(box, pages)
    await first.client.aclose()
    at_page = AtPage(box)
    async with Terminal(pages, "user", "reset", WHO, "--call", call, *WHY, "--own-link", "--json") as agent:
        code = await agent.code()
        mail = await at_page.customer.mail()
        assert mail["subject"].startswith("Password Change Request, reference ")
        await at_page.proves(code)
        await at_page.chooses(NEW)
        ran = await agent.ended()
    assert (ran.code, ran.data["subflowResult"]) == (0, "complete")
    assert code not in ran.out + ran.err
    await at_page.client.aclose()


async def test_a_rehearsed_reset_says_what_would_be_written_where_and_writes_nothing(
    box: Sandbox, settings: Path, csrdesk: Csrdesk
) -> None:
    call = await verified_call(box, settings, WHO)
    before = box.world.entry(WHO).first("pwdLastSet")
    ran = await csrdesk("user", "reset", WHO, "--call", call, *WHY, "--dry-run", "--json")
    assert ran.code == 0, ran
    assert [(one["where"], one["action"], one["allowed"]) for one in ran.data["wouldWrite"]] == [
        ("AD", "ad.set_password", True),
        ("PingOne", "pingone.end_sessions", True),
    ]
    assert box.world.entry(WHO).first("pwdLastSet") == before


async def test_what_stands_against_a_reset_is_said_with_its_exit_code(
    box: Sandbox, settings: Path, csrdesk: Csrdesk
) -> None:
    def came(ran: Ran) -> tuple[int, str]:
        return ran.code, ran.error["code"]

    assert came(await csrdesk("user", "reset", WHO, *WHY, "--json")) == (6, "not_verified")
    both = password_cast.BOTH_PASSWORDS
    call = await verified_call(box, settings, both)
    guessed = await csrdesk("user", "reset", both, "--call", call, *WHY, "--json")
    assert came(guessed) == (1, "conflict")
    assert "password_authority" in guessed.error["errorMessage"]
    assert came(await csrdesk("user", "reset", "nobody at all", "--call", call, *WHY, "--json")) == (1, "not_found")
    assert came(await csrdesk("user", "reset", WHO, "--call", call, *WHY, "--json")) == (6, "not_verified")
    assert came(await csrdesk("user", "reset", both, "--call", call, "--yes", "--json")) == (4, "needs_answer")
    change(settings, "\n[flow]", '\n[passwords]\npassword_authority = "both"\n\n[flow]')
    waits = await csrdesk("user", "reset", both, "--call", call, *WHY, "--no-wait", "--json")
    assert (waits.code, bool(waits.data["flow"])) == (0, True)
    alone = await csrdesk("user", "reset", both, "--call", call, *WHY, "--own-link", "--json")
    assert came(alone) == (4, "needs_answer")
    assert "no terminal" in alone.error["errorMessage"]


def test_r_35_no_command_takes_a_password() -> None:
    taken = {(place.key, option.name) for place in places() for option in place.options}
    assert ("user reset", "--call") in taken
    assert {one for one in taken if re.search("pass|pwd|secret|value", one[1])} == set()
