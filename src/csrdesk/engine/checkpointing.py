"""Writes checkpoints while a desk is open: at each call's end and every 100 rows, after the rows are committed.

Beside the audit, because a checkpoint of a row that is rolled back would later look like a row that was cut off.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime

from csrdesk.engine.audit import CALL_ENDED, CHECKPOINT_DUE, CHECKPOINT_EVERY
from csrdesk.engine.changes import Changes
from csrdesk.engine.checkpoints import Checkpoint, CheckpointFile
from csrdesk.engine.clock import Clock
from csrdesk.engine.store import Store
from csrdesk.errors import StoreUnavailableError

log = logging.getLogger(__name__)

NOT_WRITTEN = "The audit's checkpoints cannot be written. Look at the file's disk and rights."
NOT_FITTING = (
    "The audit does not fit its checkpoints any more. Run `csrdesk audit verify`, and do not go on before you know why."
)


class Checkpointing:
    """One process's share: every process writes, and whoever comes second finds it done."""

    def __init__(self, store: Store, changes: Changes, clock: Clock, file: CheckpointFile) -> None:
        self.trouble = ""
        """What is wrong, in words, until a checkpoint can be written again."""
        self._store = store
        self._changes = changes
        self._clock = clock
        self._file = file
        self._stopping: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        """Write what is due, until `stop`; what became due before that is written still."""
        with self._changes.listen(CHECKPOINT_DUE) as news:
            await self._write()
            while True:
                await news.wait(self._stopping)
                if not news.rung:
                    return
                news.clear()
                await self._write()

    def stop(self) -> None:
        """Let `run` end."""
        self._stopping.set_result(None)

    async def _write(self) -> None:
        try:
            self.trouble = await self._written()
        except StoreUnavailableError:
            log.warning("no checkpoint: the database cannot be read")
        except OSError as error:
            log.error("no checkpoint: %s", error.strerror)  # noqa: TRY400 - where it happened says nothing more
            self.trouble = NOT_WRITTEN

    async def _written(self) -> str:
        """Write a checkpoint where one is due, whoever made it so; what is wrong."""
        newest = await asyncio.to_thread(self._file.newest)
        head = await self._head()
        if newest and not await self._fits(newest, head):
            return NOT_FITTING
        last = newest.count if newest else 0
        if head.count // CHECKPOINT_EVERY > last // CHECKPOINT_EVERY or await self._ended_between(last, head.count):
            await asyncio.to_thread(self._file.append, head)
        return ""

    async def _fits(self, newest: Checkpoint, head: Checkpoint) -> bool:
        """Whether the audit still has the row that the newest checkpoint knows, unless it was purged."""
        row = await self._store.one("SELECT hash FROM audit WHERE seq = ?", newest.count)
        return row["hash"] == newest.head if row else newest.count < head.count

    async def _ended_between(self, last: int, count: int) -> bool:
        """Whether a call ended in rows that the checkpoint would hold; what comes later rings by itself."""
        sql = "SELECT 1 FROM audit WHERE seq > ? AND seq <= ? AND action = ? LIMIT 1"
        return await self._store.one(sql, last, count, CALL_ENDED) is not None

    async def _head(self) -> Checkpoint:
        row = await self._store.one("SELECT seq, hash, at FROM audit ORDER BY seq DESC LIMIT 1")
        now = self._clock.now()
        if row is None:
            return Checkpoint(0, "", now, now)
        return Checkpoint(int(str(row["seq"])), str(row["hash"]), datetime.fromisoformat(str(row["at"])), now)
