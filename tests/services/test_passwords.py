from __future__ import annotations

import asyncio
import dataclasses

import msgspec
import pytest

from csrdesk.config import PasswordSettings, Settings
from csrdesk.flows import password_effects as px
from csrdesk.flows import password_replies as pr
from csrdesk.flows import replies as r
from csrdesk.flows.doors import Context
from csrdesk.flows.kernel import AccountEffect, Effect, Failed, Reply
from csrdesk.model.passwords import Authority, Home
from csrdesk.model.proofs import Act
from csrdesk.model.secret import Secret
from csrdesk.sandbox import Sandbox, people
from csrdesk.sandbox.clock import stamp
from csrdesk.sandbox.digests import digest
from csrdesk.services.directory.sandbox import SandboxDirectory
from csrdesk.services.keys import Secrets
from csrdesk.services.performer import Outside, Performer
from csrdesk.services.performer.password_authority import place_of
from csrdesk.services.pingone.passwords import PasswordState
from tests.services.conftest import AGENT, Calls, Do
from tests.services.test_accounts import dn_of

GOOD = "Winding-7-Lanes"


def set_in(box: Sandbox, home: Home, username: str) -> AccountEffect:
    who, why = box.world.user(username).id, "forgot it"
    if home is Home.DIRECTORY:
        return px.SetDirectoryPassword(person_id=who, dn=dn_of(box, username), act=Act.RESET, reason=why)
    return px.SetPingOnePassword(person_id=who, home=home, act=Act.RESET, reason=why)


def keeps(box: Sandbox, home: Home, username: str, password: str) -> bool:
    """Whether it is the password at that home now."""
    if home is Home.PINGONE:
        user = box.world.user(username)
        return user.password.remembered[-1].digest == digest(user.id, password)
    entry = box.world.entry(username)
    return entry.passwords[-1] == digest(entry.first("objectGUID"), password)


HOMES = [
    (Home.DIRECTORY, "ada"),
    (Home.PINGONE, people.ONLY_PINGONE),
    (Home.GATEWAY, people.EXTERNAL_ALLOWED),
]
EACH = pytest.mark.parametrize(("home", "username"), HOMES)


@EACH
@pytest.mark.parametrize("password", [GOOD, "  Blanks around 7  ", 'Quotes "and" 7 \\', "Grüße-7-🌊-Wellen"])
async def test_a_new_password_is_what_the_customer_typed(
    do: Do, box: Sandbox, home: Home, username: str, password: str
) -> None:
    reply = await do(set_in(box, home, username), secret=password)
    assert isinstance(reply, pr.PasswordSet), reply
    assert reply.home is home
    assert reply.changed_at is not None
    assert keeps(box, home, username, password)
    assert not reply.unlocked


@EACH
async def test_a_reset_leaves_no_must_change(do: Do, box: Sandbox, home: Home, username: str) -> None:
    who, dn = box.world.user(username).id, dn_of(box, username) if home is Home.DIRECTORY else ""
    await do(set_in(box, home, username), secret=GOOD)
    reply = await do(px.ReadPasswordState(person_id=who, home=home, dn=dn))
    assert isinstance(reply, pr.PasswordStateRead)
    assert reply.state.home is home
    assert not reply.state.must_change


async def test_a_reset_ends_the_must_change_of_pingone(do: Do, box: Sandbox) -> None:
    who = people.PINGONE_MUST_CHANGE
    before = await do(px.ReadPasswordState(person_id=box.world.user(who).id, home=Home.PINGONE))
    assert isinstance(before, pr.PasswordStateRead)
    assert before.state.must_change
    assert isinstance(await do(set_in(box, Home.PINGONE, who), secret=GOOD), pr.PasswordSet)
    assert box.world.user(who).password.status == "OK"


async def test_somebody_without_a_password_gets_the_first_one(do: Do, box: Sandbox) -> None:
    reply = await do(set_in(box, Home.PINGONE, people.NO_PASSWORD), secret="seventeen quiet boats")
    assert isinstance(reply, pr.PasswordSet)


