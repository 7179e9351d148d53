"""`csrdesk logout`: the end of a sign-in, here and at the identity provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csrdesk.cli.interrupts import run as run_loop
from csrdesk.cli.options import Json
from csrdesk.cli.result import Result, refusal
from csrdesk.errors import ServiceError

if TYPE_CHECKING:
    from csrdesk.config import Settings


def logout(_json: Json = False) -> Result:
    """End your sign-in: the keyring forgets it, and the sign-in service is told that it counts no more.

    A console that is open notices within half a minute. Ends with 0, also where nobody was signed in; with 3 where the
    sign-in service could not be told.

    \b
    Example:
      csrdesk logout
    """
    from csrdesk.cli.desk import settings_for_desk

    settings, _ = settings_for_desk()
    return run_loop(_logout(settings))


async def _logout(settings: Settings) -> Result:
    from csrdesk.cli.signing_in import named
    from csrdesk.services.sign_in import sign_in_at
    from csrdesk.services.sign_in.current import need_issuer

    need_issuer(settings)
    try:
        ended = await sign_in_at(settings).end()
    except ServiceError as error:
        words = "You are signed out here, but the sign-in service could not be told"
        hours = settings.sign_in.shift_hours
        late = f"There it ends by itself, {hours} hours after you signed in at the latest"
        message = f"{words}. {error.message} {late}; a lead can end it now."
        return refusal(error.code, message, details=error.details, data={"signed_out": True, "told": False})
    line = f"{named(ended)} is signed out." if ended else "Nobody was signed in."
    return Result(data={"signed_out": ended is not None, "told": ended is not None}, lines=(line,))
