"""The mail about a change of somebody's account, and about an alert. The address is read, used and forgotten here.

The mail to a customer goes to the address that PingOne has now, also where that is unverified: a change that nobody is
told of would be worse. Of an address that came lately the desk knows no earlier one (it keeps hashes), so the agent is
told instead.
"""

from __future__ import annotations

from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows.doors import Context
from csrdesk.model.devices import Age
from csrdesk.services.directory.writes import read_entry
from csrdesk.services.letters import Mailer, alert, notice
from csrdesk.services.performer.outside import Outside
from csrdesk.services.pingone import users

_NO_MAIL = "No mail server is set up."
_NO_ADDRESS = "PingOne has no mail address for this person."
_NEW = "Their address came lately, so tell them by another way as well."
_UNVERIFIED = "Their address was never verified, so tell them by another way as well."


async def tell_customer(effect: fx.TellCustomer, outside: Outside) -> r.CustomerTold | r.CustomerNotTold:
    """Told means that the mail server has accepted the mail. Raises a `ServiceError` where another try may help."""
    if outside.mailer is None:
        return r.CustomerNotTold(_NO_MAIL)
    mailer = outside.mailer()
    if effect.dn:
        return await _tell_by_directory(effect, outside, mailer)
    user = (await users.read(outside.pingone, effect.person_id)).body
    address = user.email.strip()
    if not address:
        return r.CustomerNotTold(_NO_ADDRESS)
    age = await outside.links().saw_address(effect.person_id, address)
    await _mail(effect, outside, mailer, address)
    if age is Age.NEW:
        return r.CustomerTold(_NEW)
    return r.CustomerTold("" if user.email_verified else _UNVERIFIED)


async def _tell_by_directory(
    effect: fx.TellCustomer, outside: Outside, mailer: Mailer
) -> r.CustomerTold | r.CustomerNotTold:
    """PingOne could not be asked, so the directory's address has to do."""
    if outside.directory is None:
        return r.CustomerNotTold(_NO_ADDRESS)
    entry = await read_entry(outside.directory, effect.dn, ("mail",))
    address = (entry.first("mail") or "").strip()
    if not address:
        return r.CustomerNotTold("The directory has no mail address for this person.")
    await _mail(effect, outside, mailer, address)
    return r.CustomerTold()


async def _mail(effect: fx.TellCustomer, outside: Outside, mailer: Mailer, address: str) -> None:
    company = outside.company
    letter = notice(effect.change, outside.now(), company=company.name, phone=company.phone, exception=effect.exception)
    await mailer.send(letter, to=address, sender_name=company.name)


async def mail_alert(effect: fx.MailAlert, context: Context, outside: Outside) -> r.AlertMailed | r.CustomerNotTold:
    """To those whom settings name. Raises a `ServiceError`."""
    company = outside.company
    if outside.mailer is None or not company.alert_to:
        return r.CustomerNotTold(_NO_MAIL)
    letter = alert(effect.alert, row=effect.seq, by=effect.by, call_id=context.call_id, person_id=effect.person_id)
    await outside.mailer().send(letter, to=company.alert_to, sender_name=company.name)
    return r.AlertMailed()
