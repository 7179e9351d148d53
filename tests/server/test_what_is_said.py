"""Pages say where somebody stands and what they can do next: another code, none left, what was not taken, whom to call.

Rendered from prompts alone, since what a page says does not hang on how its flow came there.
"""

from __future__ import annotations

import re

import httpx
import pytest

from csrdesk.flows import prompts as p
from csrdesk.flows import public_prompts as pub
from csrdesk.flows import registration_prompts as rp
from csrdesk.flows.acceptance_ends import PageRefused
from csrdesk.flows.doors import LinkView, PublicView, View, Visitor
from csrdesk.flows.kernel import Answer, Outcome, Prompt
from csrdesk.flows.recovery_inputs import Outputs
from csrdesk.flows.registration_inputs import Outputs as Registered
from csrdesk.model.devices import Device
from csrdesk.model.recovery import End
from csrdesk.model.secret import Secret
from csrdesk.server import recovery_texts as rt
from csrdesk.server import registration_texts as gt
from csrdesk.server import texts
from csrdesk.server.app import make_app
from csrdesk.server.pages import page_of
from csrdesk.server.render import Render
from tests.server.conftest import KEY, LOOK, ORIGIN
from tests.server.customers import ABOUT, NOW, SMS, TOTP, VOICE, Customers

APP = Device("app-1", "MOBILE", nickname="Pixel 9")
PHONE = '<span class="phone">+1 555 0100</span>'


def view_of(shown: Prompt | Outcome) -> View:
    if isinstance(shown, Prompt):
        return View("flow-1", "any", 3, shown)
    return View("flow-1", "any", 3, outcome=shown)


def link_page(shown: Prompt | Outcome) -> str:
    """The page of a link that shows this."""
    page = page_of(LinkView(view_of(shown), "challenge-1"), NOW)
    made = Render(LOOK).page(page.template, status=page.status, **{"form_token": "f", **page.context})
    return bytes(made.body).decode()


class Shows:
    """A `PublicSession` with one page."""

    def __init__(self, shown: Prompt | Outcome) -> None:
        self.view = view_of(shown)

    def offers(self, _flow: str) -> bool:
        return True

    async def begin(self, flow: str, browser: str, answer: Answer, *, source: str, visitor: Visitor) -> Secret:
        raise NotImplementedError

    async def resume(self, flow: str, token: str, browser: str, *, source: str) -> Secret:
        raise NotImplementedError

    async def open(self, _token: str, _browser: str) -> PublicView:
        return PublicView(self.view, NOW)

    async def answer(
        self, token: str, browser: str, answer: Answer, asked: int, *, source: str, visitor: Visitor
    ) -> PublicView:
        raise NotImplementedError


async def public_page(where: str, shown: Prompt | Outcome) -> str:
    """The page at that address which shows this."""
    app = make_app(Customers(), LOOK, key=KEY, public_url=ORIGIN, now=lambda: NOW, public=Shows(shown))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as browser:
        await browser.get(f"/{where}")
        return (await browser.get(f"/{where}/token")).text


@pytest.mark.parametrize("device", [SMS, VOICE], ids=lambda device: device.type)
def test_where_no_passcode_can_be_sent_any_more_the_page_says_so_and_what_else_there_is(device: Device) -> None:
    assert texts.RESENDS_NONE in link_page(p.PasscodePrompt(ABOUT, device=device))
    assert texts.RESENDS_NONE not in link_page(p.PasscodePrompt(ABOUT, device=device, resends_left=1))


def test_who_reads_the_passcode_in_an_app_is_told_nothing_of_sending() -> None:
    assert texts.RESENDS_NONE not in link_page(p.PasscodePrompt(ABOUT, device=TOTP))
    with_push = link_page(p.PasscodePrompt(ABOUT, device=APP, resends_left=2))
    assert texts.PUSH_AGAIN in with_push
    assert texts.RESEND not in with_push


def test_a_masked_number_stays_on_one_line() -> None:
    assert f'<bdi class="address phone">{SMS.address}</bdi>' in link_page(p.PasscodePrompt(ABOUT, device=SMS))


def test_r_21_a_request_denied_on_the_phone_is_not_thanked_for_as_if_it_was_said_on_the_page() -> None:
    denied, pressed = link_page(PageRefused(ABOUT, on_phone=True)), link_page(PageRefused(ABOUT))
    assert texts.DENIED_TITLE in denied
    assert texts.DENIED_CALLED in denied
    assert texts.REFUSED_TITLE not in denied
    assert texts.REFUSED_TITLE in pressed
    assert PHONE in denied
    assert PHONE in pressed


async def test_another_code_is_said_to_be_on_its_way_and_that_no_more_are_sent() -> None:
    first = await public_page("recover", pub.RecoveryCodePrompt(resends_left=3, tries_left=5))
    again = await public_page("recover", pub.RecoveryCodePrompt(resends_left=0, tries_left=5, resent=True))
    assert rt.CODE_TEXT in first
    assert rt.CODE_AGAIN in again
    assert (rt.CODE_NONE in first, rt.CODE_NO_MORE in again, rt.CODE_NONE in again) == (True, True, False)
    registering = await public_page("register", rp.EmailCodePrompt(tries_left=5, resent=True))
    assert gt.CODE_AGAIN in registering
    assert gt.CODE_NO_MORE in registering


async def test_what_was_not_taken_is_the_password_and_both_are_typed_once_more() -> None:
    page = await public_page("recover", pub.RecoveryCodePrompt(refusals=("It was used before.",), tries_left=2))
    assert rt.REFUSED in page
    assert rt.REFUSED_NEXT in page
    code, password = (re.search(f'<input[^>]* id="{name}"[^>]*>', page) for name in ("code", "password"))
    assert code
    assert password
    assert 'aria-invalid="true"' not in code[0]
    assert 'aria-invalid="true"' in password[0]
    assert "refusals" in password[0]


async def test_who_has_an_account_already_is_led_to_a_new_password_and_to_the_phone() -> None:
    known = await public_page("register", Registered(error_message="There is an account already.", end=End.KNOWN))
    assert '<a href="/recover">' in known
    assert PHONE in known
    assert gt.AGAIN not in known


async def test_an_end_says_whom_to_call_on_one_line() -> None:
    assert PHONE in await public_page("recover", Outputs(error_message="All tries are used.", end=End.TRIES))
    left = await public_page("recover", Outputs(end=End.SIGN_ON))
    assert "You can close this page" in left
    unfinished = await public_page("register", rp.UnfinishedPrompt("Not done.", made=("Your account is there.",)))
    assert PHONE in unfinished
