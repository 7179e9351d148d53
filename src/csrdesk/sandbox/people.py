"""The invented people worth trying, one for each situation a desk meets, and the crowd around them.

Demo and tests refer to the constants, never to a name typed by hand. Nothing here starts or loads a server.
"""

from __future__ import annotations

import msgspec

from csrdesk.sandbox import password_cast, registration_cast, unreachable_cast
from csrdesk.sandbox.crowd import crowd
from csrdesk.sandbox.person import ADMINISTRATION, PARTNERS, PATIENTS, DeviceSpec, Person, Trouble, phone

ONE_DEVICE = "ada"
SEVERAL_DEVICES = "bruno"
ONLY_PASSKEY = "chiara"
ONLY_APP = "dmitri"
NO_DEVICE = "elif"
SAME_MAILBOX = "farah"
MFA_OFF = "goran"
NO_EMAIL = "haruto"
UNVERIFIED_EMAIL = "ines"
SHARED_ADDRESS = ("jonas", "jonna")
DISABLED_BY_DESK = "karim"
DISABLED_BY_OTHERS = "leila"
AD_LOCKED = "mateo"
PINGONE_LOCKED = "nadia"
EXPIRED = "olga"
PASSWORD_EXPIRED = "priya"
MUST_CHANGE = "quentin"
ONLY_AD = "ravi"
ONLY_PINGONE = "sofia"
PROTECTED = "tomas"
PROTECTED_BY_GROUP = "ulla"
HOSTILE_NAME = "viktor"
DEVICE_LOCKED = "wanjiru"
TOTP = "xiaoming"
VOICE = "yael"
EMAIL_ELSEWHERE = "zofia"
PASSKEY_AND_PHONE = "amara"
EXTERNAL_ALLOWED = password_cast.EXTERNAL_ALLOWED
EXTERNAL_NOT_ALLOWED = password_cast.EXTERNAL_NOT_ALLOWED
EXTERNAL_OFFLINE = password_cast.EXTERNAL_OFFLINE
BOTH_PASSWORDS = password_cast.BOTH_PASSWORDS
PINGONE_MUST_CHANGE = password_cast.PINGONE_MUST_CHANGE
PINGONE_PASSWORD_EXPIRED = password_cast.PINGONE_PASSWORD_EXPIRED
PINGONE_PASSWORD_LOCKED = password_cast.PINGONE_PASSWORD_LOCKED
NO_PASSWORD = password_cast.NO_PASSWORD
NO_DEVICE_PINGONE = password_cast.NO_DEVICE_PINGONE
NO_EMAIL_APP = unreachable_cast.NO_EMAIL_APP
NO_EMAIL_PHONE = unreachable_cast.NO_EMAIL_PHONE
NO_EMAIL_PASSKEY = unreachable_cast.NO_EMAIL_PASSKEY
LOST_MAILBOX = unreachable_cast.LOST_MAILBOX
AT_LIMIT = registration_cast.AT_LIMIT
PASSKEY_PAIRED = registration_cast.PASSKEY_PAIRED
HOSTILE_USERNAME = "o'hara\"*()\\/"


