"""What registration asks of PingOne, and what its answers mean: the account, its address as a device, the mails."""

from __future__ import annotations

import dataclasses

import pytest
from msgspec.structs import replace

from csrdesk.flows import agreement_effects as ax
from csrdesk.flows import password_replies as pr
from csrdesk.flows import registration_effects as gx
from csrdesk.flows import replies as r
from csrdesk.flows.doors import Context
from csrdesk.flows.kernel import Effect, Failed, Reply
from csrdesk.sandbox import Sandbox, ids, people
from csrdesk.services.performer import Outside, Performer
from tests.services.conftest import AGENT, PAGES, Do, Links

NEW, PASSWORD = "grace.hopper@mail.example", "Winding-7-Lanes"
CREATE = gx.CreateUser(address=NEW, given_name="Grace", family_name="Hopper", with_password=True)

WITHOUT = replace(CREATE, with_password=False)


async def made(do: Do, effect: gx.CreateUser = CREATE) -> str:
    reply = await do(effect, secret=PASSWORD)
    assert isinstance(reply, gx.UserCreated), reply
    return reply.person_id


@pytest.mark.parametrize("address", ["nobody@mail.example", '" or enabled eq true', "*", 'a"\\@mail.example'])
async def test_an_address_that_is_nobodys_or_a_filter_finds_nobody(do: Do, address: str) -> None:
    assert (await found(do, address)).person_id == ""


async def found(do: Do, address: str) -> gx.RegistrationUser:
    reply = await do(gx.FindForRegistration(address=address))
    assert isinstance(reply, gx.RegistrationUser), reply
    return reply


async def test_somebody_is_found_by_address_and_by_user_name_also_where_several_share_it(do: Do, box: Sandbox) -> None:
    user = box.world.user(people.ONLY_PINGONE)
    assert (await found(do, user.email.upper())).person_id == user.id
    assert (await found(do, user.username)).person_id == user.id
    assert (await found(do, box.world.user(people.SHARED_ADDRESS[0]).email)).person_id


async def test_the_code_is_right_once_and_only_for_the_authentication_that_sent_it(do: Do, box: Sandbox) -> None:
    sent = await do(gx.SendEmailCode(address=NEW))
    assert isinstance(sent, gx.EmailCodeSent)
    code = box.world.passcodes[-1].code
    check = gx.CheckEmailCode(authentication_id=sent.authentication_id)
    assert isinstance(await do(check, secret="000000" if code != "000000" else "111111"), gx.EmailCodeWrong)
    elsewhere = await do(gx.SendEmailCode(address="other@mail.example"))
    assert isinstance(elsewhere, gx.EmailCodeSent)
    wrong = gx.CheckEmailCode(authentication_id=elsewhere.authentication_id)
    assert isinstance(await do(wrong, secret=code), gx.EmailCodeWrong)
    assert isinstance(await do(check, secret=f" {code[:3]}-{code[3:]} "), gx.EmailCodeRight)
    assert isinstance(await do(check, secret=code), gx.EmailCodeWrong)
    assert isinstance(await do(gx.CheckEmailCode(authentication_id="nothing"), secret=code), gx.EmailCodeWrong)


async def test_an_account_is_made_with_its_address_verified_and_the_desk_has_seen_it(
    do: Do, box: Sandbox, links: Links
) -> None:
    who = await made(do)
    user = box.world.users[who]
    assert (user.username, user.email, user.email_verified, user.password.status) == (NEW, NEW, True, "OK")
    assert links.told == [("saw", f"{who} {NEW}")]
    again = await do(CREATE, secret=PASSWORD)
    assert isinstance(again, gx.AddressTaken)


async def test_an_account_without_a_password_has_none_whatever_was_typed(do: Do, box: Sandbox) -> None:
    who = await made(do, WITHOUT)
    assert box.world.users[who].password.status == "NO_PASSWORD"


@pytest.mark.parametrize(
    ("effect", "secret", "reply"),
    [
        (CREATE, None, r.SecretLost),
        (CREATE, "short1A", pr.PasswordRefused),
        (CREATE, "pass\0word-long-7", pr.PasswordRefused),
        (
            gx.CreateUser(address=NEW, given_name="Grace", family_name="<b>", with_password=False),
            None,
            gx.NameRefused,
        ),
        (
            gx.CreateUser(address="not an address", given_name="Grace", family_name="Hopper", with_password=False),
            None,
            Failed,
        ),
    ],
)
async def test_what_pingone_does_not_take_makes_nothing(
    do: Do, box: Sandbox, effect: gx.CreateUser, secret: str | None, reply: type[Reply]
) -> None:
    before = len(box.world.users)
    assert isinstance(await do(effect, secret=secret), reply)
    assert len(box.world.users) == before


