"""A domain controller for the session, and the directory as csrdesk's service account sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from csrdesk.config import DirectorySettings
from csrdesk.model.secret import Secret
from csrdesk.services.directory.ldap import LdapDirectory
from tests.ad import controller
from tests.ad.controller import Controller
from tests.ad.people import PASSWORD, SERVICE


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


@pytest.fixture
async def directory(settings: DirectorySettings) -> AsyncIterator[LdapDirectory]:
    opened = LdapDirectory(settings, Secret(PASSWORD))
    yield opened
    await opened.close()
