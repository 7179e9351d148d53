"""An account recovery at the desk: who may open its page, what is counted for whom, what ends it, and two servers."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from csrdesk.config import LimitSettings
from csrdesk.engine import codes, policy, public_pages, quotas
from csrdesk.engine.call_effects import CallEffects
from csrdesk.engine.changes import Changes
from csrdesk.engine.clock import MovableClock
from csrdesk.engine.desk import Desk as Core
from csrdesk.engine.public_pages import CUSTOMER, PublicPage
from csrdesk.engine.recoveries import RecoveryEffects
from csrdesk.engine.session import secret_of
from csrdesk.errors import (
    ForbiddenError,
    IllegalEventError,
    LimitReachedError,
    LinkOverError,
    NoSuchFlowError,
    StaleFlowError,
)
from csrdesk.flows import answers as a
from csrdesk.flows import effects as fx
from csrdesk.flows import password_effects as pfx
from csrdesk.flows import password_replies as pr
from csrdesk.flows import public_answers as pa
from csrdesk.flows import public_prompts as pub
from csrdesk.flows import recovery_effects as rfx
from csrdesk.flows import recovery_inputs as ri
from csrdesk.flows import recovery_replies as rr
from csrdesk.flows import replies as r
from csrdesk.flows import risk_effects as kx
from csrdesk.flows import risk_replies as kr
from csrdesk.flows.doors import Context, PublicView, Visitor
from csrdesk.flows.kernel import Answer, Failed, Problem
from csrdesk.flows.rules import Rules
from csrdesk.model.passwords import Home, PasswordState
from csrdesk.model.proofs import Act
from csrdesk.model.recovery import End, Stage, apart
from csrdesk.model.risk import Risk, RiskLevel
from csrdesk.model.secret import Secret
from tests.engine.world import ADA, ADDRESS, BROWSER, GRACE, KEY, Desk, desk_on

FLOW = "account_recovery"
RIGHT, NEW = "AB2CD3EF", "Correct horse 8 battery"
SOURCE = "198.51.100.7"
NOW = datetime(2026, 3, 4, 9, 25, tzinfo=UTC)
NUMBERS = itertools.count(1)


def evaluated(predictor: str = "") -> kr.RiskEvaluated:
    """Another evaluation each time: a low risk, whatever Protect recommends."""
    return kr.RiskEvaluated(Risk(f"risk-{next(NUMBERS)}", RiskLevel.LOW, predictor, "KNOWN_DEVICE"))


class Hasty(MovableClock):
    """Whoever waits for a moment finds that it has come."""

    async def sleep_until(self, moment: datetime) -> None:
        await asyncio.sleep(0)
        if moment > self.now():
            self.move(seconds=(moment - self.now()).total_seconds())


@asynccontextmanager
async def recovering(
    path: Path,
    *,
    limits: LimitSettings | None = None,
    rules: ri.RecoveryRules | None = None,
    clock: MovableClock | None = None,
) -> AsyncIterator[Desk]:
    """A desk that offers it, beside a PingOne that knows Ada and one right code."""
    async with desk_on(path, clock or Hasty(), limits=limits) as desk:
        desk.engine.public.offer(FLOW, ri.Start(rules or ri.RecoveryRules()))
        desk.world.replies |= {
            kx.EvaluateRisk: lambda _: evaluated(),
            kx.CompleteEvaluation: kr.EvaluationCompleted(),
            rfx.FindForRecovery: lambda e: rr.RecoveryUser(ADA.id if getattr(e, "address", "") == ADDRESS else ""),
            rfx.ReadRecoveryPolicy: rr.RecoveryPolicy(),
            rfx.SendRecoveryCode: rr.RecoveryCodeSent(),
            rfx.RecoverPassword: lambda _: judged(desk),
        }
        yield desk


def judged(desk: Desk) -> pr.PasswordSet | rr.RecoveryCodeWrong:
    secret = desk.world.secrets[-1]
    assert secret
    code, _ = apart(secret)
    return pr.PasswordSet(Home.PINGONE) if code.reveal() == RIGHT else rr.RecoveryCodeWrong()


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with recovering(tmp_path / "desk.sqlite3") as made:
        yield made


def core(desk: Desk, limits: LimitSettings | None = None) -> Core:
    """What the parts of this desk's engine stand on."""
    changes = Changes(desk.store)
    return Core(desk.store, desk.engine.audit, changes, desk.clock, Rules(), limits or LimitSettings(), KEY)