async def test_ads_lock_ends_with_the_reset_and_that_is_said(do: Do, box: Sandbox) -> None:
    reply = await do(set_in(box, Home.DIRECTORY, people.AD_LOCKED), secret=GOOD)
    assert isinstance(reply, pr.PasswordSet)
    assert reply.unlocked
    assert box.world.entry(people.AD_LOCKED).first("lockoutTime") == "0"


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("Ab1", "too short"),
        ("nodigitsnocapitals", "more kinds"),
        ("Ab1bA1bAb1A1", "more different"),
        ("Aaaab-1-harbour", "too often"),
        ("Password123!", "Many people"),
        ("Ab1" * 100, "too long"),
    ],
)
async def test_each_rule_of_pingone_is_said_in_plain_words(do: Do, box: Sandbox, password: str, words: str) -> None:
    before = box.world.user(people.ONLY_PINGONE).password.remembered[-1]
    reply = await do(set_in(box, Home.PINGONE, people.ONLY_PINGONE), secret=password)
    assert isinstance(reply, pr.PasswordRefused), reply
    assert any(words in reason for reason in reply.reasons)
    assert reply.correlation_id
    assert box.world.user(people.ONLY_PINGONE).password.remembered[-1] == before


async def test_what_is_in_the_profile_and_what_was_used_before_is_refused(do: Do, box: Sandbox) -> None:
    who = people.ONLY_PINGONE
    user = box.world.user(who)
    own = await do(set_in(box, Home.PINGONE, who), secret=f"{user.family.upper()}-Winding-7-lanes")
    assert isinstance(own, pr.PasswordRefused)
    assert any("your own data" in reason for reason in own.reasons)
    old = await do(set_in(box, Home.PINGONE, who), secret=people.person(who).password)
    assert isinstance(old, pr.PasswordRefused)
    assert any("used it before" in reason for reason in old.reasons)


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("Ab1-", "too short"),
        ("nodigitsnocapitals", "three kinds"),
        ("Ab1-" * 80, "too long"),
        ("So-Ada-Lindqvist-7", "your name"),
        (people.person("ada").password, "used it before"),
    ],
)
async def test_each_rule_of_the_directory_is_said_in_plain_words(
    do: Do, box: Sandbox, password: str, words: str
) -> None:
    before = box.world.entry("ada").first("pwdLastSet")
    reply = await do(set_in(box, Home.DIRECTORY, "ada"), secret=password)
    assert isinstance(reply, pr.PasswordRefused), reply
    assert words in " ".join(reply.reasons)
    assert box.world.entry("ada").first("pwdLastSet") == before


async def test_a_refusal_behind_the_gateway_is_one_too_though_nobody_says_why(do: Do, box: Sandbox) -> None:
    reply = await do(set_in(box, Home.GATEWAY, people.EXTERNAL_ALLOWED), secret="short")
    assert isinstance(reply, pr.PasswordRefused)
    assert "does not say why" in reply.reasons[0]


@EACH
@pytest.mark.parametrize("scheme", ["{SSHA}", "{BCRYPT}", "{ssha512}", "{X-NEW}"])
async def test_what_looks_encoded_is_never_sent_since_pingone_would_store_it_as_a_hash(
    do: Do, box: Sandbox, home: Home, username: str, scheme: str
) -> None:
    box.faults.add(method="PUT", path="/password$", cut=True)
    box.faults.add(method="POST", path="/modify$", cut=True)
    reply = await do(set_in(box, home, username), secret=f"{scheme}5n5VpkN3dGVzdA==")
    assert isinstance(reply, pr.PasswordRefused)
    assert "curly brackets" in reply.reasons[0]


@EACH
@pytest.mark.parametrize("password", ["Winding\0Lanes-7", "Winding\nLanes-7", "Winding\tLanes-7", "Winding\x7fLanes-7"])
async def test_what_nobody_can_type_at_a_sign_on_is_not_taken(
    do: Do, box: Sandbox, home: Home, username: str, password: str
) -> None:
    reply = await do(set_in(box, home, username), secret=password)
    assert isinstance(reply, pr.PasswordRefused)
    assert not keeps(box, Home.PINGONE if home is Home.PINGONE else Home.DIRECTORY, username, password)


@EACH
async def test_ten_thousand_characters_are_refused_in_plain_words(
    do: Do, box: Sandbox, home: Home, username: str
) -> None:
    reply = await do(set_in(box, home, username), secret="Ab1-" * 2500)
    assert isinstance(reply, pr.PasswordRefused), reply


@EACH
async def test_without_what_was_typed_nothing_is_done(do: Do, box: Sandbox, home: Home, username: str) -> None:
    box.faults.add(path="/", status=500)
    assert await do(set_in(box, home, username)) == r.SecretLost()


