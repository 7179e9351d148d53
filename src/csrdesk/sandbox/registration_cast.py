"""The invented people whose devices are worth a registration: nobody new, but with no room or nothing to add.

A file of its own beside the others', which `people` joins; demo and tests refer to the constants there.
"""

from __future__ import annotations

from csrdesk.sandbox.person import PATIENTS, DeviceSpec, Person, phone

AT_LIMIT = "umar"
PASSKEY_PAIRED = "vilma"

CAST: tuple[Person, ...] = (
    Person(
        username=AT_LIMIT, given="Umar", family="Siddiqui", number=88, email="umar@mail.example", phone=phone(88),
        devices=(
            *(DeviceSpec(type="SMS", to=phone(188 + index), nickname=f"Phone {index + 1}") for index in range(3)),
            DeviceSpec(type="TOTP", nickname="Authenticator"),
            DeviceSpec(type="EMAIL", to="umar.siddiqui@home.example", nickname="Private mail"),
        ),
        in_directory=False, population=PATIENTS,
        situation="as many devices as PingOne allows", expect="No device can be added until one is removed.",
    ),
    Person(
        username=PASSKEY_PAIRED, given="Vilma", family="Jokinen", number=89, email="vilma@mail.example",
        phone=phone(89), devices=(DeviceSpec(type="FIDO2", nickname="Phone passkey"),),
        in_directory=False, population=PATIENTS,
        situation="an authenticator that is paired already", expect="The same authenticator is not added twice.",
    ),
)  # fmt: skip
