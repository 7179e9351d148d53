"""The mail server: reached, encrypted, and the sign-in taken. No mail is sent."""

from __future__ import annotations

from csrdesk.config import MailSettings
from csrdesk.errors import ServiceError, UnauthorizedError
from csrdesk.model.checkup import Finding, ok, wrong
from csrdesk.model.secret import Secret
from csrdesk.services.mail import SmtpMailer

AREA = "Mail"


async def probe(settings: MailSettings, password: Secret | None) -> tuple[Finding, ...]:
    """One connection, ended before a mail begins."""
    try:
        await SmtpMailer(settings, password).greet()
    except UnauthorizedError as error:
        todo = "Compare mail.user, its password and mail.security with what the server offers."
        return (wrong(AREA, error.message, todo),)
    except ServiceError as error:
        return (
            wrong(AREA, error.message, "Compare mail.host, mail.port and mail.ca_file, and look at the way there."),
        )
    signed_in = ", and takes csrdesk's sign-in" if settings.user else ""
    return (ok(AREA, f"{settings.host} is reached over TLS{signed_in}."),)
