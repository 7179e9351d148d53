from __future__ import annotations

from dataclasses import replace

import pytest

from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows.doors import Agent, Context
from csrdesk.flows.kernel import Effect, Failed
from csrdesk.model.names import common_name, is_below
from csrdesk.model.people import Protection
from csrdesk.model.proofs import Act
from csrdesk.sandbox import Sandbox, people
from csrdesk.services.directory.port import Entry
from csrdesk.services.directory.protection import HeldAccounts, ProtectedAccounts
from csrdesk.services.performer import Outside, Performer
from tests.services.conftest import AGENT, Do, Links


async def read(do: Do, box: Sandbox, username: str, agent: Agent = AGENT) -> Protection:
    reply = await do(fx.ReadProtection(person_id=box.world.user(username).id), agent=agent)
    assert isinstance(reply, r.ProtectionRead), reply
    return reply.protection


async def test_an_ordinary_account_is_not_protected_and_its_entry_is_found(do: Do, box: Sandbox) -> None:
    found = await read(do, box, people.ONE_DEVICE)
    assert found == Protection((), box.world.entry("ada").dn)


async def test_r_39_an_administrator_is_protected_by_role_mark_and_group(do: Do, box: Sandbox) -> None:
    found = await read(do, box, people.PROTECTED)
    assert found.reasons == (
        "administrator in PingOne",
        "marked as an administrator in the directory",
        "member of a protected group",
    )


async def test_r_39_an_administrator_by_nested_groups_is_protected_though_the_directory_would_not_mind(
    do: Do, box: Sandbox
) -> None:
    assert (await read(do, box, people.PROTECTED_BY_GROUP)).reasons == ("member of a protected group",)


@pytest.mark.parametrize("agent", ["ada", "ADA"])
async def test_r_39_nobody_acts_on_their_own_account(do: Do, box: Sandbox, agent: str) -> None:
    found = await read(do, box, people.ONE_DEVICE, Agent(agent))
    assert found.reasons == ("your own account",)


async def test_r_39_nor_does_an_agent_of_whom_the_sign_in_says_nothing_but_the_id(do: Do, box: Sandbox) -> None:
    oneself = Agent(box.world.user("ada").id)
    assert (await read(do, box, people.ONE_DEVICE, oneself)).reasons == ("your own account",)
    (effect, *_) = writes(box, "ada")
    reply = await do(effect, agent=oneself)
    assert isinstance(reply, Failed)
    assert reply.problem.code == "forbidden"


@pytest.mark.parametrize("named", ["ada", "ADA"])
async def test_r_39_whoever_works_at_the_desk_is_protected_by_settings_before_each_write_too(
    outside: Outside, box: Sandbox, named: str
) -> None:
    performer = Performer(replace(outside, agents=frozenset({named.casefold()})))
    who = box.world.user("ada").id
    found = await performer(fx.ReadProtection(person_id=who), Context("flow-1", 3, "call-1", AGENT))
    assert found == r.ProtectionRead(Protection(("works at this desk",), box.world.entry("ada").dn))
    for effect in writes(box, "ada"):
        reply = await performer(effect, Context("flow-1", 4, "call-1", AGENT))
        assert isinstance(reply, Failed)
        assert reply.problem.code == "forbidden"


async def test_r_39_whoever_worked_at_the_desk_is_known_by_its_audit(do: Do, box: Sandbox, links: Links) -> None:
    links.agents.add("ada")
    assert (await read(do, box, "ada")).reasons == ("works at this desk",)
    assert not (await read(do, box, "bruno")).protected


async def test_somebody_only_in_pingone_has_no_entry(do: Do, box: Sandbox) -> None:
    assert await read(do, box, people.ONLY_PINGONE) == Protection()


async def test_two_entries_that_match_protect_the_account(do: Do, box: Sandbox) -> None:
    box.world.entry("bruno").attributes["employeeID"] = ["4711-000041"]
    found = await read(do, box, people.ONE_DEVICE)
    assert found == Protection(("several accounts in the directory match",))


@pytest.mark.parametrize("where", [r"/users/[^/]+$", "/roleAssignments"])
async def test_r_39_protection_that_cannot_be_read_is_a_failure_and_not_none(do: Do, box: Sandbox, where: str) -> None:
    box.faults.add(path=where, status=503)
    assert isinstance(await do(fx.ReadProtection(person_id=box.world.user("ada").id)), Failed)


async def test_with_the_directory_down_pingones_own_checks_still_run(do: Do, box: Sandbox) -> None:
    box.faults.add(path="^/directory", status=503)
    found = await read(do, box, "ada")
    assert (found.protected, found.dn) == (False, "")
    assert found.unchecked == "The directory has a problem of its own. Try again in a moment."
    assert (await read(do, box, people.PROTECTED)).reasons == ("administrator in PingOne",)
    assert (await read(do, box, "ada", Agent("ada"))).reasons == ("your own account",)


def enabling(box: Sandbox, username: str) -> list[Effect]:
    who, entry = box.world.user(username).id, box.world.entry(username)
    return [
        fx.SetPingOneEnabled(person_id=who, enabled=True, act=Act.ENABLE, reason="laptop found"),
        fx.SetDirectoryEnabled(person_id=who, dn=entry.dn, enabled=True, act=Act.ENABLE, reason="laptop found"),
    ]


ON_HOLD = [
    HeldAccounts(groups=("Leavers",), ask="the staff office"),
    HeldAccounts(groups=("cn=leavers,OU=Groups,DC=csrdesk,DC=example",), ask="the staff office"),
    HeldAccounts(units=("OU=Staff,DC=csrdesk,DC=example",), ask="the staff office"),
]


