from __future__ import annotations

import subprocess
import sys
import unicodedata
from collections import Counter
from datetime import UTC, datetime, timedelta

import msgspec

from csrdesk.sandbox import people
from csrdesk.sandbox.world import build_world

SITUATIONS: tuple[str | tuple[str, str], ...] = (
    people.ONE_DEVICE,
    people.SEVERAL_DEVICES,
    people.ONLY_PASSKEY,
    people.ONLY_APP,
    people.NO_DEVICE,
    people.SAME_MAILBOX,
    people.MFA_OFF,
    people.NO_EMAIL,
    people.UNVERIFIED_EMAIL,
    people.SHARED_ADDRESS,
    people.DISABLED_BY_DESK,
    people.DISABLED_BY_OTHERS,
    people.AD_LOCKED,
    people.PINGONE_LOCKED,
    people.EXPIRED,
    people.PASSWORD_EXPIRED,
    people.MUST_CHANGE,
    people.ONLY_AD,
    people.ONLY_PINGONE,
    people.PROTECTED,
    people.PROTECTED_BY_GROUP,
    people.HOSTILE_NAME,
    people.HOSTILE_USERNAME,
    people.DEVICE_LOCKED,
    people.TOTP,
    people.VOICE,
    people.EMAIL_ELSEWHERE,
    people.PASSKEY_AND_PHONE,
    people.EXTERNAL_ALLOWED,
    people.EXTERNAL_NOT_ALLOWED,
    people.EXTERNAL_OFFLINE,
    people.BOTH_PASSWORDS,
    people.PINGONE_MUST_CHANGE,
    people.PINGONE_PASSWORD_EXPIRED,
    people.PINGONE_PASSWORD_LOCKED,
    people.NO_PASSWORD,
    people.NO_DEVICE_PINGONE,
    people.NO_EMAIL_APP,
    people.NO_EMAIL_PHONE,
    people.NO_EMAIL_PASSKEY,
    people.LOST_MAILBOX,
    people.AT_LIMIT,
    people.PASSKEY_PAIRED,
)
NOW = datetime(2026, 11, 21, tzinfo=UTC)


def test_there_are_200_people_in_4_populations() -> None:
    everybody = people.everybody()
    assert len(everybody) >= 200
    assert len({someone.population for someone in everybody}) >= 4


def test_nobody_shares_a_username_a_number_or_a_phone() -> None:
    for of in ("username", "number", "phone", "sam_account_name"):
        counted = Counter(getattr(someone, of) for someone in people.everybody())
        assert counted.most_common(1)[0][1] == 1, of


def test_everybody_is_invented() -> None:
    for someone in people.everybody():
        for address in (someone.email, *(device.to for device in someone.devices)):
            if "@" in address:
                assert address.endswith((".example", ".test")), address
        assert someone.phone.startswith("+44.7700900")


def test_names_come_from_several_scripts() -> None:
    scripts = {unicodedata.name(someone.family[0]).split()[0] for someone in people.everybody()}
    assert {"LATIN", "CYRILLIC", "GREEK", "ARABIC", "CJK", "DEVANAGARI", "HEBREW"} <= scripts


def test_each_situation_is_worth_trying() -> None:
    listed = {line.username for line in people.worth_trying()}
    wanted: set[str] = set()
    for value in SITUATIONS:
        wanted |= {value} if isinstance(value, str) else set(value)
    assert wanted == listed
    for line in people.worth_trying():
        assert line.situation
        assert line.expect
        assert line.customer_number.startswith("4711-")


def test_the_list_is_json() -> None:
    (first, *_) = msgspec.json.decode(msgspec.json.encode(people.worth_trying()))
    assert first["username"] == "ada"


def test_the_list_loads_no_server() -> None:
    heavy = {"asyncio", "starlette", "uvicorn", "jinja2", "jwt", "aiosmtpd", "trustme", "pyotp"}
    code = f"import sys\nfrom csrdesk.sandbox.people import worth_trying\nprint(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_world_is_the_same_in_every_sandbox() -> None:
    first = msgspec.json.encode(build_world(people.everybody(), NOW))
    assert first == msgspec.json.encode(build_world(people.everybody(), NOW))


def test_accounts_and_devices_were_made_years_ago() -> None:
    for user in build_world(people.everybody(), NOW).users.values():
        for made in (user.created_at, *(device.created_at for device in user.devices)):
            assert NOW - made > timedelta(days=365)


def test_hostile_names_hold_escape_sequences_bidi_overrides_markup_and_metacharacters() -> None:
    world = build_world(people.everybody(), NOW)
    user = world.user(people.HOSTILE_NAME)
    directory = "".join(world.entry(people.HOSTILE_NAME).values("displayName"))
    for text in (user.devices[0].nickname + user.nickname, directory + user.given):
        assert {"\x1b", "\u202e", "<", "[", "*", "("} <= set(text)
