"""Who acts here, and where their data lies: both from the operating system, never from free text."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

from csrdesk.config import Settings
from csrdesk.errors import ConfigError
from csrdesk.flows.doors import Agent


def agent_of(settings: Settings | None) -> Agent:
    """The agent: the account that this process runs as. Settings may name what customers read, not who acts."""
    named = settings.desk.agent_name if settings else ""
    try:
        account = pwd.getpwuid(os.getuid())
    except KeyError:
        name = f"uid-{os.getuid()}"
        return Agent(id=name, name=named or name)
    full_name = account.pw_gecos.split(",", maxsplit=1)[0].strip()
    return Agent(id=account.pw_name, name=named or full_name or account.pw_name)


def data_folder(settings: Settings | None) -> Path:
    """The desk's data folder, made where it is missing, readable by its owner alone."""
    named = settings.desk.data_dir if settings else ""
    if named:
        path = Path(named).expanduser()
    else:
        import platformdirs

        path = Path(platformdirs.user_data_dir("csrdesk"))
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.stat().st_mode & 0o777 != 0o700:  # a folder on a disk that takes no writing may be as it should be
            path.chmod(0o700)
    except OSError as error:
        message = f"The data folder {path} cannot be used: {error.strerror}. Name another in desk.data_dir."
        raise ConfigError(message, key="desk.data_dir") from None
    return path


def log_path(settings: Settings | None) -> Path:
    """Where the log is written."""
    if settings and settings.desk.log_file:
        return Path(settings.desk.log_file).expanduser()
    return data_folder(settings) / "csrdesk.log"
