"""Registration plays by itself in each of its variants, and ends well; what it records holds no secret."""

from __future__ import annotations

import io
from pathlib import Path

from csrdesk.cli.demo import Method
from csrdesk.demo import registering
from csrdesk.demo.stage import stage
from csrdesk.demo.telling import Teller


async def test_every_scene_ends_as_it_is_told_and_the_recording_holds_no_secret(tmp_path: Path) -> None:
    """All of them on one stage: an address, a device and an account each, which takes some seconds."""
    said, record = io.StringIO(), tmp_path / "exchanges.jsonl"
    teller = Teller(as_json=False, out=said)
    async with stage(record) as on_stage:
        for scene in registering.SCENES:
            assert await teller.tell(scene, on_stage), said.getvalue()
        codes = [passcode.code for passcode in on_stage.box.world.passcodes]
    assert teller.finish() == 0
    recorded = record.read_text("utf-8")
    assert "user.import" in recorded
    assert "consent.accept" in recorded
    for secret in ("Seven teal otters", "Nine grey storks", *(f'"{code}"' for code in codes)):
        assert secret not in recorded


def test_each_kind_of_device_that_a_page_registers_can_be_played_alone() -> None:
    assert set(registering.VARIANTS) == {method.value for method in Method} - {"push"}
    assert set(registering.VARIANTS.values()) < set(registering.SCENES)
