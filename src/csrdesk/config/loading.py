"""Finding and reading the settings file; msgspec's complaints become a key and what to do about it."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path

import msgspec

from csrdesk.config.checks import check
from csrdesk.config.settings import Settings
from csrdesk.errors import ConfigError

_SECRET = re.compile(r"secret|password")


def default_path() -> Path:
    """`CSRDESK_CONFIG`, else `config.toml` in the user's configuration folder."""
    named = os.environ.get("CSRDESK_CONFIG")
    if named:
        return Path(named)
    import platformdirs

    return Path(platformdirs.user_config_dir("csrdesk")) / "config.toml"


def load(path: Path) -> Settings:
    """Read and check a settings file. Raises `ConfigError` with file, key and what to do."""
    settings = decode(read(path), file=str(path))
    check(settings, file=str(path))
    return settings


def read(path: Path) -> dict[str, object]:
    """The file as TOML."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        msg = f"There are no settings at {path}. Make them with `csrdesk config init`, or try `csrdesk demo`."
        raise ConfigError(msg, file=str(path)) from None
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror}."
        raise ConfigError(msg, file=str(path)) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        msg = f"{path} is not TOML: {error}."
        raise ConfigError(msg, file=str(path)) from None


def decode(raw: dict[str, object], *, file: str = "settings") -> Settings:
    """The settings that a table holds, by their types alone."""
    try:
        return msgspec.convert(raw, Settings)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$")
        raise _explained(file, what, where.strip("`.")) from None


def _explained(file: str, what: str, table: str) -> ConfigError:
    """The words of msgspec, with the whole key and what to do."""
    named = re.search(r"(?:unknown|required) field `([^`]+)`", what)
    name = named.group(1) if named else ""
    key = ".".join(part for part in (table, name) if part)
    keys = _keys(table)
    if not name:
        from csrdesk.config.wrong_values import explained

        message = explained(what, table)
    elif key == "pages":
        message = "these are settings of the customers' pages alone: start them with `csrdesk serve --role pages`."
    elif "required" in what:
        message = "this is required; `csrdesk config init` writes an example of it."
    elif _SECRET.search(name) and f"{name}_file" in keys:
        message = f"secrets do not stand in settings. Put it into a file of mode 0600 and name that in {key}_file."
    else:
        import difflib

        near = difflib.get_close_matches(name, keys, 1)
        message = "there is no such key." + (f" Did you mean {near[0]}?" if near else f" Known: {', '.join(keys)}.")
    key = key.replace("[...]", "")
    return ConfigError(f"{file}: {key or 'top level'}: {message}", file=file, key=key)


def _keys(table: str) -> list[str]:
    sections = {section.encode_name: section.type for section in msgspec.structs.fields(Settings)}
    kind = sections.get(re.split(r"[.\[]", table, maxsplit=1)[0])
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return [field.encode_name for field in msgspec.structs.fields(kind)]
    return list(sections)
