"""Every edge of Device Authentication's diagram, and of the magic link in it, driven by real steps: over HTTP, against
the sandbox, with faults where a step meets one.
"""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from csrdesk.config import Settings
from csrdesk.flows import device_authentication as da
from csrdesk.flows import device_page, magic_link_page
from csrdesk.flows import device_passcode as pc
from csrdesk.flows import device_passkey as pk
from csrdesk.flows import device_push as ph
from csrdesk.flows import magic_link as ml
from csrdesk.sandbox import Options, Sandbox, ids, people
from csrdesk.sandbox.model import Authentication, Device
from tests.integration import edges
from tests.integration.conftest import World
from tests.integration.device_visits import Visit, visit
from tests.integration.edges import Steps, fault

PARTS = (
    device_page.DevicePageState,
    da.DeviceAuthenticationState,
    pc.PasscodeState,
    pk.PasskeyState,
    ph.PushState,
    ml.MagicLinkState,
    magic_link_page.MagicLinkPageState,
)
AUTHENTICATIONS = "/deviceAuthentications"
AMARA, DMITRI, BRUNO, TOTP = people.PASSKEY_AND_PHONE, people.ONLY_APP, people.SEVERAL_DEVICES, people.TOTP


class Rewritten:
    """ASGI around the sandbox: an answer about an authentication says another status than PingOne gives."""

    status = ""

    def around(self, app: ASGIApp) -> ASGIApp:
        async def rewriting(scope: Scope, receive: Receive, send: Send) -> None:
            async def other(message: Message) -> None:
                if self.status and AUTHENTICATIONS in scope["path"]:
                    if "headers" in message:
                        kept = [header for header in message["headers"] if header[0] != b"content-length"]
                        message = {**message, "headers": kept}
                    elif message.get("body"):
                        said = {**json.loads(message["body"]), "status": self.status}
                        message = {**message, "body": json.dumps(said).encode()}
                await send(message)

            await app(scope, receive, other)

        return rewriting


REWRITTEN = Rewritten()


@pytest.fixture
async def box() -> AsyncIterator[Sandbox]:
    async with Sandbox(Options(), around=REWRITTEN.around) as running:
        yield running


@pytest.fixture
def settings(settings: Settings) -> Settings:
    many = {
        "links_per_person_in_ten_minutes": 1000,
        "links_per_person_a_day": 1000,
        "codes_per_person_a_day": 1000,
        "pushes_per_person_an_hour": 1000,
        "passcodes_per_link": 1000,
        "wrong_posts_per_address": 1000,
    }
    return replace(settings, limits=replace(settings.limits, **many))


@asynccontextmanager
async def just_after(world: World, state: str, change: str, *, whose: str = "flow_id = NEW.id") -> AsyncIterator[None]:
    """What somebody else commits between the step to that state and what the state wants: `change` of a challenge, in
    the database itself. With the next step it is the desk's own again.
    """
    own = "agent = '(customer)', purpose = replace(purpose, 'password', 'magic_link')"
    then, restored = (f"UPDATE challenges SET {what} WHERE {whose}" for what in (change, own))
    async with edges.just_after(world, state, then, restored=restored):
        yield


MAGIC_LINK = "call_id = NEW.call_id AND purpose = 'magic_link'"
ENDED = "stage = 'ended', rev = rev + 1, ended_at = NEW.changed_at"
"""Somebody ended it."""
OTHERWISE = "purpose = 'password'"
"""It was made for something else, and what approves it is refused."""
NOT_OURS = "agent = 'somebody else'"
"""The desk refuses the effect, as it does for whatever is not its own: the effect fails."""


def current(world: World) -> Authentication:
    """The newest authentication at PingOne."""
    return list(world.box.world.authentications.values())[-1]


def device(world: World, username: str, kind: str) -> Device:
    return next(found for found in world.box.world.user(username).devices if found.type == kind)


@contextmanager
def blocked(found: Device) -> Iterator[None]:
    """Somebody has blocked it meanwhile."""
    found.blocked_at = datetime.now(UTC)
    yield
    found.blocked_at = None


def give(world: World, username: str, kind: str, *, of: str) -> Device:
    """Another device for that person, like somebody else's."""
    made = copy.copy(device(world, of, kind))
    made.id = ids.fresh()
    world.box.world.user(username).devices.append(made)
    return made