@EACH
async def test_r_39_a_protected_account_gets_no_new_password(do: Do, box: Sandbox, home: Home, username: str) -> None:
    user = box.world.user(username)
    user.roles = box.world.user(people.PROTECTED).roles
    reply = await do(set_in(box, home, username), secret=GOOD)
    assert isinstance(reply, Failed)
    assert reply.problem.code == "forbidden"


async def test_r_39_an_administrator_by_group_gets_none_in_the_directory(do: Do, box: Sandbox) -> None:
    entry = box.world.entry(people.PROTECTED_BY_GROUP)
    assert entry.first("adminCount") == ""
    reply = await do(set_in(box, Home.DIRECTORY, people.PROTECTED_BY_GROUP), secret=GOOD)
    assert isinstance(reply, Failed)
    assert reply.problem.code == "forbidden"


@EACH
async def test_a_disabled_account_gets_no_new_password(do: Do, box: Sandbox, home: Home, username: str) -> None:
    box.world.user(username).enabled = False
    reply = await do(set_in(box, home, username), secret=GOOD)
    assert isinstance(reply, Failed)
    assert "disabled" in reply.problem.message
    assert "Nothing was changed" in reply.problem.message


async def test_an_account_that_is_disabled_in_the_directory_alone_gets_none_there(do: Do, box: Sandbox) -> None:
    box.world.entry("ada").attributes["userAccountControl"] = ["514"]
    reply = await do(set_in(box, Home.DIRECTORY, "ada"), secret=GOOD)
    assert isinstance(reply, Failed)
    assert "disabled" in reply.problem.message


@EACH
async def test_r_48_a_write_that_is_ignored_is_a_failure(do: Do, box: Sandbox, home: Home, username: str) -> None:
    box.faults.add(method="PUT", path="/password$", ignore_write=True)
    box.faults.add(method="POST", path="/modify$", ignore_write=True)
    reply = await do(set_in(box, home, username), secret=GOOD)
    assert isinstance(reply, Failed)
    assert reply.problem.code == "read_back"


async def test_a_gateway_that_is_offline_leaves_everything_as_it_was(do: Do, box: Sandbox) -> None:
    who = people.EXTERNAL_OFFLINE
    before = box.world.entry(who).passwords[-1]
    reply = await do(set_in(box, Home.GATEWAY, who), secret=GOOD)
    assert isinstance(reply, Failed)
    assert "Nothing was changed" in reply.problem.message
    assert "gateway" in reply.problem.message
    assert reply.correlation_id
    assert box.world.entry(who).passwords[-1] == before


async def test_a_password_that_moved_meanwhile_is_not_written(do: Do, box: Sandbox) -> None:
    for home, username in ((Home.PINGONE, people.EXTERNAL_ALLOWED), (Home.GATEWAY, people.ONLY_PINGONE)):
        reply = await do(set_in(box, home, username), secret=GOOD)
        assert isinstance(reply, Failed)
        assert "Nothing was changed" in reply.problem.message


@EACH
async def test_a_password_is_never_sent_twice(do: Do, box: Sandbox, home: Home, username: str) -> None:
    box.faults.add(method="PUT", path="/password$", status=503, times=1)
    box.faults.add(method="POST", path="/modify$", status=503, times=1)
    reply = await do(set_in(box, home, username), secret=GOOD)
    assert isinstance(reply, Failed)
    assert reply.problem.code == "unavailable"


# Where it is written
Ask = tuple[str, Authority, tuple[Home, ...], str]
AUTHORITIES: list[Ask] = [
    ("ada", "auto", (Home.DIRECTORY,), ""),
    (people.EXTERNAL_NOT_ALLOWED, "auto", (Home.DIRECTORY,), ""),
    (people.EXTERNAL_OFFLINE, "auto", (Home.DIRECTORY,), ""),
    (people.ONLY_PINGONE, "auto", (Home.PINGONE,), ""),
    (people.NO_PASSWORD, "auto", (Home.PINGONE,), ""),
    (people.BOTH_PASSWORDS, "auto", (), "password_authority"),
    (people.BOTH_PASSWORDS, "ad", (Home.DIRECTORY,), ""),
    (people.BOTH_PASSWORDS, "pingone", (Home.PINGONE,), ""),
    (people.BOTH_PASSWORDS, "both", (Home.DIRECTORY, Home.PINGONE), ""),
    ("ada", "ad", (Home.DIRECTORY,), ""),
    ("ada", "pingone", (), "another directory keeps the password"),
    ("ada", "both", (Home.DIRECTORY,), ""),
    (people.ONLY_PINGONE, "ad", (), "no AD account"),
    (people.ONLY_PINGONE, "pingone", (Home.PINGONE,), ""),
    (people.ONLY_PINGONE, "both", (), "no AD account"),
]


