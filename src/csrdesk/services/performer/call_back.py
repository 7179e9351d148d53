"""Call-back with PingOne: the number on record is read, aged and rung here, and nobody else ever has it whole."""

from __future__ import annotations

from csrdesk.errors import ConflictError
from csrdesk.flows import replies as r
from csrdesk.flows import try_effects as te
from csrdesk.flows import try_replies as tr
from csrdesk.flows.doors import Context
from csrdesk.flows.kernel import Reply
from csrdesk.model.devices import Age
from csrdesk.model.masking import mask_phone
from csrdesk.model.text import clean
from csrdesk.services.performer import factors
from csrdesk.services.performer.outside import Outside
from csrdesk.services.pingone import authentications, users
from csrdesk.services.pingone.users import User

_CHANGED = "The number on record is another one by now, so nobody was rung. Go back, and look at the caller again."
_OVER = "PingOne takes no passcode of this call any more."
_TOO_NEW = "Since when the number is on record is not known, or it came too lately. Nobody was rung."


CallBack = te.RingNumber | te.CheckHeard
"""What a call-back needs of PingOne."""


def masked_number(user: User) -> str:
    """The number as screens show it; empty for none."""
    return mask_phone(clean(user.phone)) if user.phone else ""


async def number_age(outside: Outside, user: User) -> Age:
    """Since when the number is on record, by csrdesk's own record and by when PingOne last changed the user at all.

    That `updatedAt` moves with every change of a user is inferred from its name; it can only make a number look newer.
    """
    if not user.phone:
        return Age.UNKNOWN
    seen = await outside.links().saw_number(user.id, user.phone)
    if Age.NEW in (seen, outside.age(user.created_at)):
        return Age.NEW
    return Age.OLD if Age.OLD in (seen, outside.age(user.updated_at)) else Age.UNKNOWN


async def perform(effect: CallBack, context: Context, outside: Outside) -> Reply:
    """Ring, or hand over what was heard."""
    if isinstance(effect, te.RingNumber):
        return await ring_number(effect, outside)
    return await check_heard(effect, context, outside)


async def ring_number(effect: te.RingNumber, outside: Outside) -> Reply:
    """Ring the number that the agent was shown, where it is old enough."""
    got = await users.read(outside.pingone, effect.person_id)
    user = got.body
    if masked_number(user) != effect.to:
        return tr.NumberNotRung(_CHANGED, correlation_id=got.correlation_id)
    if await number_age(outside, user) is not Age.OLD:
        return tr.NumberNotRung(_TOO_NEW, correlation_id=got.correlation_id)
    rung = await authentications.ring(outside.pingone, user.id, user.phone, policy_id=effect.policy_id)
    return factors.answer_of(rung)


async def check_heard(effect: te.CheckHeard, context: Context, outside: Outside) -> Reply:
    """Right only where PingOne completes this very authentication by this passcode, and names no device for it."""
    try:
        got = await factors.passcode_checked(effect.authentication_id, context, outside)
    except ConflictError as error:
        return r.PasscodeRefused(_OVER, correlation_id=error.correlation_id)
    if isinstance(got, Reply):
        return got
    answer = got.body
    if answer.status != "COMPLETED" or answer.id != effect.authentication_id or answer.selected_device.id:
        return r.PasscodeRefused(
            "PingOne did not take it as the passcode of this call.", correlation_id=got.correlation_id
        )
    return tr.PasscodeHeardRight(correlation_id=got.correlation_id)
