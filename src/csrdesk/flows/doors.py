"""The two doors out of the flows: `Session` for people who answer prompts, `Perform` for the world outside.

Front ends know only `Session` (local or remote); the engine knows only `Perform` for what it cannot do itself.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

import msgspec

from csrdesk.flows.effects import SendMagicLink
from csrdesk.flows.kernel import Answer, Effect, Outcome, Prompt, Reply
from csrdesk.flows.replies import LinkNotSent
from csrdesk.flows.spoken_effects import AddressNotOpened, AddressOpened, OpenAddress
from csrdesk.model.devices import Age
from csrdesk.model.link import Link
from csrdesk.model.secret import Secret
from csrdesk.model.sign_in import Agent as Agent  # noqa: PLC0414 - who acts belongs to the doors' vocabulary


class Visitor(msgspec.Struct, frozen=True):
    """The browser on the customer's page, beside its address: in memory only, for PingOne Protect."""

    user_agent: str = ""
    signals: Secret | None = None
    """`skriskcomponent`: what the Signals script gathered; None where it is not loaded, or was not ready."""


NOBODY = Visitor()
"""Where no browser answered, or a restart lost what it said."""


class Context(msgspec.Struct, frozen=True):
    """Who performs an effect for which step; `key` is the same for every try of that step."""

    flow_id: str
    rev: int
    call_id: str
    agent: Agent
    index: int = 0
    """The place in a `Together`."""
    secret: Secret | None = None
    """What the person typed, in memory only; None after a crash."""
    browser: str = ""
    """Hash of the cookie of the browser that answered on the customer's page; empty elsewhere and after a crash."""
    source: str = ""
    """The address that the answer on the customer's page came from; empty elsewhere and after a crash."""
    visitor: Visitor = NOBODY
    """As `source`."""

    @property
    def key(self) -> str:
        return f"{self.flow_id}:{self.rev}:{self.index}"


class Perform(Protocol):
    """Performs an effect. Expected outcomes are replies; a service's error becomes `Failed`, never raised."""

    async def __call__(self, effect: Effect, context: Context) -> Reply: ...


class OpenedLink(msgspec.Struct, frozen=True):
    """A link that was made and not yet mailed. Cannot be encoded: the token goes into the mail and nowhere else."""

    challenge_id: str
    token: Secret
    reference: str
    agent_name: str


class LinkDesk(Protocol):
    """The desk's side of sending a link: what the performer of `SendMagicLink` needs of the challenge rows."""

    async def open(self, effect: SendMagicLink, context: Context, *, to: str, address: str) -> OpenedLink | LinkNotSent:
        """Make the link; the person's older ones end. `to` is masked, `address` is kept as a keyed hash."""
        ...

    async def accepted(self, challenge_id: str) -> Link:
        """The mail server took the mail: the link's clock starts."""
        ...

    async def failed(self, challenge_id: str) -> None:
        """The mail was not taken: the link opens nothing."""
        ...

    async def is_agent(self, *names: str) -> bool:
        """Whether somebody of one of these account names ever worked at this desk, by its audit."""
        ...

    async def is_recovering(self, context: Context) -> bool:
        """Whether the page of this step, which a customer began by themselves, is still open."""
        ...

    async def way_back(self, person_id: str) -> Secret | None:
        """A token that leads back to the person's half-done registration; None where there is none."""
        ...

    async def unlocked_at(self, person_id: str) -> datetime | None:
        """When this desk last unlocked the person's account in the directory; None where it never did."""
        ...

    async def frozen_until(self, person_id: str) -> datetime | None:
        """Until when nobody may try to verify this person, who said that it was not them; None where they may."""
        ...

    async def wrong_passcodes(self, person_id: str, device_id: str) -> int:
        """How many wrong passcodes of that device this desk has handed over in a row, since a right one or its lock."""
        ...

    async def saw_address(self, person_id: str, address: str) -> Age:
        """The person's address as just read: open links that went to another one end.

        Says since when the desk has seen it, by a record of its own.
        """
        ...

    async def was_opened_by(self, context: Context, address: str) -> bool:
        """Whether the page that asks stands on that address's mailbox already, which then proves nothing new."""
        ...

    async def open_address(
        self, effect: OpenAddress, context: Context, *, to: str, address: str
    ) -> AddressOpened | AddressNotOpened:
        """Make a code for the spoken address; the person's links and codes end.

        `to` is the address to say, `address` the person's mail address, kept as a keyed hash: a change of it ends all.
        """
        ...

    async def saw_number(self, person_id: str, number: str) -> Age:
        """The person's phone number as just read: since when the desk has seen it, by a record of its own."""
        ...


