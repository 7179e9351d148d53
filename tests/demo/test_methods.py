"""Each kind of device plays a call by itself."""

from __future__ import annotations

import io

import pytest

from csrdesk.cli.demo import Method
from csrdesk.demo.methods import METHODS
from csrdesk.demo.stage import stage
from csrdesk.demo.telling import Teller


@pytest.mark.parametrize("method", METHODS)
async def test_a_call_is_verified_with_a_device_of_each_kind(method: str) -> None:
    said = io.StringIO()
    teller = Teller(as_json=False, out=said)
    async with stage() as on_stage:
        assert await teller.tell(METHODS[method], on_stage), said.getvalue()
    strength = "strong" if method in ("fido2", "push", "totp") else "weak"
    assert f"sees authentication: link, code and device ({strength})" in said.getvalue()


def test_the_command_offers_each_of_them() -> None:
    assert {kind.value for kind in Method} == set(METHODS)
