"""What a customer's device, browser or PingOne can get wrong, in a real Chromium: refused or said, with a way on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Page, expect

from csrdesk.sandbox import Options, Sandbox, people
from csrdesk.sandbox.authenticator import Passkey, decode, encode, sign
from csrdesk.sandbox.model import Device, User
from csrdesk.server import texts
from csrdesk.wiring.trial import write_settings
from tests.cli.terminal import Terminal
from tests.e2e.conftest import csrdesk, serving
from tests.e2e.customer import AtBrowser
from tests.e2e.test_devices import passkey_of, put_key

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.asyncio(loop_scope="session")]
AMARA, CHIARA = people.PASSKEY_AND_PHONE, people.ONLY_PASSKEY
ELSEWHERE = "desk.elsewhere.example"
HAND_OVER = """(made) => {
  const plain = (text) => atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = (text) => Uint8Array.from(plain(text), (one) => one.charCodeAt(0)).buffer;
  const response = Object.fromEntries(Object.entries(made.response).map(([name, text]) => [name, bytes(text)]));
  const touched = new Promise((resolve) => { window.touch = resolve; });
  navigator.credentials.get = async () => {
    if (made.waits) await touched;
    return { id: made.id, rawId: bytes(made.rawId), type: made.type, response };
  };
}"""
"""An authenticator that gives what it was told to give."""


@dataclass
class Call:
    """Both sides of one call, the customer's at the page after the code."""

    agent: Terminal
    customer: AtBrowser

    @property
    def page(self) -> Page:
        return self.customer.page

    @property
    def origin(self) -> str:
        parts = urlsplit(self.page.url)
        return f"{parts.scheme}://{parts.netloc}"

    async def options(self) -> str:
        """What PingOne asks the passkey to sign."""
        return await self.page.locator("#passkey").get_attribute("data-options") or ""

    async def use(self, page: Page | None = None) -> None:
        await (page or self.page).get_by_role("button", name=texts.PASSKEY_USE).click()

    async def verified(self) -> None:
        ran = await self.agent.ended()
        assert (ran.code, ran.data["verified"]) == (0, True), ran


@asynccontextmanager
async def calling(
    settings: Path, browser: Browser, box: Sandbox, who: str, *, scripts: bool = True, at_first: str = ""
) -> AsyncIterator[Call]:
    """A call whose customer has typed the code; `at_first` runs in the browser before any page does."""
    async with serving(settings), Terminal(settings, "call", "start", who, "--wait", "--json") as agent:
        code = await agent.code()
        mailbox, address = box.settings().mailbox_url, people.person(who).email
        async with AtBrowser(browser, mailbox, address, scripts=scripts) as at:
            await at.page.add_init_script(at_first)
            await at.follow_link()
            await at.type_code(code)
            yield Call(agent, at)


def passkey_and_phone(box: Sandbox) -> tuple[User, Device]:
    user = box.world.user(AMARA)
    return user, next(device for device in user.devices if device.type == "FIDO2")


def judged(folder: Path) -> int:
    """How many assertions were handed to PingOne."""
    recorded = (folder / "exchanges.jsonl").read_text(encoding="utf-8")
    return sum("vnd.pingidentity.assertion.check+json" in line for line in recorded.splitlines())


async def choose_passkey(call: Call) -> None:
    await call.customer.heading(texts.DEVICE_TITLE)
    await call.page.get_by_role("button", name=texts.DEVICE_WORDS["FIDO2"]).click()
    await call.customer.heading(texts.PASSKEY_TITLE)


async def by_text_message(call: Call) -> None:
    await call.customer.heading(texts.DEVICE_TITLE)
    await call.page.get_by_role("button", name=texts.DEVICE_WORDS["SMS"]).click()
    await call.customer.type_passcode()


def for_another_site(box: Sandbox, options: str, _origin: str) -> str:
    return sign(passkey_of(box, CHIARA), options, f"https://{ELSEWHERE}")


def for_another_challenge(box: Sandbox, options: str, origin: str) -> str:
    asked = json.loads(options)
    return sign(passkey_of(box, CHIARA), json.dumps({**asked, "challenge": [*asked["challenge"][1:], 0]}), origin)


def by_somebody_else(box: Sandbox, options: str, origin: str) -> str:
    return sign(passkey_of(box, AMARA), options, origin)


def counted_back(box: Sandbox, options: str, origin: str) -> str:
    key, device = passkey_of(box, CHIARA), box.world.user(CHIARA).devices[0]
    device.sign_count, key.sign_count = 41, 40
    return sign(key, options, origin)


