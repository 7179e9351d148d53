"""The invented people whose passwords are worth a call: who holds them, and what is the matter with them.

A file of its own beside the others', which `people` joins; demo and tests refer to the constants there.
"""

from __future__ import annotations

from csrdesk.sandbox.person import (
    AGENCY_STAFF,
    BRANCH_STAFF,
    PARTNERS,
    PATIENTS,
    DeviceSpec,
    Person,
    Trouble,
    phone,
)

EXTERNAL_ALLOWED = "bea"
EXTERNAL_NOT_ALLOWED = "cyrus"
EXTERNAL_OFFLINE = "delphine"
BOTH_PASSWORDS = "emeka"
PINGONE_MUST_CHANGE = "freya"
PINGONE_PASSWORD_EXPIRED = "gita"
PINGONE_PASSWORD_LOCKED = "hemi"
NO_PASSWORD = "imani"
NO_DEVICE_PINGONE = "jiho"


def _sms(number: int) -> tuple[DeviceSpec, ...]:
    return (DeviceSpec(type="SMS", to=phone(number)),)


CAST: tuple[Person, ...] = (
    Person(
        username=EXTERNAL_ALLOWED, given="Bea", family="Lundgren", number=70, email="bea@mail.example",
        phone=phone(70), devices=_sms(70), sessions=1,
        situation="password in the directory, gateway allows changes",
        expect="Reset reaches the directory, with a connection of its own or through PingOne's gateway.",
    ),
    Person(
        username=EXTERNAL_NOT_ALLOWED, given="Cyrus", family="Rostami", number=71, email="cyrus@mail.example",
        phone=phone(71), devices=_sms(71), user_type=AGENCY_STAFF,
        situation="password in the directory, gateway allows no changes",
        expect="Reset needs the directory's own connection; through PingOne it is refused.",
    ),
    Person(
        username=EXTERNAL_OFFLINE, given="Delphine", family="Moreau", number=72, email="delphine@mail.example",
        phone=phone(72), devices=_sms(72), user_type=BRANCH_STAFF,
        situation="password in the directory, gateway offline",
        expect="Reset needs the directory's own connection; PingOne cannot reach it.",
    ),
    Person(
        username=BOTH_PASSWORDS, given="Emeka", family="Obi", number=73, email="emeka@mail.example",
        phone=phone(73), devices=_sms(73), trouble=Trouble.PINGONE_PASSWORD, sessions=2,
        situation="both directories hold a password",
        expect="Reset is offered once a setting says where passwords are set; never guessed.",
    ),
    Person(
        username=PINGONE_MUST_CHANGE, given="Freyja", family="Jónsdóttir", number=74, email="freya@mail.example",
        phone=phone(74), devices=_sms(74), in_directory=False, population=PARTNERS,
        trouble=Trouble.PINGONE_MUST_CHANGE,
        situation="must change password in PingOne", expect="The account page shows it; reset ends it.",
    ),
    Person(
        username=PINGONE_PASSWORD_EXPIRED, given="गीता", family="नायर", number=75, email="gita@mail.example",
        phone=phone(75), devices=_sms(75), in_directory=False, population=PARTNERS,
        trouble=Trouble.PINGONE_PASSWORD_EXPIRED,
        situation="password expired in PingOne", expect="The account page shows it; reset ends it.",
    ),
    Person(
        username=PINGONE_PASSWORD_LOCKED, given="Hēmi", family="Parata", number=76, email="hemi@mail.example",
        phone=phone(76), devices=_sms(76), in_directory=False, population=PARTNERS,
        trouble=Trouble.PINGONE_PASSWORD_LOCKED,
        situation="password locked in PingOne", expect="Verified as usual; unlock ends the lock of the password.",
    ),
    Person(
        username=NO_PASSWORD, given="Imani", family="Mwangi", number=77, email="imani@mail.example",
        phone=phone(77), devices=_sms(77), in_directory=False, population=PATIENTS, trouble=Trouble.NO_PASSWORD,
        situation="no password anywhere", expect="Reset gives the first one, by the rules for passphrases.",
    ),
    Person(
        username=NO_DEVICE_PINGONE, given="지호", family="박", number=78, email="jiho@mail.example",
        phone=phone(78), in_directory=False, population=PARTNERS,
        situation="no device, password in PingOne", expect="Link and code do for reset, where settings take them.",
    ),
)  # fmt: skip
