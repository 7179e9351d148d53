"""The story's end: the audit of all that was played, verified; and two copies of it that somebody has been at."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

from csrdesk.demo.stage import Stage
from csrdesk.demo.telling import Step, expect, expect_that
from csrdesk.engine.checkpoints import CheckpointFile, signed_by
from csrdesk.engine.store_sqlite import SqliteStore
from csrdesk.engine.verify import Verdict, verify
from csrdesk.sandbox.folder import own_folder
from csrdesk.wiring.checkpoints import checkpoints_of
from csrdesk.wiring.store import DATABASE


async def audit_verified(on_stage: Stage) -> AsyncIterator[Step]:
    """The audit is verified; a copy that lost its end, and one that was altered, are found wanting."""
    desk, file = on_stage.desk, checkpoints_of(on_stage.desk.settings)
    verdict = await desk.reader.verify(file.read(), signed_by(file.public_key))
    expect(verdict.finding, None, "what is wrong with the audit")
    expect_that(verdict.covered > 0, "signed checkpoints vouch for the audit")
    agree = f"{verdict.checkpoints} signed checkpoints agree"
    yield Step("desk", f"verifies its audit: {verdict.rows} rows are as they were written; {agree}")
    cut = await _verified_copy(desk.data_dir, file, "DELETE FROM audit WHERE seq >= ?", verdict.covered)
    expect(cut.finding and cut.finding.flaw, "truncated", "what is found in a copy without its end")
    yield Step("desk", f"is given a copy that was cut before row {verdict.covered}: {_words(cut)}")
    altered = await _verified_copy(desk.data_dir, file, "UPDATE audit SET agent = 'somebody' WHERE seq = ?", 3)
    expect(altered.finding and (altered.finding.flaw, altered.finding.seq), ("altered", 3), "what is found in a copy")
    yield Step("desk", f"is given a copy in which row 3 names somebody else: {_words(altered)}")


async def _verified_copy(data_dir: Path, file: CheckpointFile, change: str, seq: int) -> Verdict:
    """The verdict on a copy of the database after a change that csrdesk knows nothing of."""
    with own_folder("copy") as folder:
        path = folder / DATABASE
        _copy(data_dir / DATABASE, path, change, seq)
        store = await SqliteStore.open(path)
        try:
            return await verify(store, file.read(), signed_by(file.public_key))
        finally:
            await store.close()


def _copy(source: Path, target: Path, change: str, seq: int) -> None:
    original, copy = sqlite3.connect(source), sqlite3.connect(target)
    try:
        original.backup(copy)
        with copy:
            copy.execute(change, (seq,))
    finally:
        original.close()
        copy.close()


def _words(verdict: Verdict) -> str:
    return verdict.finding.message if verdict.finding else ""