async def begun(desk: Desk, address: str = ADDRESS, browser: str = BROWSER, source: str = SOURCE) -> str:
    answer = pa.EmailGiven(address)
    token = await desk.engine.public.begin(FLOW, browser, answer, source=source, visitor=Visitor())
    return token.reveal()


def typed(code: str = "WRONG222", password: str = NEW) -> pa.RecoveryTyped:
    return pa.RecoveryTyped(Secret(code), Secret(password), Secret(password))


async def say(desk: Desk, token: str, answer: Answer, browser: str = BROWSER) -> PublicView:
    seen = await asked(desk, token, browser)
    assert isinstance(seen.view.prompt, pub.PublicPrompt), seen
    public = desk.engine.public
    return await public.answer(token, browser, answer, seen.view.prompt.asked, source=SOURCE, visitor=Visitor())


async def asked(desk: Desk, token: str, browser: str = BROWSER) -> PublicView:
    return await desk.engine.public.open(token, browser)


async def page(desk: Desk, token: str) -> PublicPage:
    row = await public_pages.find_by_token(desk.store, codes.fingerprint(token))
    assert row
    return row


async def end_of(desk: Desk, token: str) -> End:
    seen = await asked(desk, token)
    assert isinstance(seen.view.outcome, ri.Outputs), seen
    return seen.view.outcome.end


def times(desk: Desk, effect: type) -> int:
    return [name for name, _ in desk.world.done].count(effect.__name__)


async def test_the_right_code_sets_the_password_ends_sessions_and_tells_protect(desk: Desk) -> None:
    token = await begun(desk)
    await say(desk, token, typed(RIGHT))
    assert await end_of(desk, token) is End.DONE
    await until_over(desk, token)
    assert (await page(desk, token)).stage is Stage.DONE
    assert times(desk, fx.EndSessions) == times(desk, fx.TellCustomer) == 1
    assert desk.world.secrets == [secret_of(typed(RIGHT))]
    assert times(desk, kx.CompleteEvaluation) == 1


async def until_over(desk: Desk, token: str) -> None:
    """What goes on behind the page that shows the end already."""
    for _ in range(500):
        row = await desk.store.one("SELECT over FROM flows WHERE id = ?", (await page(desk, token)).id)
        if row == {"over": 1}:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not end")


async def test_r_17_a_token_opens_nothing_in_another_browser_or_after_its_time(desk: Desk) -> None:
    token = await begun(desk)
    await asked(desk, token)
    for other, browser in ((token, "another"), ("nothing", BROWSER), (token, "")):
        with pytest.raises(LinkOverError, match="opens nothing any more"):
            await asked(desk, other, browser)
    desk.clock.move(minutes=10)
    with pytest.raises(LinkOverError, match="opens nothing any more"):
        await asked(desk, token)


