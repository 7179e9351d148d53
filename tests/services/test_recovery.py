from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest

from csrdesk.config import PasswordSettings
from csrdesk.flows import password_replies as pr
from csrdesk.flows import recovery_effects as vx
from csrdesk.flows import recovery_replies as vr
from csrdesk.flows import replies as r
from csrdesk.flows.doors import Context
from csrdesk.flows.kernel import Failed, Reply
from csrdesk.model.devices import Age
from csrdesk.model.passwords import Home
from csrdesk.model.proofs import Act
from csrdesk.model.recovery import joined
from csrdesk.model.secret import Secret
from csrdesk.sandbox import Sandbox, people
from csrdesk.services.performer import Outside, Performer
from tests.services.conftest import AGENT, PAGES, Do, Links

NEW = "Winding-7-Lanes"


def who(box: Sandbox, username: str = people.ONLY_PINGONE) -> str:
    return box.world.user(username).id


def code_of(box: Sandbox, username: str = people.ONLY_PINGONE) -> str:
    recovery = box.world.user(username).recovery
    assert recovery
    return recovery.code


async def sent(do: Do, box: Sandbox, username: str = people.ONLY_PINGONE) -> vr.RecoveryCodeSent:
    reply = await do(vx.SendRecoveryCode(person_id=who(box, username)))
    assert isinstance(reply, vr.RecoveryCodeSent), reply
    return reply


async def recover(
    outside: Outside,
    box: Sandbox,
    code: str,
    new: str = NEW,
    *,
    username: str = people.ONLY_PINGONE,
    home: Home = Home.PINGONE,
) -> Reply:
    effect = vx.RecoverPassword(person_id=who(box, username), act=Act.RESET, reason="Recovery", home=home)
    secret = joined(Secret(code), Secret(new))
    return await Performer(outside)(effect, Context("page-1", 3, "call-1", AGENT, secret=secret))


async def test_the_only_one_with_the_address_is_found_and_the_desk_has_seen_it(
    do: Do, box: Sandbox, links: Links
) -> None:
    user = box.world.user(people.ONLY_PINGONE)
    reply = await do(vx.FindForRecovery(address=user.email))
    assert isinstance(reply, vr.RecoveryUser)
    assert reply.person_id == user.id
    assert links.told == [("saw", f"{user.id} {user.email}")]


@pytest.mark.parametrize("username", [people.SHARED_ADDRESS[0], people.PROTECTED, people.PROTECTED_BY_GROUP])
async def test_several_and_protected_ones_are_nobody(do: Do, box: Sandbox, username: str) -> None:
    reply = await do(vx.FindForRecovery(address=box.world.user(username).email))
    assert isinstance(reply, vr.RecoveryUser)
    assert reply.person_id == ""


@pytest.mark.parametrize("address", ["nobody@mail.example", '" or enabled eq true', "*", "sofia", 'a"\\@mail.example'])
async def test_an_address_that_is_nobodys_or_a_filter_finds_nobody(do: Do, address: str) -> None:
    reply = await do(vx.FindForRecovery(address=address))
    assert isinstance(reply, vr.RecoveryUser)
    assert reply.person_id == ""


async def test_what_is_asked_of_a_password_is_pingones_default_policy(do: Do, box: Sandbox) -> None:
    reply = await do(vx.ReadRecoveryPolicy())
    assert isinstance(reply, vr.RecoveryPolicy)
    assert any(one.kind == "min_length" for one in reply.requirements)
    box.faults.add(path="/passwordPolicies", status=500)
    assert await do(vx.ReadRecoveryPolicy()) == reply  # remembered a minute


async def test_the_mailed_code_sets_a_new_password_which_is_read_back(do: Do, outside: Outside, box: Sandbox) -> None:
    code = await sent(do, box)
    assert code.home is Home.PINGONE
    typed = f" {code_of(box)[:4].lower()}-{code_of(box)[4:]} "
    reply = await recover(outside, box, typed)
    assert isinstance(reply, pr.PasswordSet)
    assert reply.changed_at
    assert code.changed_at is None or reply.changed_at > code.changed_at


async def test_a_wrong_code_and_an_old_one_are_wrong(do: Do, outside: Outside, box: Sandbox) -> None:
    await sent(do, box)
    assert isinstance(await recover(outside, box, "WRONG123"), vr.RecoveryCodeWrong)
    code = code_of(box)
    box.clock.move(timedelta(minutes=5))
    assert isinstance(await recover(outside, box, code), vr.RecoveryCodeWrong)


async def test_the_code_of_another_account_is_wrong(do: Do, outside: Outside, box: Sandbox) -> None:
    await sent(do, box)
    await sent(do, box, people.NO_DEVICE_PINGONE)
    assert isinstance(await recover(outside, box, code_of(box, people.NO_DEVICE_PINGONE)), vr.RecoveryCodeWrong)


@pytest.mark.parametrize("new", ["short", "Sofia-is-1-of-us", "{SHA}abcdefgh1A", "Winding\x007Lanes", "x" * 10_000])
async def test_a_password_that_is_refused_says_why_and_leaves_the_code_good(
    do: Do, outside: Outside, box: Sandbox, new: str
) -> None:
    await sent(do, box)
    reply = await recover(outside, box, code_of(box), new)
    assert isinstance(reply, pr.PasswordRefused)
    assert reply.reasons
    assert all(reason.endswith(".") for reason in reply.reasons)
    assert isinstance(await recover(outside, box, code_of(box)), pr.PasswordSet)