async def choose(who: Visit, kind: str) -> None:
    """Choose the device of that kind on the page."""
    found = device(who.world, who.user.username, kind)
    await who.at.answer("DeviceChosen", device_id=found.id)


async def until_read(who: Visit, words: str) -> None:
    """Load the page until it says that, as it does by itself."""
    for _ in range(400):
        await who.at.open(who.address)
        if words.lower() in who.at.text.lower():
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{words!r} is not on the page: {who.at.text[:300]}")


# Ways through the whole page
async def what_the_page_brings(world: World) -> None:
    async with await visit(world, BRUNO) as who:
        await who.begin()
        for _ in range(2):
            await who.at.answer("MoreTimeChosen")
            if not who.at.offers("MoreTimeChosen"):
                break
        await who.at.answer("NotMeChosen")
        await who.at.answer("NotMeAnswered", choice="go_back")
        with fault(world, method="POST", path=AUTHENTICATIONS, status=500):
            await choose(who, "SMS")
        await who.at.answer("DeviceChosen", device_id="nobody's")
        await who.at.answer("FactorCancelled")
    async with await visit(world, BRUNO) as who:
        with fault(world, method="GET", path="/devices", status=500):
            await who.at.open(who.address)
            await until_read(who, "Try again")
        await who.at.answer("MoreTimeChosen")
        await who.at.answer("NotMeChosen")
        await who.at.answer("NotMeAnswered", choice="go_back")
        await who.at.answer("TryAgainChosen")
        await who.at.answer("CannotUseAnyChosen")
    async with await visit(world, people.NO_DEVICE) as who:
        await who.begin()
        await who.at.answer("CannotUseAnyChosen")
    async with await visit(world, BRUNO) as who:
        await who.begin()
        async with just_after(world, "AddingTime", ENDED):
            await who.at.answer("MoreTimeChosen")
    for change in (NOT_OURS, ENDED):
        async with await visit(world, BRUNO) as who:
            await who.begin()
            async with just_after(world, "Finishing", change):
                await who.at.answer("FactorCancelled")
    async with await visit(world, people.VOICE) as who:
        await who.begin()
        await who.at.answer("NotMeChosen")
        async with just_after(world, "RefusingChallenge", NOT_OURS):
            await who.at.answer("NotMeAnswered", choice="not_me")
        await who.at.answer("NotMeAnswered", choice="not_me")


async def what_pingone_says_at_once(world: World) -> None:
    async with await visit(world, people.ONE_DEVICE) as who:
        await who.at.open(who.address)
        await who.at.waits_for("BrowserChecked")
        with fault(world, method="POST", path=AUTHENTICATIONS, status=500):
            await who.at.answer("BrowserChecked")
        await until_read(who, "Try again")
    async with await visit(world, AMARA) as who:
        await who.begin()
        REWRITTEN.status = "TELEPATHY_REQUIRED"
        await choose(who, "SMS")
        REWRITTEN.status = ""
        who.at.reads("was not understood, so nothing was proved")
    async with await visit(world, DMITRI) as who:
        await who.begin()
        current(world).status = "TELEPATHY_REQUIRED"
        await until_read(who, "Try again")


# A passcode
async def a_passcode(world: World) -> None:
    async with await visit(world, BRUNO, resends=1) as who:
        await who.begin()
        await choose(who, "SMS")
        await who.at.answer("PasscodeGiven", passcode="12")
        await who.at.answer("PasscodeGiven", passcode="000000")
        await who.at.answer("ResendChosen")
        await who.at.answer("OtherDeviceChosen")
        await choose(who, "TOTP")
        current(world).created_at = datetime(2020, 1, 1, tzinfo=UTC)
        await who.at.answer("PasscodeGiven", passcode="123456")
        await choose(who, "TOTP")
        await who.at.answer("PasscodeGiven", passcode=await who.at.app_passcode())
    async with await visit(world, BRUNO, resends=1) as who:
        await who.begin()
        await choose(who, "SMS")
        with blocked(device(world, BRUNO, "SMS")):
            await who.at.answer("ResendChosen")
    for leaving in ("CannotUseAnyChosen", "FactorCancelled"):
        async with await visit(world, people.ONE_DEVICE) as who:
            await who.begin()
            await who.at.answer(leaving)
    async with await visit(world, people.ONE_DEVICE) as who:
        await who.begin()
        found = device(world, people.ONE_DEVICE, "SMS")
        found.type, found.push = "MOBILE", device(world, DMITRI, "MOBILE").push
        await who.at.answer("ResendChosen")
        found.type = "SMS"


