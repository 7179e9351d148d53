"""What holds of the services as a whole: how long a call waits, what is logged, what is loaded."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
from collections import Counter

import pytest

from csrdesk.flows import effects as fx
from csrdesk.flows import password_effects as px
from csrdesk.flows import password_replies as pr
from csrdesk.flows import replies as r
from csrdesk.flows.doors import Context
from csrdesk.flows.kernel import Failed
from csrdesk.model.proofs import Act
from csrdesk.sandbox import Sandbox, people
from csrdesk.services.keys import Secrets
from csrdesk.services.performer import Outside, Performer
from tests.services.conftest import AGENT, TOKEN, Calls, Do

LATENCY_MS = 200
CHAINS = {"find": 2, "devices": 1, "protection": 2, "account": 1, "disable": 3, "sessions": 4}
"""Calls that depend on each other. The first look-up fetches the token first."""


async def test_calls_that_do_not_depend_on_each_other_are_made_at_once(do: Do, box: Sandbox, calls: Calls) -> None:
    who, dn = box.world.user("ada").id, box.world.entry("ada").dn
    policy = box.settings().mfa_policy_id
    effects = {
        "find": fx.FindUser(identifier="ada"),
        "devices": fx.ReadDevices(person_id=who, policy_id=policy),
        "protection": fx.ReadProtection(person_id=who),
        "account": fx.ReadAccount(person_id=who, dn=dn),
        "disable": fx.SetPingOneEnabled(person_id=who, enabled=False, act=Act.DISABLE, reason="asked for it"),
        "sessions": fx.EndSessions(person_id=who, act=Act.DISABLE, reason="asked for it"),
    }
    box.faults.latency_ms = LATENCY_MS
    for name, effect in effects.items():
        calls.seen.clear()
        assert not isinstance(await do(effect), Failed), name
        assert calls.one_after_the_other() == CHAINS[name], name


async def test_what_only_brings_the_same_answer_is_asked_for_once(do: Do, box: Sandbox) -> None:
    await asyncio.gather(*(do(fx.FindUser(identifier="ada")) for _ in range(5)))
    box.faults.add(path="/as/token", status=500)
    box.faults.add(path="/populations", status=500)
    reply = await do(fx.FindUser(identifier="ada"))
    assert isinstance(reply, r.UserFound)
    assert reply.person.population == "Care staff"


async def test_what_a_step_reads_is_read_once_for_all_of_its_effects(do: Do, box: Sandbox, calls: Calls) -> None:
    who, dn = box.world.user("ada").id, box.world.entry("ada").dn
    reads = fx.ReadAccount(person_id=who, dn=dn), px.ReadPasswordAuthority(person_id=who, dn=dn)
    for _ in range(2):
        calls.paths.clear()
        account, authority = await asyncio.gather(*map(do, reads))
        assert isinstance(account, r.AccountRead)
        assert isinstance(authority, pr.AuthorityRead)
        asked = Counter(path.rsplit("/", 1)[-1] for path in calls.paths)
        assert (asked[who], asked["password"]) == (1, 1), "and the next time it is read anew"


async def test_what_writes_reads_for_itself_whatever_is_read_beside_it(do: Do, box: Sandbox, calls: Calls) -> None:
    who = box.world.user("ada").id
    disable = fx.SetPingOneEnabled(person_id=who, enabled=False, act=Act.DISABLE, reason="asked for it")
    await asyncio.gather(do(fx.ReadAccount(person_id=who)), do(disable))
    asked = Counter(path.rsplit("/", 1)[-1] for path in calls.paths)
    assert asked[who] >= 2


async def test_r_16_no_secret_is_logged_in_a_whole_call(
    do: Do,
    box: Sandbox,
    secrets: Secrets,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    ada = box.world.user("ada")
    await do(fx.FindUser(identifier="ada@mail.example"))
    await do(fx.ReadDevices(person_id=ada.id))
    await do(fx.SendMagicLink(person_id=ada.id, account="A*** L***"))
    begun = await do(fx.StartDeviceAuthentication(person_id=ada.id))
    assert isinstance(begun, r.AuthenticationIs)
    code = box.world.passcodes[-1].code
    effect = fx.CheckPasscode(authentication_id=begun.authentication.id, device_id=ada.devices[0].id)
    assert isinstance(await do(effect, secret=code), r.PasscodeRight)
    box.faults.add(path="/", status=503)
    await do(fx.ReadAccount(person_id=ada.id, dn=box.world.entry("ada").dn))
    out, err = capfd.readouterr()
    said = caplog.text + out + err
    held = [TOKEN, code, "Bearer", "ada@mail.example", *(s.reveal() for s in (secrets.pingone, secrets.mail) if s)]
    assert [one for one in held if one in said] == []


async def test_an_effect_that_is_no_services_is_a_defect_and_is_not_hidden(outside: Outside) -> None:
    with pytest.raises(NotImplementedError, match="LoadRules"):
        await Performer(outside)(fx.LoadRules(), Context("f", 1, "c", AGENT))


async def test_pingone_is_told_which_call_it_serves(outside: Outside) -> None:
    assert outside.within("call-7").pingone.call_id == "call-7"
    assert outside.pingone.call_id == ""


@pytest.mark.parametrize("username", [people.ONE_DEVICE, people.HOSTILE_USERNAME])
async def test_a_person_in_a_saved_state_holds_no_address_or_number_in_full(
    do: Do, box: Sandbox, username: str
) -> None:
    user = box.world.user(username)
    reply = await do(fx.FindUser(identifier=user.email))
    assert isinstance(reply, r.UserFound)
    import msgspec

    saved = msgspec.json.encode(reply).decode()
    assert user.email not in saved
    assert user.external_id not in saved
    assert user.mobile_phone not in saved


LOADED = """
import json, sys
import csrdesk.services.directory.sandbox
import csrdesk.services.keys
import csrdesk.services.performer
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def test_opening_the_services_loads_neither_mail_nor_templates_nor_keyring_nor_httpxs_own_tool() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout))
    assert "httpx" in loaded
    assert loaded & {"smtplib", "jinja2", "keyring", "click", "rich", "pygments", "starlette", "textual"} == set()
