"""The desk's check-up: which looks there are for these settings, taken all at once, each in its own time.

Beside the desk's opening, because it must work where a desk cannot be opened.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from csrdesk.config import Settings, load
from csrdesk.errors import ConfigError, CsrdeskError
from csrdesk.model.checkup import Finding, Level, ok, warning, wrong
from csrdesk.wiring import here, second_audit

PATIENCE = 20.0
"""Seconds that one look may take."""
_MAIL_PATIENCE = 5.0
Found = tuple[Finding, ...]


@dataclass(frozen=True)
class Look:
    """One part of the check-up."""

    area: str
    take: Callable[[], Awaitable[Found]]


async def check_up(path: Path, progress: Callable[[tuple[str, ...]], None]) -> Found:
    """Everything that can be said of the desk that the file describes; `progress` is told what is still waited for."""
    try:
        settings = load(path)
    except ConfigError as error:
        return (wrong("Settings", error.message, "The other looks need settings that can be used."),)
    return await take_all(looks(settings, path), progress)


async def take_all(
    found: tuple[Look, ...], progress: Callable[[tuple[str, ...]], None], *, patience: float = PATIENCE
) -> Found:
    """All at the same time, each for `patience` seconds at most; what they found in the order that was given."""
    waiting = [look.area for look in found]

    async def take(look: Look) -> Found:
        try:
            async with asyncio.timeout(patience):
                return await look.take()
        except TimeoutError:
            words = f"No answer within {patience:g} s."
            return (wrong(look.area, words, "Look at the way there, then look again."),)
        except CsrdeskError as error:
            return (wrong(look.area, error.message),)
        finally:
            waiting.remove(look.area)
            progress(tuple(waiting))

    progress(tuple(waiting))
    return tuple(finding for one in await asyncio.gather(*map(take, found)) for finding in one)


def looks(settings: Settings, path: Path) -> tuple[Look, ...]:
    """In the order in which they are shown; the few of a machine whose desk is elsewhere."""
    file = Look("Settings", lambda: asyncio.to_thread(here.settings_file, settings, path))
    log = Look("Log", lambda: asyncio.to_thread(here.log_file, settings))
    signing_in = [Look("Sign-in", lambda: _sign_in(settings))] if settings.sign_in.issuer else []
    if settings.desk.server:
        return (file, *signing_in, Look("Desk", lambda: _desk(settings)), log)
    return (
        file,
        Look("PingOne", lambda: _pingone(settings)),
        Look("PingOne roles", lambda: _granted(settings)),
        *signing_in,
        *([Look("PingOne Protect", lambda: _protect(settings))] if asks_protect(settings) else ()),
        *([Look("Registration", lambda: _registration(settings))] if settings.registration.enabled else ()),
        Look("Directory", lambda: _directory(settings)),
        Look("Passwords", lambda: _passwords(settings)),
        Look("Mail", lambda: _mail(settings)),
        Look("Pages", lambda: _pages(settings)),
        Look("Keys", lambda: asyncio.to_thread(here.keys_of, settings)),
        Look("Database", lambda: here.database(settings)),
        *([Look(second_audit.AREA, lambda: second_audit.look(settings))] if settings.audit_sink.kind != "none" else ()),
        log,
    )


async def _desk(settings: Settings) -> Found:
    from csrdesk.wiring.elsewhere import open_remote

    async with open_remote(settings, patience=0) as desk:
        down = () if await desk.is_writable() else ("Audit",)
        down = (*down, *await desk.not_answering())
    found = ok("Desk", f"{settings.desk.server} answers, and knows you as {desk.agent.id}.")
    words = f"It says that something does not answer: {', '.join(down)}."
    return (found, warning("Desk", words, "Ask whoever runs the desk.")) if down else (found,)


async def _pingone(settings: Settings) -> Found:
    from csrdesk.services import keys
    from csrdesk.services.pingone.api import open_api
    from csrdesk.services.probes import pingone
    from csrdesk.wiring.pages import Pages
    from csrdesk.wiring.who import data_folder

    try:
        secret = await asyncio.to_thread(keys.read, keys.PINGONE, settings.pingone.client_secret_file)
    except ConfigError:
        return (wrong(pingone.AREA, "Not asked: there is no client secret.", "See Keys."),)
    api = open_api(settings.pingone, secret)
    try:
        return await pingone.probe(
            api,
            settings.flow.mfa_policy_id,
            settings.flow.device_types,
            public_url=Pages(settings, data_folder(settings)).url,
            ways=settings.ways,
        )
    finally:
        await api.close()


async def _sign_in(settings: Settings) -> Found:
    from csrdesk.services import keys
    from csrdesk.services.probes import sign_in
    from csrdesk.services.sign_in import sign_in_at

    chosen = settings.sign_in
    try:
        wanted = keys.SIGN_IN_RESOURCE if chosen.introspect else None
        secret = await asyncio.to_thread(keys.read, wanted, chosen.resource_secret_file) if wanted else None
    except ConfigError:
        return (wrong(sign_in.AREA, "Not asked: the resource's secret is missing.", "See Keys."),)
    try:
        kept = await sign_in_at(settings).kept()
    except ConfigError:  # no keyring: of account only to whoever signs in here, and said there
        kept = None
    return await sign_in.probe(chosen, resource_secret=secret, token=kept.access_token if kept else None)


async def _granted(settings: Settings) -> Found:
    from csrdesk.services import keys
    from csrdesk.services.pingone.api import open_api
    from csrdesk.services.probes import granted

    try:
        secret = await asyncio.to_thread(keys.read, keys.PINGONE, settings.pingone.client_secret_file)
    except ConfigError:
        return (wrong(granted.AREA, "Not asked: there is no client secret.", "See Keys."),)
    api = open_api(settings.pingone, secret)
    try:
        return await granted.probe(api, settings.pingone.client_id)
    finally:
        await api.close()


def asks_protect(settings: Settings) -> bool:
    """Whether any page has PingOne Protect judge its visitors."""
    asked = settings.flow.ciam_account_recovery_enabled or settings.registration.enabled
    return settings.flow.protect_required or asked


async def _protect(settings: Settings) -> Found:
    from csrdesk.services import keys
    from csrdesk.services.pingone.api import open_api
    from csrdesk.services.probes import protect

    try:
        secret = await asyncio.to_thread(keys.read, keys.PINGONE, settings.pingone.client_secret_file)
    except ConfigError:
        return (wrong(protect.AREA, "Not asked: there is no client secret.", "See Keys."),)
    api, flow = open_api(settings.pingone, secret), settings.flow
    policies = {
        "flow.p1RiskPolicyIdAuthn": flow.risk_policy_id_authn,
        "flow.p1RiskPolicyIdAR": flow.risk_policy_id_ar,
        "flow.p1RiskPolicyIdReg": flow.risk_policy_id_reg,
    }
    try:
        return await protect.probe(api, policies, settings.protect)
    finally:
        await api.close()


async def _registration(settings: Settings) -> Found:
    from csrdesk.services import keys
    from csrdesk.services.pingone.api import open_api
    from csrdesk.services.probes import registration

    try:
        secret = await asyncio.to_thread(keys.read, keys.PINGONE, settings.pingone.client_secret_file)
    except ConfigError:
        return (wrong(registration.AREA, "Not asked: there is no client secret.", "See Keys."),)
    api, flow = open_api(settings.pingone, secret), settings.flow
    try:
        return await registration.probe(
            api,
            settings.registration,
            agreement_id=flow.agreement_id if flow.ciam_agreement_enabled else "",
            policy_id=flow.mfa_policy_id,
            wanted=flow.device_types,
        )
    finally:
        await api.close()


async def _directory(settings: Settings) -> Found:
    from csrdesk.services import keys
    from csrdesk.services.directory.opening import open_directory
    from csrdesk.services.probes import directory

    named = settings.directory
    try:
        needed = named.needs_password
        password = await asyncio.to_thread(keys.read, keys.DIRECTORY, named.password_file) if needed else None
    except ConfigError:
        return (wrong(directory.AREA, "Not asked: there is no password.", "See Keys."),)
    opened = open_directory(named, password)
    if opened is None:
        return (ok("Directory", "None is set up."),)
    try:
        found = await directory.probe(opened, named.protected_groups, named.protected_ous)
        if named.kind == "ad" and not any(one.level is Level.WRONG for one in found):
            from csrdesk.services.directory.ldap import LdapDirectory
            from csrdesk.services.probes import active_directory

            if isinstance(opened, LdapDirectory):
                found += await active_directory.probe(opened, named)
        return found
    finally:
        await opened.close()


async def _passwords(settings: Settings) -> Found:
    from csrdesk.services import keys
    from csrdesk.services.directory.opening import open_directory
    from csrdesk.services.pingone.api import open_api
    from csrdesk.services.probes import passwords

    try:
        secrets = await asyncio.to_thread(keys.load_secrets, settings)
    except ConfigError:
        return (wrong(passwords.AREA, "Not asked: a secret is missing.", "See Keys."),)
    api, directory = open_api(settings.pingone, secrets.pingone), open_directory(settings.directory, secrets.directory)
    try:
        return await passwords.probe(api, directory, settings.passwords)
    finally:
        await api.close()
        if directory is not None:
            await directory.close()


async def _mail(settings: Settings) -> Found:
    if not (settings.mail.host and settings.mail.sender):
        return (warning("Mail", "None is set up, so no link can be sent.", "Fill in [mail]."),)
    import msgspec

    from csrdesk.services import keys
    from csrdesk.services.probes import mail

    try:
        needed = settings.mail.user
        password = await asyncio.to_thread(keys.read, keys.MAIL, settings.mail.password_file) if needed else None
    except ConfigError:
        return (wrong(mail.AREA, "Not asked: there is no password.", "See Keys."),)
    patience = min(settings.mail.timeout_seconds, _MAIL_PATIENCE)
    return await mail.probe(msgspec.structs.replace(settings.mail, timeout_seconds=patience), password)


async def _pages(settings: Settings) -> Found:
    from csrdesk.services.probes import pages
    from csrdesk.wiring.pages import Pages
    from csrdesk.wiring.who import data_folder

    known = Pages(settings, data_folder(settings))
    holder, todo = known.holder, "Start `csrdesk serve` or a console."
    if not settings.desk.public_url and not settings.demo:
        return (warning(pages.AREA, "No link can be made.", "Set desk.public_url."),)
    if holder is None:
        return (warning(pages.AREA, "Nobody serves them now, so no link can be sent.", todo),)
    return ok(pages.AREA, f"Served by process {holder.pid}."), await pages.probe(known.url)
