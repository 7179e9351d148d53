"""A registration at the desk: what its page may do and when, what is counted for whom, what leads back to it."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from csrdesk.config import LimitSettings
from csrdesk.engine import codes, facts, policy, public_pages, registrations, unknown
from csrdesk.engine.audit import Kind
from csrdesk.engine.changes import Changes
from csrdesk.engine.clock import MovableClock
from csrdesk.engine.desk import Desk as Core
from csrdesk.engine.entries import entry
from csrdesk.engine.public_pages import CUSTOMER, PublicPage
from csrdesk.errors import ForbiddenError, LimitReachedError, LinkOverError, NoSuchFlowError
from csrdesk.flows import agreement_effects as ax
from csrdesk.flows import answers as a
from csrdesk.flows import effects as fx
from csrdesk.flows import pairing_effects as px
from csrdesk.flows import pairing_replies
from csrdesk.flows import password_effects as pfx
from csrdesk.flows import password_replies as pr
from csrdesk.flows import recovery_effects as rfx
from csrdesk.flows import recovery_replies as rr
from csrdesk.flows import registration_answers as ra
from csrdesk.flows import registration_effects as gx
from csrdesk.flows import registration_inputs as gi
from csrdesk.flows import registration_prompts as rp
from csrdesk.flows import replies as r
from csrdesk.flows import risk_effects as kx
from csrdesk.flows import risk_replies as kr
from csrdesk.flows.doors import Context, PublicView, Visitor
from csrdesk.flows.kernel import Answer, Effect, Failed, Problem, Reply
from csrdesk.flows.public_prompts import PublicPrompt
from csrdesk.flows.rules import Rules
from csrdesk.model.devices import Device, Devices
from csrdesk.model.passwords import Home, PasswordState
from csrdesk.model.proofs import Act
from csrdesk.model.recovery import End, Stage
from csrdesk.model.risk import Risk, RiskLevel
from csrdesk.model.secret import Secret
from tests.engine.test_recoveries import Hasty
from tests.engine.world import ADA, ADDRESS, BROWSER, GRACE, KEY, Desk, desk_on

FLOW = "registration"
NEW, RIGHT, PASSWORD = "new@mail.example", "314159", "Correct horse 8 battery"
SOURCE = "198.51.100.7"
INPUTS = gi.Inputs("", allowed_device_types=("TOTP",))
NOW = datetime(2026, 3, 4, 9, 25, tzinfo=UTC)
NUMBERS = itertools.count(1)
MADE = "u-new"


@asynccontextmanager
async def registering(
    path: Path, *, limits: LimitSettings | None = None, clock: MovableClock | None = None
) -> AsyncIterator[Desk]:
    """A desk that offers it, beside a PingOne that knows Ada and one right code."""
    async with desk_on(path, clock or Hasty(), limits=limits) as desk:
        desk.engine.public.offer(FLOW, gi.Start(gi.RegistrationRules(), INPUTS))

        def checked(_: Effect) -> Reply:
            secret = desk.world.secrets[-1]
            right = secret is not None and secret.reveal() == RIGHT
            return gx.EmailCodeRight() if right else gx.EmailCodeWrong()

        desk.world.replies |= {
            kx.EvaluateRisk: lambda _: kr.RiskEvaluated(Risk(f"risk-r{next(NUMBERS)}", RiskLevel.LOW)),
            kx.CompleteEvaluation: kr.EvaluationCompleted(),
            gx.FindForRegistration: lambda e: gx.RegistrationUser(
                ADA.id if getattr(e, "address", "") == ADDRESS else ""
            ),
            rfx.ReadRecoveryPolicy: rr.RecoveryPolicy(),
            gx.SendEmailCode: gx.EmailCodeSent("auth-1"),
            gx.TellOwner: r.CustomerTold(),
            gx.CheckEmailCode: checked,
            gx.CreateUser: gx.UserCreated(MADE),
            gx.Welcome: r.CustomerTold(),
            gx.EnrollEmail: gx.EmailEnrolled(),
            gx.SetFirstPassword: pr.PasswordSet(Home.PINGONE),
        }
        yield desk


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with registering(tmp_path / "desk.sqlite3") as made:
        yield made


def core(desk: Desk) -> Core:
    changes = Changes(desk.store)
    return Core(desk.store, desk.engine.audit, changes, desk.clock, Rules(), LimitSettings(), KEY)


async def begun(desk: Desk, address: str = NEW, browser: str = BROWSER) -> str:
    answer = ra.RegisterEmailGiven(address)
    token = await desk.engine.public.begin(FLOW, browser, answer, source=SOURCE, visitor=Visitor())
    return token.reveal()


async def say(desk: Desk, token: str, answer: Answer, browser: str = BROWSER) -> PublicView:
    seen = await desk.engine.public.open(token, browser)
    assert isinstance(seen.view.prompt, PublicPrompt), seen
    asked = seen.view.prompt.asked
    return await desk.engine.public.answer(token, browser, answer, asked, source=SOURCE, visitor=Visitor())


async def page(desk: Desk, token: str) -> PublicPage:
    row = await public_pages.find_by_token(desk.store, codes.fingerprint(token))
    assert row
    return row


async def verified(desk: Desk, address: str = NEW) -> str:
    token = await begun(desk, address)
    await say(desk, token, a.PasscodeGiven(Secret(RIGHT)))
    await say(desk, token, ra.NamesGiven("Grace", "Hopper"))
    return token


def times(desk: Desk, effect: type) -> int:
    return [name for name, _ in desk.world.done].count(effect.__name__)


def prompt(seen: PublicView) -> type:
    return type(seen.view.prompt)


async def test_an_account_is_made_once_and_its_page_ends_with_it(desk: Desk) -> None:
    token = await verified(desk)
    assert (await page(desk, token)).stage is Stage.VERIFIED
    seen = await say(desk, token, ra.FirstPasswordTyped(Secret(PASSWORD), Secret(PASSWORD)))
    assert isinstance(seen.view.outcome, gi.Outputs)
    assert seen.view.outcome.pingone_user_id == MADE
    assert times(desk, gx.CreateUser) == times(desk, gx.Welcome) == times(desk, gx.EnrollEmail) == 1
    rows = [row.action for row in await desk.engine.audit.list() if row.kind == "event"]
    assert [row for row in rows if row.startswith("registration.")][:4] == [
        "registration.opened",
        "registration.tried",
        "registration.verified",
        "registration.created",
    ]
    (made,) = [
        row for row in await desk.engine.audit.list() if (row.action, row.kind) == (gx.CreateUser.action, "outcome")
    ]
    assert made.person_id == MADE
    assert made.details["identifier"] == "n***@m***.example"
    assert made.details["verified"] is False


async def test_the_pages_clock_runs_anew_from_the_right_code_and_from_the_account(tmp_path: Path) -> None:
    async with registering(tmp_path / "desk.sqlite3", clock=MovableClock(NOW)) as desk:
        row = PublicPage(
            id="flow-1", flow=FLOW, token_hash="t", browser="b", stage=Stage.ANALYSED, started_at=NOW,
            until=NOW + timedelta(minutes=10), quiet_until=NOW, address_hash="mark",
        )  # fmt: skip
        async with desk.store.transaction() as tx:
            await public_pages.insert(tx, row)
        effects, context = registrations.RegistrationEffects(core(desk)), Context("flow-1", 1, "flow-1", GRACE)
        desk.clock.move(minutes=9)
        assert await effects(gx.NoteRegistration(stage=Stage.VERIFIED), context) == r.Noted()
        seen = await public_pages.find(desk.store, "flow-1")
        assert seen
        assert (seen.stage, seen.until) == (Stage.VERIFIED, desk.clock.now() + timedelta(minutes=10))
        desk.clock.move(minutes=10)
        with pytest.raises(ForbiddenError, match="over"):
            await effects(gx.NoteRegistration(stage=Stage.CREATED, person_id=MADE), context)
        assert await effects(gx.FinishRegistration(stage=Stage.REFUSED), context) == r.Noted()
        assert await effects(gx.FinishRegistration(stage=Stage.DONE), context) == r.Noted()
        ended = await public_pages.find(desk.store, "flow-1")
        assert ended
        assert ended.stage is Stage.REFUSED
        assert await effects(fx.LoadRules(), context) is None


async def test_a_step_of_another_page_registers_nobody(desk: Desk) -> None:
    effects = registrations.RegistrationEffects(core(desk))
    for effect in (gx.BeginRegistration(address=NEW), gx.NoteRegistration(stage=Stage.VERIFIED)):
        with pytest.raises(ForbiddenError, match="no registration"):
            await effects(effect, Context("nobody's", 1, "nobody's", GRACE))


async def test_an_address_that_somebody_has_is_told_to_them_and_gets_no_code(desk: Desk) -> None:
    token = await begun(desk, ADDRESS)
    for _ in range(4):
        await say(desk, token, a.PasscodeGiven(Secret(RIGHT)))
    seen = await say(desk, token, a.PasscodeGiven(Secret(RIGHT)))
    assert isinstance(seen.view.outcome, gi.Outputs)
    assert seen.view.outcome.end is End.TRIES
    assert times(desk, gx.SendEmailCode) == times(desk, gx.CheckEmailCode) == times(desk, gx.CreateUser) == 0
    assert times(desk, gx.TellOwner) == 1
    assert (await page(desk, token)).person_id == ""


async def test_codes_for_one_address_are_counted_also_by_going_back_and_asking_again(desk: Desk) -> None:
    token = await begun(desk)
    for _ in range(4):
        assert prompt(await say(desk, token, a.BackChosen())) is rp.RegisterEmailPrompt
        await say(desk, token, ra.RegisterEmailGiven(NEW))
    await say(desk, token, a.BackChosen())
    seen = await say(desk, token, ra.RegisterEmailGiven(NEW.upper()))
    assert isinstance(seen.view.outcome, gi.Outputs)
    assert (seen.view.outcome.end, seen.view.outcome.minutes > 0) == (End.LIMITED, True)
    assert times(desk, gx.SendEmailCode) == 5
    alerts = [row for row in await desk.engine.audit.list() if row.kind == "alert"]
    assert [row.action for row in alerts] == ["limit.reached"]


async def test_no_agent_starts_or_sees_a_registration(desk: Desk) -> None:
    token = await begun(desk)
    with pytest.raises(NoSuchFlowError):
        await desk.session().start(FLOW, gi.Start(gi.RegistrationRules(), INPUTS))
    with pytest.raises(NoSuchFlowError):
        await desk.session().view((await page(desk, token)).id)


async def half_done(desk: Desk) -> str:
    """Left where a device is asked for."""
    desk.world.replies[gx.EnrollEmail] = Failed(Problem("Busy."))
    token = await verified(desk)
    seen = await say(desk, token, ra.WithoutPasswordChosen())
    assert prompt(seen) is rp.UnfinishedPrompt
    return token


async def test_a_half_done_registration_is_gone_on_with_in_one_other_browser_once(desk: Desk) -> None:
    token = await half_done(desk)
    way = await desk.engine.links.way_back(MADE)
    newer = await desk.engine.links.way_back(MADE)
    assert way
    assert newer
    public = desk.engine.public
    with pytest.raises(LinkOverError):  # another mail was sent since
        await public.resume(FLOW, way.reveal(), "other", source=SOURCE)
    taken = await public.resume(FLOW, newer.reveal(), "other", source=SOURCE)
    assert prompt(await public.open(taken.reveal(), "other")) is rp.UnfinishedPrompt
    for gone, browser in ((token, BROWSER), (taken.reveal(), BROWSER)):
        with pytest.raises(LinkOverError):
            await public.open(gone, browser)
    with pytest.raises(LinkOverError):
        await public.resume(FLOW, newer.reveal(), "third", source=SOURCE)
    assert newer.reveal() not in str(await desk.store.all("SELECT * FROM public_pages"))
    actions = [row.action for row in await desk.engine.audit.list()]
    assert actions.count("registration.resumed") == 1


async def test_there_is_no_way_back_after_a_day_or_where_nothing_is_half_done(tmp_path: Path) -> None:
    async with registering(tmp_path / "desk.sqlite3") as desk:
        assert await desk.engine.links.way_back(ADA.id) is None
        await half_done(desk)
        way = await desk.engine.links.way_back(MADE)
        assert way
        desk.clock.move(hours=24)
        assert await desk.engine.links.way_back(MADE) is None
        with pytest.raises(LinkOverError):
            await desk.engine.public.resume(FLOW, way.reveal(), "other", source=SOURCE)


async def test_wrong_ways_back_are_counted_for_where_they_come_from(tmp_path: Path) -> None:
    limits = LimitSettings(wrong_posts_per_address=10)
    async with registering(tmp_path / "desk.sqlite3", limits=limits) as desk:
        for _ in range(10):
            with pytest.raises(LinkOverError):
                await desk.engine.public.resume(FLOW, "guess", "other", source=SOURCE)
        with pytest.raises(LimitReachedError):
            await desk.engine.public.resume(FLOW, "guess", "other", source=SOURCE)


CREATE = gx.CreateUser(address=NEW, given_name="Grace", family_name="Hopper", with_password=False)
FACTS = policy.Facts(now=NOW, agent="(customer)", call_id="c", person_id="", registers=True)


@pytest.mark.parametrize(
    ("effect", "known"),
    [
        (CREATE, replace(FACTS, registers=False)),
        (replace(CREATE, act=Act.RECOVER), FACTS),
        (fx.EndSessions(person_id=MADE, act=Act.REGISTER, reason="x"), replace(FACTS, person_id=MADE)),
        (rfx.RecoverPassword(person_id=MADE, act=Act.REGISTER, reason="x"), replace(FACTS, person_id=MADE)),
    ],
)
def test_r_30_only_a_page_whose_address_was_verified_makes_an_account_and_nothing_else(
    effect: gx.CreateUser, known: policy.Facts
) -> None:
    with pytest.raises(ForbiddenError):
        policy.permit(effect, known, LimitSettings())
    policy.permit(CREATE, FACTS, LimitSettings())


async def test_r_30_the_page_that_made_an_account_changes_that_one_alone(desk: Desk) -> None:
    token = await half_done(desk)
    flow_id = (await page(desk, token)).id
    for who, allowed in ((ADA.id, False), ("", False), (MADE, True)):
        effect = gx.SetFirstPassword(person_id=who)
        known = await facts.read(desk.store, core(desk), Context(flow_id, 9, flow_id, CUSTOMER), who, effect.action)
        if allowed:
            policy.permit(effect, known, LimitSettings())
        else:
            with pytest.raises(ForbiddenError, match="once their address is verified"):
                policy.permit(effect, known, LimitSettings())


async def test_r_18_a_page_has_so_many_passcodes_sent_to_new_devices_and_no_more(desk: Desk) -> None:
    flow_id = (await page(desk, await half_done(desk))).id
    context = Context(flow_id, 99, flow_id, CUSTOMER)
    send, app = (px.PairDevice(person_id=MADE, device_type=kind) for kind in ("SMS", "TOTP"))
    desk.world.replies[px.PairDevice] = pairing_replies.DevicePaired("dev-1")
    assert isinstance(await desk.engine._guard(send, context), pairing_replies.DevicePaired)  # noqa: SLF001 - the page's own way there is long
    for n in range(1, LimitSettings().passcodes_per_link):
        await desk.engine.audit.write(entry(Kind.INTENT, send, replace(context, rev=n + 20)))
    refused = await desk.engine._guard(send, replace(context, rev=100))  # noqa: SLF001
    assert isinstance(refused, Failed)
    assert "which is the most" in refused.problem.message
    assert times(desk, px.PairDevice) == 1
    assert isinstance(await desk.engine._guard(app, replace(context, rev=101)), pairing_replies.DevicePaired)  # noqa: SLF001


READ_BACK: dict[type[gx.RegistrationChange], type[Effect]] = {
    gx.CreateUser: gx.FindForRegistration,
    ax.AcceptAgreement: ax.ReadConsent,
    gx.EnrollEmail: fx.ReadDevices,
    gx.SetFirstPassword: pfx.ReadPasswordState,
}


@pytest.mark.parametrize(
    ("effect", "read", "found"),
    [
        (CREATE, gx.RegistrationUser(MADE), gx.UserCreated(MADE)),
        (CREATE, gx.RegistrationUser(), unknown.NOT_DONE),
        (CREATE, r.Noted(), None),
        (
            ax.AcceptAgreement(person_id=MADE, agreement_id="a", language_id="l", revision_id="r"),
            ax.ConsentRead(accepted=True),
            ax.AgreementAccepted(),
        ),
        (
            gx.EnrollEmail(person_id=MADE),
            r.DevicesRead(Devices((Device("d", "EMAIL", same_mailbox=True),))),
            gx.EmailEnrolled(),
        ),
        (
            gx.SetFirstPassword(person_id=MADE),
            pr.PasswordStateRead(PasswordState(Home.PINGONE, NOW)),
            pr.PasswordSet(Home.PINGONE, NOW),
        ),
    ],
)
def test_r_62_what_a_crash_left_of_a_registration_is_read_back(
    effect: gx.RegistrationChange, read: Reply, found: Reply | None
) -> None:
    assert type(unknown.question(effect)) is READ_BACK[type(effect)]
    assert unknown.found(effect.action, read, since=NOW) == found


async def test_how_far_somebody_is_can_be_watched_by_the_hash_of_their_address(desk: Desk) -> None:
    token = await begun(desk)
    await desk.engine.public.open(token, BROWSER)
    mark = codes.keyed_fingerprint(KEY, NEW)
    row = await public_pages.newest_for(desk.store, mark, FLOW, desk.clock.now() - timedelta(hours=1))
    assert row == await page(desk, token)
    assert await public_pages.newest_for(desk.store, mark, "account_recovery", NOW) is None
