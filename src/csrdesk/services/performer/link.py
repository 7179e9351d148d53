"""Sending the magic link: the row first, then the mail, then the clock. A mail not taken leaves a dead link."""

from __future__ import annotations

from csrdesk.errors import ServiceError
from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows.doors import Context, OpenedLink
from csrdesk.model.devices import Age
from csrdesk.model.link import Purpose
from csrdesk.model.secret import Secret
from csrdesk.services.letters import MagicLinkFacts, magic_link
from csrdesk.services.performer.outside import Outside
from csrdesk.services.performer.people import masked
from csrdesk.services.pingone import users

_NO_PAGES = "The customers' pages are not being served, so a link would open nothing. Start `csrdesk serve`."
_NO_MAIL = "No mail server is set up, so no link was sent. Ask an administrator."
_NO_ADDRESS = "PingOne has no mail address for this person, so no link was sent."
_TOO_NEW = "The account is too new for its mail address to prove anybody, so no link was sent."
_UNVERIFIED = "The mail address was never verified, so no link was sent."


async def send_magic_link(effect: fx.SendMagicLink, context: Context, outside: Outside) -> r.LinkSent | r.LinkNotSent:
    """Sent means that the mail server has accepted it; from then on the link's clock runs."""
    origin, mailer = outside.public_url(), outside.mailer
    if not origin:
        return r.LinkNotSent(_NO_PAGES)
    if mailer is None:
        return r.LinkNotSent(_NO_MAIL)
    got = await users.read(outside.pingone, effect.person_id)
    address = got.body.email.strip()
    if not address:
        return r.LinkNotSent(_NO_ADDRESS)
    if not got.body.email_verified:
        return r.LinkNotSent(_UNVERIFIED)
    if outside.age(got.body.created_at) is Age.NEW:
        return r.LinkNotSent(_TOO_NEW)
    opened = await outside.links().open(effect, context, to=masked(address), address=address)
    if isinstance(opened, r.LinkNotSent):
        return opened
    company = outside.company
    facts = MagicLinkFacts(
        url=_url(origin, opened),
        reference=opened.reference,
        agent=opened.agent_name,
        company=company.name,
        phone=company.phone,
        minutes=company.link_minutes,
        reset=effect.purpose is Purpose.RESET,
    )
    try:
        await mailer().send(magic_link(facts), to=address, sender_name=company.name)
    except ServiceError as error:
        await outside.links().failed(opened.challenge_id)
        return r.LinkNotSent(f"The link was not sent. {error.message}", code=error.code)
    return r.LinkSent(await outside.links().accepted(opened.challenge_id))


def _url(origin: str, opened: OpenedLink) -> Secret:
    return Secret(f"{origin.rstrip('/')}/v/{opened.token.reveal()}")
