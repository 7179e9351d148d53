"""What customers do by themselves plays by itself, too, and ends well."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from csrdesk.cli.demo import Pages
from csrdesk.demo.recovering import SCENES
from csrdesk.demo.stage import stage
from csrdesk.demo.telling import Teller


@pytest.mark.parametrize("flow", SCENES)
async def test_every_scene_ends_as_it_is_told_and_the_recording_holds_no_secret(flow: str, tmp_path: Path) -> None:
    said, record = io.StringIO(), tmp_path / "exchanges.jsonl"
    teller = Teller(as_json=False, out=said)
    async with stage(record) as on_stage:
        for scene in SCENES[flow]:
            assert await teller.tell(scene, on_stage), said.getvalue()
    assert teller.finish() == 0
    recorded = record.read_text("utf-8")
    assert "password.recover" in recorded
    for secret in ("AAAA2222", "Seven teal otters"):
        assert secret not in recorded


def test_the_command_offers_each_of_them() -> None:
    assert {pages.value for pages in Pages} - {"registration"} == set(SCENES)
