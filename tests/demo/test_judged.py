"""Calls that PingOne Protect judges play by themselves, and end as they are told."""

from __future__ import annotations

import io

from csrdesk.demo.judged import SCENES
from csrdesk.demo.stage import stage
from csrdesk.demo.telling import Teller


async def test_high_risk_at_the_right_code_is_not_approved_and_the_agent_is_told() -> None:
    said = io.StringIO()
    teller = Teller(as_json=False, out=said)
    async with stage(protect=True) as on_stage:
        for scene in SCENES:
            assert await teller.tell(scene, on_stage), said.getvalue()
    assert "is told: Nothing was approved. PingOne Protect: high risk, known device." in said.getvalue()
    assert "PingOne Protect: low risk, known device" in said.getvalue()
