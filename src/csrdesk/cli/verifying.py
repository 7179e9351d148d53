"""`call start`: look up, send, say the code, and watch the link until the caller is verified or is not."""

from __future__ import annotations

import asyncio
from datetime import datetime

from csrdesk.cli.looking_up import instead_of_card, look_up, of_prompt, unexpected
from csrdesk.cli.result import Result, refusal, say
from csrdesk.cli.tty import Screen, to_say_aloud
from csrdesk.cli.walk import Walk
from csrdesk.cli.why_not import in_a_shell, no_link
from csrdesk.errors import NeedsAnswerError
from csrdesk.flows import answers as a
from csrdesk.flows import prompts as p
from csrdesk.flows.doors import Session
from csrdesk.flows.kernel import Prompt
from csrdesk.flows.spoken_prompts import SpokenAddressPrompt
from csrdesk.model.link import Link, LinkStage
from csrdesk.model.people import Person
from csrdesk.model.ways import Way

_STAGES = {
    LinkStage.SENDING: "sending",
    LinkStage.SENT: "accepted by the mail server; waiting for the code",
    LinkStage.CODE_RIGHT: "code right; waiting for the device",
    LinkStage.DEVICE_PASSED: "device passed",
    LinkStage.APPROVED: "approved",
    LinkStage.NOT_ME: 'the customer says "this wasn\'t me"',
    LinkStage.NO_FACTOR: "the customer cannot use any of their devices",
    LinkStage.RISKY: "PingOne Protect advises against it",
    LinkStage.EXPIRED: "time is up",
    LinkStage.TOO_MANY_CODES: "too many wrong codes",
    LinkStage.SETTING: "a new password is being written",
    LinkStage.CANCELLED: "the customer cancelled",
    LinkStage.ENDED: "ended",
}
_COMPARED = 0.5
"""Seconds; between counting a code and comparing it lie milliseconds."""


def stage_words(link: Link) -> str:
    """How far a link is, in a line."""
    return "a request was denied on the phone, twice" if link.phone_said_no else _STAGES[link.stage]


async def verify(
    session: Session,
    identifier: str,
    ticket: str,
    *,
    wait: bool,
    again: bool = False,
    way: Way = Way.LINK,
    phone: int = 0,
) -> Result:
    """One call up to the verified caller. Without a terminal to show the code on, nothing is sent."""
    screen = Screen.opened()
    if screen is None:
        words = "There is no terminal to show the spoken code on, and it goes nowhere else. Nothing was sent."
        raise NeedsAnswerError(words, prompt="terminal")
    try:
        walk = await look_up(session, identifier, ticket)
        try:
            if way in (Way.PUSH, Way.CALL_BACK):
                return await _by_phone(walk, screen, way, wait=wait, again=again, phone=phone)
            if way is Way.SPOKEN_ADDRESS:
                return await _by_address(walk, screen, wait=wait, again=again)
            return await _send_and_watch(walk, screen, wait=wait, again=again)
        except asyncio.CancelledError:
            say(f"Interrupted. Call {walk.view.id} stays open, and so does a link that was sent.")
            say(f"End both with: csrdesk call end {walk.view.id}")
            raise
    finally:
        screen.close()


async def _by_phone(walk: Walk, screen: Screen, way: Way, *, wait: bool, again: bool, phone: int) -> Result:
    from csrdesk.cli.by_phone import by_phone

    if stopped := instead_of_card(walk.prompt):
        await walk.leave()
        return stopped
    return await by_phone(walk, screen, way, wait=wait, again=again, phone=phone)


async def _by_address(walk: Walk, screen: Screen, *, wait: bool, again: bool) -> Result:
    from csrdesk.cli.by_address import by_address

    if stopped := instead_of_card(walk.prompt):
        await walk.leave()
        return stopped
    return await by_address(walk, screen, wait=wait, again=again)


async def send_again(walk: Walk, *, wait: bool) -> Result:
    """A new link in a call that was taken up, and what comes of it."""
    screen = Screen.opened()
    if screen is None:
        words = "There is no terminal to show the spoken code on, and it goes nowhere else. Nothing was sent."
        raise NeedsAnswerError(words, prompt="terminal")
    try:
        return await _send_and_watch(walk, screen, wait=wait, again=False)
    finally:
        screen.close()


async def _send_and_watch(walk: Walk, screen: Screen, *, wait: bool, again: bool) -> Result:
    stopped = None if isinstance(walk.prompt, p.MagicLinkFormPrompt) else instead_of_card(walk.prompt)
    if stopped is None and isinstance(walk.prompt, p.CardPrompt | p.UnverifiableCardPrompt):
        stopped = no_link(walk.view.id, walk.prompt)
    if stopped is not None:
        await walk.leave()
        return stopped
    if isinstance(walk.prompt, p.CardPrompt):
        await walk.answer(a.MagicLinkChosen())
    if isinstance(walk.prompt, p.MagicLinkFormPrompt):
        await walk.answer(a.SendChosen())
    if isinstance(walk.prompt, p.MagicLinkFormPrompt) and walk.prompt.warned:
        say(walk.prompt.note if again else f"{walk.prompt.note} With --again it is sent.")
        if again:
            await walk.answer(a.SendChosen())
    watch = Watch(screen)
    while isinstance(walk.prompt, p.PollingPrompt):
        watch.look(walk)
        if not wait:
            return waited(walk, walk.prompt)
        await watch.news(walk)
    return await _ended(walk)