def cut_off(box: Sandbox, options: str, origin: str) -> str:
    key: Passkey = passkey_of(box, CHIARA)
    made = json.loads(sign(key, options, origin))
    made["response"]["authenticatorData"] = encode(decode(made["response"]["authenticatorData"])[:20])
    return json.dumps(made)


WRONG: tuple[Callable[[Sandbox, str, str], str], ...] = (
    for_another_site, for_another_challenge, by_somebody_else, counted_back, cut_off,
)  # fmt: skip


async def test_what_is_signed_wrongly_is_refused_each_time_and_the_right_key_still_counts(
    settings: Path, browser: Browser, box: Sandbox
) -> None:
    async with calling(settings, browser, box, CHIARA) as call:
        await call.customer.heading(texts.PASSKEY_TITLE)
        for make in WRONG:
            options = await call.options()
            await call.page.evaluate(HAND_OVER, json.loads(make(box, options, call.origin)))
            await call.use()
            await expect(call.page.locator("#passkey")).not_to_have_attribute("data-options", options)
            await expect(call.page.locator("#note")).to_contain_text("That passkey was not accepted.")
        assert box.world.user(CHIARA).devices[0].sign_count == 41
        key = passkey_of(box, CHIARA)
        key.sign_count = 41
        await call.page.evaluate(HAND_OVER, json.loads(sign(key, await call.options(), call.origin)))
        await call.use()
        await call.customer.heading(texts.DONE_TITLE)
        await call.verified()


async def test_one_assertion_sent_from_two_tabs_at_once_is_judged_once(
    settings: Path, browser: Browser, box: Sandbox, tmp_path: Path
) -> None:
    async with calling(settings, browser, box, CHIARA) as call:
        await call.customer.heading(texts.PASSKEY_TITLE)
        other = await call.page.context.new_page()
        await other.goto(call.page.url)
        made = json.loads(sign(passkey_of(box, CHIARA), await call.options(), call.origin))
        for page in (call.page, other):
            await page.evaluate(HAND_OVER, made)
        await asyncio.gather(call.use(), call.use(other))
        for page in (call.page, other):
            await expect(page.get_by_role("heading", level=1)).to_have_text(texts.DONE_TITLE, timeout=30_000)
        await call.verified()
    assert judged(tmp_path) == 1


async def test_a_call_that_ended_while_the_key_was_touched_approves_nothing(
    settings: Path, browser: Browser, box: Sandbox, tmp_path: Path
) -> None:
    async with calling(settings, browser, box, CHIARA) as call:
        await call.customer.heading(texts.PASSKEY_TITLE)
        made = json.loads(sign(passkey_of(box, CHIARA), await call.options(), call.origin))
        await call.page.evaluate(HAND_OVER, {**made, "waits": True})
        await call.use()
        await expect(call.page.locator("#passkey-state")).to_have_text(texts.PASSKEY_WAITING)
        (open_call,) = (await csrdesk(settings, "call", "list", "--json")).data
        assert (await csrdesk(settings, "call", "end", open_call["id"])).code == 0
        await call.page.evaluate("window.touch()")
        await call.customer.heading(texts.OVER_TITLE)
    assert box.world.user(CHIARA).devices[0].sign_count == 0
    assert judged(tmp_path) == 0


@pytest.mark.parametrize(("gone", "said"), [("blocked", "blocked"), ("removed", "not registered any more")])
async def test_a_device_that_goes_half_way_is_said_and_another_one_still_counts(
    settings: Path, browser: Browser, box: Sandbox, gone: str, said: str
) -> None:
    user, device = passkey_and_phone(box)
    async with calling(settings, browser, box, AMARA) as call:
        await choose_passkey(call)
        await put_key(call.page, passkey_of(box, AMARA))
        if gone == "blocked":
            device.blocked_at = datetime.now(UTC)
        else:
            user.devices.remove(device)
        await call.use()
        await expect(call.page.locator("#note")).to_have_text(f"That device is {said}.")
        await by_text_message(call)
        await call.verified()


async def test_a_way_that_pingone_forbids_leaves_the_others(settings: Path, browser: Browser, box: Sandbox) -> None:
    async with calling(settings, browser, box, AMARA) as call:
        await call.customer.heading(texts.DEVICE_TITLE)
        box.faults.add(method="POST", path=r"/deviceAuthentications/", status=400, times=1)
        await call.page.get_by_role("button", name=texts.DEVICE_WORDS["FIDO2"]).click()
        await expect(call.page.locator("#note")).to_contain_text("nothing was approved")
        await by_text_message(call)
        await call.verified()


