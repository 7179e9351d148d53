"""Inviting somebody whom nobody knows to register: the mail, where the address is free and settings let it register."""

from __future__ import annotations

from csrdesk.flows.invitation_effects import Invited, InviteToRegister, NotInvited
from csrdesk.model.masking import mask_email
from csrdesk.model.registration import is_address, is_of
from csrdesk.model.text import clean
from csrdesk.services import letters
from csrdesk.services.performer.outside import Outside
from csrdesk.services.performer.registration import PAGE
from csrdesk.services.pingone import users


async def invite(effect: InviteToRegister, outside: Outside) -> Invited | NotInvited:
    """To the address as it was typed. Raises a `ServiceError`, also where the mail server says no."""
    address = effect.address.strip()
    if why := _why_not(address, outside):
        return NotInvited(f"{why} Nothing was sent.")
    mailer = outside.mailer
    if mailer is None:
        return NotInvited("No mail server is set up. Nothing was sent.")
    got = await users.bearing(outside.pingone, address)
    if got.body.users:
        words = "Somebody has this address already: look them up by it. Nothing was sent."
        return NotInvited(words, correlation_id=got.correlation_id)
    company = outside.company
    letter = letters.invitation(f"{outside.public_url()}{PAGE}", company=company.name, phone=company.phone)
    await mailer().send(letter, to=address, sender_name=company.name)
    return Invited(clean(mask_email(address)), outside.now(), correlation_id=got.correlation_id)


def _why_not(address: str, outside: Outside) -> str:
    """What speaks against inviting anybody there, in words; empty where nothing does."""
    asked = outside.registration
    if not asked.enabled:
        return "Settings have no page to register (registration.enabled)."
    if not outside.public_url():
        return "Nobody serves the customers' pages."
    if not is_address(address):
        return "This is no mail address."
    if is_of(address, frozenset(asked.no_domains)) or (asked.domains and not is_of(address, frozenset(asked.domains))):
        return "Settings let no address of this domain register (registration.domains, registration.no_domains)."
    return ""