class View(msgspec.Struct, frozen=True):
    """One flow as one person may see it now. Exactly one of `prompt`, `outcome` is set, or neither while it works."""

    id: str
    flow: str
    rev: int
    prompt: Prompt | None = None
    outcome: Outcome | None = None
    working: str = ""
    """What the flow is doing, in words for this person; empty while it asks."""
    trouble: str = ""
    """What is wrong with the desk itself, to be said loudly on an agent's screen: the audit cannot be written."""
    spoken_code: Secret | None = None
    """The six digits to say aloud, only for the agent who owns the call; of a magic link in place of a device, those
    for the page that asked for it. Cannot be encoded: it goes to a screen."""
    shown: Secret | None = None
    """What a customer's page shows and nothing saves: an app's key as a URI, the options for a passkey, or the number
    that they typed before."""


class CallSummary(msgspec.Struct, frozen=True):
    """A call in a list of the agent's own calls."""

    id: str
    started_at: datetime
    customer: str
    """The person's name, empty before one is found."""
    stage: str
    """In words: looking up, link sent, verified until 14:05 UTC, over."""
    ticket: str = ""
    verified_until: datetime | None = None
    over: bool = False
    left: bool = False
    """No console or command has it: it waits for somebody to take it up."""
    unknown: int = 0
    """Acts of it that were begun and have no outcome on record."""
    call_id: str = ""
    """The call that a single act belongs to; empty for a call, and where it belongs to none."""


class Resumed(msgspec.Struct, frozen=True):
    """A flow that was taken up."""

    view: View
    links_ended: int = 0
    """Links of the call that were open, and ended because the process that showed them is gone."""


class Deed(msgspec.Struct, frozen=True):
    """One thing that was done to an account, or was to be done."""

    at: datetime
    act: str
    """A word of `Act`."""
    action: str
    """The audit's name for it: `pingone.set_enabled`."""
    result: str
    """done, failed, refused, or unknown where nobody knows."""
    reason: str = ""


class CallRecord(msgspec.Struct, frozen=True):
    """What the audit holds of one call, for the ticket: addresses masked, no code, no secret."""

    call_id: str
    agent: Agent
    since: datetime
    until: datetime
    """When its newest row was written."""
    person_id: str
    account: str
    """The masked address that the link went to, or what the person was found by, masked."""
    ticket: str
    proofs: tuple[tuple[datetime, str], ...]
    """When the caller was verified, and by what."""
    deeds: tuple[Deed, ...]
    seq: int
    """The newest row's number, and its hash, which stands for all rows before it."""
    hash: str
    told: tuple[tuple[datetime, str, str], ...] = ()
    """What the customer was mailed about, and whether: a word of `Change`, and done, failed or unknown."""


class AuditLine(msgspec.Struct, frozen=True):
    """A row of the audit in a list."""

    seq: int
    at: datetime
    kind: str
    """intent, outcome, refused, event, lookup or alert."""
    action: str
    """The audit's name for what was done: `pingone.set_enabled`."""
    result: str
    agent: str
    call_id: str
    reason: str
    ticket: str


class AuditPage(msgspec.Struct, frozen=True):
    """The rows that one look showed, newest first."""

    lines: tuple[AuditLine, ...]
    more: bool
    """Whether there are older ones."""


