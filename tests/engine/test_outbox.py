"""Mails that are not taken at once: tried again for a minute, once a try, and then said to be not sent."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from datetime import timedelta
from pathlib import Path

import pytest

from csrdesk.config import LimitSettings
from csrdesk.engine import outgoing
from csrdesk.engine.audit import Entry, Kind
from csrdesk.engine.clock import MovableClock
from csrdesk.engine.outgoing import Outgoing, Stage
from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows.kernel import Failed, Problem
from csrdesk.model.notices import Change
from tests.engine.world import ADA, Begin, Desk, came, desk_on, hold_after_next_commit

TELL = fx.TellCustomer(person_id=ADA.id, change=Change.DISABLED)
BUSY = Failed(Problem("The mail server is busy.", code="unavailable"))
REFUSED = Failed(Problem("The mail server refused the address.", code="invalid_value"))


@asynccontextmanager
async def sending(desk: Desk) -> AsyncIterator[None]:
    """While the desk sends what is queued."""
    work = asyncio.create_task(desk.engine.keep_sending())
    try:
        yield
    finally:
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work


async def queued(desk: Desk) -> list[Outgoing]:
    rows = await desk.store.all("SELECT id FROM outbox ORDER BY created_at")
    found = [await outgoing.find(desk.store, str(row["id"])) for row in rows]
    return [mail for mail in found if mail]


async def until(desk: Desk, *, tries: int, stage: Stage = Stage.WAITING) -> Outgoing:
    """The newest mail, once it is that far."""
    async with asyncio.timeout(30):
        while True:
            *_, mail = await queued(desk)
            if (mail.tries, mail.stage, mail.claimed) == (tries, stage, 0):
                return mail
            await asyncio.sleep(0.005)


def tries(desk: Desk) -> int:
    return [name for name, _ in desk.world.done].count("TellCustomer")


async def test_r_36_a_mail_that_is_taken_is_audited_and_not_queued(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk, sending(desk):
        assert await desk.do(TELL) == ("CustomerTold",)
        assert [row for row in await desk.said_of() if row[1] == "notice.send"] == [
            ("intent", "notice.send", ""),
            ("outcome", "notice.send", "done"),
        ]
        assert await queued(desk) == []


async def test_r_36_that_a_mail_may_not_have_reached_them_is_on_record(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        desk.world.replies[fx.TellCustomer] = r.CustomerTold("Their address came lately.")
        assert await desk.do(TELL) == ("CustomerTold",)
        row = (await desk.engine.audit.list(person_id=ADA.id))[-1]
        assert (row.result, row.details) == ("done", {"change": "disabled", "doubt": "Their address came lately."})


async def test_r_36_a_mail_that_is_not_taken_is_tried_again_until_it_is(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk, sending(desk):
        desk.world.replies[fx.TellCustomer] = BUSY
        assert await desk.do(TELL) == ("NoticeQueued",)
        desk.clock.move(seconds=2)
        await until(desk, tries=2)
        desk.world.replies[fx.TellCustomer] = r.CustomerTold()
        desk.clock.move(seconds=4)
        await until(desk, tries=3, stage=Stage.SENT)
        desk.clock.move(minutes=5)
        assert tries(desk) == 3
        assert [row[2] for row in await desk.said_of() if row[:2] == ("outcome", "notice.send")] == [
            "failed",
            "failed",
            "done",
        ]
        assert desk.engine.trouble == ""


async def test_r_36_what_is_not_sent_within_its_time_is_shown_and_is_an_alert(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", limits=LimitSettings(notice_seconds=20)) as desk, sending(desk):
        desk.world.replies[fx.TellCustomer] = BUSY
        await desk.do(TELL)
        begun = desk.clock.now()
        for done, seconds in ((2, 2), (3, 4), (4, 8)):
            desk.clock.move(seconds=seconds)
            await until(desk, tries=done)
        desk.clock.move(seconds=6)
        mail = await until(desk, tries=5, stage=Stage.NOT_SENT)
        assert desk.clock.now() - begun == timedelta(seconds=20)
        assert mail.message == "The mail server is busy."
        assert await desk.do(fx.AwaitNotice(notice_id=mail.id)) == ("CustomerNotTold",)
        assert ("alert", "notice.not_sent", "failed") in await desk.said_of(person_id=ADA.id)
        assert "not told by mail" in desk.engine.trouble
        desk.world.replies[fx.TellCustomer] = r.CustomerTold()
        await desk.do(TELL)
        assert "not told by mail" in desk.engine.trouble, "that one went, the other did not"


async def test_r_36_the_next_mail_of_the_outbox_that_goes_ends_the_warning(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", limits=LimitSettings(notice_seconds=10)) as desk, sending(desk):
        desk.world.replies[fx.TellCustomer] = BUSY
        await desk.do(TELL)
        desk.clock.move(seconds=10)
        await until(desk, tries=2, stage=Stage.NOT_SENT)
        assert desk.engine.trouble
        await desk.do(TELL)
        desk.world.replies[fx.TellCustomer] = r.CustomerTold()
        desk.clock.move(seconds=2)
        async with asyncio.timeout(30):
            while desk.engine.trouble:  # noqa: ASYNC110 - looked at as a screen looks at it
                await asyncio.sleep(0.005)


async def test_r_36_what_the_server_refuses_for_good_is_not_tried_again(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk, sending(desk):
        desk.world.replies[fx.TellCustomer] = REFUSED
        assert await desk.do(TELL) == ("Failed:invalid_value",)
        desk.world.replies[fx.TellCustomer] = r.CustomerNotTold("No address.")
        assert await desk.do(TELL) == ("CustomerNotTold",)
        assert await queued(desk) == []


async def test_a_later_try_that_is_refused_for_good_is_the_last(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk, sending(desk):
        desk.world.replies[fx.TellCustomer] = BUSY
        await desk.do(TELL)
        desk.world.replies[fx.TellCustomer] = r.CustomerNotTold("No address.")
        desk.clock.move(seconds=2)
        assert (await until(desk, tries=2, stage=Stage.NOT_SENT)).message == "No address."


async def test_r_66_the_outbox_holds_the_person_and_the_change_and_no_address(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        desk.world.replies[fx.TellCustomer] = BUSY
        await desk.do(TELL)
        (mail,) = await queued(desk)
        assert mail.letter == TELL
        row = await desk.store.one("SELECT * FROM outbox")
        assert "@" not in repr(row)


async def test_of_two_processes_one_sends(tmp_path: Path) -> None:
    clock = MovableClock()
    async with desk_on(tmp_path / "desk.db", clock) as one, desk_on(tmp_path / "desk.db", clock) as two:
        one.world.replies[fx.TellCustomer] = BUSY
        await one.do(TELL)
        del one.world.replies[fx.TellCustomer]
        async with sending(one), sending(two):
            clock.move(seconds=2)
            await until(one, tries=2, stage=Stage.SENT)
        assert tries(one) + tries(two) == 2


async def test_a_try_that_a_sudden_end_cut_off_is_not_made_again(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        desk.world.replies[fx.TellCustomer] = BUSY
        await desk.do(TELL)
        (mail,) = await queued(desk)
        async with desk.store.transaction() as tx:
            await tx.execute("UPDATE outbox SET claimed = 1")
        desk.clock.move(minutes=2)
        async with sending(desk):
            assert "nobody knows" in (await until(desk, tries=1, stage=Stage.MAYBE)).message
        assert tries(desk) == 1
        assert await desk.do(fx.AwaitNotice(notice_id=mail.id)) == ("CustomerNotTold",)


async def test_what_became_of_a_mail_is_waited_for(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk, sending(desk):
        desk.world.replies[fx.TellCustomer] = BUSY
        await desk.do(TELL)
        (mail,) = await queued(desk)
        waiting = asyncio.create_task(desk.do(fx.AwaitNotice(notice_id=mail.id)))
        desk.clock.move(seconds=1)
        await asyncio.sleep(0.05)
        assert not waiting.done()
        del desk.world.replies[fx.TellCustomer]
        desk.clock.move(seconds=1)
        assert await waiting == ("CustomerTold",)
        assert await desk.do(fx.AwaitNotice(notice_id="unknown")) == ("CustomerNotTold",)


async def test_a_process_ends_while_a_mail_is_waited_for_and_the_next_one_waits_on(tmp_path: Path) -> None:
    clock = MovableClock()
    async with asyncio.timeout(20):
        async with desk_on(tmp_path / "desk.db", clock) as desk:
            desk.world.replies[fx.TellCustomer] = BUSY
            await desk.do(TELL)
            (mail,) = await queued(desk)
            begun = await desk.session().start("told", Begin((fx.AwaitNotice(notice_id=mail.id),)))
            await asyncio.sleep(0.05)
        async with desk_on(tmp_path / "desk.db", clock) as desk, sending(desk):
            clock.move(seconds=30)
            assert came(await desk.session().settled(begun.id)) == ("CustomerTold",)


async def test_what_was_settled_a_day_ago_is_forgotten(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk, sending(desk):
        for _ in range(2):
            desk.world.replies[fx.TellCustomer] = BUSY
            await desk.do(TELL)
            del desk.world.replies[fx.TellCustomer]
            desk.clock.move(seconds=2)
            await until(desk, tries=2, stage=Stage.SENT)
            desk.clock.move(hours=25)
        assert len(await queued(desk)) == 1


async def test_what_came_of_a_try_is_written_down_when_the_desk_can_be_written_again(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    async with desk_on(path, busy_seconds=0.05) as desk, sending(desk):
        desk.world.replies[fx.TellCustomer] = BUSY
        await desk.do(TELL)
        del desk.world.replies[fx.TellCustomer]
        hold_after_next_commit(desk, path)
        desk.clock.move(seconds=2)
        await until(desk, tries=2)
        desk.clock.move(seconds=4)
        await until(desk, tries=3, stage=Stage.SENT)


async def test_a_desk_that_cannot_be_written_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    async with desk_on(path, busy_seconds=0.05) as desk, sending(desk):
        desk.world.replies[fx.TellCustomer] = BUSY
        await desk.do(TELL)
        del desk.world.replies[fx.TellCustomer]
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            desk.clock.move(seconds=2)
            await asyncio.sleep(0.2)
        await until(desk, tries=2, stage=Stage.SENT)


async def test_a_try_whose_end_cannot_be_written_down_is_not_made_again(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    async with desk_on(path, busy_seconds=0.01) as desk, sending(desk):
        desk.world.replies[fx.TellCustomer] = BUSY
        await desk.do(TELL)
        desk.world.held.add(fx.TellCustomer)
        desk.world.begun.clear()
        desk.clock.move(seconds=2)
        await desk.world.begun.wait()
        del desk.world.replies[fx.TellCustomer]
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            desk.world.gate.set()
            await asyncio.sleep(2)
        desk.clock.move(minutes=2)
        await until(desk, tries=1, stage=Stage.MAYBE)
        assert tries(desk) == 2


def alert(action: str = "protective_disable", person: str = ADA.id) -> Entry:
    return Entry(kind=Kind.ALERT, action=action, agent="grace", call_id="call-1", person_id=person)


async def test_r_68_every_alert_is_mailed_with_its_row_from_the_one_place_that_writes_alerts(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk, sending(desk):
        desk.engine.mail_alerts()
        await desk.engine.audit.write(alert())
        mail = await until(desk, tries=1, stage=Stage.SENT)
        assert mail.letter == fx.MailAlert(person_id=ADA.id, alert="protective_disable", seq=1, by="grace")
        assert [row for row in await desk.said_of() if row[1] == "alert.send"] == [
            ("intent", "alert.send", ""),
            ("outcome", "alert.send", "done"),
        ]


async def test_r_68_without_an_address_for_alerts_none_is_mailed(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk, sending(desk):
        await desk.engine.audit.write(alert())
        assert await queued(desk) == []


async def test_r_68_the_same_alert_is_mailed_once_an_hour_and_another_at_once(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        desk.engine.mail_alerts()
        for entry in (alert(), alert(), alert(person="u-bo"), alert("limit.reached")):
            await desk.engine.audit.write(entry)
        assert len(await queued(desk)) == 3
        desk.clock.move(hours=1)
        await desk.engine.audit.write(alert())
        assert len(await queued(desk)) == 4


async def test_r_68_an_alert_that_is_not_taken_is_tried_for_a_day_and_raises_no_other(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk, sending(desk):
        desk.engine.mail_alerts()
        desk.world.replies[fx.MailAlert] = BUSY
        await desk.engine.audit.write(alert())
        await until(desk, tries=1)
        desk.clock.move(hours=23)
        await until(desk, tries=2)
        desk.clock.move(hours=2)
        await until(desk, tries=3, stage=Stage.NOT_SENT)
        assert [row[1] for row in await desk.said_of() if row[0] == "alert"] == ["protective_disable"]
        assert desk.engine.trouble == ""


@pytest.mark.parametrize(("tries", "seconds"), [(1, 2), (2, 4), (3, 8), (4, 15), (11, 15), (12, 300)])
def test_tries_come_soon_at_first_and_seldom_later(tries: int, seconds: int) -> None:
    assert outgoing.pause(tries) == timedelta(seconds=seconds)
