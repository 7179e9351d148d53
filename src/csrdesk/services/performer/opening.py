"""The services as the settings name them, opened: what `wiring` calls. Nothing is sent or connected yet."""

from __future__ import annotations

import math
from collections.abc import Callable

from csrdesk.config import MailSettings, Settings
from csrdesk.flows.doors import LinkDesk
from csrdesk.model.secret import Secret
from csrdesk.services.directory.port import Directory
from csrdesk.services.directory.protection import ProtectedAccounts
from csrdesk.services.keys import Secrets
from csrdesk.services.letters import Mailer
from csrdesk.services.performer.outside import Company, Outside
from csrdesk.services.pingone.api import open_api


def open_outside(
    settings: Settings, secrets: Secrets, *, links: Callable[[], LinkDesk], public_url: Callable[[], str] | None = None
) -> Outside:
    """`public_url`: the pages' origin, empty while nobody serves them; where it is None, the settings' own is taken."""
    directory, desk = settings.directory, settings.desk
    return Outside(
        pingone=open_api(settings.pingone, secrets.pingone),
        links=links,
        mailer=_mailer(settings.mail, secrets.mail) if settings.mail.host else None,
        directory=_directory(settings, secrets.directory),
        protected=ProtectedAccounts(directory.protected_groups, directory.protected_ous),
        company=Company(settings.flow.ciam_company_name, desk.phone, math.ceil(settings.limits.link_seconds / 60)),
        public_url=public_url or (lambda: desk.public_url),
    )


def _mailer(settings: MailSettings, password: Secret | None) -> Callable[[], Mailer]:
    def make() -> Mailer:
        from csrdesk.services.mail import SmtpMailer

        return SmtpMailer(settings, password)

    return make


def _directory(settings: Settings, password: Secret | None) -> Directory | None:
    if settings.directory.kind == "none" or password is None:
        return None
    from csrdesk.services.directory.sandbox import SandboxDirectory

    return SandboxDirectory(settings.directory, password)