async def test_r_48_what_was_made_is_read_back(do: Do, box: Sandbox) -> None:
    who = await made(do)
    box.faults.add(method="POST", path="/devices$|/agreementConsents/", ignore_write=True)
    box.faults.add(method="PUT", path="/password$", ignore_write=True)
    shown = await do(ax.ReadAgreement(agreement_id=ids.AGREEMENT_PLAIN, languages="en"))
    assert isinstance(shown, ax.AgreementRead)
    accept = ax.AcceptAgreement(
        person_id=who,
        agreement_id=ids.AGREEMENT_PLAIN,
        language_id=shown.agreement.language_id,
        revision_id=shown.agreement.revision_id,
    )
    effects: tuple[Effect, ...] = (gx.EnrollEmail(person_id=who), gx.SetFirstPassword(person_id=who), accept)
    for effect in effects:
        reply = await do(effect, secret="Another-9-Lanes")
        assert isinstance(reply, Failed), effect
        assert reply.problem.code == "read_back"


async def test_the_address_becomes_one_device_however_often_it_is_asked(do: Do, box: Sandbox) -> None:
    who = await made(do)
    for _ in range(2):
        assert isinstance(await do(gx.EnrollEmail(person_id=who)), gx.EmailEnrolled)
    assert [(device.type, device.status) for device in box.world.users[who].devices] == [("EMAIL", "ACTIVE")]


async def test_where_there_is_no_room_the_address_is_left_out(do: Do, box: Sandbox) -> None:
    who = box.world.user(people.AT_LIMIT).id
    assert isinstance(await do(gx.EnrollEmail(person_id=who)), gx.EmailNotAllowed)


async def test_the_first_password_is_judged_set_and_read_back(do: Do, box: Sandbox) -> None:
    who = await made(do, WITHOUT)
    effect = gx.SetFirstPassword(person_id=who)
    assert isinstance(await do(effect), r.SecretLost)
    for bad in ("short1A", "pass\0word-long-7"):
        assert isinstance(await do(effect, secret=bad), pr.PasswordRefused)
    assert isinstance(await do(effect, secret=PASSWORD), pr.PasswordSet)
    assert box.world.users[who].password.status == "OK"


async def test_an_agreement_that_is_off_is_none(do: Do) -> None:
    assert isinstance(await do(ax.ReadAgreement(agreement_id=ids.AGREEMENT_OFF, languages="")), ax.NoAgreement)


@pytest.mark.parametrize(
    ("half_done", "subject", "leads_back"),
    [(True, "Your registration", True), (False, "Somebody tried to register with your address", False)],
)
async def test_the_owner_of_an_address_is_mailed_and_only_a_half_done_registration_leads_back(
    do: Do, box: Sandbox, links: Links, half_done: bool, subject: str, leads_back: bool
) -> None:
    user = box.world.user(people.ONLY_PINGONE)
    links.half_done = {user.id} if half_done else set()
    assert await do(gx.TellOwner(person_id=user.id)) == r.CustomerTold()
    (mail,) = box.world.mails
    assert (mail.to, mail.subject) == (user.email, subject)
    assert (f"{PAGES}/register/again/way-of-{user.id}" in mail.text) is leads_back
    assert user.given not in mail.text


async def test_a_new_account_is_told_of_also_where_nobody_serves_the_pages(
    outside: Outside, box: Sandbox, links: Links
) -> None:
    user = box.world.user(people.ONLY_PINGONE)
    links.half_done = {user.id}
    unserved = Performer(dataclasses.replace(outside, public_url=str))
    context = Context("flow-1", 3, "call-1", AGENT)
    assert await unserved(gx.Welcome(person_id=user.id), context) == r.CustomerTold()
    (mail,) = box.world.mails
    assert mail.subject == "New Account Created"
    assert "/register" not in mail.text
    unmailed = Performer(dataclasses.replace(outside, mailer=None))
    assert isinstance(await unmailed(gx.Welcome(person_id=user.id), context), r.CustomerNotTold)
    user.email = ""
    assert isinstance(await unserved(gx.Welcome(person_id=user.id), context), r.CustomerNotTold)
