"""Each call that registering needs meets each fault of the sandbox: one error of the tree, and no write twice."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable

import pytest

from csrdesk.errors import ServiceError
from csrdesk.model.agreements import Agreement
from csrdesk.sandbox import Sandbox, ids, people
from csrdesk.services.http import Request
from csrdesk.services.performer import Outside
from csrdesk.services.pingone import agreements, authentications, consents, new_users, pairing, users
from csrdesk.services.pingone.api import Api
from csrdesk.services.pingone.new_users import NewUser

FAULTS: dict[str, dict[str, object]] = {
    "forbidden": {"status": 403},
    "pause": {"status": 429, "retry_after": 60},
    "broken": {"status": 500},
    "slow": {"latency_ms": 1_500},
    "cut": {"cut": True},
    "nonsense": {"wrong_shape": True},
}
TEXT = Agreement(ids.AGREEMENT, "language", "revision", "en", "Terms", "")
SITE = pairing.Site("localhost", "Example Care")
Call = Callable[[Api, str], Awaitable[object]]
READS: dict[str, Call] = {
    "limit": lambda api, _: pairing.limit(api),
    "agreement": lambda api, _: agreements.present(api, ids.AGREEMENT, ("de",)),
    "consent": lambda api, who: consents.read(api, who, ids.AGREEMENT),
    "mfa": users.is_mfa_enabled,
}
WRITES: dict[str, Call] = {
    "create": lambda api, _: new_users.create(api, NewUser("nour@new.example", "Nour", "Lind"), None),
    "mail code": lambda api, _: authentications.mail_code(api, "nour@new.example"),
    "email": lambda api, who: pairing.begin_email(api, who, "ada@home.example"),
    "phone": lambda api, who: pairing.begin_phone(api, who, "SMS", "+44.7700900252"),
    "app": pairing.begin_totp,
    "passkey": lambda api, who: pairing.begin_passkey(api, who, SITE),
    "activate": lambda api, who: pairing.activate(api, who, "device-1", "123456"),
    "attest": lambda api, who: pairing.activate_passkey(api, who, "device-1", "{}", "http://localhost"),
}
SAID_BY_READING = {
    "accept": lambda api, who: consents.accept(api, who, TEXT),
    "revoke": lambda api, who: consents.revoke(api, who, ids.AGREEMENT),
}
"""Calls whose answer's shape nobody knows: nonsense is no error, and the reading afterwards tells."""


async def quick(outside: Outside, sent: list[str]) -> Api:
    """With the token that the faults do not meet, and little patience; what it sends is written down."""
    await users.any_there(outside.pingone)

    async def note(request: Request) -> None:
        sent.append(request.method)

    outside.pingone.client.event_hooks["request"].append(note)
    return dataclasses.replace(outside.pingone, timeout_seconds=0.5, jitter=lambda: 0.0)


NO_ERROR = {("limit", "forbidden")}
"""PingOne counts by itself, so who may not read the limit goes on."""


@pytest.mark.parametrize(
    ("name", "fault"), [(n, f) for n in (*READS, *WRITES) for f in FAULTS if (n, f) not in NO_ERROR]
)
async def test_whatever_breaks_is_one_error_of_the_tree_and_no_write_is_sent_twice(
    outside: Outside, box: Sandbox, name: str, fault: str
) -> None:
    sent: list[str] = []
    api = await quick(outside, sent)
    box.faults.add(path=r"^/(?!.*/as/token)", **FAULTS[fault])
    with pytest.raises(ServiceError) as raised:
        await {**READS, **WRITES}[name](api, box.world.user(people.ONE_DEVICE).id)
    assert raised.value.message
    assert name in READS or sent == ["POST"]


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault != "nonsense"])
@pytest.mark.parametrize("name", SAID_BY_READING)
async def test_a_consent_is_not_said_twice_whatever_breaks(
    outside: Outside, box: Sandbox, name: str, fault: str
) -> None:
    sent: list[str] = []
    api = await quick(outside, sent)
    box.faults.add(path="/agreementConsents/", **FAULTS[fault])
    with pytest.raises(ServiceError):
        await SAID_BY_READING[name](api, box.world.user(people.ONE_DEVICE).id)
    assert sent == ["POST"]