class Watch:
    """Tells each change of a link once; the code goes to the screen alone."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._said: dict[str, str] = {}
        self._codes: dict[str, int] = {}
        """How many tries each link had when that was last said, or known as nothing to say."""

    def look(self, walk: Walk) -> None:
        """Say what is new."""
        prompt = walk.prompt
        if not isinstance(prompt, p.PollingPrompt) or isinstance(prompt, SpokenAddressPrompt):
            return
        link = prompt.link
        self._codes.setdefault(link.id, link.codes_left)
        self._once("call", f"Call {walk.view.id}: {prompt.person.name}")
        self._once("link", f"Link sent to {link.to}, reference {link.reference}")
        code = walk.view.spoken_code
        if code and self._new("code", f"{link.reference} {link.attempt}"):
            self._screen.show(f"Say: {to_say_aloud(code.reveal())}")
        self._once("stage", f"  {stage_words(link)}{_until(link)}")
        if link.fetched:
            times = "once" if link.fetched == 1 else f"{link.fetched} times"
            by = link.fetched_by or "an unnamed program"
            self._once("fetched", f"  link fetched {times}, last by {by} (mail scanners fetch, too)")
        if link.passcodes_left == 0:
            self._once("passcodes", "  the device is locked, after too many wrong passcodes")
        elif link.passcodes_wrong:
            left = "" if link.passcodes_left is None else f"; tries left: {link.passcodes_left}"
            self._once("passcodes", f"  the device's passcode was wrong{left}")
        if link.risk:
            self._once("risk", f"  PingOne Protect: {link.risk.label}")
        if link.second_browser:
            self._once("second", "  warning: the link was opened in a second browser")
        if prompt.note:
            self._once("note", f"  {prompt.note}")

    async def news(self, walk: Walk) -> None:
        """Wait for anything new. A try is counted before it is compared: where nothing follows, the code was wrong."""
        if link := self._tried(walk.prompt):
            try:
                await asyncio.wait_for(walk.news(), _COMPARED)
            except TimeoutError:
                self._codes[link.id] = link.codes_left
                say(f"  wrong code; tries left: {link.codes_left}")
            else:
                return
        await walk.news()

    def _tried(self, prompt: Prompt | None) -> Link | None:
        """The link at which a code was typed of which nothing is said yet: that a right one was, its stage says."""
        if not isinstance(prompt, p.PollingPrompt) or isinstance(prompt, SpokenAddressPrompt):
            return None
        link = prompt.link
        before = self._codes.setdefault(link.id, link.codes_left)
        return link if link.stage is LinkStage.SENT and link.codes_left < before else None

    def _once(self, about: str, words: str) -> None:
        if self._new(about, words):
            say(words)

    def _new(self, about: str, words: str) -> bool:
        new = self._said.get(about) != words
        self._said[about] = words
        return new


def _until(link: Link) -> str:
    moment = link.expires_at if link.stage is LinkStage.SENT else link.page_until
    return f", until {local(moment)}" if moment and link.stage.open else ""


def local(moment: datetime) -> str:
    """A moment on the agent's clock."""
    return moment.astimezone().strftime("%H:%M:%S")


async def _ended(walk: Walk) -> Result:
    prompt = walk.prompt
    if isinstance(prompt, p.AccountPrompt):
        return verified_result(walk, prompt)
    match prompt:
        case p.MagicLinkFormPrompt(note=note, code=code) if code:
            words = f"Not verified. {in_a_shell(note)}"
            came = refusal(code, words, data={"call": walk.view.id, "verified": False})
        case p.MagicLinkFormPrompt(note=note) | p.CardPrompt(note=note) | p.UnverifiableCardPrompt(note=note):
            came = not_verified(walk, note)
        case p.ErrorPrompt():
            came = of_prompt(prompt)
        case _:
            came = unexpected(prompt)
    await walk.leave()
    return came


def verified_result(walk: Walk, prompt: p.AccountPrompt) -> Result:
    """Who is verified, by what and until when."""
    data = _about(walk, prompt.person) | {
        "verified": True,
        "verifiedUntil": prompt.verified_until,
        "authMethod": prompt.evidence.auth_method,
        "evidence": prompt.evidence.label,
    }
    line = f"{walk.view.id}  {prompt.person.name}: verified until {local(prompt.verified_until)}"
    found = prompt.evidence.risk
    if found is None:
        return Result(data=data, lines=(line, f"  {prompt.evidence.label}"))
    return Result(
        data=data | {"risk": found, "riskLabel": found.label},
        lines=(line, f"  {prompt.evidence.label}", f"  PingOne Protect: {found.label}"),
    )


def waited(walk: Walk, prompt: p.PollingPrompt) -> Result:
    """A link is open, and nobody waits for it here."""
    data = _about(walk, prompt.person) | {"verified": False, "reference": prompt.link.reference}
    line = f"{walk.view.id}  {prompt.person.name}: link sent, not verified yet"
    return Result(data=data, lines=(line,), messages=(f"See how it goes: csrdesk call show {walk.view.id}",))


def not_verified(walk: Walk, why: str) -> Result:
    """Nothing was shown, and why."""
    words = f"Not verified. {why}".strip()
    return refusal("not_verified", words, data={"call": walk.view.id, "verified": False})


def _about(walk: Walk, person: Person) -> dict[str, object]:
    return {"call": walk.view.id, "person": person}
