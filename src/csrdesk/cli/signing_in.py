"""The work of `csrdesk login`: which way, what is shown meanwhile, where the sign-in goes."""

from __future__ import annotations

import contextlib
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from csrdesk.cli.result import Result, say
from csrdesk.errors import CsrdeskError

if TYPE_CHECKING:
    import webbrowser

    from csrdesk.config import Settings
    from csrdesk.services.sign_in.keeping import Kept
    from csrdesk.services.sign_in.provider import Provider


async def sign_in(settings: Settings, *, by_code: bool, once: bool) -> Result:
    """Sign somebody in and keep it, in the keyring or (`once`) in memory."""
    from csrdesk.services.sign_in import only_this_run, sign_in_at
    from csrdesk.services.sign_in.current import opened

    async with opened(settings) as provider:
        kept = await _signed_in(provider, by_code=by_code)
    if once:
        only_this_run(settings, kept)
    else:
        current = sign_in_at(settings)
        with contextlib.suppress(CsrdeskError):  # one that was there before ends, as far as it can be told
            await current.end()
        await current.keep(kept)
    until = ends_at(kept, settings)
    line = f"You are signed in as {named(kept)}, until {clock(until)} at the latest."
    return Result(data={**told(kept, until), "kept": "memory" if once else "keyring"}, lines=(line,))


async def _signed_in(provider: Provider, *, by_code: bool) -> Kept:
    from csrdesk.cli.browsing import browser_here
    from csrdesk.services.sign_in.browser import by_browser
    from csrdesk.services.sign_in.device import by_device

    browser = None if by_code else browser_here()
    if browser is not None:
        return await by_browser(provider, lambda url: _open(browser, url))
    from csrdesk.cli.device_code import waiting

    if not by_code:
        say("There is no browser here, so sign in on another device.")
    async with waiting() as shown:
        return await by_device(provider, shown)


def _open(browser: webbrowser.BaseBrowser, url: str) -> None:
    """Beside everything else: some browsers return when they are closed."""
    threading.Thread(target=browser.open, args=(url,), daemon=True).start()
    say("Sign in with the browser that opens. If none does, open this address on this machine:")
    say(f"  {url}")
    say("Ctrl-C ends the waiting.")


def named(kept: Kept) -> str:
    """`Petra Kowalska (petra)`."""
    return f"{kept.name} ({kept.username})" if kept.name != kept.username else kept.username


def ends_at(kept: Kept, settings: Settings) -> datetime:
    """When the shift ends, as far as this machine's settings say."""
    return moment(kept.signed_in_at + settings.sign_in.shift_hours * 3600)


def told(kept: Kept, until: datetime) -> dict[str, object]:
    """For programs."""
    return {
        "username": kept.username,
        "name": kept.name,
        "signed_in_at": moment(kept.signed_in_at),
        "until": until,
    }


def moment(seconds: float) -> datetime:
    """Seconds since 1970, to the second."""
    return datetime.fromtimestamp(int(seconds), UTC)


def clock(at: datetime) -> str:
    """As a clock on the wall here."""
    return f"{at.astimezone():%H:%M}"
