"""The invented people whom no mail reaches, so that another way than a link has to verify them.

A file of its own beside the others', which `people` joins; demo and tests refer to the constants there.
"""

from __future__ import annotations

from csrdesk.sandbox.person import DeviceSpec, Person, phone

NO_EMAIL_APP = "kwame"
NO_EMAIL_PHONE = "lucia"

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
)  # fmt: skip
