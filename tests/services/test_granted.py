"""The roles of csrdesk's own application: what is not needed is named, and what cannot be seen is no trouble."""

from __future__ import annotations

import pytest

from csrdesk.model.checkup import Level
from csrdesk.sandbox import Sandbox, ids
from csrdesk.services.performer import Outside
from csrdesk.services.pingone.roles import Held
from csrdesk.services.probes import granted


async def test_the_roles_that_a_desk_needs_are_none_too_many(outside: Outside) -> None:
    [found] = await granted.probe(outside.pingone, ids.CLIENT)
    assert found.level is Level.OK
    assert found.what == "Held: Configuration Read Only, Identity Data Admin; none too many."


async def test_a_role_that_no_desk_needs_is_named(box: Sandbox, outside: Outside) -> None:
    box.world.worker_roles.append(("Environment Admin", "ENVIRONMENT"))
    [found] = await granted.probe(outside.pingone, ids.CLIENT)
    assert (found.level, found.what) == (Level.WARNING, "Held and not needed: Environment Admin.")


async def test_roles_that_pingone_does_not_show_are_no_trouble(box: Sandbox, outside: Outside) -> None:
    box.faults.add(path="/applications/", status=403)
    [found] = await granted.probe(outside.pingone, ids.CLIENT)
    assert found.level is Level.OK
    assert "does not show" in found.what


@pytest.mark.parametrize("scope", ["ENVIRONMENT", "ORGANIZATION"])
def test_a_role_over_everybody_is_named(scope: str) -> None:
    [found] = granted.judged((Held("Identity Data Admin", scope),))
    assert found.level is Level.WARNING
    assert "populations" in found.todo
