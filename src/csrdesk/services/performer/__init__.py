"""The way out of the flows: each effect becomes calls, and what came of them becomes one reply.

The only part of the services that knows flows. A `ServiceError` becomes `Failed` here and nowhere else; anything else
that is raised is a defect and passes through.
"""

from __future__ import annotations

from weakref import WeakValueDictionary

from csrdesk.errors import CsrdeskError, PolicyError, ServiceError
from csrdesk.flows import device_effects as dx
from csrdesk.flows import directory_effects as de
from csrdesk.flows import effects as fx
from csrdesk.flows import password_effects as px
from csrdesk.flows.doors import Context
from csrdesk.flows.kernel import AccountEffect, Effect, Failed, Kind, Problem, Reply
from csrdesk.flows.spoken_effects import OpenAddress
from csrdesk.services.attempts import UnderWay
from csrdesk.services.performer import (
    accounts,
    address,
    call_back,
    device_changes,
    device_pages,
    directory_acts,
    factors,
    failures,
    locks,
    lookup,
    notices,
    passwords,
    protection,
    visits,
)
from csrdesk.services.performer.outside import Outside

__all__ = ["Outside", "Performer"]


class Performer:
    """Performs what the services can: `flows.doors.Perform`."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside
        self._under_way: WeakValueDictionary[tuple[str, int], UnderWay] = WeakValueDictionary()

    async def __call__(self, effect: Effect, context: Context) -> Reply:
        try:
            return await self._perform(effect, context)
        except (ServiceError, PolicyError) as error:
            if isinstance(error, ServiceError):
                failures.note(effect, error, self._outside)
            return Failed(problem_of(error), correlation_id=error.correlation_id)

    async def _perform(self, effect: Effect, context: Context) -> Reply:
        outside = self._outside.within(context.call_id, self._read_beside(effect, context))
        if isinstance(effect, visits.Visit):
            return await visits.perform(effect, context, outside)
        if isinstance(effect, call_back.CallBack):
            return await call_back.perform(effect, context, outside)
        match effect:
            case AccountEffect():
                return await self._change(effect, context, outside)
            case fx.SendMagicLink() | OpenAddress():
                return await address.perform(effect, context, outside)
            case fx.TellCustomer():
                return await notices.tell_customer(effect, outside)
            case fx.MailAlert():
                return await notices.mail_alert(effect, context, outside)
            case fx.StartDeviceAuthentication():
                return await factors.start(effect, outside)
            case fx.SelectDevice():
                return await factors.select(effect, outside)
            case fx.CheckPasscode():
                return await factors.check_passcode(effect, context, outside)
            case dx.CheckAssertion():
                return await factors.check_assertion(effect, context, outside)
            case dx.CancelPush():
                return await factors.cancel_push(effect, outside)
            case _:
                return await self._read(effect, context, outside)

    def _read_beside(self, effect: Effect, context: Context) -> UnderWay | None:
        """What the effects of the same step share that only read. What writes reads for itself, before and after."""
        if effect.kind is not Kind.READ:
            return None
        return self._under_way.setdefault((context.flow_id, context.rev), UnderWay())

    async def _read(self, effect: Effect, context: Context, outside: Outside) -> Reply:
        match effect:
            case fx.FindUser():
                return await lookup.find_user(effect, context, outside)
            case fx.ReadDevices():
                return await lookup.read_devices(effect, outside)
            case fx.ReadProtection():
                return await protection.read_protection(effect, context, outside)
            case fx.ReadAccount():
                return await accounts.read_account(effect, context, outside)
            case fx.ReadSessions():
                return await accounts.read_sessions(effect, outside)
            case dx.AwaitPush():
                return await factors.await_push(effect, outside)
            case dx.GatherDevices() | dx.RereadAddress():
                return await device_pages.perform(effect, context, outside)
            case px.ReadPasswordAuthority():
                return await passwords.read_authority(effect, outside)
            case px.ReadPasswordState():
                return await passwords.read_state(effect, outside)
            case _:
                raise _nobody_performs(effect)

    async def _change(self, effect: AccountEffect, context: Context, outside: Outside) -> Reply:
        match effect:
            case fx.SetPingOneEnabled():
                return await accounts.set_pingone_enabled(effect, context, outside)
            case fx.SetDirectoryEnabled():
                return await accounts.set_directory_enabled(effect, context, outside)
            case fx.UnlockDirectory():
                return await locks.unlock_directory(effect, context, outside)
            case de.SetDirectoryExpiry():
                return await directory_acts.set_expiry(effect, context, outside)
            case de.DemandPasswordChange():
                return await directory_acts.demand_change(effect, context, outside)
            case fx.UnlockPingOne():
                return await locks.unlock_pingone(effect, context, outside)
            case fx.UnlockPassword():
                return await locks.unlock_password(effect, context, outside)
            case px.SetDirectoryPassword():
                return await passwords.set_directory_password(effect, context, outside)
            case px.SetPingOnePassword():
                return await passwords.set_pingone_password(effect, context, outside)
            case dx.ChangeDevice():
                return await device_changes.change_device(effect, context, outside)
            case fx.EndSessions():
                return await accounts.end_sessions(effect, context, outside)
            case _:
                raise _nobody_performs(effect)


def _nobody_performs(effect: Effect) -> NotImplementedError:
    return NotImplementedError(f"no service performs {type(effect).__name__}")


def problem_of(error: CsrdeskError) -> Problem:
    """An error as a value for flows, audit and people."""
    return Problem(error.message, details=error.details, code=error.code, correlation_id=error.correlation_id)
