"""Which day agents may let an account end with, and when AD may ask for another password: policy, and what it knows."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from csrdesk.engine import facts, policy
from csrdesk.engine.audit import Detail, Entry, Kind
from csrdesk.engine.entries import entry
from csrdesk.engine.policy import OwnExpiry
from csrdesk.errors import ForbiddenError, NotVerifiedError
from csrdesk.flows import directory_effects as de
from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows import user_functions as uf
from csrdesk.flows.doors import Context
from csrdesk.flows.kernel import AccountEffect
from csrdesk.model.account import Account, DirectoryAccount, PingOneAccount
from csrdesk.model.days import words_of
from csrdesk.model.proofs import Act, Evidence
from tests.engine.test_policy import (
    DISABLED_BY_DESK,
    FACTOR_NOT_ASKED,
    LIMITS,
    NO_DEVICE_SHOWN,
    NOW,
    SCRIPT,
    VERIFIED,
    verified_by,
)
from tests.engine.world import ADA, GRACE, LINK_AND_CODE, PROVED, Desk, desk_on, disable, linked

SOON, LATE, LATEST = (NOW + timedelta(days=days) for days in (10, 100, 200))
PAST = NOW - timedelta(days=1)


def expire(ends_at: datetime | None, was: datetime | None = None, act: Act = Act.EXPIRE) -> de.SetDirectoryExpiry:
    return de.SetDirectoryExpiry(
        person_id=ADA.id, dn="CN=Ada", ends_at=ends_at, was=was, act=act, reason="asked", ticket="T-1"
    )


DEMAND = de.DemandPasswordChange(person_id=ADA.id, dn="CN=Ada", act=Act.MUST_CHANGE, reason="asked", ticket="T-1")
BOTH = pytest.mark.parametrize("effect", [expire(SOON), DEMAND], ids=lambda e: type(e).__name__)


@pytest.mark.parametrize(("ends_at", "was"), [(SOON, None), (SOON, LATE), (NOW + timedelta(seconds=1), SOON)])
def test_an_account_may_be_let_end_earlier(ends_at: datetime, was: datetime | None) -> None:
    policy.permit(expire(ends_at, was), VERIFIED, LIMITS)


@pytest.mark.parametrize(("ends_at", "was"), [(LATE, SOON), (None, SOON)], ids=["a later day", "never"])
def test_r_53_no_account_is_let_live_longer_than_the_desk_itself_had_made_it(
    ends_at: datetime | None, was: datetime
) -> None:
    for own in (None, OwnExpiry(LATE, None), OwnExpiry(None, LATE)):
        with pytest.raises(ForbiddenError, match="earlier, never later"):
            policy.permit(expire(ends_at, was), replace(VERIFIED, own_expiry=own), LIMITS)


def test_what_the_desk_took_away_may_be_given_back_and_no_more() -> None:
    own = replace(VERIFIED, own_expiry=OwnExpiry(SOON, LATE))
    policy.permit(expire(LATE, SOON), own, LIMITS)
    for more in (LATEST, None):
        with pytest.raises(ForbiddenError, match="given back until 11 April 2030, no longer"):
            policy.permit(expire(more, SOON), own, LIMITS)
    policy.permit(expire(None, SOON), replace(VERIFIED, own_expiry=OwnExpiry(SOON, None)), LIMITS)


@pytest.mark.parametrize("ends_at", [SOON, LATE, None, PAST - timedelta(days=1)])
def test_r_53_an_expired_account_is_never_extended_not_even_by_who_let_it_end(ends_at: datetime | None) -> None:
    for was in (PAST, NOW):
        own = replace(VERIFIED, own_expiry=OwnExpiry(was, None))
        with pytest.raises(ForbiddenError, match="extends no expired account"):
            policy.permit(expire(ends_at, was), own, LIMITS)


@pytest.mark.parametrize("ends_at", [NOW, PAST])
def test_a_day_that_is_over_is_refused_because_disabling_is_another_act(ends_at: datetime) -> None:
    with pytest.raises(ForbiddenError, match="disable it"):
        policy.permit(expire(ends_at, LATE), VERIFIED, LIMITS)


@BOTH
@pytest.mark.parametrize("shown", [Evidence(), NO_DEVICE_SHOWN, FACTOR_NOT_ASKED])
def test_r_32_both_need_the_registered_device(effect: AccountEffect, shown: Evidence) -> None:
    with pytest.raises(NotVerifiedError):
        policy.permit(effect, verified_by(shown), LIMITS)
    for enough in (PROVED, LINK_AND_CODE):
        policy.permit(effect, verified_by(enough), LIMITS)


@BOTH
def test_r_30_neither_is_done_before_the_caller_is_verified_nor_by_a_script(effect: AccountEffect) -> None:
    for nobody in (replace(DISABLED_BY_DESK, window=None), SCRIPT):
        with pytest.raises(NotVerifiedError):
            policy.permit(effect, nobody, LIMITS)


@BOTH
@pytest.mark.parametrize("act", list(Act), ids=lambda act: act.value)
def test_r_52_each_is_an_act_of_its_own(effect: AccountEffect, act: Act) -> None:
    if act is not effect.act:
        with pytest.raises(ForbiddenError, match="act of its own"):
            policy.permit(replace(effect, act=act), DISABLED_BY_DESK, LIMITS)
        with pytest.raises(ForbiddenError, match="act of its own"):
            policy.permit(replace(disable(), act=effect.act), DISABLED_BY_DESK, LIMITS)


async def own(desk: Desk, context: Context, action: str = de.SetDirectoryExpiry.action) -> OwnExpiry | None:
    known = await facts.read(desk.store, desk.engine._desk, context, ADA.id, action)  # noqa: SLF001 - as the guard does
    return known.own_expiry


async def noted(desk: Desk, wrote: datetime | None, was: datetime | None, **other: Detail) -> None:
    details: dict[str, Detail] = {"ends_at": words_of(wrote), "was": words_of(was), "changed": True, **other}
    row = Entry(kind=Kind.OUTCOME, action="ad.set_expiry", agent="grace", person_id=ADA.id, result="done")
    await desk.engine.audit.write(replace(row, details=details))


async def test_what_the_desk_did_to_the_last_day_is_read_from_its_audit(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        here = Context("f", 1, "f", GRACE)
        assert await own(desk, here) is None
        await noted(desk, LATE, LATEST)
        assert await own(desk, here) == OwnExpiry(LATE, LATEST)
        await noted(desk, SOON, LATE, changed=False)
        assert await own(desk, here) == OwnExpiry(LATE, LATEST)
        await noted(desk, SOON, LATE)
        assert await own(desk, here) == OwnExpiry(SOON, LATEST)
        await noted(desk, LATE, SOON)
        assert await own(desk, here) == OwnExpiry(LATE, LATEST), "taken back, and the first day is still known"
        await noted(desk, SOON, None)
        assert await own(desk, here) == OwnExpiry(SOON, None), "somebody else had taken the day away meanwhile"
        assert await own(desk, here, "ad.unlock") is None


async def test_what_was_set_before_the_days_of_the_setting_is_not_the_desks_to_take_back(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        await noted(desk, SOON, None)
        desk.clock.move(days=31)
        assert await own(desk, Context("f", 1, "f", GRACE)) is None


def test_r_60_the_audit_says_which_day_stands_there_now_and_which_stood_there_before() -> None:
    context = Context("f", 1, "f", GRACE)
    row = entry(Kind.OUTCOME, expire(SOON), context, r.DirectoryChanged())
    assert row.details == {
        "act": "expire",
        "verified": True,
        "ends_at": "2030-01-11T12:00:00+00:00",
        "was": "never",
        "changed": True,
    }
    assert entry(Kind.OUTCOME, DEMAND, context, r.DirectoryChanged(changed=False)).details["changed"] is False


@pytest.mark.parametrize(
    ("action", "kind"), [("setExpiry", de.SetDirectoryExpiry), ("demandPasswordChange", de.DemandPasswordChange)]
)
async def test_a_dry_run_of_either_names_it_and_writes_nothing(
    tmp_path: Path, action: str, kind: type[AccountEffect]
) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        await call.verify()
        ends = words_of(desk.clock.now() + timedelta(days=5))
        both = Account(PingOneAccount(enabled=True), DirectoryAccount("CN=Ada", "ada"))
        desk.world.replies[fx.ReadAccount] = r.AccountRead(both)
        came = await desk.engine.rehearse(uf.Start(action, "ada", "asked", "T-1", ends=ends), GRACE, call.id)
        assert [(type(one.effect), one.refusal) for one in came.planned] == [(kind, None)]
        assert kind.__name__ not in {name for name, _ in desk.world.done}
