"""R-41: what an agent who signed in may do is decided in the engine, whatever a front end asks for."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from csrdesk.config import LimitSettings
from csrdesk.engine import policy, standings
from csrdesk.engine.audit import Kind, Which
from csrdesk.engine.entries import entry
from csrdesk.engine.policy import Facts
from csrdesk.errors import (
    ForbiddenError,
    NotFoundError,
    NotSignedInError,
    StoreUnavailableError,
)
from csrdesk.flows import answers as a
from csrdesk.flows import csr_main
from csrdesk.flows import effects as fx
from csrdesk.flows import prompts as p
from csrdesk.flows import replies as r
from csrdesk.flows import user_functions as uf
from csrdesk.flows.doors import Context
from csrdesk.flows.kernel import AccountEffect, Failed, Problem, Reply
from csrdesk.model.devices import Strength
from csrdesk.model.grants import ANYWHERE, EVERYTHING, Grants, Role
from csrdesk.model.people import Person, Protection
from csrdesk.model.proofs import Act, Evidence, Proof
from tests.engine.roles import ACTS, EFFECTS, EU, US, granted, signed_in
from tests.engine.test_policy import DISABLED_BY_DESK, NOW, window
from tests.engine.world import ADA, GRACE, HAL, Begin, Call, Desk, came, desk_on, disable, linked

LIMITS = LimitSettings()
SHOWN = Evidence((Proof("ml", Strength.NONE), Proof("totp", Strength.STRONG, "d-totp")), registered=True)
KNOWN = replace(DISABLED_BY_DESK, window=window(SHOWN), asks_for_password=True)
"""Everything that any act needs, but for what the agent is granted."""
EVERY = [(act, effect) for act, effects in EFFECTS.items() for effect in effects]
IN_EU = replace(ADA, population=EU, population_id="p-eu")
SAME_NAME = replace(ADA, id="u-other", population=US, population_id="p-us")
OU = "OU=EU,DC=corp,DC=test"


def theirs(role: Role) -> Facts:
    return replace(KNOWN, grants=Grants((role,), ACTS[role], (ANYWHERE,), (ANYWHERE,), NOW))


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(("act", "effect"), EVERY, ids=lambda v: v if isinstance(v, Act) else type(v).__name__)
def test_r_41_a_role_does_its_own_acts_and_no_other_by_any_effect(role: Role, act: Act, effect: AccountEffect) -> None:
    policy.permit(effect, KNOWN, LIMITS)  # nothing else speaks against it
    if act in ACTS[role]:
        policy.permit(effect, theirs(role), LIMITS)
    else:
        with pytest.raises(ForbiddenError, match="Your role at this desk"):
            policy.permit(effect, theirs(role), LIMITS)
        with pytest.raises(ForbiddenError, match="Your role at this desk"):
            policy.require_proof(act, theirs(role), LIMITS)


@pytest.mark.parametrize(("act", "effect"), EVERY, ids=lambda v: v if isinstance(v, Act) else type(v).__name__)
def test_r_41_nothing_is_done_out_of_scope_or_after_the_sign_in(act: Act, effect: AccountEffect) -> None:
    for facts, error in (
        (replace(KNOWN, in_scope=False), ForbiddenError),
        (replace(KNOWN, signed_out="Your sign-in has ended."), NotSignedInError),
        (replace(KNOWN, grants=Grants()), ForbiddenError),
    ):
        with pytest.raises(error, match="Nothing was done"):
            policy.permit(effect, facts, LIMITS)
        with pytest.raises(error, match="Nothing was done"):
            policy.require_proof(act, facts, LIMITS)


@pytest.mark.parametrize(
    "facts",
    [
        KNOWN,
        replace(KNOWN, window=None, script=True),
        replace(KNOWN, window=None, bulk=Act.DISABLE),
        replace(KNOWN, needs_second=True, approval="ap-1"),
    ],
    ids=["a caller", "a script", "a list", "approved"],
)
def test_r_40_what_needs_a_second_agent_is_nobodys_alone_neither_a_scripts_nor_a_lists(facts: Facts) -> None:
    policy.permit(disable(), facts, LIMITS)
    with pytest.raises(ForbiddenError, match="A second agent has to approve this first"):
        policy.permit(disable(), replace(facts, needs_second=True, approval=""), LIMITS)


def test_r_41_every_account_effect_of_an_agent_is_in_the_table() -> None:
    kinds = {type(effect) for _, effect in EVERY}
    of_customers = {"RecoverPassword", "RegistrationChange"}
    known = {kind for kind in AccountEffect.__subclasses__() if kind.__name__ not in of_customers}
    assert known == kinds


def test_r_41_an_auditor_sees_no_account() -> None:
    policy.require_proof(None, theirs(Role.VERIFIER), LIMITS)
    with pytest.raises(ForbiddenError):
        policy.require_proof(None, theirs(Role.AUDITOR), LIMITS)


async def verified(desk: Desk, grants: Grants) -> Call:
    """A call of that sign-in, whose caller is verified."""
    session = await signed_in(desk, grants)
    begun = await session.start("csr_main", csr_main.Start())
    call = Call(desk, session, begun.id)
    for answer in (a.UsernameGiven("ada@home.example", "T-1"), a.MagicLinkChosen(), a.SendChosen()):
        await call.tell(answer)
    await call.verify()
    return call


async def asked(desk: Desk, call: Call, *effects: fx.SetPingOneEnabled | fx.RequireProof) -> tuple[str, ...]:
    """What comes of effects in that call, by the same session."""
    begun = await call.session.start("told", Begin(effects), call_id=call.id)
    return came(await call.session.settled(begun.id))


@pytest.mark.parametrize(("role", "said"), [(Role.VERIFIER, "Failed:forbidden"), (Role.AGENT, "PingOneEnabledSet")])
async def test_r_41_the_engine_refuses_what_a_role_may_not(tmp_path: Path, role: Role, said: str) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await verified(desk, granted(desk, role))
        assert await asked(desk, call, disable()) == (said,)
        prompt = (await call.view()).prompt
        assert isinstance(prompt, p.AccountPrompt)
        assert (Act.DISABLE in prompt.withheld) is (role is Role.VERIFIER)
        assert (("refused", "pingone.set_enabled", "refused") in await desk.said_of()) is (role is Role.VERIFIER)


async def test_r_41_grants_that_are_taken_away_are_gone_for_a_call_that_is_open(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        now = desk.clock.now()
        call = await verified(desk, granted(desk, Role.AGENT, until=now + timedelta(minutes=10)))
        await signed_in(desk, granted(desk, Role.VERIFIER, until=now + timedelta(minutes=11)))
        assert await asked(desk, call, disable()) == ("Failed:forbidden",)
        call.session = await signed_in(desk, granted(desk, Role.AGENT, until=now + timedelta(minutes=12)))
        assert await asked(desk, call, disable()) == ("PingOneEnabledSet",)


async def test_r_55_nothing_is_done_once_the_sign_in_is_over(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await verified(desk, granted(desk, Role.AGENT, until=desk.clock.now() + timedelta(minutes=5)))
        idle = await call.session.start("told", Begin(), call_id=call.id)
        desk.clock.move(minutes=5)
        with pytest.raises(NotSignedInError, match="csrdesk login"):
            await call.session.view(idle.id)
        proof = fx.RequireProof(person_id=ADA.id, act=Act.DISABLE)
        assert await desk.do(proof, disable(), call_id=call.id) == ("Failed:not_signed_in",) * 2


@pytest.mark.parametrize("grants", [(), (Role.AUDITOR,)])
async def test_r_41_who_has_no_calls_begins_answers_and_resumes_none(tmp_path: Path, grants: tuple[Role, ...]) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        before = await desk.session().start("csr_main", csr_main.Start())
        session = desk.engine.session(GRACE, granted(desk, *grants))
        with pytest.raises(ForbiddenError, match="verify callers"):
            await session.start("csr_main", csr_main.Start())
        with pytest.raises(ForbiddenError):
            await session.answer(before.id, before.rev, a.CallEnded())
        with pytest.raises(ForbiddenError):
            await session.resume(before.id)
        assert ("refused", "role.missing", "refused") in await desk.said_of()
        assert await session.calls()


async def test_r_41_who_reads_no_audit_reads_their_own_rows_alone(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        await linked(desk, HAL)
        session = await signed_in(desk, granted(desk, Role.AGENT, populations=(EU,)))
        begun = await session.start("csr_main", csr_main.Start())
        await Call(desk, session, begun.id).tell(a.UsernameGiven("ada"))
        rows = (await session.audit()).lines
        assert {line.agent for line in rows} == {GRACE.id}
        assert "lookup" in {line.action for line in rows}
        assert "lookup.out_of_scope" not in {line.action for line in rows}
        all_rows = await desk.engine.audit.list()
        for row in all_rows:
            if row.agent == HAL.id or row.action == "lookup.out_of_scope":
                with pytest.raises(NotFoundError):
                    await session.audit_row(row.seq)
        assert await session.audit_row(rows[-1].seq)
        auditor = await signed_in(desk, granted(desk, Role.AUDITOR), HAL)
        assert {line.agent for line in (await auditor.audit()).lines} == {GRACE.id, HAL.id}


FOUND: dict[str, tuple[Reply, str]] = {
    "theirs": (r.UserFound(IN_EU), "UserFound"),
    "another population": (r.UserFound(SAME_NAME), "NoSuchUser"),
    "no population": (r.UserFound(ADA), "NoSuchUser"),
    "one of two": (r.SeveralUsers((IN_EU, SAME_NAME)), "UserFound"),
    "one of many": (r.SeveralUsers((IN_EU, SAME_NAME), more=True), "SeveralUsers"),
    "none of two": (r.SeveralUsers((ADA, SAME_NAME)), "NoSuchUser"),
    "nobody": (r.NoSuchUser(), "NoSuchUser"),
    "only in AD": (r.OnlyInDirectory(), "OnlyInDirectory"),
    "PingOne is down": (Failed(Problem("PingOne is down.", code="unavailable")), "Failed:unavailable"),
}


@pytest.mark.parametrize("case", FOUND)
async def test_r_41_who_is_out_of_scope_is_not_found(tmp_path: Path, case: str) -> None:
    answer, said = FOUND[case]
    async with desk_on(tmp_path / "desk.db") as desk:
        desk.world.replies[fx.FindUser] = answer
        await signed_in(desk, granted(desk, Role.AGENT, populations=(EU,)))
        assert await desk.do(fx.FindUser(identifier="ada")) == (said,)
        await signed_in(desk, granted(desk, Role.AGENT), HAL)
        whole = type(answer).__name__
        assert await desk.do(fx.FindUser(identifier="ada"), agent=HAL) == (
            said if isinstance(answer, Failed) else whole,
        )


async def test_r_41_the_words_for_somebody_out_of_scope_are_those_for_nobody(tmp_path: Path) -> None:
    notes = []
    async with desk_on(tmp_path / "desk.db") as desk:
        session = await signed_in(desk, granted(desk, Role.AGENT, populations=(EU,)))
        for answer in (r.UserFound(SAME_NAME), r.NoSuchUser()):
            desk.world.replies[fx.FindUser] = answer
            begun = await session.start("csr_main", csr_main.Start())
            notes.append((await Call(desk, session, begun.id).tell(a.UsernameGiven("ada@home.example"))).prompt)
        assert notes[0] == notes[1]
        looked = [row for row in await desk.engine.audit.list() if row.action.startswith("lookup")]
        assert [(row.kind, row.person_id, row.details) for row in looked] == [
            ("refused", SAME_NAME.id, {}),
            ("lookup", "", {"found": 0, "identifier": "a***@h***.example"}),
            ("lookup", "", {"found": 0, "identifier": "a***@h***.example"}),
        ]


IN_AD = {
    "in the OU": (r.ProtectionRead(Protection(dn=f"CN=Ada,OU=Sales,{OU}")), "UserFound"),
    "in no OU": (r.ProtectionRead(Protection()), "UserFound"),
    "elsewhere": (r.ProtectionRead(Protection(dn="CN=Ada,OU=US,DC=corp,DC=test")), "NoSuchUser"),
    "AD is down": (r.ProtectionRead(Protection(unchecked="AD is down.")), "Failed:failed"),
    "PingOne is down": (Failed(Problem("No answer.", code="unavailable")), "Failed:unavailable"),
}


@pytest.mark.parametrize("case", IN_AD)
async def test_r_41_a_scope_of_ous_is_asked_of_ad_and_unknown_is_not_found(tmp_path: Path, case: str) -> None:
    answer, said = IN_AD[case]
    async with desk_on(tmp_path / "desk.db") as desk:
        desk.world.replies[fx.ReadProtection] = answer
        await signed_in(desk, granted(desk, Role.AGENT, ous=(OU,)))
        for found in (r.UserFound(IN_EU), r.SeveralUsers((IN_EU,))):
            desk.world.replies[fx.FindUser] = found
            assert await desk.do(fx.FindUser(identifier="ada")) == (said,)
        desk.world.replies[fx.FindUser] = r.OnlyInDirectory()
        assert await desk.do(fx.FindUser(identifier="ada")) == ("NoSuchUser",)


@pytest.mark.parametrize(("dn", "said"), [(f"CN=Ada,{OU}", "FoundInDirectory"), ("CN=Ada,OU=US", "NoSuchUser")])
async def test_r_41_whom_ad_alone_knows_is_found_by_their_ou(tmp_path: Path, dn: str, said: str) -> None:
    only_there = r.FoundInDirectory(Person("ad:1", "ada"), Protection(dn=dn), Problem("PingOne is down."))
    async with desk_on(tmp_path / "desk.db") as desk:
        desk.world.replies[fx.FindUser] = only_there
        await signed_in(desk, granted(desk, Role.AGENT, populations=(), ous=(OU,)))
        assert await desk.do(fx.FindUser(identifier="ada")) == (said,)


async def test_r_41_nobody_out_of_scope_is_changed_or_written_to_by_a_hand_made_client(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        desk.world.replies[fx.FindUser] = r.UserFound(IN_EU)
        now = desk.clock.now()
        call = await verified(desk, granted(desk, Role.AGENT, populations=(EU,), until=now + timedelta(minutes=10)))
        assert await asked(desk, call, disable(Act.PROTECT)) == ("PingOneEnabledSet",)
        stranger = disable(Act.PROTECT, person="u-other")
        link = fx.SendMagicLink(person_id="u-other", account="A*** B***")
        assert await desk.do(stranger, link, call_id=call.id) == ("Failed:forbidden", "Failed:forbidden")
        await signed_in(desk, granted(desk, Role.AGENT, populations=(US,), until=now + timedelta(minutes=11)))
        assert await asked(desk, call, disable(Act.PROTECT)) == ("Failed:forbidden",)
        assert ("refused", "link.send", "refused") in await desk.said_of()


async def test_a_command_that_changes_an_account_needs_a_sign_in_of_the_last_quarter_hour(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        session = await signed_in(desk, granted(desk, Role.AGENT, seconds=899))
        change, look = uf.Start("disableUser", "ada", "asked", "T-1"), uf.Start("getUserAccountStatus", "ada")
        assert (await session.start("user_functions", change)).id
        desk.clock.move(seconds=2)
        assert (await session.start("user_functions", look)).id
        assert (await session.start("csr_main", csr_main.Start())).id
        with pytest.raises(NotSignedInError, match="last 15 minutes"):
            await session.start("user_functions", change)
        assert ("refused", "sign_in.old", "refused") in await desk.said_of()


async def test_a_sign_in_is_one_row_of_the_audit_however_often_it_is_used(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        grants = granted(desk, Role.AGENT, Role.LEAD)
        for _ in range(3):
            await signed_in(desk, grants)
            desk.clock.move(minutes=2)
        rows = [row.details for row in await desk.engine.audit.list() if row.action == "sign_in"]
        assert rows == [{"roles": "agent lead"}]
        await signed_in(desk, granted(desk, Role.AGENT))
        assert len([row for row in await desk.engine.audit.list() if row.action == "sign_in"]) == 2


async def test_without_a_database_only_whom_the_operating_system_vouches_for_looks_people_up(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        desk.session()
        await desk.store.close()
        inner = desk.engine.session(GRACE)._desk  # noqa: SLF001 - what every part of the engine stands on
        assert await standings.granted_to(inner, GRACE.id) == EVERYTHING
        with pytest.raises(StoreUnavailableError):
            await standings.granted_to(inner, HAL.id)


async def test_without_a_database_nobody_is_shown_to_whom_a_sign_in_limits(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        await desk.store.close()
        guard, context = desk.engine._guard, Context("f", 1, "f", HAL)  # noqa: SLF001 - what a flow would reach
        reply = await guard(fx.FindUser(identifier="ada"), context)
        assert isinstance(reply, Failed)
        assert reply.problem.code == "store_unavailable"
        desk.session(HAL)
        assert isinstance(await guard(fx.FindUser(identifier="ada"), context), r.UserFound)


async def test_r_55_who_is_out_before_they_are_written_down_stays_out(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        grants = granted(desk, Role.AGENT)
        await signed_in(desk, grants)
        entrance = desk.engine.session(GRACE, grants)._entrance  # noqa: SLF001 - between its look and its writing
        async with desk.store.transaction() as tx:
            known = await standings.of(tx, GRACE.id)
            assert known is not None
            await standings.keep(tx, known.ended_at(desk.clock.now(), HAL.id))
            await entrance._come_in(tx, known)  # noqa: SLF001 - as above
            after = await standings.of(tx, GRACE.id)
        assert after is not None
        assert after.ended() != ""


async def test_r_41_whoever_reads_their_own_rows_neither_sees_nor_settles_what_others_left_unknown(
    tmp_path: Path,
) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        inner = desk.engine._desk  # noqa: SLF001 - an act of somebody else that a crash cut off
        await inner.audit.write(entry(Kind.INTENT, disable(), Context("f", 1, "f", HAL)))
        await inner.audit.write(entry(Kind.INTENT, disable(), Context("f", 2, "f", GRACE)))
        session = await signed_in(desk, granted(desk, Role.AGENT))
        reader = await session.reader()
        (own,) = await reader.unknown()
        assert own.agent == GRACE.id
        others = next(row for row in await desk.engine.audit.unknown() if row.agent == HAL.id)
        with pytest.raises(NotFoundError):
            await reader.leave(others.seq, "looked")
        assert (await reader.leave(own.seq, "looked")).seq == own.seq
        pages = [page async for page in reader.export(Which(), "jsonl")]
        assert {row.agent for page in pages for row in page} == {GRACE.id}
        with pytest.raises(ForbiddenError, match="whole audit"):
            await reader.verify(iter(()), lambda _: True)
        await session.enter()
        lead = await (await signed_in(desk, granted(desk, Role.LEAD), HAL)).reader()
        assert [row.agent for row in await lead.unknown()] == [HAL.id]
        assert (await lead.verify(iter(()), lambda _: True)).finding is None