@pytest.mark.parametrize("held", ON_HOLD, ids=["group", "group by its whole name", "unit"])
async def test_r_53_nothing_in_hold_groups_or_units_is_enabled_in_either_directory(
    outside: Outside, box: Sandbox, held: HeldAccounts
) -> None:
    performer = Performer(replace(outside, held=held))
    box.world.user("ada").enabled = False
    entry = box.world.entry("ada")
    entry.attributes["userAccountControl"] = ["514"]
    entry.attributes["memberOf"] = ["CN=Leavers,OU=Groups,DC=csrdesk,DC=example"]
    for effect in enabling(box, "ada"):
        reply = await performer(effect, Context("flow-1", 3, "call-1", AGENT))
        assert isinstance(reply, Failed)
        assert reply.problem.code == "forbidden"
        assert "on hold" in reply.problem.message
        assert "Ask the staff office. Nothing was changed." in reply.problem.message
    assert (box.world.user("ada").enabled, entry.first("userAccountControl")) == (False, "514")
    disable = fx.SetPingOneEnabled(person_id=box.world.user("ada").id, enabled=False, act=Act.DISABLE, reason="lost")
    assert isinstance(await performer(disable, Context("flow-1", 4, "call-1", AGENT)), r.PingOneEnabledSet)


async def test_r_53_where_it_cannot_be_read_whether_an_account_is_on_hold_it_is_not_enabled(
    outside: Outside, box: Sandbox
) -> None:
    performer = Performer(replace(outside, held=ON_HOLD[0]))
    box.world.user("ada").enabled = False
    box.faults.add(path="^/directory", status=503)
    reply = await performer(enabling(box, "ada")[0], Context("flow-1", 3, "call-1", AGENT))
    assert isinstance(reply, Failed)
    assert not box.world.user("ada").enabled


async def test_r_53_what_is_not_on_hold_is_enabled_and_its_expiry_stays(outside: Outside, box: Sandbox) -> None:
    performer = Performer(replace(outside, held=ON_HOLD[0]))
    entry = box.world.entry("ada")
    entry.attributes["userAccountControl"] = ["514"]
    entry.attributes["accountExpires"] = ["132000000000000000"]
    box.world.user("ada").enabled = False
    replies = [await performer(effect, Context("flow-1", 3, "call-1", AGENT)) for effect in enabling(box, "ada")]
    assert replies[1:] == [r.DirectoryEnabledSet(enabled=True)]
    assert isinstance(replies[0], r.PingOneEnabledSet)
    assert entry.first("accountExpires") == "132000000000000000"


def writes(box: Sandbox, username: str) -> list[Effect]:
    who = box.world.user(username).id
    dn = box.world.entry(username).dn
    return [
        fx.SetPingOneEnabled(person_id=who, enabled=False, act=Act.PROTECT, reason="taken over"),
        fx.SetDirectoryEnabled(person_id=who, dn=dn, enabled=False, act=Act.PROTECT, reason="taken over"),
        fx.EndSessions(person_id=who, act=Act.PROTECT, reason="taken over"),
    ]


async def test_r_39_no_write_reaches_a_protected_account_whatever_was_read_before(do: Do, box: Sandbox) -> None:
    before = box.world.user(people.PROTECTED).updated_at
    for effect in writes(box, people.PROTECTED):
        reply = await do(effect)
        assert isinstance(reply, Failed)
        assert reply.problem.code == "forbidden"
    assert box.world.user(people.PROTECTED).enabled
    assert box.world.user(people.PROTECTED).updated_at == before


async def test_no_write_reaches_an_administrator_by_nesting_in_the_directory(do: Do, box: Sandbox) -> None:
    _, in_directory, _ = writes(box, people.PROTECTED_BY_GROUP)
    reply = await do(in_directory)
    assert isinstance(reply, Failed)
    assert reply.problem.code == "forbidden"
    assert box.world.entry(people.PROTECTED_BY_GROUP).first("userAccountControl") == "512"


async def test_no_write_reaches_the_agents_own_account(do: Do, box: Sandbox) -> None:
    for effect in writes(box, "ada"):
        reply = await do(effect, agent=Agent("Ada"))
        assert isinstance(reply, Failed)
        assert reply.problem.code == "forbidden"
    assert box.world.user("ada").enabled


@pytest.mark.parametrize(
    ("dn", "unit", "below"),
    [
        ("CN=ada,OU=Care,DC=x,DC=example", "ou=care, dc=X,dc=example", True),
        ("CN=ada,OU=Care,DC=x,DC=example", "OU=are,DC=x,DC=example", False),
        (r"CN=a\,OU=Care,DC=x,DC=example", "OU=Care,DC=x,DC=example", False),
        (r"CN=a,OU=C\61re,DC=x,DC=example", "OU=Care,DC=x,DC=example", True),
        ("CN=ada,DC=x", "", False),
    ],
)
def test_units_are_compared_by_their_parts(dn: str, unit: str, below: bool) -> None:
    assert is_below(dn, unit) is below


def test_a_groups_name_is_read_from_its_distinguished_name() -> None:
    assert common_name(r"CN=Domain\2C Admins,CN=Users,DC=x") == "domain, admins"
    assert common_name("") == ""


def test_a_protected_unit_protects_all_that_is_below() -> None:
    protected = ProtectedAccounts(units=("OU=Executives,DC=x",))
    assert protected.reasons(Entry("CN=c,OU=Board,OU=executives,DC=x"))
    assert not protected.reasons(Entry("CN=c,OU=Board,DC=x"))


def test_groups_may_be_named_by_their_distinguished_name() -> None:
    protected = ProtectedAccounts(groups=("CN=Payroll,OU=Groups,DC=x",))
    assert protected.reasons(Entry("CN=c,DC=x", {"memberOf": ("cn=payroll,ou=groups,dc=x",)}))
