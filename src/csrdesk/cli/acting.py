"""`user show --call` and the acts on one account: one flow bound to a verified call, confirmed before a write."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from csrdesk.cli import tty
from csrdesk.cli.accounts import account_lines
from csrdesk.cli.exits import Exit
from csrdesk.cli.looking_up import instead_of_card, look_up, several, unexpected
from csrdesk.cli.result import Result, ReturnError, refusal, say
from csrdesk.cli.walk import Walk
from csrdesk.errors import NeedsAnswerError, NotVerifiedError
from csrdesk.flows import prompts as p
from csrdesk.flows import user_functions as uf
from csrdesk.flows.doors import Session
from csrdesk.flows.kernel import Outcome
from csrdesk.model.days import last_day, moment_of

if TYPE_CHECKING:
    from csrdesk.wiring.front import FrontDesk

WHAT = {
    "enableUser": "enable the account in AD and PingOne",
    "disableUser": "disable the account in AD and PingOne, and end every PingOne session",
    "unlockUser": "end the account's locks in AD and PingOne, and the PingOne password's; devices stay as they are",
    "setExpiry": "set the last day of the account in AD; PingOne keeps none",
    "demandPasswordChange": "let AD ask for another password at the next sign-in",
    "resetPassword": "let the customer choose a new password on their own page, and end their sessions",
}

_BY_SCRIPT = ("enableUser", "disableUser")
"""What an account that settings name may do without a call."""


class Order(msgspec.Struct, frozen=True):
    """What was asked on the command line."""

    action: str
    identifier: str
    call_id: str
    reason: str
    ticket: str
    protective: bool = False
    ends: str = ""
    """The moment after the last day, or `never`."""

    @property
    def what(self) -> str:
        """What would be done, in words."""
        if self.action != "setExpiry":
            return WHAT[self.action]
        until = moment_of(self.ends)
        return f"{WHAT[self.action]}: {last_day(until) if until else 'never'}"

    @property
    def start(self) -> uf.Start:
        """The flow's inputs."""
        return uf.Start(self.action, self.identifier, self.reason, self.ticket, self.protective, self.ends)


async def account_of(session: Session, identifier: str, call_id: str) -> Result:
    """The account in both directories, for a verified call."""
    await _caught_up(session, call_id)
    start = uf.Start("getUserAccountStatus", identifier)
    return came_of(await Walk.begin(session, "user_functions", start, call_id=call_id))


async def carry_out(desk: FrontDesk, order: Order, *, yes: bool, dry_run: bool = False) -> Result:
    """Ask what is missing, show whom and what, act, and say what was done and what not. A dry run only says it."""
    by_script, about = not order.call_id and not order.protective, await desk.about()
    is_named = order.action in _BY_SCRIPT and about.without_call
    if by_script and not is_named:
        words = "This needs a verified caller: `csrdesk call start` verifies one, --call ID names the call."
        raise NotVerifiedError(words)
    session = desk.session(desk.agent)
    order = completed(order, ticket_required=about.ticket_required or order.protective or by_script)
    if not (yes or dry_run):
        stopped = await confirmed(session, order)
        if stopped is not None:
            return stopped
    if order.call_id:
        await _caught_up(session, order.call_id)
    if dry_run:
        return await _rehearsed(desk, order)
    return came_of(await Walk.begin(session, "user_functions", order.start, call_id=order.call_id, tell=say))


async def _rehearsed(desk: FrontDesk, order: Order) -> Result:
    from csrdesk.cli.rehearsing import shown

    rehearsed = await desk.rehearse(order.start, order.call_id)
    return of_outcome(rehearsed.outcome) if rehearsed.outcome else shown(rehearsed)


async def _caught_up(session: Session, call_id: str) -> None:
    """An approval that came while nobody watched starts the verified window only now."""
    await (await Walk.resume(session, call_id)).catch_up()


def completed(order: Order, *, ticket_required: bool) -> Order:
    """The order with what was missing, asked at the terminal. Raises `NeedsAnswerError`."""
    reason = order.reason.strip() or tty.ask("Reason:", missing="--reason")
    ticket = order.ticket.strip()
    if ticket_required and not ticket:
        ticket = tty.ask("Ticket:", missing="--ticket")
    for option, value in (("--reason", reason), ("--ticket", ticket or not ticket_required)):
        if not value:
            raise NeedsAnswerError(f"An answer is missing: give {option}. Nothing was done.", prompt=option)
    return msgspec.structs.replace(order, reason=reason, ticket=ticket)


async def confirmed(session: Session, order: Order) -> Result | None:
    """None where the agent said yes to whom and what; otherwise how it ended."""
    if not tty.can_ask():
        raise NeedsAnswerError("Nobody is there to confirm: give --yes. Nothing was done.", prompt="--yes")
    walk = await look_up(session, order.identifier, order.ticket)
    stopped, prompt = instead_of_card(walk.prompt), walk.prompt
    await walk.leave()
    # PingOne may be down: then AD alone can be closed.
    if stopped is not None and not (order.protective and isinstance(prompt, p.UnverifiableCardPrompt)):
        return stopped
    if not isinstance(prompt, p.CardPrompt | p.UnverifiableCardPrompt):
        return unexpected(prompt)
    person = prompt.person
    about = ", ".join(part for part in (person.username, person.email, person.population) if part)
    say(f"Whom:   {person.name} ({about})")
    say(f"What:   {order.what}")
    say(f"Proof:  {_proof(order)}")
    say(f"Reason: {order.reason}" + (f" (ticket {order.ticket})" if order.ticket else ""))
    answer = tty.ask("Do it? [y/N]", missing="--yes")
    if answer.casefold() in ("y", "yes"):
        return None
    return refusal("needs_answer", "Not confirmed. Nothing was done.", details="answer=--yes")


def _proof(order: Order) -> str:
    if order.protective:
        return "none; marked unverified"
    return f"call {order.call_id}" if order.call_id else "none; marked unverified, script"


def came_of(walk: Walk) -> Result:
    """The result of a flow that is over."""
    return of_outcome(walk.view.outcome) if walk.view.outcome else unexpected(walk.prompt)


def of_outcome(outcome: Outcome) -> Result:
    """Return Success, Return Error."""
    match outcome:
        case uf.Refusal(candidates=people) if people:
            return several(people)
        case uf.Refusal(message, details, code):
            return refusal(code, message, details=details)
        case uf.Outputs() as outputs:
            return _returned(outputs)
        case _:
            return unexpected(None)


def _returned(outputs: uf.Outputs) -> Result:
    data = msgspec.to_builtins(outputs)
    data.pop("type", None)
    lines = tuple(map(shown_line, outputs.lines))
    shown = (*lines, *account_lines(outputs.response_data))
    failed = [line for line in outputs.lines if not (line.ok or line.aside)]
    if not failed:
        return Result(data=data, lines=shown)
    code = "half_done" if outputs.half_done else "unknown" if any(line.unknown for line in failed) else "failed"
    words = "Half done. Trying again is safe." if outputs.half_done else "Not done."
    return Result(
        data=data,
        lines=shown,
        exit_code=Exit.REFUSED,
        error=ReturnError(words, "; ".join(line.text for line in failed), code),
    )


def shown_line(line: p.ResultLine) -> str:
    """`ok`, `failed`, `unknown` or, for what was not tried, `note`; and what it is about."""
    if line.aside and line.ok:
        return f"note    {line.text}"
    mark = "ok" if line.ok else "unknown" if line.unknown else "failed"
    return f"{mark:<7} {line.text}"
