"""An act whose end nobody saw is read back, and what is found becomes the outcome that its intent was missing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from csrdesk.engine import facts, unknown
from csrdesk.engine.audit import Kind
from csrdesk.engine.clock import MovableClock
from csrdesk.engine.entries import entry
from csrdesk.flows import device_effects as dx
from csrdesk.flows import device_replies as dr
from csrdesk.flows import directory_effects as de
from csrdesk.flows import effects as fx
from csrdesk.flows import password_effects as pfx
from csrdesk.flows import password_replies as pr
from csrdesk.flows import replies as r
from csrdesk.flows.doors import Context
from csrdesk.flows.kernel import AccountEffect, Reply
from csrdesk.flows.recovery_effects import RecoverPassword
from csrdesk.model.account import Account, DirectoryAccount, PingOneAccount
from csrdesk.model.days import words_of
from csrdesk.model.devices import Device, DeviceChange, Devices
from csrdesk.model.passwords import Home, PasswordState
from csrdesk.model.proofs import Act
from tests.engine.test_pairing import CHANGES
from tests.engine.test_registrations import READ_BACK
from tests.engine.test_runner import CHECK, SEND
from tests.engine.world import ADA, BROKEN, GRACE, Begin, Desk, Told, came, desk_on, disable

PROTECT = disable(Act.PROTECT)
ON, OFF = PingOneAccount(enabled=True), PingOneAccount(enabled=False)
AD_ON, AD_OFF = DirectoryAccount("CN=Ada", "ada"), DirectoryAccount("CN=Ada", "ada", disabled=True)
LOCKED = PingOneAccount(enabled=True, locked=True, password="PASSWORD_LOCKED_OUT")
UNLOCK = {"person_id": ADA.id, "act": Act.UNLOCK, "reason": "asked"}


def read(pingone: PingOneAccount | None = None, directory: DirectoryAccount | None = None) -> Reply:
    return r.AccountRead(Account(pingone, directory))


def switch(*, enabled: bool) -> tuple[AccountEffect, AccountEffect]:
    words = {"person_id": ADA.id, "act": Act.ENABLE if enabled else Act.DISABLE, "reason": "asked"}
    return fx.SetPingOneEnabled(**words, enabled=enabled), fx.SetDirectoryEnabled(**words, dn="CN=Ada", enabled=enabled)  # type: ignore[arg-type]


(P1_ENABLE, AD_ENABLE), (P1_DISABLE, AD_DISABLE) = switch(enabled=True), switch(enabled=False)
END = fx.EndSessions(person_id=ADA.id, act=Act.DISABLE, reason="asked")
UNLOCK_AD = fx.UnlockDirectory(**UNLOCK, dn="CN=Ada")  # type: ignore[arg-type]
UNLOCK_P1, UNLOCK_PASSWORD = fx.UnlockPingOne(**UNLOCK), fx.UnlockPassword(**UNLOCK)  # type: ignore[arg-type]
DAY = datetime(2030, 12, 25, tzinfo=UTC)
LET_END = de.SetDirectoryExpiry(person_id=ADA.id, dn="CN=Ada", ends_at=DAY, was=None, act=Act.EXPIRE, reason="asked")
LET_STAY = replace(LET_END, ends_at=None, was=DAY)
ASK_ANEW = de.DemandPasswordChange(person_id=ADA.id, dn="CN=Ada", act=Act.MUST_CHANGE, reason="asked")
ENDING, ASKING = replace(AD_ON, expires_at=DAY), replace(AD_ON, must_change_password=True)
JUDGED = (P1_ENABLE, AD_ENABLE, END, UNLOCK_AD, UNLOCK_P1, UNLOCK_PASSWORD, LET_END, ASK_ANEW)
"""Those that the table below goes through."""


@pytest.mark.parametrize(
    ("effect", "done", "not_done", "reply"),
    [
        (P1_ENABLE, read(ON), read(OFF), r.PingOneEnabledSet(enabled=True)),
        (P1_DISABLE, read(OFF), read(ON), r.PingOneEnabledSet(enabled=False)),
        (AD_ENABLE, read(directory=AD_ON), read(directory=AD_OFF), r.DirectoryEnabledSet(enabled=True)),
        (AD_DISABLE, read(directory=AD_OFF), read(directory=AD_ON), r.DirectoryEnabledSet(enabled=False)),
        (END, r.SessionsRead(0), r.SessionsRead(10), r.SessionsEnded(0)),
        (
            UNLOCK_AD,
            read(directory=AD_ON),
            read(directory=DirectoryAccount("CN=Ada", "ada", locked=True)),
            r.Unlocked(),
        ),
        (UNLOCK_P1, read(ON), read(LOCKED), r.Unlocked()),
        (UNLOCK_PASSWORD, read(ON), read(LOCKED), r.Unlocked()),
        (LET_END, read(directory=ENDING), read(directory=AD_ON), r.DirectoryChanged()),
        (LET_STAY, read(directory=AD_ON), read(directory=ENDING), r.DirectoryChanged()),
        (ASK_ANEW, read(directory=ASKING), read(directory=AD_ON), r.DirectoryChanged()),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_read_back_says_whether_an_act_was_done(
    effect: AccountEffect, done: Reply, not_done: Reply, reply: Reply
) -> None:
    enabled = getattr(effect, "enabled", None)
    ends = words_of(effect.ends_at) if isinstance(effect, de.SetDirectoryExpiry) else ""
    assert unknown.found(effect.action, done, enabled=enabled, ends=ends) == reply
    assert unknown.found(effect.action, not_done, enabled=enabled, ends=ends) == unknown.NOT_DONE
    assert unknown.found(effect.action, read()) is None, "a half that could not be read tells nothing"
    assert unknown.found(effect.action, BROKEN) is None


AT = datetime(2030, 1, 1, 12, 0, tzinfo=UTC)
SET_AD, SET_P1 = (
    pfx.SetDirectoryPassword(person_id=ADA.id, dn="CN=Ada", act=Act.RESET, reason="forgot"),
    pfx.SetPingOnePassword(person_id=ADA.id, home=Home.PINGONE, act=Act.RESET, reason="forgot"),
)


def password(home: Home, seconds: float | None, *, must_change: bool = False) -> pr.PasswordStateRead:
    """Set so many seconds after the write was begun."""
    changed_at = None if seconds is None else AT + timedelta(seconds=seconds)
    return pr.PasswordStateRead(PasswordState(home, changed_at, must_change))


RECOVER = RecoverPassword(person_id=ADA.id, home=Home.PINGONE, act=Act.RECOVER, reason="forgot")


@pytest.mark.parametrize(
    ("effect", "home"),
    [(SET_AD, Home.DIRECTORY), (SET_P1, Home.PINGONE), (RECOVER, Home.PINGONE)],
    ids=["AD", "PingOne", "recovery"],
)
def test_a_password_is_found_set_where_it_was_changed_since_and_is_the_customers_own(
    effect: AccountEffect, home: Home
) -> None:
    assert unknown.question(effect) == pfx.ReadPasswordState(
        person_id=ADA.id, home=home, dn="CN=Ada" if effect is SET_AD else ""
    )
    for seconds, must_change, done in ((1, False, True), (-3600, False, False), (1, True, False)):
        read_back = password(home, seconds, must_change=must_change)
        came = unknown.found(effect.action, read_back, since=AT)
        assert came == (pr.PasswordSet(home, read_back.state.changed_at) if done else unknown.NOT_DONE)
    assert unknown.found(effect.action, password(home, None), since=AT) is None
    assert unknown.found(effect.action, password(home, 1)) is None
    assert unknown.found(P1_ENABLE.action, password(home, 1), since=AT) is None


PHONE, KEY = Device("d-1", "SMS", nickname="Phone"), Device("d-2", "FIDO2", nickname="Key")


def changed(change: DeviceChange, nickname: str = "") -> dx.ChangeDevice:
    words = {"person_id": ADA.id, "act": Act.DEVICES, "reason": "lost"}
    return dx.ChangeDevice(**words, device_id="d-1", change=change, nickname=nickname)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("effect", "done", "not_done"),
    [
        (changed(DeviceChange.REMOVE), (KEY,), (PHONE, KEY)),
        (changed(DeviceChange.BLOCK), (replace(PHONE, blocked=True),), (PHONE,)),
        (changed(DeviceChange.UNBLOCK), (PHONE,), (replace(PHONE, blocked=True),)),
        (changed(DeviceChange.UNLOCK), (PHONE,), (replace(PHONE, locked=True),)),
        (changed(DeviceChange.RENAME, "Old phone"), (replace(PHONE, nickname="Old phone"),), (PHONE,)),
        (changed(DeviceChange.DEFAULT), (PHONE, KEY), (KEY, PHONE)),
        (changed(DeviceChange.BLOCK), (replace(PHONE, blocked=True),), (KEY,)),
    ],
    ids=lambda value: value.change.value if isinstance(value, dx.ChangeDevice) else "",
)
def test_the_devices_that_are_read_back_say_whether_one_was_changed(
    effect: dx.ChangeDevice, done: tuple[Device, ...], not_done: tuple[Device, ...]
) -> None:
    assert unknown.question(effect) == fx.ReadDevices(person_id=ADA.id)
    assert unknown.found_device(effect, r.DevicesRead(Devices(done))) == dr.DeviceChanged()
    assert unknown.found_device(effect, r.DevicesRead(Devices(not_done))) == unknown.NOT_DONE
    assert unknown.found_device(effect, BROKEN) is None


async def test_r_62_an_unknown_change_of_a_device_is_read_back(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        effect, context = changed(DeviceChange.BLOCK), Context("f", 1, "f", GRACE)
        await desk.engine.audit.write(entry(Kind.INTENT, effect, context))
        desk.world.replies[fx.ReadDevices] = r.DevicesRead(Devices((replace(PHONE, blocked=True),)))
        assert await desk.engine._guard(effect, context) == dr.DeviceChanged()  # noqa: SLF001 - no flow of the tests holds one
        assert [name for name, _ in desk.world.done] == ["ReadDevices"]
        assert (await desk.engine.audit.list(call_id="f"))[-1].result == "found done"


def test_r_62_every_act_has_something_to_read_that_tells_of_it() -> None:
    judged = {type(effect) for effect in (*JUDGED, SET_AD, SET_P1, RECOVER, changed(DeviceChange.BLOCK))}
    # What a registration changes is judged beside registrations and devices being registered.
    judged |= {type(change) for change in CHANGES} | set(READ_BACK)
    assert judged == set(leaves(AccountEffect))


def leaves(kind: type[AccountEffect]) -> list[type[AccountEffect]]:
    return [leaf for below in kind.__subclasses__() for leaf in (leaves(below) or [below])]


async def interrupted(
    desk: Desk, effect: fx.SetPingOneEnabled | fx.EndSessions | fx.SendMagicLink | fx.CheckPasscode = PROTECT
) -> str:
    """A flow of a process that died with its intent on record; the flow's id."""
    async with desk.store.transaction() as tx:
        flow_id = await desk.engine._runner.rows.insert(tx, "told", Begin((effect,)), GRACE)  # noqa: SLF001
        await tx.execute("UPDATE flows SET performer = '' WHERE id = ?", flow_id)
        await desk.engine.audit.append(tx, entry(Kind.INTENT, effect, Context(flow_id, 1, flow_id, GRACE)))
    return flow_id