@pytest.mark.parametrize(
    "username",
    [people.DISABLED_BY_DESK, people.NO_PASSWORD, people.PINGONE_PASSWORD_LOCKED, people.EXTERNAL_NOT_ALLOWED],
)
async def test_no_code_goes_to_an_account_that_can_have_none(do: Do, box: Sandbox, username: str) -> None:
    before = len(box.world.mails)
    reply = await do(vx.SendRecoveryCode(person_id=who(box, username)))
    assert isinstance(reply, vr.RecoveryNotPossible)
    assert reply.call_help_desk is (username == people.EXTERNAL_NOT_ALLOWED)
    assert len(box.world.mails) == before


async def test_an_external_password_goes_through_a_gateway_that_allows_it(
    do: Do, outside: Outside, box: Sandbox
) -> None:
    code = await sent(do, box, people.EXTERNAL_ALLOWED)
    assert code.home is Home.GATEWAY
    reply = await recover(
        outside, box, code_of(box, people.EXTERNAL_ALLOWED), username=people.EXTERNAL_ALLOWED, home=Home.GATEWAY
    )
    assert isinstance(reply, pr.PasswordSet)
    assert reply.home is Home.GATEWAY


async def test_where_settings_have_ad_keep_a_password_too_pingone_alone_sends_no_code(
    outside: Outside, box: Sandbox
) -> None:
    both = dataclasses.replace(outside, passwords=PasswordSettings(password_authority="both"))
    reply = await Performer(both)(vx.SendRecoveryCode(person_id=who(box)), Context("page-1", 3, "call-1", AGENT))
    assert reply == vr.RecoveryNotPossible(call_help_desk=True)


async def test_an_account_that_was_disabled_meanwhile_gets_no_password(do: Do, outside: Outside, box: Sandbox) -> None:
    await sent(do, box)
    box.world.user(people.ONLY_PINGONE).enabled = False
    assert await recover(outside, box, code_of(box)) == vr.RecoveryNotPossible()


async def test_a_protected_account_gets_no_password(outside: Outside, box: Sandbox) -> None:
    reply = await recover(outside, box, "ABCD2345", username=people.PROTECTED)
    assert isinstance(reply, Failed)
    assert reply.problem.code == "forbidden"


async def test_r_48_a_password_that_pingone_does_not_show_is_a_failure(do: Do, outside: Outside, box: Sandbox) -> None:
    await sent(do, box)
    box.faults.add(method="POST", path="/password$", ignore_write=True)
    reply = await recover(outside, box, code_of(box))
    assert isinstance(reply, Failed)
    assert reply.problem.code == "read_back"


async def test_what_a_restart_lost_is_not_sent(do: Do, box: Sandbox) -> None:
    effect = vx.RecoverPassword(person_id=who(box), act=Act.RESET, reason="Recovery")
    assert await do(effect) == r.SecretLost()


async def test_neither_code_nor_password_is_in_a_recording(
    do: Do, outside: Outside, box: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    await sent(do, box)
    code = code_of(box)
    with caplog.at_level("DEBUG"):
        await recover(outside, box, code)
    assert code not in caplog.text
    assert NEW not in caplog.text


async def test_a_caller_is_mailed_the_way_to_the_page_and_nothing_secret(do: Do, box: Sandbox) -> None:
    user = box.world.user(people.ONLY_PINGONE)
    reply = await do(vx.InviteToRecover(person_id=user.id))
    assert isinstance(reply, vr.RecoveryInvited)
    assert user.email not in reply.to
    mail = box.world.mails[-1]
    assert (mail.to, mail.subject) == (user.email, "Choose a new password")
    assert f"{PAGES}/recover" in mail.text
    assert f'href="{PAGES}/recover"' in mail.html


@pytest.mark.parametrize(
    ("username", "doubt"), [(people.UNVERIFIED_EMAIL, "The address was never verified."), (people.ONLY_PINGONE, "")]
)
async def test_what_speaks_against_the_address_is_said(do: Do, box: Sandbox, username: str, doubt: str) -> None:
    reply = await do(vx.InviteToRecover(person_id=who(box, username)))
    assert isinstance(reply, vr.RecoveryInvited)
    assert reply.doubt == doubt


async def test_a_new_address_is_doubted(do: Do, box: Sandbox, links: Links) -> None:
    links.age = Age.NEW
    reply = await do(vx.InviteToRecover(person_id=who(box)))
    assert isinstance(reply, vr.RecoveryInvited)
    assert "lately" in reply.doubt


async def test_without_address_mail_server_or_pages_nothing_is_sent(do: Do, outside: Outside, box: Sandbox) -> None:
    assert isinstance(await do(vx.InviteToRecover(person_id=who(box, people.NO_EMAIL))), vr.RecoveryNotInvited)
    for without in (dataclasses.replace(outside, mailer=None), dataclasses.replace(outside, public_url=str)):
        context = Context("call-1", 3, "call-1", AGENT)
        reply = await Performer(without)(vx.InviteToRecover(person_id=who(box)), context)
        assert isinstance(reply, vr.RecoveryNotInvited)
        assert "othing was sent" in reply.message
    assert box.world.mails == []
