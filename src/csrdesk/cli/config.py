"""`csrdesk config`: begin with settings of your own, check them, find them."""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path

import typer

from csrdesk.cli.exits import Exit
from csrdesk.cli.options import Json
from csrdesk.cli.result import Result, ReturnError, refusal
from csrdesk.config import default_path, load, notes

app = typer.Typer(help="Begin with settings of your own, check them, find them.", rich_markup_mode=None)


def example() -> str:
    """Every setting with a comment, as `config init` writes it."""
    return files("csrdesk").joinpath("config.example.toml").read_text("utf-8")


@app.command()
def init(_json: Json = False) -> Result:
    """Write a settings file in which every key has a comment. Never overwrites one.

    \b
    Example:
      csrdesk config init
    """
    path = default_path()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        return refusal("conflict", f"There are settings at {path} already. Nothing was written.")
    except OSError as error:
        return _unusable(path, f"{path} cannot be written: {error.strerror}.")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(example())
    next_step = "Fill in [pingone] and public_url, then run: csrdesk config check"
    return Result(data={"path": str(path)}, lines=(str(path),), messages=(next_step,))


@app.command()
def check(_json: Json = False) -> Result:
    """Read settings and secrets, without calling anybody. Names the file, the key and what to do.

    \b
    Example:
      csrdesk config check && csrdesk
    """
    path = default_path()
    from csrdesk.config.pages_file import is_for_pages
    from csrdesk.services import keys

    if is_for_pages(path):
        return _check_pages(path)
    settings = load(path)
    keys.load_secrets(settings)
    if settings.serve.door:
        keys.door_secret(keys.DOOR, settings.serve.door_secret_file)
    if settings.audit_sink.with_token:
        keys.read(keys.AUDIT_SINK, settings.audit_sink.token_file)
    said = notes(settings)
    return Result(
        data={"path": str(path), "notes": said}, lines=(f"{path}: can be used.", *(f"  {note}" for note in said))
    )


@app.command()
def path(_json: Json = False) -> Result:
    """Print where the settings are, or would be. CSRDESK_CONFIG names another file.

    \b
    Example:
      $EDITOR "$(csrdesk config path)"
    """
    where = default_path()
    return Result(data={"path": str(where), "exists": where.exists()}, lines=(str(where),))


def _check_pages(path: Path) -> Result:
    from csrdesk.config.pages_file import load_pages
    from csrdesk.services import keys

    settings = load_pages(path)
    keys.door_secret(keys.PAGES_DOOR, settings.pages.door_secret_file)
    words = f"{path}: can be used by `csrdesk serve --role pages`, and by nothing else."
    return Result(data={"path": str(path), "notes": ()}, lines=(words,))


def _unusable(path: Path, message: str) -> Result:
    return Result(exit_code=Exit.USAGE, error=ReturnError(message, f"file={path}", "config"))
