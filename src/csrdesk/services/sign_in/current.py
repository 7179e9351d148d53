"""The sign-in that this process acts with: read, renewed before it ends, ended."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec

from csrdesk.config import Settings
from csrdesk.errors import ConfigError, CsrdeskError, NotSignedInError, ServiceError
from csrdesk.model.secret import Secret
from csrdesk.services import keys
from csrdesk.services.sign_in import token_answers
from csrdesk.services.sign_in.keeping import Keeper, Kept, KeyringKeeper
from csrdesk.services.sign_in.provider import Provider
from csrdesk.services.sign_in.turn import alone

TOKEN_FILE: Final = "CSRDESK_TOKEN_FILE"  # noqa: S105 - the variable's name
NOBODY: Final = "You are not signed in. Run: csrdesk login"
_HELD: Final = 20.0
"""Seconds after which the keyring is asked again: whoever signs out or in elsewhere does so for this process, too."""
_EARLY: Final = 60.0
"""Seconds before its end at which a token is renewed."""


class Current:
    """One desk's sign-in. Nothing is asked of keyring or provider while the token at hand still counts."""

    def __init__(
        self, settings: Settings, *, keeper: Keeper | None = None, now: Callable[[], float] = time.time
    ) -> None:
        self._settings = settings
        self._keeper: Keeper = keeper or KeyringKeeper(settings.sign_in)
        self._now = now
        self._held: Kept | None = None
        self._held_since = float("-inf")

    async def access_token(self) -> Secret:
        """A token that counts for a while yet. Raises `NotSignedInError`, `ConfigError`, or `ServiceError`."""
        if named := os.environ.get(TOKEN_FILE, ""):
            return await asyncio.to_thread(keys.private_file, named, TOKEN_FILE)
        need_issuer(self._settings)
        script = is_script(self._settings)
        recent = script or self._now() - self._held_since < _HELD
        if self._held is not None and recent and self._lasts(self._held):
            return self._held.access_token
        held = await (self._of_script() if script else self._of_person())
        self._held, self._held_since = held, self._now()
        return held.access_token

    async def _of_person(self) -> Kept:
        async with self._alone():
            kept = await self.kept()
            if kept is None:
                self._held = None
                raise NotSignedInError(NOBODY, details="nobody")
            return kept if self._lasts(kept) else await _to_its_end(self._renewed(kept))

    async def kept(self) -> Kept | None:
        """What is kept, as it stands."""
        return await asyncio.to_thread(self._keeper.read)

    async def keep(self, kept: Kept) -> None:
        """From now on this one."""
        async with self._alone():
            await asyncio.to_thread(self._keeper.write, kept)
        self._held, self._held_since = kept, self._now()

    async def end(self) -> Kept | None:
        """Forget the sign-in here, then tell the provider. Raises `ServiceError` where that could not be told."""
        async with self._alone():
            kept = await self.kept()
            self._held = None
            await asyncio.to_thread(self._keeper.forget)
        if kept is not None:
            async with opened(self._settings) as provider:
                if kept.refresh_token is not None:
                    await token_answers.revoke(provider, kept.refresh_token, "refresh_token")
                await token_answers.revoke(provider, kept.access_token, "access_token")
        return kept

    async def _of_script(self) -> Kept:
        settings = self._settings.sign_in
        secret = await asyncio.to_thread(keys.read, keys.SIGN_IN_CLIENT, settings.client_secret_file)
        async with opened(self._settings) as provider:
            answer = await token_answers.of_script(provider, secret)
        return Kept(settings.client_id, settings.client_id, self._now(), answer.access_token, self._end_of(answer))

    async def _renewed(self, kept: Kept) -> Kept:
        if kept.refresh_token is None:
            raise NotSignedInError(token_answers.OVER, details="no refresh token")
        try:
            async with opened(self._settings) as provider:
                answer = await token_answers.of_refresh(provider, kept.refresh_token)
        except NotSignedInError:
            await asyncio.to_thread(self._keeper.forget)
            raise
        except ServiceError:
            if kept.access_ends > self._now():  # it was too early, not too late
                return kept
            raise
        renewed = msgspec.structs.replace(
            kept,
            access_token=answer.access_token,
            access_ends=self._end_of(answer),
            refresh_token=answer.refresh_token or kept.refresh_token,
        )
        await asyncio.to_thread(self._keeper.write, renewed)
        return renewed

    def _lasts(self, kept: Kept) -> bool:
        return kept.access_ends - self._now() > _EARLY

    def _end_of(self, answer: token_answers.TokenAnswer) -> float:
        return self._now() + answer.expires_in

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        async with alone(_folder(self._settings) / "sign-in.lock"):
            yield


async def _to_its_end(work: Coroutine[None, None, Kept]) -> Kept:
    """As `work`, which Ctrl-C does not leave half done: a refresh token that was used and not replaced is the end."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        with suppress(CsrdeskError):
            await task
        raise


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Provider]:
    """The identity provider that the settings name."""
    provider = Provider(settings.sign_in)
    try:
        yield provider
    finally:
        await provider.close()


def need_issuer(settings: Settings) -> None:
    """Raises `ConfigError` where settings do not say where one signs in."""
    if not settings.sign_in.issuer:
        words = "is empty: where you sign in is not known. Ask whoever runs the desk, and fill in [sign_in]."
        raise ConfigError(words, key="sign_in.issuer")


def acts_alone(settings: Settings) -> bool:
    """Whether no sign-in of a person is looked for: a token is named, or a secret."""
    return bool(os.environ.get(TOKEN_FILE)) or is_script(settings)


def is_script(settings: Settings) -> bool:
    """Whether this machine signs in by a secret of its own, with no person."""
    return bool(settings.sign_in.client_secret_file or os.environ.get(keys.SIGN_IN_CLIENT.variable))


def _folder(settings: Settings) -> Path:
    """The data folder."""
    if settings.desk.data_dir:
        return Path(settings.desk.data_dir).expanduser()
    import platformdirs

    return Path(platformdirs.user_data_dir("csrdesk"))
