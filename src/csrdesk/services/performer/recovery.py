"""Account recovery: who has an address, whether PingOne may send them a code, and the new password that it is good for.

Nobody is on the phone here. Code and password are the context's secret; they go into one request and nowhere else.
"""

from __future__ import annotations

from csrdesk.errors import ConflictError, InvalidValueError
from csrdesk.flows import effects as fx
from csrdesk.flows import password_replies as pr
from csrdesk.flows import recovery_effects as vx
from csrdesk.flows import recovery_replies as vr
from csrdesk.flows import replies as r
from csrdesk.flows.doors import Context
from csrdesk.flows.kernel import Reply
from csrdesk.model.devices import Age
from csrdesk.model.passwords import Home
from csrdesk.model.recovery import apart
from csrdesk.services import letters
from csrdesk.services.attempts import attempt, both
from csrdesk.services.performer import password_rules
from csrdesk.services.performer.outside import Outside
from csrdesk.services.performer.password_authority import through_gateway
from csrdesk.services.performer.passwords import GATEWAY, must_be_new, state_of
from csrdesk.services.performer.people import masked
from csrdesk.services.performer.protection import read_protection, refuse_protected_user
from csrdesk.services.pingone import passwords, recovery, users
from csrdesk.services.pingone.errors import SYSTEM
from csrdesk.services.pingone.passwords import PasswordState
from csrdesk.services.pingone.users import User

PAGE = "/recover"
"""Where the page is, below the pages' origin."""
_CODE = "recoveryCode"
_NO_PASSWORD = "NO_PASSWORD"  # noqa: S105 - a state's name


async def find(effect: vx.FindForRecovery, context: Context, outside: Outside) -> vr.RecoveryUser:
    """The only one who has the address; nobody where none, several or a protected account has it, or nobody knows."""
    got = await users.with_email(outside.pingone, effect.address)
    if got.body.more or not got.body.users:
        return vr.RecoveryUser(correlation_id=got.correlation_id)
    user = got.body.users[0]
    await outside.links().saw_address(user.id, user.email)
    # What only somebody's address makes PingOne read must not fail where nobody's would not: the page would tell.
    read = await attempt(read_protection(fx.ReadProtection(person_id=user.id), context, outside))
    is_safe = isinstance(read, r.ProtectionRead) and not read.protection.protected
    return vr.RecoveryUser(user.id if is_safe else "", correlation_id=got.correlation_id)


async def invite(effect: vx.InviteToRecover, outside: Outside) -> vr.RecoveryInvited | vr.RecoveryNotInvited:
    """To the address that PingOne has now. Raises a `ServiceError`, also where the mail server says no."""
    if outside.mailer is None:
        return vr.RecoveryNotInvited("No mail server is set up. Nothing was sent.")
    if not outside.public_url():
        return vr.RecoveryNotInvited("Nobody serves the customers' pages, so nothing was sent.")
    user = (await users.read(outside.pingone, effect.person_id)).body
    address = user.email.strip()
    if not address:
        return vr.RecoveryNotInvited("PingOne has no mail address for this person. Nothing was sent.")
    age = await outside.links().saw_address(effect.person_id, address)
    company = outside.company
    letter = letters.recovery(f"{outside.public_url()}{PAGE}", company=company.name, phone=company.phone)
    await outside.mailer().send(letter, to=address, sender_name=company.name)
    new = "The address came lately, so it may be somebody else's." if age is Age.NEW else ""
    doubt = new or ("" if user.email_verified else "The address was never verified.")
    return vr.RecoveryInvited(masked(address), outside.now(), doubt)


async def read_policy(outside: Outside) -> vr.RecoveryPolicy:
    """What PingOne's default policy asks; nothing where it has none, and then its refusal has to do."""
    every = await outside.remembered.password_policies(outside.pingone)
    asked = next((password_rules.of_pingone(policy) for policy in every if policy.default), ())
    return vr.RecoveryPolicy(asked, for_everybody=bool(asked) and len(every) == 1)


async def send_code(effect: vx.SendRecoveryCode, outside: Outside) -> Reply:
    """Look at the account first: what PingOne would refuse, or could not finish, is not asked for."""
    api, who = outside.pingone, effect.person_id
    got, state = await both(users.read(api, who), passwords.read(api, who))
    home = await _home(got.body, state, outside)
    if isinstance(home, vr.RecoveryNotPossible):
        return home
    try:
        correlation_id = await recovery.send_code(api, who)
    except ConflictError as error:
        return vr.RecoveryNotPossible(correlation_id=error.correlation_id)
    return vr.RecoveryCodeSent(home, state.last_changed_at, correlation_id=correlation_id)


async def _home(user: User, state: PasswordState, outside: Outside) -> Home | vr.RecoveryNotPossible:
    """Where the new password would go."""
    if not user.enabled or state.status == _NO_PASSWORD or state.locked:
        return vr.RecoveryNotPossible()
    if state.is_external:
        place = await through_gateway(state, outside)
        return place.homes[0] if place.homes else vr.RecoveryNotPossible(call_help_desk=True)
    population_id = user.population.id if user.population else ""
    names = await outside.remembered.population_names(outside.pingone)
    authority = outside.passwords.of(names.get(population_id, ""), population_id)
    # AD keeps one as well, and PingOne alone cannot set it.
    return vr.RecoveryNotPossible(call_help_desk=True) if authority in ("ad", "both") else Home.PINGONE


async def recover(effect: vx.RecoverPassword, context: Context, outside: Outside) -> Reply:
    """Look once more who it is, hand over both, read back: set later than before, and no change demanded."""
    if context.secret is None:
        return r.SecretLost()
    code, password = apart(context.secret)
    api, who = outside.pingone, effect.person_id
    user, before = await both(refuse_protected_user(who, context, outside), passwords.read(api, who))
    if not user.enabled or before.is_external is not (effect.home is Home.GATEWAY):
        return vr.RecoveryNotPossible()
    await outside.links().saw_address(who, user.email)
    if not await outside.links().is_recovering(context):
        return vr.RecoveryNotPossible()  # the address is another one by now, or something else ended the page
    if why := password_rules.why_unusable(password):
        return pr.PasswordRefused((why,))
    try:
        got = await recovery.recover(api, who, code, password)
    except InvalidValueError as error:
        if _CODE in error.fields:
            return vr.RecoveryCodeWrong(correlation_id=error.correlation_id)
        return pr.PasswordRefused(password_rules.refusal(error.rules), correlation_id=error.correlation_id)
    except ConflictError as error:
        if before.is_external:
            words, told = error.details, error.correlation_id
            raise ConflictError(GATEWAY, system=SYSTEM, details=words, correlation_id=told) from None
        return vr.RecoveryNotPossible(correlation_id=error.correlation_id)
    after = state_of(effect.home, await passwords.read(api, who))
    must_be_new(after, state_of(effect.home, before), got.correlation_id)
    return pr.PasswordSet(effect.home, after.changed_at, correlation_id=got.correlation_id)