async def place(
    outside: Outside, box: Sandbox, username: str, authority: Authority, *, asked: bool = False
) -> pr.AuthorityRead:
    chosen = dataclasses.replace(outside, passwords=PasswordSettings(password_authority=authority))
    person = people.person(username)
    dn = dn_of(box, username) if person.in_directory and outside.directory else ""
    effect = px.ReadPasswordAuthority(person_id=box.world.user(username).id, dn=dn, with_requirements=asked)
    reply: Reply = await Performer(chosen)(effect, Context("flow-1", 3, "call-1", AGENT))
    assert isinstance(reply, pr.AuthorityRead), reply
    return reply


@pytest.mark.parametrize(("username", "authority", "homes", "why_not"), AUTHORITIES)
async def test_a_password_is_written_where_the_settings_say_and_nothing_is_guessed(
    outside: Outside, box: Sandbox, username: str, authority: Authority, homes: tuple[Home, ...], why_not: str
) -> None:
    reply = await place(outside, box, username, authority)
    assert reply.homes == homes
    assert why_not in reply.why_not
    assert bool(reply.why_not) is not bool(homes)
    assert tuple(state.home for state in reply.states) == homes
    assert reply.requirements == ()


async def test_one_population_can_have_an_authority_of_its_own(outside: Outside, box: Sandbox) -> None:
    who = box.world.user(people.BOTH_PASSWORDS)
    name = people.person(people.BOTH_PASSWORDS).population
    effect = px.ReadPasswordAuthority(person_id=who.id, dn=dn_of(box, people.BOTH_PASSWORDS))
    for key in (name, who.population_id):
        of: dict[str, Authority] = {key: "both", "Somebody else": "ad"}
        chosen = dataclasses.replace(outside, passwords=PasswordSettings(password_authority_of=of))
        reply = await Performer(chosen)(effect, Context("flow-1", 3, "call-1", AGENT))
        assert isinstance(reply, pr.AuthorityRead)
        assert reply.homes == (Home.DIRECTORY, Home.PINGONE)


@pytest.mark.parametrize(
    ("username", "homes", "why_not"),
    [
        (people.EXTERNAL_ALLOWED, (Home.GATEWAY,), ""),
        (people.EXTERNAL_NOT_ALLOWED, (), "allows no password changes"),
        (people.EXTERNAL_OFFLINE, (Home.GATEWAY,), ""),
    ],
)
@pytest.mark.parametrize("authority", ["auto", "ad"])
async def test_without_a_directory_of_our_own_pingones_gateway_takes_it_where_it_allows_that(
    outside: Outside, box: Sandbox, username: str, authority: Authority, homes: tuple[Home, ...], why_not: str
) -> None:
    reply = await place(dataclasses.replace(outside, directory=None), box, username, authority)
    assert (reply.homes, why_not in reply.why_not) == (homes, True)


@pytest.mark.parametrize(("status", "words"), [(403, "may not read"), (404, "names no gateway")])
async def test_a_gateway_that_cannot_be_read_is_not_taken_to_allow_anything(
    outside: Outside, box: Sandbox, status: int, words: str
) -> None:
    box.faults.add(path="/gateways/", status=status)
    reply = await place(dataclasses.replace(outside, directory=None), box, people.EXTERNAL_ALLOWED, "auto")
    assert reply.homes == ()
    assert words in reply.why_not


async def test_where_pingone_names_no_gateway_none_is_guessed(outside: Outside, box: Sandbox) -> None:
    box.world.user(people.EXTERNAL_ALLOWED).password.gateway = None
    reply = await place(dataclasses.replace(outside, directory=None), box, people.EXTERNAL_ALLOWED, "auto")
    assert "names no gateway" in reply.why_not


@pytest.mark.parametrize(
    "external",
    [
        b"null",
        b"{}",
        b'"far away"',
        b'{"gateway": {"type": "LDAP"}}',
        b'{"gateway": {"id": 7}}',
        b'{"gateway": {"id": "g"}}',
    ],
)
def test_where_the_password_is_in_a_shape_that_nobody_knows_no_gateway_is_guessed(external: bytes) -> None:
    said = b'{"status": "EXTERNAL", "external": ' + external + b"}"
    gateway = msgspec.json.decode(said, type=PasswordState).gateway
    assert gateway is None or gateway.user_type is None


