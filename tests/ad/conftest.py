"""A domain controller for the session, and the directory as csrdesk's service account sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from csrdesk.config import DirectorySettings
from csrdesk.model.secret import Secret
from tests.ad import controller
from tests.ad.controller import Controller
from tests.ad.people import PASSWORD, SERVICE

if TYPE_CHECKING:
    from csrdesk.services.directory.ldap import LdapDirectory


OURS = Secret(PASSWORD)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs a controller."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.needs("ad"))


@pytest.fixture(scope="session")
def dc() -> Iterator[Controller]:
    """The session's controller: a test that changes it leaves it as it was, or takes one of its own."""
    with controller.running() as running:
        yield running


@pytest.fixture
def settings(dc: Controller) -> DirectorySettings:
    return settings_of(dc)


def settings_of(*controllers: Controller, user: str = SERVICE) -> DirectorySettings:
    """What a desk's settings would say of these controllers."""
    return DirectorySettings(
        kind="ad",
        controllers=tuple(one.url for one in controllers),
        ca_file=str(controllers[0].ca_file),
        user=f"{user}@csrdesk.test",
        timeout_seconds=5,
    )


class Open:
    """Opens directories that are closed when the test ends."""

    def __init__(self, settings: DirectorySettings) -> None:
        self.settings = settings
        self.all: list[LdapDirectory] = []

    def __call__(self, settings: DirectorySettings | None = None, password: Secret | None = OURS) -> LdapDirectory:
        # Where python-ldap is not installed, only the tests are missing.
        from csrdesk.services.directory.ldap import LdapDirectory

        self.all.append(LdapDirectory(settings or self.settings, password))
        return self.all[-1]


@pytest.fixture
async def opened(settings: DirectorySettings) -> AsyncIterator[Open]:
    opening = Open(settings)
    yield opening
    for one in opening.all:
        await one.close()


@pytest.fixture
def directory(opened: Open) -> LdapDirectory:
    """As csrdesk's service account sees it."""
    return opened()