class WorthTrying(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the list that `csrdesk sandbox people` prints."""

    username: str
    email: str
    customer_number: str
    phone: str
    situation: str
    expect: str


def _sms(number: int, nickname: str = "", *, locked: bool = False) -> DeviceSpec:
    return DeviceSpec(type="SMS", to=phone(number), nickname=nickname, locked=locked)


_HOSTILE_NICKNAME = (
    "\x1b[31mred\x1b[0m \u202egnp.exe\u202c <img src=x onerror=alert(1)> [reverse]x[/] \x07\x9b31m {{7*7}} \u2066~"
)

CAST: tuple[Person, ...] = (
    Person(
        username=ONE_DEVICE, given="Ada", family="Lindqvist", number=41, email="ada@mail.example", phone=phone(41),
        devices=(_sms(41, "Ada's phone"),), sessions=2,
        situation="one passcode device", expect="Link, code, passcode by SMS: verified.",
    ),
    Person(
        username=SEVERAL_DEVICES, given="Bruno", family="Okonkwo", number=42, email="bruno@mail.example",
        phone=phone(42), sessions=12,
        devices=(
            _sms(42, "Work phone"),
            DeviceSpec(type="EMAIL", to="bruno.okonkwo@home.example", nickname="Private mail"),
            DeviceSpec(type="TOTP", nickname="Authenticator"),
            DeviceSpec(type="VOICE", to=phone(142), nickname="Ward phone"),
        ),
        situation="several devices", expect="The page asks which to use; twelve sessions end at disable.",
    ),
    Person(
        username=ONLY_PASSKEY, given="Chiara", family="Ferrante", number=43, email="chiara@mail.example",
        phone=phone(43), devices=(DeviceSpec(type="FIDO2", nickname="Laptop passkey"),),
        situation="only a passkey", expect="Strong proof; only the customer that the demo plays has the key.",
    ),
    Person(
        username=ONLY_APP, given="Дмитрий", family="Соколов", number=44, email="dmitri@mail.example", phone=phone(44),
        devices=(DeviceSpec(type="MOBILE", nickname="Pixel 9"),),
        situation="only the mobile app", expect="Strong proof; the request with its numbers is on the phones page.",
    ),
    Person(
        username=NO_DEVICE, given="Elif", family="Yıldız", number=45, email="elif@mail.example", phone=phone(45),
        situation="no device", expect="Link and code give a recovery proof, where settings take one.",
    ),
    Person(
        username=SAME_MAILBOX, given="فرح", family="الحداد", number=46, email="farah@mail.example", phone=phone(46),
        devices=(DeviceSpec(type="EMAIL", to="Farah@Mail.example", nickname="Mail"),),
        situation="only device is the same mailbox", expect="Counts as no device: recovery proof at most.",
    ),
    Person(
        username=MFA_OFF, given="Goran", family="Petrović", number=47, email="goran@mail.example", phone=phone(47),
        devices=(_sms(47),), trouble=Trouble.MFA_OFF,
        situation="MFA switched off", expect="Has a device, but PingOne asks for none: not verified by link.",
    ),
    Person(
        username=NO_EMAIL, given="陽翔", family="佐藤", number=48, phone=phone(48), devices=(_sms(48),),
        situation="no email address", expect="No link can be sent; the desk says so.",
    ),
    Person(
        username=UNVERIFIED_EMAIL, given="Inês", family="Carvalho", number=49, email="ines@mail.example",
        phone=phone(49), devices=(_sms(49),), trouble=Trouble.EMAIL_UNVERIFIED,
        situation="email address never verified", expect="The desk shows that the address is unverified.",
    ),
    Person(
        username=SHARED_ADDRESS[0], given="Jonas", family="Berg", number=50, email="berg@family.example",
        phone=phone(50), devices=(_sms(50),), population=PATIENTS, in_directory=False,
        situation="two people with one address", expect="The address finds two; pick one by customer number.",
    ),
    Person(
        username=SHARED_ADDRESS[1], given="Jonna", family="Berg", number=51, email="berg@family.example",
        phone=phone(51), devices=(_sms(51),), population=PATIENTS, in_directory=False,
        situation="two people with one address", expect="The address finds two; pick one by customer number.",
    ),
    Person(
        username=DISABLED_BY_DESK, given="Karim", family="Haddad", number=52, email="karim@mail.example",
        phone=phone(52), devices=(_sms(52),), trouble=Trouble.DISABLED | Trouble.DISABLED_BY_DESK,
        situation="disabled by the desk", expect="PingOne refuses MFA: link and code only. Can be enabled.",
    ),
    Person(
        username=DISABLED_BY_OTHERS, given="Leila", family="Aziz", number=53, email="leila@mail.example",
        phone=phone(53), devices=(_sms(53),), trouble=Trouble.DISABLED,
        situation="disabled by others", expect="PingOne refuses MFA; others than the desk disabled it.",
    ),
    Person(
        username=AD_LOCKED, given="Mateo", family="Quispe", number=54, email="mateo@mail.example", phone=phone(54),
        devices=(_sms(54),), trouble=Trouble.DIRECTORY_LOCKED,
        situation="locked in Active Directory", expect="Verified as usual; the account page shows the lock.",
    ),
    Person(
        username=PINGONE_LOCKED, given="Nadia", family="Benali", number=55, email="nadia@mail.example",
        phone=phone(55), devices=(_sms(55),), trouble=Trouble.PINGONE_LOCKED,
        situation="locked in PingOne", expect="Verified, because the desk's MFA policy takes locked users.",
    ),
    Person(
        username=EXPIRED, given="Ольга", family="Иванова", number=56, email="olga@mail.example", phone=phone(56),
        devices=(_sms(56),), trouble=Trouble.EXPIRED,
        situation="account expired", expect="The account page shows when it ended; the desk never extends it.",
    ),
    Person(
        username=PASSWORD_EXPIRED, given="प्रिया", family="शर्मा", number=57, email="priya@mail.example",
        phone=phone(57),
        devices=(_sms(57),), trouble=Trouble.PASSWORD_EXPIRED,
        situation="password expired", expect="The account page shows when the password ran out.",
    ),
    Person(
        username=MUST_CHANGE, given="Quentin", family="Lefèvre", number=58, email="quentin@mail.example",
        phone=phone(58), devices=(_sms(58),), trouble=Trouble.MUST_CHANGE,
        situation="must change password", expect="The account page shows it.",
    ),
    Person(
        username=ONLY_AD, given="Ravi", family="Menon", number=59, email="ravi@mail.example", phone=phone(59),
        in_pingone=False,
        situation="only in Active Directory", expect="Found there, not in PingOne: cannot be verified.",
    ),
    Person(
        username=ONLY_PINGONE, given="Σοφία", family="Παπαδοπούλου", number=60, email="sofia@mail.example",
        phone=phone(60), devices=(_sms(60),), in_directory=False, population=PARTNERS,
        situation="only in PingOne", expect="Verified; the account page has PingOne's half alone.",
    ),
    Person(
        username=PROTECTED, given="Tomáš", family="Dvořák", number=61, email="tomas@mail.example", phone=phone(61),
        devices=(_sms(61),), trouble=Trouble.PROTECTED, population=ADMINISTRATION,
        situation="protected administrator", expect="The directory refuses every write; has a role in PingOne.",
    ),
    Person(
        username=PROTECTED_BY_GROUP, given="Ulla", family="Korhonen", number=62, email="ulla@mail.example",
        phone=phone(62), devices=(_sms(62),), trouble=Trouble.ADMINISTRATOR_BY_GROUP, population=ADMINISTRATION,
        situation="administrator by nested groups", expect="The directory allows writes: the desk itself must refuse.",
    ),
    Person(
        username=HOSTILE_NAME, given="Vik<b onclick=alert(1)>tor</b> *)(uid=*))(|(uid=* [bold red]",
        family="O'Brien-Ng", number=63, email="viktor@mail.example", phone=phone(63),
        devices=(DeviceSpec(type="SMS", to=phone(63), nickname=_HOSTILE_NICKNAME),),
        nickname="=cmd|' /C calc'!A0 <script>alert(1)</script> [/] ${7*7} {{7*7}} \\00 *()",
        prefix="\x1b]0;owned\x07\u202e",
        display_name="Vik\x1b[2J\x1b[Htor\r\n \u202eeci\u202c <b>*()\\\x00</b> [blink]",
        situation="hostile names", expect="Escape sequences, bidi overrides and markup stay text everywhere.",
    ),
    Person(
        username=DEVICE_LOCKED, given="Wanjirũ", family="Kamau", number=64, email="wanjiru@mail.example",
        phone=phone(64), devices=(_sms(64, locked=True),),
        situation="only device is locked", expect="A device is registered but none can be used: not verified.",
    ),
    Person(
        username=TOTP, given="小明", family="李", number=65, email="xiaoming@mail.example", phone=phone(65),
        devices=(DeviceSpec(type="TOTP", nickname="Authenticator"),),
        situation="authenticator app (TOTP)", expect="Strong proof; the code is on the phones page.",
    ),
    Person(
        username=VOICE, given="יעל", family="כהן", number=66, email="yael@mail.example", phone=phone(66),
        devices=(DeviceSpec(type="VOICE", to=phone(66), nickname="Landline"),),
        situation="passcode by voice", expect="The code is spoken by a call; it is on the phones page.",
    ),
    Person(
        username=EMAIL_ELSEWHERE, given="Zofia", family="Żak", number=67, email="zofia@mail.example", phone=phone(67),
        devices=(DeviceSpec(type="EMAIL", to="zofia.zak@home.example", nickname="Private mail"),),
        situation="passcode to another mailbox", expect="Weak proof; the code goes to the other address.",
    ),
    Person(
        username=PASSKEY_AND_PHONE, given="Amara", family="Nwosu", number=69, email="amara@mail.example",
        phone=phone(69), devices=(DeviceSpec(type="FIDO2", nickname="Security key"), _sms(69)),
        situation="a passkey and a phone", expect="The page asks which to use; without passkeys, the phone.",
    ),
    Person(
        username=HOSTILE_USERNAME, given="Rory", family="O'Hara", number=68, email="ohara@mail.example",
        phone=phone(68), devices=(_sms(68),), account="rohara",
        situation="username full of metacharacters", expect="Found by exactly this username; nobody else is.",
    ),
    *password_cast.CAST,
    *unreachable_cast.CAST,
    *registration_cast.CAST,
)  # fmt: skip


def everybody() -> tuple[Person, ...]:
    """All invented people, the same at each call: those worth trying first, then the crowd."""
    return CAST + crowd()


def person(username: str) -> Person:
    """Somebody by username; KeyError where nobody bears it."""
    for someone in everybody():
        if someone.username == username:
            return someone
    raise KeyError(username)


def worth_trying() -> list[WorthTrying]:
    """One line for each person whose situation is worth a call, in the order written down here."""
    return [
        WorthTrying(
            username=someone.username,
            email=someone.email,
            customer_number=someone.customer_number,
            phone=someone.phone,
            situation=someone.situation,
            expect=someone.expect,
        )
        for someone in CAST
    ]