@pytest.mark.parametrize("authority", ["ad", "both"])
async def test_without_a_directory_a_setting_that_names_it_offers_nothing(
    outside: Outside, box: Sandbox, authority: Authority
) -> None:
    reply = await place(dataclasses.replace(outside, directory=None), box, people.BOTH_PASSWORDS, authority)
    assert "no directory is set up" in reply.why_not


async def test_r_44_a_directory_in_clear_is_no_place_for_a_password(outside: Outside, settings: Settings) -> None:
    away = msgspec.structs.replace(settings.directory, url="http://192.0.2.7:389")
    in_clear = SandboxDirectory(away, Secret(""))
    for authority in ("ad", "both"):
        found = await place_of(
            authority, PasswordState("OK"), dataclasses.replace(outside, directory=in_clear), dn="CN=ada"
        )
        assert (found.homes, "not encrypted" in found.why_not) == ((), True)
    await in_clear.close()


# What is asked
async def test_what_pingone_asks_is_said_in_words_and_can_be_checked(outside: Outside, box: Sandbox) -> None:
    asked = (await place(outside, box, people.ONLY_PINGONE, "auto", asked=True)).requirements
    assert [one.words for one in asked] == [
        "At least 10 characters",
        "At most 255 characters",
        "At least 1 capital letter (A to Z)",
        "At least 1 small letter (a to z)",
        "At least 1 digit (0 to 9)",
        "At least 5 different characters",
        "No character more than 2 times",
        "No password that many people use",
        "Nothing of your own data, such as name, address or number",
        "None of your last 6 passwords",
    ]
    unmet = [one.words for one in asked if not one.is_met_by(Secret("aaab"))]
    assert unmet == [asked[0].words, asked[2].words, asked[4].words, asked[5].words]
    assert all(one.is_met_by(Secret(GOOD)) for one in asked)


async def test_what_the_directory_asks_is_said_in_words_and_can_be_checked(outside: Outside, box: Sandbox) -> None:
    asked = (await place(outside, box, "ada", "auto", asked=True)).requirements
    assert [(one.kind, one.number) for one in asked] == [
        ("min_length", 8), ("max_length", 256), ("classes", 3), ("said", 0), ("said", 3)
    ]  # fmt: skip
    assert [one.is_met_by(Secret("nocapitals")) for one in asked] == [True, True, False, True, True]


async def test_where_both_judge_the_stricter_length_is_shown_once(outside: Outside, box: Sandbox) -> None:
    asked = (await place(outside, box, people.BOTH_PASSWORDS, "both", asked=True)).requirements
    assert [one.number for one in asked if one.kind in ("min_length", "max_length")] == [10, 255]
    assert [one.words for one in asked if "your last" in one.words] == ["None of your last 6 passwords"]
    assert len({one.words for one in asked}) == len(asked)


async def test_the_population_decides_which_policy_it_is(outside: Outside, box: Sandbox) -> None:
    asked = (await place(outside, box, people.NO_PASSWORD, "auto", asked=True)).requirements
    assert asked[0].words == "At least 15 characters"


async def test_a_policy_that_may_not_be_read_shows_nothing_and_hinders_nobody(outside: Outside, box: Sandbox) -> None:
    box.faults.add(path="/passwordPolicies/", status=403)
    reply = await place(outside, box, people.ONLY_PINGONE, "auto", asked=True)
    assert (reply.homes, reply.requirements) == ((Home.PINGONE,), ())


async def test_a_policy_that_cannot_be_reached_is_a_failure(do: Do, box: Sandbox) -> None:
    box.faults.add(path="/passwordPolicies/", status=503)
    who = box.world.user(people.ONLY_PINGONE).id
    assert isinstance(await do(px.ReadPasswordAuthority(person_id=who, with_requirements=True)), Failed)


async def test_the_states_before_are_the_directories_own(outside: Outside, box: Sandbox) -> None:
    ada, only = box.world.entry(people.MUST_CHANGE), box.world.user(people.PINGONE_MUST_CHANGE)
    (there,) = (await place(outside, box, people.MUST_CHANGE, "auto")).states
    assert (there.changed_at, there.must_change, ada.first("pwdLastSet")) == (None, True, "0")
    (here,) = (await place(outside, box, people.PINGONE_MUST_CHANGE, "auto")).states
    assert here.changed_at is not None
    assert (stamp(here.changed_at), here.must_change) == (stamp(only.password.changed_at), True)


