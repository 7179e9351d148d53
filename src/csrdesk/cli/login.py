"""`csrdesk login`: signing in at the identity provider, so that a desk elsewhere knows who asks."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from csrdesk.cli.interrupts import heed
from csrdesk.cli.interrupts import run as run_loop
from csrdesk.cli.options import Json
from csrdesk.cli.result import Result
from csrdesk.errors import ConfigError, ConflictError

if TYPE_CHECKING:
    from csrdesk.config import Settings


def login(
    command: Annotated[
        list[str] | None, typer.Argument(metavar="[-- COMMAND...]", help="With --once: the command to run signed in.")
    ] = None,
    device: Annotated[
        bool, typer.Option("--device", help="Show a code to type on another device, instead of opening a browser.")
    ] = False,
    once: Annotated[
        bool, typer.Option("--once", help="Keep the sign-in nowhere: it counts for COMMAND (the console) alone.")
    ] = False,
    _json: Json = False,
) -> Result | int:
    """Sign in with the browser of this machine, or with a code on another device where there is none.

    The sign-in is kept in the system's keyring and renewed by itself until the shift ends; `csrdesk logout` ends it.
    Whoever is signed in already is asked again: what changes an account may need a sign-in of the last minutes.

    Ends with 0 when you are signed in, 5 when you were not (cancelled, refused), 3 when nobody signed in in time or the
    sign-in service is away, 2 where settings or a keyring are missing.

    \b
    Examples:
      csrdesk login
      csrdesk login --device
      csrdesk login --once
      csrdesk login --once -- call list --json
    """
    from csrdesk.cli.desk import settings_for_desk

    settings, _ = settings_for_desk()
    _check(settings, command or [], once=once)
    from csrdesk.cli.signing_in import sign_in

    came = run_loop(sign_in(settings, by_code=device, once=once))
    if not once:
        return came
    from csrdesk.cli.run import run

    heed()  # the next loop notes what ends it, as the first did
    return run(command or [])


def _check(settings: Settings, command: list[str], *, once: bool) -> None:
    """What would make a sign-in useless is said before anybody signs in."""
    from csrdesk.services.keys import safe_keyring
    from csrdesk.services.sign_in.current import TOKEN_FILE, is_script, need_issuer
    from csrdesk.services.sign_in.keeping import NO_KEYRING

    need_issuer(settings)
    if is_script(settings):
        words = "This machine signs in by a secret of its own (sign_in.client_secret_file): nobody needs to."
        raise ConflictError(f"{words} Nothing was done.", system="csrdesk")
    if os.environ.get(TOKEN_FILE):
        raise ConflictError(f"{TOKEN_FILE} names a token, which would win. Unset it first.", system="csrdesk")
    if command and not once:
        raise typer.BadParameter("A command needs --once before it: csrdesk login --once -- COMMAND")
    if not once and safe_keyring() is None:
        raise ConfigError(NO_KEYRING)
