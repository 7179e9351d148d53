"""The record of a call for its ticket: what was proved and done, from the audit alone, for the agent's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from csrdesk.engine.audit import Detail, Entry, Kind
from csrdesk.errors import NoSuchFlowError, NotFoundError
from csrdesk.flows import answers as a
from csrdesk.flows import csr_main
from tests.engine.world import ADA, GRACE, HAL, desk_on, linked


async def test_the_record_of_a_call_holds_proofs_deeds_and_the_hash_of_the_newest_row(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        await call.verify()
        await call.tell(a.DisableChosen())
        await call.tell(a.Confirmed(reason="asked for it", ticket="INC-7"))
        record = await call.session.record(call.id)
        newest = (await desk.engine.audit.list(call_id=call.id))[-1]
        assert (record.call_id, record.agent, record.person_id) == (call.id, GRACE, ADA.id)
        assert (record.account, record.ticket) == (ADA.email, "INC-7")
        assert [shown for _, shown in record.proofs] == ["authentication: link, code and device (strong)"]
        assert [(deed.act, deed.action, deed.result, deed.reason) for deed in record.deeds] == [
            ("disable", "ad.set_enabled", "done", "asked for it"),
            ("disable", "pingone.set_enabled", "done", "asked for it"),
            ("disable", "pingone.end_sessions", "done", "asked for it"),
        ]
        assert [(change, result) for _, change, result in record.told] == [("disabled", "done")]
        assert (record.seq, record.hash) == (newest.seq, newest.hash)
        assert record.since <= record.until == newest.at


async def test_what_nobody_knows_the_end_of_is_on_record_as_unknown_and_a_refusal_verifies_nobody(
    tmp_path: Path,
) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        intent = Entry(
            kind=Kind.INTENT,
            action="ad.unlock",
            agent=GRACE.id,
            call_id=call.id,
            key="k:1",
            details={"act": "unlock"},
        )
        refused = Entry(kind=Kind.REFUSED, action="verification.started", agent=GRACE.id, call_id=call.id)
        await desk.engine.audit.write(intent)
        await desk.engine.audit.write(refused)
        record = await call.session.record(call.id)
        assert [(deed.action, deed.result) for deed in record.deeds] == [("ad.unlock", "unknown")]
        assert record.proofs == ()


async def test_r_36_whether_the_customer_was_told_is_what_the_newest_try_says(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        for key, kind, result in (("1", Kind.INTENT, ""), ("1", Kind.OUTCOME, "failed"), ("2", Kind.INTENT, "")):
            details: dict[str, Detail] = {"change": "unlocked"}
            row = Entry(kind=kind, action="notice.send", agent="grace", call_id=call.id, result=result, details=details)
            await desk.engine.audit.write(replace(row, key=key))
            ((_, change, said),) = (await call.session.record(call.id)).told
            assert (change, said) == ("unlocked", result or "unknown")


async def test_a_call_in_which_nothing_was_done_has_no_record(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        session = desk.session(GRACE)
        view = await session.start("csr_main", csr_main.Start())
        with pytest.raises(NotFoundError):
            await session.record(view.id)


async def test_another_agents_call_has_no_record(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        with pytest.raises(NoSuchFlowError):
            await desk.session(HAL).record(call.id)


async def test_r_70_reading_a_record_is_a_row(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        await call.session.record(call.id)
        looks = [row for row in await desk.engine.audit.list() if row.action == "audit.read"]
        assert [(row.agent, row.details["call_id"]) for row in looks] == [(GRACE.id, call.id)]


async def test_what_belongs_to_no_call_is_in_no_calls_record(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        await desk.engine.audit.write(Entry(kind=Kind.EVENT, action="data.purge", agent=GRACE.id))
        call = await linked(desk)
        assert [one.call_id for one in await desk.session().history()] == [call.id]