async def test_without_a_directory_there_is_no_password_to_look_at_there(outside: Outside, box: Sandbox) -> None:
    performer = Performer(dataclasses.replace(outside, directory=None))
    who = box.world.user("ada").id
    context = Context("flow-1", 3, "call-1", AGENT, secret=Secret(GOOD))
    for effect in (
        px.ReadPasswordState(person_id=who, home=Home.DIRECTORY, dn="CN=x"),
        set_in(box, Home.DIRECTORY, "ada"),
    ):
        reply = await performer(effect, context)
        assert isinstance(reply, Failed)
        assert reply.problem.code == "not_found"


async def test_calls_of_a_reset_that_do_not_depend_on_each_other_are_made_at_once(
    do: Do, box: Sandbox, calls: Calls
) -> None:
    await do(px.ReadPasswordState(person_id=box.world.user("ada").id, home=Home.PINGONE))  # the token
    box.faults.latency_ms = 200
    for effect, longest in (
        (set_in(box, Home.DIRECTORY, "ada"), 4),
        (set_in(box, Home.PINGONE, people.ONLY_PINGONE), 3),
    ):
        calls.seen.clear()
        assert isinstance(await do(effect, secret=GOOD), pr.PasswordSet)
        assert calls.one_after_the_other() == longest
    calls.seen.clear()
    await do(px.ReadPasswordAuthority(person_id=box.world.user("ada").id, dn=dn_of(box, "ada")))
    assert calls.one_after_the_other() == 1


@EACH
async def test_r_16_a_password_is_in_no_reply_and_no_log(
    do: Do,
    box: Sandbox,
    home: Home,
    username: str,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level("DEBUG")
    replies = [await do(set_in(box, home, username), secret=one) for one in (GOOD, "Kraken")]
    box.faults.add(method="PUT", path="/password$", wrong_shape=True)
    box.faults.add(method="POST", path="/modify$", wrong_shape=True)
    replies.append(await do(set_in(box, home, username), secret="Another-8-Kraken"))
    out, err = capfd.readouterr()
    said = caplog.text + out + err + repr(replies) + msgspec.json.encode(replies).decode()
    assert [word for word in (GOOD, "Kraken") if word in said] == []


FAULTS: dict[str, dict[str, object]] = {
    "failing": {"status": 500},
    "refusing": {"status": 403},
    "cut": {"cut": True},
    "another shape": {"wrong_shape": True},
}
CALLED = (
    "/roleAssignments$", "/users/[^/]+$", "/password$", "/directory/search$", "/directory/modify$", "/populations$",
    "/passwordPolicies/", "/as/token$",
)  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("path", CALLED)
async def test_whatever_goes_wrong_outside_is_said_in_words_and_writes_nothing_twice(
    outside: Outside, settings: Settings, secrets: Secrets, box: Sandbox, path: str, fault: str
) -> None:
    directory = SandboxDirectory(settings.directory, secrets.directory or Secret(""), jitter=lambda: 0.0)
    hasty = dataclasses.replace(
        outside, pingone=dataclasses.replace(outside.pingone, jitter=lambda: 0.0), directory=directory
    )
    performer, context = Performer(hasty), Context("flow-1", 3, "call-1", AGENT, secret=Secret(GOOD))
    box.faults.add(path=path, **FAULTS[fault])
    effects: list[Effect] = []
    for home, username in HOMES:
        who, dn = box.world.user(username).id, dn_of(box, username) if home is Home.DIRECTORY else ""
        effects += [
            px.ReadPasswordAuthority(person_id=who, dn=dn, with_requirements=True),
            px.ReadPasswordState(person_id=who, home=home, dn=dn),
            set_in(box, home, username),
        ]
    before = written(box)
    replies = await asyncio.gather(*(performer(effect, context) for effect in effects))
    failed = [reply for reply in replies if isinstance(reply, Failed)]
    # What may not or cannot be read of a policy is not shown, and hinders nobody.
    hinders = path != "/passwordPolicies/" or fault in ("failing", "cut")
    assert bool(failed) is hinders
    assert [reply for reply in failed if not reply.problem.message.endswith(".") or GOOD in repr(reply)] == []
    assert {now - then for now, then in zip(written(box), before, strict=True)} <= {0, 1}
    await directory.close()


def written(box: Sandbox) -> list[int]:
    """How many passwords each of the three has had."""
    directory = [len(box.world.entry(name).passwords) for home, name in HOMES if home is not Home.PINGONE]
    return [*directory, len(box.world.user(people.ONLY_PINGONE).password.remembered)]
