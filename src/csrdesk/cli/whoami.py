"""`csrdesk whoami`: as whom this machine asks the desk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csrdesk.cli.interrupts import run as run_loop
from csrdesk.cli.options import Json
from csrdesk.cli.result import Result
from csrdesk.errors import NotSignedInError, ServiceError

if TYPE_CHECKING:
    from csrdesk.config import Settings
    from csrdesk.model.secret import Secret
    from csrdesk.services.sign_in.keeping import Kept


def whoami(_json: Json = False) -> Result:
    """Say who is signed in here, since when and until when, and which groups the sign-in names.

    It says what is kept, renewed where it has ended, and works without a network as well. What the groups may do is the
    desk's to say. Ends with 5 where nobody is signed in, or no more.

    \b
    Examples:
      csrdesk whoami
      csrdesk whoami --json
    """
    from csrdesk.cli.desk import settings_for_desk

    settings, _ = settings_for_desk()
    return run_loop(_whoami(settings)) if settings.sign_in.issuer else _of_this_machine(settings)


def _of_this_machine(settings: Settings) -> Result:
    from csrdesk.wiring.who import agent_of

    agent = agent_of(settings)
    words = f"{agent.name} ({agent.id}): the account of this machine. Nobody is signed in."
    return Result(data={"username": agent.id, "name": agent.name, "signs_in": False}, lines=(words,))


async def _whoami(settings: Settings) -> Result:
    from csrdesk.services.sign_in import sign_in_at
    from csrdesk.services.sign_in.current import NOBODY, acts_alone

    current = sign_in_at(settings)
    if acts_alone(settings):
        return _of_script(settings, await current.access_token())
    kept = await current.kept()
    if kept is None and not settings.desk.server:
        return _of_this_machine(settings)
    if kept is None:
        raise NotSignedInError(NOBODY, details="nobody")
    messages: tuple[str, ...] = ()
    try:
        token = await current.access_token()
    except ServiceError as error:
        messages = (f"{error.message} This is what is kept here, and nobody was asked whether it still counts.",)
        token = kept.access_token
    return _of_person(settings, kept, token, messages)


def _of_person(settings: Settings, kept: Kept, token: Secret, messages: tuple[str, ...]) -> Result:
    from csrdesk.cli.signing_in import clock, ends_at, moment, named, told

    groups, until = _groups(settings, token), ends_at(kept, settings)
    since = f"Signed in at {clock(moment(kept.signed_in_at))}, until {clock(until)} at the latest."
    lines = (named(kept), since, f"Groups: {', '.join(groups) or 'none'}.")
    data = {**told(kept, until), "groups": groups, "signs_in": True, "reached": not messages}
    return Result(data=data, lines=lines, messages=messages)


def _of_script(settings: Settings, token: Secret) -> Result:
    from csrdesk.services.sign_in.people import told

    found = told(token)
    who = str(found.get("preferred_username") or found.get("client_id") or "not said")
    groups = _groups(settings, token)
    lines = (
        f"{who}, by a secret or a token that is named, not by signing in.",
        f"Groups: {', '.join(groups) or 'none'}.",
    )
    return Result(data={"username": who, "groups": groups, "signs_in": True}, lines=lines)


def _groups(settings: Settings, token: Secret) -> list[str]:
    from csrdesk.services.sign_in.people import told

    held = told(token).get(settings.roles.claim)
    words = held.split() if isinstance(held, str) else held
    return [word for word in words if isinstance(word, str)] if isinstance(words, list) else []
