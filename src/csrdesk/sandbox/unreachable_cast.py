"""The invented people whom no mail reaches, so that another way than a link has to verify them.

A file of its own beside the others', which `people` joins; demo and tests refer to the constants there.
"""

from __future__ import annotations

from csrdesk.sandbox.person import DeviceSpec, Person, phone

NO_EMAIL_APP = "kwame"
NO_EMAIL_PHONE = "lucia"
NO_EMAIL_PASSKEY = "saoirse"
LOST_MAILBOX = "tamar"

CAST: tuple[Person, ...] = (
    Person(
        username=NO_EMAIL_APP, given="Kwame", family="Mensah", number=84, phone=phone(84),
        devices=(DeviceSpec(type="MOBILE", nickname="Fairphone"),), sessions=1,
        situation="no email address, but the mobile app",
        expect="Verified by a push that the agent sends: the number on the screen is chosen on the phones page.",
    ),
    Person(
        username=NO_EMAIL_PHONE, given="Lucía", family="Paredes", number=85, phone=phone(85),
        situation="no email address, only a phone number",
        expect="Where settings have call-backs: PingOne rings that number; the passcode is on the phones page.",
    ),
    Person(
        username=NO_EMAIL_PASSKEY, given="Saoirse", family="Byrne", number=86, phone=phone(86),
        devices=(DeviceSpec(type="FIDO2", nickname="Phone passkey"), DeviceSpec(type="SMS", to=phone(86))), sessions=1,
        situation="no email address, but a passkey",
        expect="Verified by the spoken address; only the customer that the demo plays has the key.",
    ),
    Person(
        username=LOST_MAILBOX, given="Tamar", family="Gelashvili", number=87, email="tamar@mail.example",
        phone=phone(87), devices=(DeviceSpec(type="TOTP", nickname="Authenticator"),), sessions=1,
        situation="locked out of the mailbox",
        expect="Cannot open a link: verified by the spoken address; the app's code is on the phones page.",
    ),
)  # fmt: skip
