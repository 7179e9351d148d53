"""Looking somebody up from the shell, and saying what was found: what may be shown before anybody is verified."""

from __future__ import annotations

import msgspec

from csrdesk.cli.exits import Exit
from csrdesk.cli.result import Result, ReturnError, columns, refusal
from csrdesk.cli.walk import Walk
from csrdesk.errors import InvalidValueError
from csrdesk.flows import answers as a
from csrdesk.flows import csr_main
from csrdesk.flows import prompts as p
from csrdesk.flows.doors import Session
from csrdesk.flows.kernel import Prompt
from csrdesk.model.devices import Device
from csrdesk.model.people import Person


async def look_up(session: Session, identifier: str, ticket: str = "") -> Walk:
    """Start a call and look somebody up: the walk stands at the card, or at what came instead of it."""
    walk = await Walk.begin(session, "csr_main", csr_main.Start(ticket))
    if isinstance(walk.prompt, p.UsernamePrompt):
        try:
            given = msgspec.convert({"identifier": identifier, "ticket": ticket}, a.UsernameGiven)
        except msgspec.ValidationError:
            await walk.leave()
            raise InvalidValueError("This is too long to be an identifier or a ticket's number.") from None
        await walk.answer(given)
    return walk


async def card_of(session: Session, identifier: str, ticket: str = "") -> Result:
    """Who somebody is and how they can be verified; the call that this takes ends with it."""
    walk = await look_up(session, identifier, ticket)
    prompt = walk.prompt
    await walk.leave()
    if came := instead_of_card(prompt):
        return came
    return card(prompt) if isinstance(prompt, p.CardPrompt | p.UnverifiableCardPrompt) else unexpected(prompt)


def instead_of_card(prompt: Prompt | None) -> Result | None:
    """The result of a look-up that did not lead to one person's card; None where it did."""
    match prompt:
        case p.UsernamePrompt(note=note, code=code, details=details, reference=reference):
            return refusal(code or "not_found", note or "Nobody was found.", details=details, reference=reference)
        case p.SeveralFoundPrompt(people, more):
            return several(people, more=more)
        case p.ProtectedPrompt(message=message):
            return refusal("forbidden", message)
        case p.ErrorPrompt():
            return of_prompt(prompt)
        case p.UnverifiableCardPrompt(why=why, code=code, details=details, reference=reference) if code:
            return refusal(code, why, details=details, reference=reference)
        case p.CardPrompt() | p.UnverifiableCardPrompt():
            return None
        case _:
            return unexpected(prompt)


def of_prompt(error: p.ErrorPrompt) -> Result:
    """Return Error, as the flow says it."""
    return refusal(error.code, error.error_message, details=error.error_details, reference=error.reference)


def unexpected(prompt: Prompt | None) -> Result:
    """The flow asks something that no option answers."""
    asked = type(prompt).__name__ if prompt else "nothing"
    return refusal("needs_answer", "The call asks something that this command cannot answer. Use the console.",
                   details=f"prompt={asked}")  # fmt: skip


def several(people: tuple[Person, ...], *, more: bool = False) -> Result:
    """Several people fit: who, told apart by what may be shown, and no guess."""
    words = "Several people fit. Say which one by user name or customer number."
    return Result(
        data={"candidates": people, "more": more},
        lines=(*columns([_told_apart(person) for person in people]), *(("... and more",) if more else ())),
        exit_code=Exit.ANSWER,
        error=ReturnError(words, "answer=IDENTIFIER", "needs_answer"),
    )


def _told_apart(person: Person) -> tuple[str, ...]:
    return person.name, person.username, person.population, _ending(person)


def _ending(person: Person) -> str:
    return f"number ending {person.number_ending}" if person.number_ending else ""


def card(prompt: p.CardPrompt | p.UnverifiableCardPrompt) -> Result:
    """The card before verification: name, masked address, devices and ways; no account state."""
    person = prompt.person
    obstacles = prompt.obstacles if isinstance(prompt, p.UnverifiableCardPrompt) else ("",) * len(prompt.devices)
    can = isinstance(prompt, p.CardPrompt)
    open_ways = [f"{offer.way.label.lower()} ({offer.gives})" for offer in prompt.ways if offer.is_open]
    ways = "; ".join(open_ways) or f"none: {getattr(prompt, 'why', '')}"
    notes = [note for note in (getattr(prompt, "warning", ""), prompt.note) if note]
    rows = [
        ("Name", person.name),
        ("User name", person.username),
        ("Email", " ".join(part for part in (person.email or "none", _address_state(person)) if part)),
        ("Population", person.population),
        ("Customer", _ending(person)),
        *(("Device", _device(*pair)) for pair in zip(prompt.devices, obstacles, strict=True)),
        *(() if prompt.devices else (("Device", "none registered"),)),
        ("Can verify", ways),
    ]
    devices = [msgspec.to_builtins(d) | {"obstacle": o} for d, o in zip(prompt.devices, obstacles, strict=True)]
    data = {"person": person, "devices": devices, "canVerify": can, "ways": ways, "notes": notes}
    return Result(data=data, lines=columns([row for row in rows if row[1]]), messages=tuple(notes))


def _address_state(person: Person) -> str:
    return "(never verified)" if person.is_doubtful else ""


def _device(device: Device, obstacle: str) -> str:
    kind = f" ({device.kind})" if device.nickname else ""
    since = f", since {device.since:%Y-%m-%d}" if device.since else ""
    counts = f", counts from {device.counts_from:%Y-%m-%d %H:%M} UTC" if device.counts_from else ""
    return f"{device.label}{kind}{since}" + (f": {obstacle}" if obstacle else "") + counts