# A passkey
async def a_passkey(world: World) -> None:
    async with await visit(world, AMARA) as who:
        await who.begin()
        await choose(who, "FIDO2")
        await who.at.post("PasskeyFailed", reason="cancelled")
        await who.at.post("AssertionGiven", assertion="{}")
        await who.at.answer("OtherDeviceChosen")
        await choose(who, "FIDO2")
        with fault(world, method="POST", path=AUTHENTICATIONS, status=500):
            await who.at.post("AssertionGiven", assertion="{}")
        await choose(who, "FIDO2")
        found = device(world, AMARA, "FIDO2")
        found.type = "TOTP"
        await who.at.post("AssertionGiven", assertion="{}")
        found.type = "FIDO2"
    async with await visit(world, AMARA) as who:
        await who.begin()
        await choose(who, "FIDO2")
        with blocked(found):
            await who.at.use_passkey()
    for leaving in ("CannotUseAnyChosen", "FactorCancelled"):
        async with await visit(world, people.ONLY_PASSKEY) as who:
            await who.begin()
            await who.at.answer(leaving)
    async with await visit(world, people.ONLY_PASSKEY) as who:
        await who.begin()
        await who.at.use_passkey()


# A push
async def a_push(world: World) -> None:
    give(world, DMITRI, "SMS", of=people.ONE_DEVICE)
    async with await visit(world, DMITRI, resends=20) as who:
        await who.begin()
        await choose(who, "MOBILE")
        await who.at.answer("OtherDeviceChosen")
        await choose(who, "MOBILE")
        await who.at.answer("AppPasscodeChosen")
        await who.at.answer("OtherDeviceChosen")
        await choose(who, "MOBILE")
        await who.at.answer_push("deny")
        await until_read(who, "denied on the phone")
        await choose(who, "MOBILE")
        current(world).status = "PUSH_CONFIRMATION_TIMED_OUT"
        await until_read(who, "Nobody answered")
        with fault(world, method="POST", path=AUTHENTICATIONS, status=500):
            await who.at.answer("ResendChosen")
        await who.at.answer("OtherDeviceChosen")
        await choose(who, "MOBILE")
        current(world).status = "PUSH_CONFIRMATION_TIMED_OUT"
        await until_read(who, "Nobody answered")
        await who.at.answer("AppPasscodeChosen")
        await who.at.answer("OtherDeviceChosen")
        await choose(who, "MOBILE")
        current(world).status = "PUSH_CONFIRMATION_TIMED_OUT"
        await until_read(who, "Nobody answered")
        await who.at.answer("ResendChosen")
        await until_read(who, "Look at your phone")
        await who.at.answer_push("approve")
        await until_read(who, "You are confirmed")
    async with await visit(world, DMITRI, resends=20) as who:
        await who.begin()
        await choose(who, "MOBILE")
        current(world).status = "PUSH_CONFIRMATION_TIMED_OUT"
        await until_read(who, "Nobody answered")
        with blocked(device(world, DMITRI, "MOBILE")):
            await who.at.answer("ResendChosen")


async def ends_of_a_push(world: World) -> None:
    for leaving in ("CannotUseAnyChosen", "FactorCancelled"):
        async with await visit(world, DMITRI, allowed=("MOBILE",)) as who:
            await who.begin()
            await who.at.answer(leaving)
        async with await visit(world, DMITRI, allowed=("MOBILE",)) as who:
            await who.begin()
            current(world).status = "PUSH_CONFIRMATION_TIMED_OUT"
            await until_read(who, "Nobody answered")
            await who.at.answer(leaving)
    async with await visit(world, DMITRI, allowed=("MOBILE",), resends=0) as who:
        await who.begin()
        current(world).status = "PUSH_CONFIRMATION_TIMED_OUT"
        await until_read(who, "Nobody answered")
        await who.at.post("ResendChosen")
    async with await visit(world, DMITRI, allowed=("MOBILE",)) as who:
        await who.begin()
        async with just_after(world, "NotingDenial", ENDED):
            await who.at.answer_push("deny")
            await until_read(who, "This link opens nothing")
    async with await visit(world, DMITRI, allowed=("MOBILE",)) as who:
        await who.begin()
        await who.at.answer_push("deny")
        await until_read(who, "denied on the phone")
        await choose(who, "MOBILE")
        await who.at.answer_push("deny")
        await until_read(who, "This was stopped")