async def test_nothing_is_begun_that_settings_do_not_offer(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.sqlite3") as desk:
        assert not desk.engine.public.offers(FLOW)
        with pytest.raises(NoSuchFlowError):
            await begun(desk)


async def test_no_agent_starts_or_sees_a_recovery(desk: Desk) -> None:
    token = await begun(desk)
    row = await page(desk, token)
    with pytest.raises(NoSuchFlowError):
        await desk.session().start(FLOW, ri.Start(ri.RecoveryRules()))
    for agent in (GRACE, CUSTOMER):
        with pytest.raises(NoSuchFlowError):
            await desk.session(agent).view(row.id)


async def test_r_30_no_agent_does_what_only_a_customers_own_page_does(desk: Desk) -> None:
    token = await begun(desk)
    await asked(desk, token)
    closing = fx.SetPingOneEnabled(person_id=ADA.id, act=Act.RISK, reason="Why.", enabled=False)
    ending = fx.EndSessions(person_id=ADA.id, act=Act.RECOVER, reason="Why.")
    assert await desk.do(closing, ending) == ("Failed:forbidden", "Failed:forbidden")


FACTS = policy.Facts(now=NOW, agent=CUSTOMER.id, call_id="page-1", person_id=ADA.id, public_page=True)


def test_r_30_a_page_recovers_its_own_account_and_else_only_closes_the_door() -> None:
    limits, why = LimitSettings(), "Why."
    own = rfx.RecoverPassword(person_id=ADA.id, act=Act.RECOVER, reason=why)
    closing = fx.SetPingOneEnabled(person_id=ADA.id, act=Act.RISK, reason=why, enabled=False)
    for effect in (own, closing, fx.EndSessions(person_id=ADA.id, act=Act.RECOVER, reason=why)):
        policy.permit(effect, FACTS, limits)
        with pytest.raises(ForbiddenError, match="own page does this"):
            policy.permit(effect, replace(FACTS, public_page=False), limits)
    with pytest.raises(ForbiddenError, match="disabled this account 1 times"):
        policy.permit(closing, replace(FACTS, risk_disables=1), limits)
    for other in (
        rfx.RecoverPassword(person_id=ADA.id, act=Act.RESET, reason=why),
        fx.SetPingOneEnabled(person_id=ADA.id, act=Act.RISK, reason=why, enabled=True),
        fx.SetPingOneEnabled(person_id=ADA.id, act=Act.RECOVER, reason=why, enabled=False),
        fx.UnlockPassword(person_id=ADA.id, act=Act.RECOVER, reason=why),
    ):
        with pytest.raises(ForbiddenError, match=r"(nothing else to an account|an act of its own)"):
            policy.permit(other, FACTS, limits)


async def test_r_11_five_tries_are_five_whatever_happens_to_what_was_typed(desk: Desk) -> None:
    token = await begun(desk)
    for _ in range(5):
        await say(desk, token, typed())
    assert await end_of(desk, token) is End.TRIES
    assert times(desk, rfx.RecoverPassword) == 5
    await until_over(desk, token)
    assert (await page(desk, token)).stage is Stage.REFUSED


async def test_r_11_tries_are_counted_for_the_address_over_all_pages(tmp_path: Path) -> None:
    limits = LimitSettings(recovery_tries_per_address_a_day=3)
    async with recovering(tmp_path / "desk.sqlite3", limits=limits) as desk:
        first, second = await begun(desk), await begun(desk)
        for token in (first, second, first):
            await say(desk, token, typed())
        await say(desk, second, typed(RIGHT))
        assert await end_of(desk, second) is End.OVER
        assert times(desk, rfx.RecoverPassword) == 3
        assert [row.details["limit"] for row in await desk.engine.audit.list() if row.kind == "alert"] == [
            "recovery_tries_per_address_a_day"
        ]


async def test_r_18_codes_are_limited_for_the_address_alike_whoever_has_it(tmp_path: Path) -> None:
    limits = LimitSettings(recoveries_per_address_in_ten_minutes=2, recoveries_per_address_a_day=3)
    async with recovering(tmp_path / "desk.sqlite3", limits=limits) as desk:
        for address in (ADDRESS, "nobody@home.example"):
            tokens = [await begun(desk, written) for written in (address, address.upper(), address)]
            shown = [(await asked(desk, token)).view for token in tokens]
            assert [isinstance(view.prompt, pub.RecoveryCodePrompt) for view in shown] == [True, True, False]
            assert await end_of(desk, tokens[2]) is End.LIMITED
            desk.clock.move(minutes=11)
            assert isinstance((await asked(desk, await begun(desk, address))).view.prompt, pub.RecoveryCodePrompt)
            desk.clock.move(minutes=11)
            assert await end_of(desk, await begun(desk, address)) is End.LIMITED
            desk.clock.move(hours=24)


async def test_r_18_pages_and_wrong_posts_are_limited_for_a_source(tmp_path: Path) -> None:
    limits = LimitSettings(public_pages_per_source=1, wrong_posts_per_address=10)
    async with recovering(tmp_path / "desk.sqlite3", limits=limits) as desk:
        token = await begun(desk)
        with pytest.raises(LimitReachedError, match="Too many pages"):
            await begun(desk)
        async with desk.store.transaction() as tx:
            for _ in range(10):
                await quotas.count_wrong(tx, core(desk, limits), SOURCE)
        with pytest.raises(LimitReachedError, match="wrong answers"):
            await say(desk, token, typed())
        with pytest.raises(LimitReachedError, match="wrong answers"):
            await begun(desk)


async def test_another_code_comes_after_a_pause_and_inside_the_limits(tmp_path: Path) -> None:
    limits = LimitSettings(recoveries_per_address_in_ten_minutes=2)
    clock = Hasty()
    async with recovering(tmp_path / "desk.sqlite3", limits=limits, clock=clock) as desk:
        token = await begun(desk)
        await say(desk, token, a.ResendChosen())
        seen = await say(desk, token, a.SendChosen())
        assert seen.view.prompt
        left = re.search(r"Another code can be sent in (\d+) seconds\.", getattr(seen.view.prompt, "note", ""))
        assert left
        clock.move(seconds=int(left[1]) - 1)
        await say(desk, token, a.ResendChosen())
        seen = await say(desk, token, a.SendChosen())
        assert getattr(seen.view.prompt, "note", "").endswith("Another code can be sent in 1 second.")
        clock.move(seconds=30)
        await say(desk, token, a.ResendChosen())
        await say(desk, token, a.SendChosen())
        clock.move(seconds=30)
        await say(desk, token, a.ResendChosen())
        seen = await say(desk, token, a.SendChosen())
        assert "Too often a code was asked for" in getattr(seen.view.prompt, "note", "")
        assert times(desk, rfx.SendRecoveryCode) == 2


@pytest.mark.parametrize("typing", [typed(RIGHT), a.ResendChosen()])
async def test_a_page_that_was_ended_from_outside_does_nothing_more(desk: Desk, typing: Answer) -> None:
    token = await begun(desk)
    if isinstance(typing, a.ResendChosen):
        await say(desk, token, typing)
        typing = a.SendChosen()
    seen = await asked(desk, token)
    assert isinstance(seen.view.prompt, pub.PublicPrompt)
    by_an_act = Context("call-1", 1, "call-1", GRACE)
    assert await CallEffects(core(desk))(fx.EndLinks(person_id=ADA.id), by_an_act) == r.Noted()
    with pytest.raises(LinkOverError):
        await asked(desk, token)
    asked_last = seen.view.prompt.asked
    with suppress(LinkOverError):
        await desk.engine.public.answer(token, BROWSER, typing, asked_last, source=SOURCE, visitor=Visitor())
    assert times(desk, rfx.RecoverPassword) == 0
    assert (await page(desk, token)).stage is Stage.ENDED


async def test_r_06_an_address_that_is_another_one_now_ends_the_page_of_the_old_one(desk: Desk) -> None:
    token = await begun(desk)
    await asked(desk, token)
    row = await page(desk, token)
    context = Context(row.id, 9, row.id, CUSTOMER)
    await desk.engine.links.saw_address(ADA.id, ADDRESS)
    assert await desk.engine.links.is_recovering(context)
    await desk.engine.links.saw_address(ADA.id, "other@home.example")
    assert not await desk.engine.links.is_recovering(context)


async def test_a_new_password_ends_the_persons_other_pages(desk: Desk) -> None:
    first, second = await begun(desk), await begun(desk)
    await asked(desk, first)
    await say(desk, second, typed(RIGHT))
    await until_over(desk, second)
    assert (await page(desk, first)).stage is Stage.ENDED
    assert (await page(desk, second)).stage is Stage.DONE
    newest = await public_pages.newest_of(desk.store, ADA.id, FLOW, desk.clock.now() - timedelta(hours=1))
    assert newest == await page(desk, second)
    assert await public_pages.newest_of(desk.store, ADA.id, FLOW, desk.clock.now()) is None


async def test_what_was_counted_once_is_not_counted_again_after_an_interruption(desk: Desk) -> None:
    token = await begun(desk)
    await asked(desk, token)
    row = await page(desk, token)
    effects, context = RecoveryEffects(core(desk)), Context(row.id, 2, row.id, CUSTOMER)
    again = await effects(rfx.BeginRecovery(address=ADDRESS), context)
    assert isinstance(again, rr.RecoveryBegun)
    counted = await desk.store.all("SELECT * FROM public_counts WHERE what = 'code'")
    assert len(counted) == 1
    for _ in range(2):
        assert await effects(rfx.FinishRecovery(stage=Stage.REFUSED), context) == r.Noted()
    with pytest.raises(ForbiddenError):
        await effects(rfx.CountTry(), Context("another", 2, "another", CUSTOMER))
    assert await effects(fx.EndCall(), context) is None


async def test_r_62_a_lost_answer_is_read_back_and_what_was_typed_is_not_tried_again(desk: Desk) -> None:
    lost = Failed(Problem("No answer.", code="timed_out"))
    desk.world.replies[rfx.RecoverPassword] = lost
    new = PasswordState(Home.PINGONE, desk.clock.now())
    desk.world.replies[pfx.ReadPasswordState] = pr.PasswordStateRead(new)
    token = await begun(desk)
    await say(desk, token, typed(RIGHT))
    assert await end_of(desk, token) is End.DONE
    assert times(desk, rfx.RecoverPassword) == 1


async def test_protects_disable_is_audited_and_made_once_a_day(tmp_path: Path) -> None:
    rules = ri.RecoveryRules(disable_for=frozenset({"BOT_MITIGATION"}))
    async with recovering(tmp_path / "desk.sqlite3", rules=rules) as desk:
        desk.world.replies[kx.EvaluateRisk] = lambda _: evaluated("BOT_MITIGATION")
        for _ in range(2):
            token = await begun(desk)
            assert await end_of(desk, token) is End.STOPPED
            await until_over(desk, token)
        assert times(desk, fx.SetPingOneEnabled) == 1
        said = await desk.said_of(person_id=ADA.id)
        assert said.count(("alert", "risk.disable", "")) == 1
        assert ("refused", "pingone.set_enabled", "refused") in said


bounded = settings(
    max_examples=8, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
Move = tuple[int, int, bool]
"""Which server, which tab, and whether it waits for the answer before the next move."""


@bounded
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1), st.booleans()), min_size=8, max_size=16))
def test_r_11_two_tabs_on_two_servers_make_no_more_tries_than_the_limit(
    tmp_path_factory: pytest.TempPathFactory, moves: list[Move]
) -> None:
    path = tmp_path_factory.mktemp("servers") / "desk.sqlite3"
    made, left = asyncio.run(raced(path, moves))
    assert 0 < made <= 5
    assert left <= 5 - made


