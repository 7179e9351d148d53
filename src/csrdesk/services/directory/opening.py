"""Opening the directory that settings name. Apart from the adapters, so that only the one that is used is loaded."""

from __future__ import annotations

from csrdesk.config import DirectorySettings
from csrdesk.errors import ConfigError
from csrdesk.model.secret import Secret
from csrdesk.services.directory.port import Directory

_NOT_INSTALLED = (
    "Active Directory needs python-ldap, which is not installed here. Run: pip install 'csrdesk[ad]' "
    "(on Debian after: apt-get install gcc libldap2-dev libsasl2-dev)."
)


def open_directory(settings: DirectorySettings, password: Secret | None) -> Directory | None:
    """The directory, not connected yet; None where there is none. Raises `ConfigError` where a library is missing."""
    match settings.kind:
        case "sandbox":
            from csrdesk.services.directory.sandbox import SandboxDirectory

            return SandboxDirectory(settings, password or Secret(""))
        case "ad":
            try:
                from csrdesk.services.directory.ldap import LdapDirectory
            except ModuleNotFoundError as error:
                if error.name != "ldap":
                    raise
                raise ConfigError(_NOT_INSTALLED, key="directory.kind") from None
            return LdapDirectory(settings, password)
        case "none":
            return None
