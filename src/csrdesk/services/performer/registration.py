"""Registration: who has an address, a passcode to it, the account, and what belongs to it; agreements and consents.

Nobody is on the phone here. Passcode and password are the context's secret; they go into one request and nowhere else.
"""

from __future__ import annotations

from csrdesk.errors import ConflictError, InvalidValueError, NotFoundError, ReadBackError
from csrdesk.flows import agreement_effects as ax
from csrdesk.flows import password_replies as pr
from csrdesk.flows import registration_effects as gx
from csrdesk.flows import replies as r
from csrdesk.flows.doors import Context
from csrdesk.flows.kernel import Reply
from csrdesk.model.agreements import Agreement, wanted_of
from csrdesk.model.notices import Change
from csrdesk.model.passwords import Home
from csrdesk.model.text import passcode
from csrdesk.services import letters
from csrdesk.services.performer import password_rules
from csrdesk.services.performer.outside import Outside
from csrdesk.services.performer.passwords import must_be_new, state_of
from csrdesk.services.pingone import (
    agreements,
    authentications,
    consents,
    devices,
    new_users,
    pairing,
    passwords,
    users,
)
from csrdesk.services.pingone.errors import SYSTEM

PAGE = "/register"
"""Where the page is, below the pages' origin."""
AGAIN = f"{PAGE}/again"
"""Where a mail leads back to a page that was left."""
_NAMES = ("name.given", "name.family", "name")
_PASSWORD = "password.value"  # noqa: S105 - a member's name

Registering = (
    gx.FindForRegistration
    | gx.SendEmailCode
    | gx.CheckEmailCode
    | gx.TellOwner
    | gx.Welcome
    | gx.CreateUser
    | gx.EnrollEmail
    | gx.SetFirstPassword
    | ax.ReadConsent
    | ax.ReadAgreement
    | ax.AcceptAgreement
)


async def perform(effect: Registering, context: Context, outside: Outside) -> Reply:
    """One of them. Raises a `ServiceError`."""
    match effect:
        case gx.FindForRegistration():
            return await find(effect, outside)
        case gx.SendEmailCode():
            got = await authentications.mail_code(
                outside.pingone, effect.address, user_id=outside.registration.code_user_id
            )
            return gx.EmailCodeSent(got.body.id, correlation_id=got.correlation_id)
        case gx.CheckEmailCode():
            return await check_code(effect, context, outside)
        case gx.TellOwner():
            return await tell_owner(effect, outside)
        case gx.Welcome():
            return await welcome(effect, outside)
        case gx.CreateUser():
            return await create(effect, context, outside)
        case gx.EnrollEmail():
            return await enroll_email(effect, outside)
        case gx.SetFirstPassword():
            return await set_password(effect, context, outside)
        case _:
            return await _agree(effect, outside)


async def _agree(effect: ax.ReadConsent | ax.ReadAgreement | ax.AcceptAgreement, outside: Outside) -> Reply:
    match effect:
        case ax.ReadConsent():
            consent = await consents.read(outside.pingone, effect.person_id, effect.agreement_id)
            return ax.ConsentRead(consent.accepted)
        case ax.ReadAgreement():
            shown = await agreements.present(outside.pingone, effect.agreement_id, wanted_of(effect.languages))
            return ax.AgreementRead(shown) if isinstance(shown, Agreement) else ax.NoAgreement()
        case ax.AcceptAgreement():
            return await accept(effect, outside)


async def find(effect: gx.FindForRegistration, outside: Outside) -> gx.RegistrationUser:
    """Whoever has it as address or as user name; the first one where several have."""
    got = await users.bearing(outside.pingone, effect.address)
    found = got.body.users
    return gx.RegistrationUser(found[0].id if found else "", correlation_id=got.correlation_id)


async def check_code(effect: gx.CheckEmailCode, context: Context, outside: Outside) -> Reply:
    """Right only where PingOne completes this very authentication by it."""
    typed = passcode(context.secret.reveal()) if context.secret else ""
    try:
        got = await authentications.check_passcode(outside.pingone, effect.authentication_id, typed)
    except (InvalidValueError, NotFoundError, ConflictError) as error:
        return gx.EmailCodeWrong(correlation_id=error.correlation_id)
    if got.body.status != "COMPLETED" or got.body.id != effect.authentication_id:
        return gx.EmailCodeWrong(correlation_id=got.correlation_id)
    return gx.EmailCodeRight(correlation_id=got.correlation_id)


async def create(effect: gx.CreateUser, context: Context, outside: Outside) -> Reply:
    """Make the account and read it back."""
    if effect.with_password and context.secret is None:
        return r.SecretLost()
    password = context.secret if effect.with_password else None
    if password and (why := password_rules.why_unusable(password)):
        return pr.PasswordRefused((why,))
    new = new_users.NewUser(effect.address, effect.given_name, effect.family_name, outside.registration.population_id)
    made = await new_users.create(outside.pingone, new, password)
    if isinstance(made, new_users.Taken):
        return gx.AddressTaken(correlation_id=made.correlation_id)
    if isinstance(made, new_users.NotTaken):
        return _not_taken(made.fields, made.rules, made.correlation_id)
    user = (await users.read(outside.pingone, made.user_id)).body
    if user.email.casefold() != effect.address.casefold():
        words = "PingOne said that the account was made, but shows another address."
        raise ReadBackError(words, system=SYSTEM, details="email", correlation_id=made.correlation_id)
    await outside.links().saw_address(made.user_id, user.email)
    return gx.UserCreated(made.user_id, correlation_id=made.correlation_id)


