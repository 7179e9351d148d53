"""What agents see of the agreement that customers accept: read with the account, and never in its way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows.doors import Context
from csrdesk.model.agreements import Agreement, Consent, ConsentState
from csrdesk.sandbox import Sandbox, ids, people
from csrdesk.services.performer import Outside, Performer
from csrdesk.services.pingone import agreements, consents
from tests.services.conftest import AGENT

Read = Callable[[str], Awaitable[Consent | None]]


@pytest.fixture
def read(box: Sandbox, outside: Outside) -> Read:
    """The consent that comes with an account, where settings name that agreement."""

    async def read(agreement_id: str) -> Consent | None:
        performer = Performer(replace(outside, agreement_id=agreement_id))
        effect = fx.ReadAccount(person_id=box.world.user(people.ONLY_PINGONE).id)
        reply = await performer(effect, Context("flow-1", 3, "call-1", AGENT))
        assert isinstance(reply, r.AccountRead)
        assert reply.account.pingone
        return reply.account.pingone.consent

    return read


async def test_the_consent_is_read_where_settings_name_an_agreement(box: Sandbox, outside: Outside, read: Read) -> None:
    who, api = box.world.user(people.ONLY_PINGONE).id, outside.pingone
    assert await read("") is None
    assert await read(ids.AGREEMENT) == Consent()
    text = await agreements.present(api, ids.AGREEMENT, ("en",))
    assert isinstance(text, Agreement)
    await consents.accept(api, who, text)
    accepted = await read(ids.AGREEMENT)
    assert accepted
    assert (accepted.state, accepted.words) == (ConsentState.ACCEPTED, "accepted")
    assert accepted.at
    await consents.revoke(api, who, ids.AGREEMENT)
    revoked = await read(ids.AGREEMENT)
    assert revoked
    assert revoked.words == "taken back"


async def test_an_account_is_shown_also_where_consents_cannot_be_read(box: Sandbox, read: Read) -> None:
    box.faults.add(path="/agreementConsents", status=403)
    found = await read(ids.AGREEMENT)
    assert found == Consent(ConsentState.UNKNOWN)
    assert found.words == "not known"
