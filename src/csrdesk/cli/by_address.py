"""`call start --way spoken-address`: an address and nine digits to say, until the caller is verified or is not."""

from __future__ import annotations

from csrdesk.cli.looking_up import of_prompt, unexpected
from csrdesk.cli.result import Result, refusal, say
from csrdesk.cli.tty import Screen, nine_to_say
from csrdesk.cli.verifying import local, not_verified, stage_words, verified_result
from csrdesk.cli.walk import Walk
from csrdesk.cli.why_not import closed
from csrdesk.flows import answers as a
from csrdesk.flows import prompts as p
from csrdesk.flows import spoken_prompts as sp
from csrdesk.model.link import Link, LinkStage
from csrdesk.model.ways import Way


async def by_address(walk: Walk, screen: Screen, *, wait: bool, again: bool) -> Result:
    """From the caller's card on."""
    if why := closed(walk.prompt, Way.SPOKEN_ADDRESS):
        await walk.leave()
        return not_verified(walk, why)
    await walk.answer(a.SpokenAddressChosen())
    if isinstance(walk.prompt, sp.AddressFormPrompt) and walk.prompt.warned:
        say(walk.prompt.note if again else f"{walk.prompt.note} With --again it goes on.")
        if again:
            await walk.answer(a.OpenAddressChosen())
    told = Told(screen)
    while isinstance(walk.prompt, sp.SpokenAddressPrompt):
        told.look(walk, walk.prompt)
        if not wait:
            return waited(walk, walk.prompt)
        await walk.news()
    came = _ended(walk)
    if not isinstance(walk.prompt, p.AccountPrompt):
        await walk.leave()
    return came


def show(walk: Walk, screen: Screen) -> None:
    """Where address and code stand now, if this call has them."""
    if isinstance(walk.prompt, sp.SpokenAddressPrompt):
        Told(screen).look(walk, walk.prompt)


class Told:
    """Says each change once; the code goes to the screen alone."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._said: dict[str, str] = {}

    def look(self, walk: Walk, prompt: sp.SpokenAddressPrompt) -> None:
        """Say what is new."""
        link = prompt.link
        self._once("call", f"Call {walk.view.id}: {prompt.person.name}")
        self._once("address", f"Say the address: {link.to}  (reference {link.reference})")
        code = walk.view.spoken_code
        if code and self._new("code", f"{link.reference} {link.attempt}"):
            self._screen.show(f"Say the code: {nine_to_say(code.reveal())}")
        self._once("stage", f"  {_stage(link)}")
        if link.fetched:
            self._once("opened", f"  the address was opened ({link.fetched}); anybody can open it")
        if link.wrong:
            self._once("wrong", f"  a wrong code was typed there ({link.wrong}); anybody can type one")
        if link.second_browser:
            self._once("second", "  warning: your code was typed in a second browser")
        if prompt.note:
            self._once("note", f"  {prompt.note}")

    def _once(self, about: str, words: str) -> None:
        if self._new(about, words):
            say(words)

    def _new(self, about: str, words: str) -> bool:
        new = self._said.get(about) != words
        self._said[about] = words
        return new


def _stage(link: Link) -> str:
    moment = link.page_until or link.expires_at
    until = f", until {local(moment)}" if moment and link.stage.open else ""
    return f"{'waiting for the code' if link.stage is LinkStage.SENT else stage_words(link)}{until}"


def waited(walk: Walk, prompt: sp.SpokenAddressPrompt) -> Result:
    """A code can be typed, and nobody waits for it here."""
    data = {"call": walk.view.id, "person": prompt.person, "verified": False, "reference": prompt.link.reference}
    line = f"{walk.view.id}  {prompt.person.name}: address opened, not verified yet"
    return Result(data=data, lines=(line,), messages=(f"See how it goes: csrdesk call show {walk.view.id}",))


def _ended(walk: Walk) -> Result:
    match walk.prompt:
        case p.AccountPrompt() as prompt:
            return verified_result(walk, prompt)
        case sp.AddressFormPrompt(note=note, code=code) if code:
            return refusal(code, f"Not verified. {note}", data={"call": walk.view.id, "verified": False})
        case sp.AddressFormPrompt(note=note) | p.CardPrompt(note=note) | p.UnverifiableCardPrompt(note=note):
            return not_verified(walk, note)
        case p.ErrorPrompt() as error:
            return of_prompt(error)
        case other:
            return unexpected(other)