def _not_taken(fields: dict[str, str], rules: tuple[str, ...], correlation_id: str) -> Reply:
    if rules or any(field.startswith("password") for field in fields):
        return pr.PasswordRefused(password_rules.refusal(rules), correlation_id=correlation_id)
    if any(field in _NAMES for field in fields):
        return gx.NameRefused(correlation_id=correlation_id)
    words = "PingOne does not take this account. Nothing was made."
    raise ConflictError(words, system=SYSTEM, details=", ".join(fields), correlation_id=correlation_id)


async def enroll_email(effect: gx.EnrollEmail, outside: Outside) -> Reply:
    """Active at once, and read back; what settings of PingOne do not allow is left out."""
    api, who = outside.pingone, effect.person_id
    address = (await users.read(api, who)).body.email
    made = await pairing.begin_email(api, who, address, active=True)
    match made:
        case pairing.AlreadyPaired(correlation_id):
            return gx.EmailEnrolled(correlation_id=correlation_id)
        case pairing.Begun():
            there = any(one.id == made.device_id and one.status == "ACTIVE" for one in await devices.read_all(api, who))
            if not there:
                words = "PingOne said that the device was made, but does not show it."
                raise ReadBackError(words, system=SYSTEM, details=made.device_id, correlation_id=made.correlation_id)
            return gx.EmailEnrolled(correlation_id=made.correlation_id)
        case _:
            return gx.EmailNotAllowed(correlation_id=made.correlation_id)


async def set_password(effect: gx.SetFirstPassword, context: Context, outside: Outside) -> Reply:
    """The account's first one, read back."""
    if context.secret is None:
        return r.SecretLost()
    if why := password_rules.why_unusable(context.secret):
        return pr.PasswordRefused((why,))
    api, who = outside.pingone, effect.person_id
    before = state_of(Home.PINGONE, await passwords.read(api, who))
    try:
        got = await passwords.set_value(api, who, context.secret)
    except InvalidValueError as error:
        return pr.PasswordRefused(password_rules.refusal(error.rules), correlation_id=error.correlation_id)
    after = state_of(Home.PINGONE, await passwords.read(api, who))
    must_be_new(after, before, got.correlation_id)
    return pr.PasswordSet(Home.PINGONE, after.changed_at, correlation_id=got.correlation_id)


async def accept(effect: ax.AcceptAgreement, outside: Outside) -> ax.AgreementAccepted:
    """Exactly what was shown, read back."""
    text = Agreement(effect.agreement_id, effect.language_id, effect.revision_id, "", "", "")
    correlation_id = await consents.accept(outside.pingone, effect.person_id, text)
    if not (await consents.read(outside.pingone, effect.person_id, effect.agreement_id)).accepted:
        words = "PingOne said that it was accepted, but does not show it."
        raise ReadBackError(words, system=SYSTEM, details="consent", correlation_id=correlation_id)
    return ax.AgreementAccepted(correlation_id=correlation_id)


async def tell_owner(effect: gx.TellOwner, outside: Outside) -> r.CustomerTold | r.CustomerNotTold:
    """With the way back, where what they have is a registration that is half done."""
    url = await _way_back(effect.person_id, outside)
    company = outside.company
    if url:
        letter = letters.registration(url, letters.HALF_DONE, company=company.name, phone=company.phone)
    else:
        change_, now = Change.REGISTRATION_TRIED, outside.now()
        letter = letters.notice(change_, now, company=company.name, phone=company.phone)
    return await _mail(effect.person_id, letter, outside)


async def welcome(effect: gx.Welcome, outside: Outside) -> r.CustomerTold | r.CustomerNotTold:
    """The account is there; and how to come back to a page that was left."""
    url, company = await _way_back(effect.person_id, outside), outside.company
    letter = letters.registration(url, letters.CREATED, company=company.name, phone=company.phone)
    return await _mail(effect.person_id, letter, outside)


async def _way_back(person_id: str, outside: Outside) -> str:
    token = await outside.links().way_back(person_id) if outside.public_url() else None
    return f"{outside.public_url()}{AGAIN}/{token.reveal()}" if token else ""


async def _mail(person_id: str, letter: letters.Letter, outside: Outside) -> r.CustomerTold | r.CustomerNotTold:
    if outside.mailer is None:
        return r.CustomerNotTold("No mail server is set up.")
    address = (await users.read(outside.pingone, person_id)).body.email.strip()
    if not address:
        return r.CustomerNotTold("PingOne has no mail address for this person.")
    await outside.mailer().send(letter, to=address, sender_name=outside.company.name)
    return r.CustomerTold()