@pytest.mark.parametrize("scripts", [True, False], ids=["no-webauthn", "no-scripts"])
async def test_a_browser_without_passkeys_is_offered_what_it_can_do(
    settings: Path, browser: Browser, box: Sandbox, scripts: bool
) -> None:
    forget = "delete window.PublicKeyCredential"
    async with calling(settings, browser, box, AMARA, scripts=scripts, at_first=forget) as call:
        await call.customer.type_passcode()
        await call.verified()


async def test_who_has_only_a_passkey_and_a_browser_without_them_is_told_and_not_approved(
    settings: Path, browser: Browser, box: Sandbox
) -> None:
    async with calling(settings, browser, box, CHIARA, at_first="delete window.PublicKeyCredential") as call:
        await call.customer.heading(texts.AGAIN_TITLE)
        await expect(call.page.locator("#note")).to_contain_text("None of your devices can be used here.")
    assert box.world.authentications == {}


@pytest.mark.parametrize(
    "change",
    [
        "delete window.PublicKeyCredential",
        f"document.getElementById('passkey').dataset.options = JSON.stringify({{challenge: [1], rpId: '{ELSEWHERE}'}})",
    ],
    ids=["no-webauthn-any-more", "another-sites-passkey"],
)
async def test_a_passkey_that_this_page_cannot_use_is_said_with_another_way(
    settings: Path, browser: Browser, box: Sandbox, change: str
) -> None:
    async with calling(settings, browser, box, AMARA) as call:
        await choose_passkey(call)
        await call.page.evaluate(change)
        await call.use()
        await expect(call.page.locator("#note")).to_contain_text("This browser cannot use passkeys here.")
        await call.page.get_by_role("button", name=texts.OTHER_DEVICE).click()
        await by_text_message(call)
        await call.verified()


async def test_a_passkey_of_another_site_is_not_asked_for(settings: Path, browser: Browser, box: Sandbox) -> None:
    passkey_and_phone(box)[1].rp_id = ELSEWHERE
    async with calling(settings, browser, box, AMARA) as call:
        await call.customer.type_passcode()
        await call.verified()


async def test_the_agent_reads_which_site_an_only_passkey_belongs_to(settings: Path, box: Sandbox) -> None:
    box.world.user(CHIARA).devices[0].rp_id = ELSEWHERE
    async with serving(settings):
        ran = await csrdesk(settings, "user", "show", CHIARA)
    assert f"it was registered for {ELSEWHERE}" in ran.out, ran


async def test_a_status_that_nobody_knows_is_said_and_not_guessed(tmp_path: Path, browser: Browser) -> None:
    (tmp_path / "desk").mkdir(mode=0o700)
    async with Sandbox(Options()) as box:  # which records nothing: no recording holds what PingOne never says
        settings = write_settings(box.settings(), tmp_path / "desk")
        await _status_unknown(settings, browser, box)


async def _status_unknown(settings: Path, browser: Browser, box: Sandbox) -> None:
    async with calling(settings, browser, box, people.ONLY_APP) as call:
        await call.customer.heading(texts.PUSH_TITLE)
        (authentication,) = box.world.authentications.values()
        authentication.status = "TELEPATHY_REQUIRED"
        await call.customer.heading(texts.AGAIN_TITLE, seconds=15)
        await expect(call.page.locator("#note")).to_contain_text("was not understood, so nothing was proved")


async def test_a_hostile_nickname_is_text_and_nothing_else(settings: Path, browser: Browser, box: Sandbox) -> None:
    hostile = box.world.user(people.HOSTILE_NAME).devices[0].nickname
    for device in box.world.user(AMARA).devices:
        device.nickname = hostile
    async with calling(settings, browser, box, AMARA) as call:
        await call.page.set_viewport_size({"width": 320, "height": 800})
        await call.customer.heading(texts.DEVICE_TITLE)
        for name in (".choice bdi", "bdi.address"):
            if name == "bdi.address":
                await choose_passkey(call)
            shown = await call.page.locator(name).first.text_content() or ""
            assert "<img src=x onerror=alert(1)>" in shown
            assert all(one.isprintable() for one in shown), ascii(shown)
            assert await call.page.locator("img[src=x]").count() == 0
            assert await call.page.evaluate("document.documentElement.scrollWidth") <= 320
        await put_key(call.page, passkey_of(box, AMARA))
        await call.use()
        await call.customer.heading(texts.DONE_TITLE)
        await call.verified()


async def test_a_passcode_in_full_width_digits_is_taken_for_what_it_means(
    settings: Path, browser: Browser, box: Sandbox
) -> None:
    async with calling(settings, browser, box, people.ONE_DEVICE) as call:
        await call.customer.type_passcode("０１２３４５６７８９")
        await call.verified()