async def taken_up(desk: Desk, flow_id: str) -> tuple[str, ...]:
    return came(await desk.session().settled(flow_id))


@pytest.mark.parametrize(
    ("account", "said", "result"),
    [(read(OFF), "PingOneEnabledSet", "found done"), (read(ON), "Failed:not_done", "found not done")],
    ids=["done", "not done"],
)
async def test_r_62_an_unknown_act_is_read_back_and_never_written_again(
    tmp_path: Path, account: Reply, said: str, result: str
) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        flow_id = await interrupted(desk)
        desk.world.replies[fx.ReadAccount] = account
        assert await taken_up(desk, flow_id) == (said,)
        assert [name for name, _ in desk.world.done] == ["ReadAccount"]
        assert await desk.engine.audit.unknown() == ()
        row = (await desk.engine.audit.list(call_id=flow_id))[-1]
        assert (row.kind, row.action, row.result) == ("outcome", "pingone.set_enabled", result)
        assert (row.person_id, row.reason, row.ticket, row.key) == (ADA.id, "asked for it", "T-1", f"{flow_id}:1:0")
        found = {"intent": 1, "changed": result == "found done"}
        assert row.details == {"act": "protect", "verified": False, "enabled": False, **found}


async def test_r_62_an_act_that_cannot_be_read_back_stays_unknown(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        flow_id = await interrupted(desk)
        desk.world.replies[fx.ReadAccount] = BROKEN
        assert await taken_up(desk, flow_id) == ("Failed:unknown",)
        assert [row.seq for row in await desk.engine.audit.unknown()] == [1]


@pytest.mark.parametrize("effect", [PROTECT, END], ids=["disable", "sessions"])
async def test_r_62_trying_again_reads_first_and_settles_the_try_before(
    tmp_path: Path, effect: fx.SetPingOneEnabled | fx.EndSessions
) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        flow_id = await interrupted(desk, effect)
        desk.world.replies |= {fx.ReadAccount: BROKEN, fx.ReadSessions: BROKEN}
        assert await taken_up(desk, flow_id) == ("Failed:unknown",)
        desk.world.replies |= {fx.ReadAccount: read(OFF), fx.ReadSessions: r.SessionsRead(0)}
        again = fx.ReadAccount(person_id=ADA.id, before_act=True)
        for reading in (fx.ReadAccount(person_id=ADA.id), again):
            assert len(await desk.engine.audit.unknown()) == 1, "a mere look settles nothing"
            await desk.tell(desk.session(), flow_id, Told((reading,)))
        assert await desk.engine.audit.unknown() == ()
        assert (await desk.engine.audit.list(call_id=flow_id))[-1].result == "found done"


async def test_r_62_what_another_flow_is_doing_is_not_settled_by_who_looks(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        await interrupted(desk)
        reading = fx.ReadAccount(person_id=ADA.id, before_act=True)
        assert await desk.do(reading) == ("AccountRead",)
        assert len(await desk.engine.audit.unknown()) == 1


async def test_r_62_what_cannot_be_read_again_stays_unknown(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        flow_id = await interrupted(desk)
        desk.world.replies[fx.ReadAccount] = BROKEN
        await taken_up(desk, flow_id)
        await desk.tell(desk.session(), flow_id, Told((fx.ReadAccount(person_id=ADA.id, before_act=True),)))
        assert len(await desk.engine.audit.unknown()) == 1


async def test_an_act_that_failed_before_the_crash_is_answered_as_its_outcome_says(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        flow_id = await interrupted(desk)
        (intent,) = await desk.engine.audit.unknown()
        await desk.engine.audit.write(unknown.outcome(intent, GRACE.id, "failed", code="conflict", problem="No."))
        assert await taken_up(desk, flow_id) == ("Failed:conflict",)
        assert desk.world.done == []


async def test_an_act_that_was_done_before_the_crash_is_read_back_and_has_its_outcome_already(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        flow_id = await interrupted(desk)
        (intent,) = await desk.engine.audit.unknown()
        await desk.engine.audit.write(unknown.outcome(intent, GRACE.id, "done", changed=True))
        desk.world.replies[fx.ReadAccount] = read(OFF)
        assert await taken_up(desk, flow_id) == ("PingOneEnabledSet",)
        assert [row.result for row in await desk.engine.audit.list(call_id=flow_id)] == ["", "done"]


@pytest.mark.parametrize(
    ("effect", "said"), [(SEND, "Failed:may_have_been_sent"), (CHECK, "SecretLost")], ids=["link", "passcode"]
)
async def test_a_message_that_may_have_been_sent_is_not_sent_again_and_asks_nobody_for_attention(
    tmp_path: Path, effect: fx.SendMagicLink | fx.CheckPasscode, said: str
) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        flow_id = await interrupted(desk, effect)
        assert await taken_up(desk, flow_id) == (said,)
        assert desk.world.done == []
        assert await desk.engine.audit.unknown() == ()
        assert (await desk.engine.audit.list(call_id=flow_id))[-1].result == "maybe sent"


async def test_r_53_what_the_desk_is_found_to_have_disabled_the_desk_may_enable(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        flow_id = await interrupted(desk, PROTECT)
        desk.world.replies[fx.ReadAccount] = read(OFF)
        await taken_up(desk, flow_id)
        context = Context("f", 1, "f", GRACE)
        known = await facts.read(desk.store, desk.engine._desk, context, ADA.id, PROTECT.action)  # noqa: SLF001
        assert known.disabled_by_desk_at == desk.clock.now()


@pytest.mark.parametrize(
    ("read_back", "said", "result"),
    [
        (password(Home.PINGONE, 1), "PasswordSet", "found done"),
        (password(Home.PINGONE, -3600), "SecretLost", "found not done"),
        (BROKEN, "SecretLost", ""),
    ],
    ids=["done", "not done", "unreadable"],
)
async def test_a_password_whose_write_was_interrupted_is_read_back_and_never_written_again(
    tmp_path: Path, read_back: Reply, said: str, result: str
) -> None:
    async with desk_on(tmp_path / "desk.db", MovableClock(AT)) as desk:
        desk.world.replies[pfx.ReadPasswordState] = read_back
        context = Context("f", 1, "f", GRACE)
        await desk.engine.audit.write(entry(Kind.INTENT, SET_P1, context))
        reply = await desk.engine._guard(SET_P1, context)  # noqa: SLF001 - no flow of the tests holds a password
        assert type(reply).__name__ == said
        assert [name for name, _ in desk.world.done] == ["ReadPasswordState"]
        assert [row.result for row in await desk.engine.audit.list(call_id="f")][1:] == ([result] if result else [])


async def test_a_password_that_was_never_begun_to_be_written_has_to_be_typed_again(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        reply = await desk.engine._guard(SET_P1, Context("f", 1, "f", GRACE))  # noqa: SLF001 - as above
        assert type(reply).__name__ == "SecretLost"
        assert desk.world.done == []


async def test_what_cannot_be_found_out_for_want_of_the_database_has_to_be_typed_again(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    async with desk_on(path) as desk:
        context = Context("f", 1, "f", GRACE)
        await desk.engine.audit.write(entry(Kind.INTENT, SET_P1, context))
        desk.world.replies[pfx.ReadPasswordState] = password(Home.PINGONE, 10**9)
        path.rename(tmp_path / "away")
        reply = await desk.engine._guard(SET_P1, context)  # noqa: SLF001 - as above
        assert type(reply).__name__ == "SecretLost"
        (tmp_path / "away").rename(path)