# A magic link
async def a_magic_link(world: World) -> None:
    async with await visit(world, people.ONE_DEVICE, magic_link=True) as who:
        await who.begin()
        await who.at.answer("MagicLinkChosen")
        await who.at.answer("OtherDeviceChosen")
        await who.at.answer("MagicLinkChosen")
        with fault(world, method="SMTP", status=500):
            await who.at.answer("SendChosen")
        await who.send_link()
        await who.at.answer("ResendChosen")
        async with just_after(world, "CancellingChallenge", NOT_OURS, whose=MAGIC_LINK):
            await who.at.answer("OtherDeviceChosen")
        await who.at.answer("OtherDeviceChosen")
        await who.at.answer("MagicLinkChosen")
        async with just_after(world, "AwaitingChallenge", NOT_OURS, whose=MAGIC_LINK):
            await who.at.answer("SendChosen")
            await until_read(who, "Try again")
    for leaving in ("CannotUseAnyChosen", "FactorCancelled"):
        async with await visit(world, people.NO_DEVICE, magic_link=True) as who:
            await who.begin()
            await who.at.post("OtherDeviceChosen")
            await who.at.answer(leaving)
        async with await visit(world, people.NO_DEVICE, magic_link=True) as who:
            await who.begin()
            await who.send_link()
            await who.at.post("OtherDeviceChosen")
            await who.at.answer(leaving)
    async with await visit(world, people.NO_DEVICE, magic_link=True) as who:
        await who.begin()
        accepted = "NEW.stage = 'sent' AND NEW.purpose = 'magic_link'"
        await edges.executed(
            world,
            f"CREATE TRIGGER soon AFTER UPDATE OF stage ON challenges WHEN {accepted}"
            " BEGIN UPDATE challenges SET expires_at = created_at WHERE id = NEW.id; END",
        )
        await who.at.answer("SendChosen")
        await until_read(who, "time was up")
        await edges.executed(world, "DROP TRIGGER soon")


async def behind_a_magic_link(world: World) -> None:
    async with await visit(world, people.NO_DEVICE, magic_link=True) as who:
        await who.begin()
        code = await who.send_link()
        behind = who.mailbox
        await behind.answer("NotMeChosen")
        await behind.answer("NotMeAnswered", choice="go_back")
        with fault(world, method="GET", path="/users/", status=500):
            await behind.answer("CodeGiven", code=code)
        await behind.answer("CodeGiven", code="000000" if code != "000000" else "000001")
        async with just_after(world, "Approving", OTHERWISE):
            await behind.answer("CodeGiven", code=code)
        await behind.answer("NotMeChosen")
        await behind.answer("NotMeAnswered", choice="go_back")
        await behind.answer("TryAgainChosen")
        await until_read(who, "You are confirmed")
    for state in ("CheckingCode", "Approving"):
        async with await visit(world, people.NO_DEVICE, magic_link=True) as who:
            await who.begin()
            code = await who.send_link()
            async with just_after(world, state, ENDED):
                await who.mailbox.answer("CodeGiven", code=code)
    async with await visit(world, TOTP, magic_link=True) as who:
        await who.begin()
        await who.at.answer("MagicLinkChosen")
        await who.send_link()
        await who.mailbox.answer("NotMeChosen")
        async with just_after(world, "RefusingChallenge", NOT_OURS):
            await who.mailbox.answer("NotMeAnswered", choice="not_me")
        await who.mailbox.answer("NotMeAnswered", choice="not_me")
        await until_read(who, "This was stopped")


WAYS: tuple[Callable[[World], Coroutine[object, object, None]], ...] = (
    what_the_page_brings, what_pingone_says_at_once, a_passcode, a_passkey, a_push, ends_of_a_push, a_magic_link,
    behind_a_magic_link,
)  # fmt: skip


async def test_every_edge_of_the_diagram_is_driven_over_http_against_the_sandbox(world: World) -> None:
    with Steps() as steps:
        for way in WAYS:
            await way(world)
    assert steps.beside(PARTS) == ([], [])
