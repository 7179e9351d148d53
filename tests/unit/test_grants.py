"""R-41: what a sign-in may do, computed from its claims and the settings alone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from csrdesk.config import DeskSettings, PingOneSettings, RoleSettings, Settings, WaySettings, check, notes
from csrdesk.config.grants import grants_of
from csrdesk.errors import ConfigError
from csrdesk.model.grants import ANYWHERE, EVERYTHING, OF_AGENTS, Grants, Role
from csrdesk.model.proofs import Act
from csrdesk.model.sign_in import Agent, SignedIn

AT = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
SETTINGS = RoleSettings(
    verifier=("desk-new",),
    agent=("desk", "desk-eu"),
    lead=("leads",),
    auditor=("audit",),
    agent_acts=("disable", "unlock"),
    lead_acts=("protect", "disable", "enable"),
    populations={"desk": ("*",), "desk-eu": ("Customers EU", "Patients EU"), "desk-new": ("Customers EU",)},
    ous={"desk": ("*",), "desk-eu": ("OU=EU,DC=corp,DC=test",)},
)
OU = "OU=EU,DC=corp,DC=test"


def granted(groups: object, settings: RoleSettings = SETTINGS, **claims: object) -> Grants:
    return grants_of(SignedIn(Agent("grace"), AT, {settings.claim: groups, **claims}), settings)


@pytest.mark.parametrize("groups", [[], ["strangers"], "", None, 7, {"desk": True}, [1, None], ["des"], ["DESK"]])
def test_r_41_whoever_is_in_no_group_of_the_settings_is_granted_nothing(groups: object) -> None:
    found = granted(groups)
    assert (found.roles, found.acts, found.populations, found.ous) == ((), (), (), ())
    assert not any((found.has_calls, found.reads_audit, found.leads, found.approves))
    assert found.withheld == OF_AGENTS
    assert not found.covers_population("Customers EU", "p-1")
    assert not found.covers_entry(f"CN=Ada,{OU}")


def test_r_41_without_any_settings_nobody_is_granted_anything() -> None:
    assert granted(["desk", "leads"], RoleSettings()).roles == ()


@pytest.mark.parametrize(
    ("groups", "roles", "acts"),
    [
        (["desk-new"], (Role.VERIFIER,), ()),
        (["desk"], (Role.AGENT,), (Act.DISABLE, Act.UNLOCK)),
        (["leads"], (Role.LEAD,), (Act.PROTECT, Act.DISABLE, Act.ENABLE)),
        (["audit"], (Role.AUDITOR,), ()),
        ("desk leads", (Role.AGENT, Role.LEAD), (Act.PROTECT, Act.DISABLE, Act.ENABLE, Act.UNLOCK)),
        (("audit", "desk-new"), (Role.VERIFIER, Role.AUDITOR), ()),
    ],
)
def test_r_41_each_role_has_the_acts_of_the_settings(
    groups: object, roles: tuple[Role, ...], acts: tuple[Act, ...]
) -> None:
    found = granted(groups)
    assert (found.roles, found.acts) == (roles, acts)
    assert set(found.acts) | set(found.withheld) == set(OF_AGENTS)


def test_r_41_what_a_role_is_for() -> None:
    said = {role: Grants((role,)) for role in Role}
    assert {role for role, grants in said.items() if grants.has_calls} == {Role.VERIFIER, Role.AGENT, Role.LEAD}
    assert {role for role, grants in said.items() if grants.reads_audit} == {Role.LEAD, Role.AUDITOR}
    assert {role for role, grants in said.items() if grants.approves} == {Role.AGENT, Role.LEAD}
    assert {role for role, grants in said.items() if grants.leads} == {Role.LEAD}


def test_r_41_a_scope_is_what_any_of_the_groups_serves() -> None:
    everywhere, europe, both = granted(["desk"]), granted(["desk-eu"]), granted(["desk", "desk-eu"])
    assert everywhere.is_everywhere
    assert both.populations == both.ous == (ANYWHERE,)
    assert europe.populations == ("Customers EU", "Patients EU")
    assert europe.covers_population("Customers EU", "p-1")
    assert europe.covers_population("", "Patients EU")
    assert not europe.covers_population("Customers US", "p-9")
    assert not europe.covers_population("", "")
    assert not europe.is_everywhere


@pytest.mark.parametrize(
    ("dn", "within"),
    [
        ("", True),
        (OU, True),
        (f"CN=Ada,OU=Sales,{OU}", True),
        ("cn=ada, ou=eu , dc=CORP,dc=test", True),
        ("CN=Ada\\,OU=EU,DC=corp,DC=test", False),
        ("CN=Ada,OU=EU2,DC=corp,DC=test", False),
        ("CN=Ada,OU=US,DC=corp,DC=test", False),
        ("DC=corp,DC=test", False),
    ],
)
def test_r_41_an_ou_holds_what_is_below_it_by_the_parts_of_names(dn: str, within: bool) -> None:
    assert granted(["desk-eu"]).covers_entry(dn) is within


@pytest.mark.parametrize(
    ("exp", "until"),
    [(AT.timestamp(), AT), (None, None), ("soon", None), (True, None), (-1, None), (1e300, None), (float("nan"), None)],
)
def test_grants_last_as_long_as_the_token_where_it_says_so(exp: object, until: datetime | None) -> None:
    assert granted(["desk"], exp=exp).until == until


def test_a_sign_in_is_told_from_the_operating_system() -> None:
    assert granted(["desk"]).signed_in
    assert not EVERYTHING.signed_in
    assert EVERYTHING.withheld == ()
    assert EVERYTHING.is_everywhere


def test_what_nobody_could_do_is_said_before_the_first_call() -> None:
    plain = Settings(pingone=PingOneSettings(environment_id="e", client_id="c"))
    alone = replace(plain, desk=DeskSettings(second_agent_for=("reset",)))
    served = replace(plain, desk=DeskSettings(api_url="https://api.example.org", second_agent_for=("reset",)))
    assert not [note for note in notes(plain) if "second_agent" in note or "roles" in note]
    assert any("nobody signs in here who could approve reset" in note for note in notes(alone))
    assert any("roles names no group" in note for note in notes(served))
    assert not [note for note in notes(replace(served, roles=SETTINGS)) if "second_agent" in note or "roles" in note]


def test_an_exception_names_what_it_gives_and_its_settings_say_what_it_means() -> None:
    plain = Settings(pingone=PingOneSettings(environment_id="e", client_id="c"))
    assert not [note for note in notes(plain) if "exception" in note]
    with pytest.raises(ConfigError, match=r"ways\.exception_gives: name what an exception opens"):
        check(replace(plain, ways=WaySettings(exception=True)))
    on = replace(plain, ways=WaySettings(exception=True, exception_gives=("unlock", "devices")))
    check(on)
    assert "ways.exception is on: unlock, devices need a lead's word and no proof." in notes(on)
    nobody = "ways.exception: nobody signs in here as a lead (desk.api_url, roles.lead), so none can be approved."
    assert nobody in notes(on)
    served = replace(on, desk=DeskSettings(api_url="https://api.example.org"))
    assert nobody in notes(replace(served, roles=RoleSettings(agent=("desk",))))
    assert nobody not in notes(replace(served, roles=RoleSettings(lead=("leads",))))
