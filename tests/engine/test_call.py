"""A whole call over the real flows: look up, verify, act."""

from __future__ import annotations

from pathlib import Path

from csrdesk.flows import answers as a
from csrdesk.flows import prompts as p
from csrdesk.flows.challenge_acceptance import PageApproved
from csrdesk.model.proofs import Act
from tests.engine.world import desk_on, linked


async def test_a_call_is_looked_up_verified_and_acted_upon(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        prompt = await call.verify()
        assert prompt.evidence.has_device
        assert isinstance((await call.page()).view.outcome, PageApproved)
        await call.tell(a.DisableChosen())
        shown = await call.tell(a.Confirmed("caller asked", "T-1"))
        assert isinstance(shown.prompt, p.NoticePrompt)
        assert shown.prompt.act is Act.DISABLE
        assert all(line.ok for line in shown.prompt.lines)
        over = await call.tell(a.CallEnded())
        assert over.outcome