class Session(Protocol):
    """What an agent's front end can do, and all it can do."""

    agent: Agent

    async def start(self, flow: str, inputs: msgspec.Struct, *, call_id: str = "") -> View:
        """Start a flow of the catalog; `call_id` binds it to an open call of the same agent."""
        ...

    async def view(self, flow_id: str) -> View:
        """The flow as it stands. Raises `NoSuchFlowError`, also for another agent's."""
        ...

    async def resume(self, flow_id: str) -> Resumed:
        """Take up a flow that no process has. Where its process was killed, its open links end. Others are looked at.

        Raises as `view` does.
        """
        ...

    async def answer(self, flow_id: str, rev: int, answer: Answer) -> View:
        """Answer the prompt of revision `rev`. Raises `StaleFlowError` or `IllegalEventError` with nothing done."""
        ...

    async def changed(self, flow_id: str, rev: int) -> View:
        """Wait until the flow is past revision `rev`."""
        ...

    async def settled(self, flow_id: str) -> View:
        """Wait until the flow asks somebody (also while it polls) or is over."""
        ...

    async def calls(self, *, all_of_them: bool = False) -> tuple[CallSummary, ...]:
        """The agent's own calls, newest first; open ones only unless `all_of_them`."""
        ...

    async def record(self, call_id: str) -> CallRecord:
        """What the audit holds of one of the agent's own calls. Raises `NoSuchFlowError`."""
        ...

    async def history(self) -> tuple[CallRecord, ...]:
        """The agent's own calls as the audit has them, newest first; how far back is the desk's to say."""
        ...

    async def audit(self, *, call_id: str = "", before: int = 0, limit: int = 500) -> AuditPage:
        """The newest rows of the audit, or those before row `before`; of one call alone where that is given.

        Each page is a row of the audit itself, and so is each row that is looked at.
        """
        ...

    async def audit_row(self, seq: int) -> tuple[tuple[str, str], ...]:
        """Everything that a row of the audit holds: names with values. Raises `NotFoundError`."""
        ...


class LinkView(msgspec.Struct, frozen=True):
    """What a browser that opened a page may see. Built only for a page that is alive for this browser."""

    view: View
    challenge_id: str
    page_until: datetime | None = None
    """When the page's clock ends; None before the right code."""
    time_up: bool = False
    """The page's clock has ended, said only to the browser that had entered the right code."""
    goes_on: bool = False
    """The caller is verified, so the page may have another question later: load it again every now and then."""
    alone: bool = False
    """No agent is on the other side."""


class PublicView(msgspec.Struct, frozen=True):
    """What a browser may see of a page that it began by itself."""

    view: View
    until: datetime
    """When the page's clock ends."""


class PublicSession(Protocol):
    """What pages can do that customers open by themselves. Nothing is begun by looking."""

    def offers(self, flow: str) -> bool:
        """Whether settings let that flow be begun."""
        ...

    async def begin(self, flow: str, browser: str, answer: Answer, *, source: str, visitor: Visitor) -> Secret:
        """Begin a flow with the answer to its first question; the token of its page.

        Raises `LimitReachedError`, and `NoSuchFlowError` where settings do not offer it.
        """
        ...

    async def resume(self, flow: str, token: str, browser: str, *, source: str) -> Secret:
        """Go on in this browser with a page that a mail leads back to; its token, which works in this browser alone.

        Raises `LimitReachedError`, and `LinkOverError` for every token that leads to none.
        """
        ...

    async def open(self, token: str, browser: str) -> PublicView:
        """What the page shows this browser, as soon as it shows something. Raises `LinkOverError`."""
        ...

    async def answer(
        self, token: str, browser: str, answer: Answer, asked: int, *, source: str, visitor: Visitor
    ) -> PublicView:
        """Answer question number `asked`, and wait for what comes of it; nothing where another is asked by now.

        Raises `LinkOverError`, `LimitReachedError`, `IllegalEventError` and `StaleFlowError`.
        """
        ...


class CustomerSession(Protocol):
    """What the customer's page can do. Each call raises `LinkOverError` for every link that opens nothing."""

    async def open(
        self, token: str, browser: str, *, user_agent: str = "", fetch: bool = True, source: str = ""
    ) -> LinkView:
        """The page for a link, for the browser with this cookie; `fetch` notes that it was fetched. No more.

        With a `source`, the address that a form came from, a link that opens nothing counts as wrong. Raises
        `LimitReachedError` where too much that was wrong came from there.
        """
        ...

    async def answer(
        self, token: str, browser: str, answer: Answer, *, source: str = "", visitor: Visitor = NOBODY
    ) -> LinkView:
        """Answer the prompt that the page shows, and wait until the flow asks again or is over (at most 15 s).

        `source` is the address that the form came from; as in `open`. `visitor` is for Protect.
        """
        ...

    async def opened_address(self, user_agent: str) -> None:
        """Note that somebody opened the spoken address, for the agents whose codes wait there. No more."""
        ...

    async def enter_code(self, code: Secret, browser: str, *, source: str = "", visitor: Visitor = NOBODY) -> Secret:
        """The token of the page that this code opens, from now on in this browser alone.

        Counted before it is compared. Raises `LinkOverError` for every code that opens nothing, whyever, and
        `LimitReachedError` where too many that were wrong came from `source`.
        """
        ...
