"""Building what reaches outside: PingOne, the directory and mail, from settings and secrets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from csrdesk.config import Settings
from csrdesk.flows import effects as fx
from csrdesk.flows.doors import Context, LinkDesk, Perform
from csrdesk.flows.invitation_effects import InviteToRegister, NotInvited
from csrdesk.flows.kernel import Effect, Failed, Problem, Reply
from csrdesk.flows.recovery_effects import InviteToRecover
from csrdesk.flows.recovery_replies import RecoveryNotInvited
from csrdesk.flows.replies import LinkNotSent
from csrdesk.flows.spoken_effects import AddressNotOpened, OpenAddress
from csrdesk.services import keys
from csrdesk.services.directory.opening import open_directory
from csrdesk.services.directory.protection import HeldAccounts, ProtectedAccounts
from csrdesk.services.letters import Letter, Mailer
from csrdesk.services.pace import Pace, Paces
from csrdesk.services.performer import Outside
from csrdesk.services.performer.outside import Company, utc_now
from csrdesk.services.pingone.api import open_api
from csrdesk.services.timing import TimedDirectory, TimedMailer, Watch
from csrdesk.wiring.pages import Pages


def open_outside(
    settings: Settings,
    links: LinkDesk,
    pages: Pages,
    paces: Paces | None = None,
    watch: Watch | None = None,
    now: Callable[[], datetime] = utc_now,
) -> Outside:
    """The services that the settings name; nothing is sent yet. Raises `ConfigError` for a secret that is missing.

    `watch` is told of each call; `now` is what ages and notices are told by.
    """
    secrets = keys.load_secrets(settings)
    directory = open_directory(settings.directory, secrets.directory)
    return Outside(
        pingone=open_api(settings.pingone, secrets.pingone, paces.pingone if paces else None, watch),
        links=lambda: links,
        mailer=_mailer(settings, secrets, paces, watch) if settings.mail.host and settings.mail.sender else None,
        directory=TimedDirectory(directory, watch) if directory and watch else directory,
        stamp_attribute=settings.directory.stamp_attribute,
        match=settings.directory.match,
        protected=ProtectedAccounts(
            settings.directory.protected_groups, settings.directory.protected_ous, settings.directory.scope_ous
        ),
        agents=frozenset(name.casefold() for name in settings.desk.agents),
        held=HeldAccounts(
            settings.directory.hold_groups, settings.directory.hold_ous, settings.limits.enable_otherwise_ask
        ),
        passwords=settings.passwords,
        protect=settings.protect,
        registration=settings.registration,
        company=Company(
            name=settings.flow.ciam_company_name,
            phone=settings.desk.phone,
            link_minutes=max(1, round(settings.limits.link_seconds / 60)),
            alert_to=settings.desk.alert_to,
        ),
        agreement_id=settings.flow.agreement_id if settings.flow.ciam_agreement_enabled else "",
        call_back=settings.ways.call_back,
        public_url=lambda: pages.url,
        now=now,
        proof_age=timedelta(hours=settings.limits.proof_age_hours),
        lives_on=_lives_on(settings),
    )


def _lives_on(settings: Settings) -> str:
    """Tokens that apps hold, and Kerberos tickets: neither asks PingOne again before they run out."""
    minutes, hours = settings.desk.apps_live_minutes, settings.desk.windows_live_hours
    apps = f"apps up to {minutes} min" if minutes else ""
    windows = f"Windows sign-ins up to {hours} h" if hours and settings.directory.kind != "none" else ""
    return ", ".join(part for part in (apps, windows) if part)


def _mailer(
    settings: Settings, secrets: keys.Secrets, paces: Paces | None, watch: Watch | None
) -> Callable[[], Mailer]:
    def mailer() -> Mailer:
        from csrdesk.services.mail import SmtpMailer

        smtp: Mailer = SmtpMailer(settings.mail, secrets.mail)
        if watch:
            smtp = TimedMailer(smtp, watch)
        return PacedMailer(smtp, paces.mail) if paces else smtp

    return mailer


class PacedMailer:
    """Hands letters over in their turn."""

    def __init__(self, mailer: Mailer, pace: Pace) -> None:
        self._mailer = mailer
        self._pace = pace

    async def send(self, letter: Letter, *, to: str, sender_name: str) -> None:
        """As the mailer does, once it is this letter's turn."""
        await self._pace.turn()
        await self._mailer.send(letter, to=to, sender_name=sender_name)

    async def greet(self) -> None:
        """As the mailer does; nothing is sent, so nothing has to wait."""
        await self._mailer.greet()


class OnlyServedLinks:
    """Performs everything, but makes no link and no code that would open nothing."""

    def __init__(self, perform: Perform, pages: Pages) -> None:
        self._perform = perform
        self._pages = pages

    async def __call__(self, effect: Effect, context: Context) -> Reply:
        if isinstance(effect, fx.SendMagicLink) and (why := self._pages.why_no_link()):
            return LinkNotSent(why)
        if isinstance(effect, InviteToRecover) and (why := self._pages.why_no_link()):
            return RecoveryNotInvited(why)
        if isinstance(effect, InviteToRegister) and (why := self._pages.why_no_link()):
            return NotInvited(why)
        if isinstance(effect, OpenAddress) and (why := self._pages.why_no_link()):
            return AddressNotOpened(why)
        return await self._perform(effect, context)


async def perform_nothing(effect: Effect, context: Context) -> Reply:
    """For commands that only read the desk's own database: they need no secret, and nothing goes out."""
    del context
    return Failed(Problem("This command does not reach outside. Nothing was done.", type(effect).__name__))
