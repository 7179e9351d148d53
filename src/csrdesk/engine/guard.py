"""Stands around every effect: policy before, an intent that is durable before anything is done, an outcome after.

An intent's key is unique. So whatever crashed, lagged or raced, nothing is sent or written twice: whoever finds the
intent there already does not act: see `finding_out`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

from msgspec.structs import replace

from csrdesk.engine import bulk_runs, facts, pairing_limits, policy, quotas, tries, wrong_passcodes
from csrdesk.engine.audit import Detail, event
from csrdesk.engine.audit import Kind as Row
from csrdesk.engine.changes import PAUSE
from csrdesk.engine.desk import Desk
from csrdesk.engine.entries import BY_SCRIPT, IN_BULK, entry
from csrdesk.engine.finding_out import FindingOut
from csrdesk.engine.scope import Scope
from csrdesk.engine.store import Transaction
from csrdesk.engine.store_inside import inside
from csrdesk.errors import AuditUnavailableError, CsrdeskError, PolicyError, StoreUnavailableError
from csrdesk.flows import effects as fx
from csrdesk.flows import try_effects as te
from csrdesk.flows.doors import Context, Perform
from csrdesk.flows.kernel import AccountEffect, Effect, Failed, Kind, Problem, Replies, Reply, Together
from csrdesk.flows.password_replies import PasswordRefused
from csrdesk.flows.recovery_effects import InviteToRecover
from csrdesk.flows.replies import PasscodeWrong, SecretLost
from csrdesk.flows.spoken_effects import OpenAddress
from csrdesk.model.proofs import Act

Inside = Callable[[Effect, Context], Awaitable[Reply | None]]
"""Performs an effect of the desk itself; None where the effect is none."""
Marks = dict[str, Detail]
"""What policy found of an effect, for its audit rows."""

_REACHES_OUT = fx.SendMagicLink | OpenAddress | te.RingNumber | InviteToRecover | fx.StartDeviceAuthentication
"""What reaches a person before anybody is verified: not in the name of an agent who may not."""
_NOTHING_DONE = "The audit cannot be written, so nothing was done."
NOT_AUDITED = "The audit cannot be written. Look-ups go on; nothing else does."
"""What front ends show while the audit is down."""


def _marks(effect: AccountEffect, known: policy.Facts) -> Marks:
    approved: Marks = {"approval": known.approval} if known.approval else {}
    if known.window and effect.act is not Act.PROTECT and (exception := known.window.shown.exception):
        approved |= {"proof": exception}
    if policy.is_in_bulk(effect.act, known):
        return approved | IN_BULK
    return approved | (BY_SCRIPT if policy.is_by_script(effect.act, known) else {})


def problem(error: CsrdeskError) -> Problem:
    """An expected error as a value."""
    return Problem(error.message, error.details, error.code, error.correlation_id)


class Guard:
    """Performs effects for one process."""

    def __init__(self, desk: Desk, inside: tuple[Inside, ...], outside: Perform) -> None:
        self.trouble = ""
        """What is wrong with the audit, in words, until a row can be written again."""
        self.is_adrift: Callable[[str], bool] = lambda _: False
        """Whether the database does not know the flow of that id as it is (see `adrift`)."""
        self._desk = desk
        self._inside = inside
        self._outside = outside
        self._finding_out = FindingOut(desk, outside)
        self._scope = Scope(desk, self._perform)

    async def __call__(self, effect: Effect, context: Context) -> Reply:
        """The effect's reply; raises what only a mistake in the program raises."""
        if isinstance(effect, Together):
            return await self._together(effect, context)
        if effect.needs_secret and context.secret is None:
            return await self._without_secret(effect, context)
        try:
            reply = await (self._waited(effect, context) if effect.waits else self._done_inside(effect, context))
        except (PolicyError, StoreUnavailableError) as error:
            return await self._refuse(effect, context, error)
        if reply is not None:
            return reply
        if effect.kind in (Kind.SEND, Kind.WRITE):
            return await self._audited(effect, context)
        if isinstance(effect, fx.FindUser) and (over := await self._looked_up_too_often(context)):
            return Failed(problem(over.error))
        reply = await self._perform(effect, context)
        if isinstance(effect, fx.FindUser):
            reply = await self._among_theirs(reply, context)
        if isinstance(effect, fx.ReadAccount) and effect.before_act:
            with suppress(StoreUnavailableError):  # then they stay unknown, and the act that follows is not done either
                await self._finding_out.settle(effect, reply, context)
        if effect.action:
            await self._note(Row.LOOKUP, effect, context, reply)
        return reply

    async def _done_inside(self, effect: Effect, context: Context) -> Reply | None:
        """The desk's own reply; None where the effect is none of its own."""
        for performs in self._inside:
            if (reply := await performs(effect, context)) is not None:
                return reply
        return None

    async def _waited(self, effect: Effect, context: Context) -> Reply | None:
        """As `_done_inside`. While the database is away the waiting goes on: whoever waits is told nothing new by
        that, and looking again does nothing.
        """
        while True:
            try:
                return await self._done_inside(effect, context)
            except StoreUnavailableError:
                await asyncio.sleep(PAUSE)

    async def _together(self, effect: Together[Effect], context: Context) -> Reply:
        works = [self(part, replace(context, index=index)) for index, part in enumerate(effect.effects)]
        # A mistake in one must not cancel a write in another: all end before it is raised.
        ended = await asyncio.gather(*works, return_exceptions=True)
        replies: list[Reply] = []
        for reply in ended:
            if isinstance(reply, BaseException):
                raise reply
            replies.append(reply)
        return Replies(tuple(replies))

    async def _audited(self, effect: Effect, context: Context) -> Reply:
        try:
            if self.is_adrift(context.flow_id):
                # Its revision is in no row: an intent now could be found again under another step after a crash.
                raise AuditUnavailableError(_NOTHING_DONE)
            begun, instead, marks = await self._desk.store.at_once(inside(partial(self._begin, effect, context)))
            if begun:
                return await self._finding_out.again(effect, context)
        except StoreUnavailableError as error:
            self.trouble = NOT_AUDITED
            return Failed(problem(AuditUnavailableError(_NOTHING_DONE, details=error.details or error.message)))
        self.trouble = ""
        if instead is not None:
            return instead
        reply = await self._perform(effect, context)
        await self._note(Row.OUTCOME, effect, context, reply, marks)
        if isinstance(reply, PasscodeWrong):
            await self._count_wrong(context)
        if isinstance(effect, fx.CheckPasscode):
            with suppress(StoreUnavailableError):  # the customer reads it all the same
                await wrong_passcodes.show(self._desk, reply, context)
        return reply

    async def _without_secret(self, effect: Effect, context: Context) -> Reply:
        try:
            return await self._finding_out.without_secret(effect, context)
        except StoreUnavailableError:  # then it is found out when the call is taken up
            return SecretLost()

    async def _looked_up_too_often(self, context: Context) -> quotas.Over | None:
        try:
            if await bulk_runs.open_act(self._desk.store, context.call_id, context.agent.id):
                return None
            over = await quotas.look_ups(self._desk.store, self._desk, context.agent.id)
        except StoreUnavailableError:  # what is on record cannot be counted
            over = quotas.look_ups_here(self._desk, context.agent.id)
        if over:
            with suppress(StoreUnavailableError):  # refused all the same
                await self._desk.owed.write(quotas.alert(over, context))
        return over

    async def _among_theirs(self, reply: Reply, context: Context) -> Reply:
        try:
            return await self._scope.within(reply, context)
        except StoreUnavailableError as error:  # then nobody knows whom the agent serves
            return Failed(problem(error))

    async def _count_wrong(self, context: Context) -> None:
        with suppress(StoreUnavailableError):  # PingOne counts as well, and the next form meets the same trouble
            async with self._desk.store.transaction() as tx:
                await quotas.count_wrong(tx, self._desk, context.source)

    async def _perform(self, effect: Effect, context: Context) -> Reply:
        try:
            return await self._outside(effect, context)
        except StoreUnavailableError as error:
            # The desk's side of sending a link could not be written.
            return Failed(problem(error))

    async def _begin(self, effect: Effect, context: Context, tx: Transaction) -> tuple[bool, Reply | None, Marks]:
        """Whether it was begun before; otherwise as `_intend`."""
        if await tx.one("SELECT 1 FROM audit WHERE key = ? AND kind = 'intent'", context.key):
            return True, None, {}
        return False, *await self._intend(tx, effect, context)

    async def _intend(self, tx: Transaction, effect: Effect, context: Context) -> tuple[Reply | None, Marks]:
        """What is answered instead of performing it, if anything, and how its rows are marked."""
        marks: Marks = {}
        if isinstance(effect, _REACHES_OUT) and (no := await facts.why_not_theirs(tx, context, effect)):
            refusal = Failed(problem(no))
            row = entry(Row.REFUSED, effect, context, refusal)
            await self._desk.audit.append(tx, replace(row, result="refused"))
            return refusal, marks
        if isinstance(effect, AccountEffect):
            dn = getattr(effect, "dn", "")
            known = await facts.read(tx, self._desk, context, effect.person_id, effect.action, dn, act=effect.act)
            marks = _marks(effect, known)
            try:
                policy.permit(effect, known, self._desk.limits)
            except PolicyError as error:
                refusal = Failed(problem(error))
                row = entry(Row.REFUSED, effect, context, refusal, marks=marks)
                await self._desk.audit.append(tx, replace(row, result="refused"))
                return refusal, marks
            if over := await quotas.passwords(tx, self._desk, context, effect):
                await self._desk.audit.append(tx, quotas.alert(over, context, effect.person_id))
                return PasswordRefused((over.message,)), marks
            if over := await pairing_limits.over(tx, self._desk, context, effect):
                await self._desk.audit.append(tx, quotas.alert(over, context, effect.person_id))
                return Failed(problem(over.error)), marks
            if effect.act is Act.PROTECT and not await facts.is_protected_here(
                tx, context, effect.person_id, known.now
            ):
                alert = event(context, facts.PROTECTED, kind=Row.ALERT, person_id=effect.person_id, verified=False)
                await self._desk.audit.append(tx, replace(alert, reason=effect.reason, ticket=effect.ticket))
            if effect.act is Act.RISK and isinstance(effect, fx.SetPingOneEnabled):
                alert = event(context, facts.RISK_DISABLE, kind=Row.ALERT, person_id=effect.person_id, verified=False)
                await self._desk.audit.append(tx, replace(alert, reason=effect.reason))
        elif isinstance(effect, fx.StartDeviceAuthentication | fx.SelectDevice | te.RingNumber | InviteToRecover) and (
            over := await quotas.device_asked(tx, self._desk, context, effect)
        ):
            await self._desk.audit.append(tx, quotas.alert(over, context, effect.person_id))
            return Failed(problem(over.error)), marks
        elif isinstance(effect, te.CheckHeard) and (instead := await self._counted(tx, effect, context)):
            return instead, marks
        await self._desk.audit.append(tx, entry(Row.INTENT, effect, context, marks=marks))
        return None, marks

    async def _counted(self, tx: Transaction, effect: te.CheckHeard, context: Context) -> Reply | None:
        try:
            return await tries.count_heard(tx, self._desk, effect, context)
        except PolicyError as error:
            refusal = Failed(problem(error))
            await self._desk.audit.append(tx, replace(entry(Row.REFUSED, effect, context, refusal), result="refused"))
            return refusal

    async def _refuse(self, effect: Effect, context: Context, error: CsrdeskError) -> Reply:
        refusal = Failed(problem(error))
        if isinstance(error, PolicyError):
            await self._note(Row.REFUSED, effect, context, refusal)
        return refusal

    async def _note(
        self, kind: Row, effect: Effect, context: Context, reply: Reply, marks: Marks | None = None
    ) -> None:
        row = entry(kind, effect, context, reply, marks=marks)
        try:
            await self._desk.owed.write(replace(row, result="refused") if kind is Row.REFUSED else row)
            self.trouble = ""
        except StoreUnavailableError:
            # The look-up or the act is done; what stays is to say loudly that it is not on record yet.
            self.trouble = NOT_AUDITED
