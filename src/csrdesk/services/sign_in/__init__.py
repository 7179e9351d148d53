"""Signing in by OpenID Connect: agents by browser or by a code for another device, scripts by a secret of their own.

Importing it costs next to nothing; what it needs loads when a token is wanted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from csrdesk.config import Settings, SignInSettings
from csrdesk.model.secret import Secret

if TYPE_CHECKING:
    from csrdesk.services.sign_in.current import Current
    from csrdesk.services.sign_in.keeping import Kept

_current: dict[tuple[SignInSettings, str], Current] = {}
"""One for each desk that this process speaks to: tokens are asked for at each request."""


async def access_token(settings: Settings) -> Secret:
    """A token that this process may show at the desk, renewed where it would soon end.

    `CSRDESK_TOKEN_FILE` comes first, then a script's own secret, then the sign-in that is kept. Raises
    `NotSignedInError` where a person has to sign in, `ConfigError`, and `ServiceError`.
    """
    return await sign_in_at(settings).access_token()


def sign_in_at(settings: Settings) -> Current:
    """The sign-in that this process has at the desk of these settings."""
    from csrdesk.services.sign_in.current import Current

    key = (settings.sign_in, settings.desk.data_dir)
    if key not in _current:
        _current[key] = Current(settings)
    return _current[key]


def only_this_run(settings: Settings, kept: Kept) -> None:
    """Act with that sign-in until the process ends, and keep it nowhere."""
    from csrdesk.services.sign_in.current import Current
    from csrdesk.services.sign_in.keeping import MemoryKeeper

    _current[settings.sign_in, settings.desk.data_dir] = Current(settings, keeper=MemoryKeeper(kept))
