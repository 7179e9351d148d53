"""Each way without a link plays calls by itself."""

from __future__ import annotations

import io

import pytest

from csrdesk.cli.demo import WithoutLink
from csrdesk.demo.stage import stage
from csrdesk.demo.telling import Teller
from csrdesk.demo.without_link import WAYS


@pytest.mark.parametrize("way", WAYS)
async def test_a_call_is_verified_by_each_way_without_a_link(way: str) -> None:
    said = io.StringIO()
    teller = Teller(as_json=False, out=said)
    async with stage(call_back=way == "call-back") as on_stage:
        for scene in WAYS[way]:
            assert await teller.tell(scene, on_stage), said.getvalue()
    shown = "call-back to the number on record (weak), no device" if way == "call-back" else "device alone (strong)"
    assert shown in said.getvalue()


def test_the_command_offers_each_of_them() -> None:
    assert {way.value for way in WithoutLink} == set(WAYS)