async def raced(path: Path, moves: list[Move]) -> tuple[int, int]:
    """How many tries reached PingOne, and how many the page says are left."""
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(recovering(path)) for _ in range(2)]
        token = await begun(servers[0])
        await asked(servers[0], token)
        seen = [1, 1]
        going: list[asyncio.Task[None]] = []

        async def post(server: Desk, tab: int) -> None:
            with suppress(StaleFlowError, IllegalEventError, LinkOverError, LimitReachedError):
                view = await server.engine.public.answer(
                    token, BROWSER, typed(), seen[tab], source=SOURCE, visitor=Visitor()
                )
                seen[tab] = getattr(view.view.prompt, "asked", seen[tab])

        for server, tab, waits in moves:
            going.append(asyncio.create_task(post(servers[server], tab)))
            if waits:
                await asyncio.gather(*going)
        await asyncio.gather(*going)
        view = await asked(servers[0], token)
        left = getattr(view.view.prompt, "tries_left", 0)
        return sum(times(server, rfx.RecoverPassword) for server in servers), left


def test_how_long_a_page_may_be_open_and_answer() -> None:
    limits = LimitSettings()
    assert timedelta(seconds=limits.page_seconds) == timedelta(minutes=10)
    assert limits.recovery_answer_seconds >= 1
